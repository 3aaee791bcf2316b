"""Reading a customer's SQL Server, by aioodbc.

SQL Server has no read-only transaction, and a message may hold several statements: what the login may do is the only
wall behind the guard.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from core.outbound import Destination
from data.drivers import resolve_any
from rag.databases.connectors.protocol import (
    DEFAULT_LIMITS,
    DatabaseFailure,
    DatabaseLogin,
    FailureReason,
    ReadLimits,
    RowBuffer,
    Rows,
    TableColumn,
    TlsMode,
)
from rag.databases.connectors.relay import CONNECT_SECONDS, HOST, Relay

_SETTINGS = (
    "SET QUOTED_IDENTIFIER ON",
    "SET ANSI_NULLS ON",
    "SET ANSI_PADDING ON",
    "SET ANSI_WARNINGS ON",
    "SET CONCAT_NULL_YIELDS_NULL ON",
    "SET ARITHABORT ON",
    "SET XACT_ABORT ON",
    "SET NOCOUNT ON",
    "SET ROWCOUNT 0",
    "SET TEXTSIZE 262144",
    "SET QUERY_GOVERNOR_COST_LIMIT 300",
    "SET TRANSACTION ISOLATION LEVEL READ COMMITTED",
)
_VERIFIED = "SELECT SESSIONPROPERTY('QUOTED_IDENTIFIER'), SESSIONPROPERTY('ANSI_NULLS'), @@TEXTSIZE"
_COLUMNS = """
SELECT TOP 20000 TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, DATA_TYPE FROM INFORMATION_SCHEMA.COLUMNS
ORDER BY TABLE_SCHEMA, TABLE_NAME, ORDINAL_POSITION
"""
_BATCH = 50
_REASONS = {
    "HYT00": FailureReason.TOO_SLOW,
    "HYT01": FailureReason.UNREACHABLE,
    "HY008": FailureReason.TOO_SLOW,
    "28000": FailureReason.LOGIN_REFUSED,
    "08001": FailureReason.UNREACHABLE,
    "08S01": FailureReason.UNREACHABLE,
    "01000": FailureReason.UNREACHABLE,
}
"""What SQLSTATEs mean; others are those of a statement that fails."""


class SqlServerConnection:
    """A connection to SQL Server."""

    def __init__(self, connection: Any, relay: Relay, threads: ThreadPoolExecutor) -> None:
        """Hold what `connect_sql_server` has opened."""
        self._connection = connection
        self._relay = relay
        self._threads = threads
        self._cursor: Any = None

    async def describe(self) -> Sequence[TableColumn]:
        """Return the columns that the login may read. Raises `DatabaseFailure`."""
        try:
            async with asyncio.timeout(DEFAULT_LIMITS.seconds):
                cursor = await self._connection.cursor()
                await cursor.execute(_COLUMNS)
                return [TableColumn(*row) for row in await cursor.fetchall()]
        except Exception as error:  # noqa: BLE001 - drivers raise all kinds; none may show what a server says
            raise self._relay.failure(error, _reason) from None

    async def read(self, sql: str, limits: ReadLimits = DEFAULT_LIMITS) -> Rows:
        """Run one statement and roll back. Raises `DatabaseFailure`."""
        try:
            async with asyncio.timeout(limits.seconds + 1):
                return await self._read(sql, limits)
        except asyncio.CancelledError:
            await self.cancel()
            raise
        except Exception as error:  # noqa: BLE001 - as above
            if isinstance(error, TimeoutError):
                await self.cancel()
            raise self._relay.failure(error, _reason) from None
        finally:
            self._cursor = None

    async def _read(self, sql: str, limits: ReadLimits) -> Rows:
        self._connection._conn.timeout = int(limits.seconds)  # noqa: SLF001 - aioodbc lets it be read only
        self._cursor = cursor = await self._connection.cursor()
        await cursor.execute(f"SET LOCK_TIMEOUT {int(limits.lock_seconds * 1000)}")
        await cursor.execute(sql)
        columns = [each[0] for each in cursor.description or ()]
        rows = RowBuffer(limits)
        while not rows.is_full and (batch := await cursor.fetchmany(_BATCH)):
            for row in batch:
                rows.add(tuple(row))
        await self._connection.rollback()
        return rows.result(columns)

    async def cancel(self) -> None:
        """End the statement that runs: the driver sends an attention."""
        if self._cursor is not None:
            with contextlib.suppress(Exception):
                await asyncio.get_running_loop().run_in_executor(self._threads, self._cursor._impl.cancel)  # noqa: SLF001

    async def close(self) -> None:
        """Close the connection at once."""
        await self._relay.close()
        with contextlib.suppress(Exception):
            async with asyncio.timeout(CONNECT_SECONDS):
                await self._connection.close()
        self._threads.shutdown(wait=False, cancel_futures=True)


async def connect_sql_server(
    login: DatabaseLogin, destination: Destination, *, authorities: str | None = None, max_bytes: int | None = None
) -> SqlServerConnection:
    """Connect to the address that was checked, force the settings and verify them. Raises `DatabaseFailure`.

    The driver trusts the certificates of the system: `authorities` must be None. Raises `NoDriver` without a driver.
    """
    import aioodbc  # noqa: PLC0415 - loads unixODBC

    if authorities is not None:
        raise DatabaseFailure(FailureReason.UNSAFE_SETTING)
    driver = resolve_any()
    relay = Relay(destination, max_bytes)
    threads = ThreadPoolExecutor(2, thread_name_prefix="customer-sql-server")
    connection = None
    try:
        words = _words(login, destination.host, await relay.open()) | {"DRIVER": driver.name or ""}
        text = ";".join(f"{name}={{{value.replace('}', '}}')}}}" for name, value in words.items())
        connection = await aioodbc.connect(dsn=text, autocommit=False, timeout=int(CONNECT_SECONDS), executor=threads)
        cursor = await connection.cursor()
        for setting in _SETTINGS:
            await cursor.execute(setting)
        await cursor.execute(_VERIFIED)
        if tuple(await cursor.fetchone()) != (1, 1, 262_144):
            raise DatabaseFailure(FailureReason.UNSAFE_SETTING)
        await cursor.close()
    except BaseException as error:
        if connection is not None:
            await SqlServerConnection(connection, relay, threads).close()
        await relay.close()
        threads.shutdown(wait=False, cancel_futures=True)
        if isinstance(error, Exception):
            raise relay.failure(error, _reason) from None
        raise
    return SqlServerConnection(connection, relay, threads)


def _words(login: DatabaseLogin, host: str, port: int) -> dict[str, str]:
    return {
        "SERVER": f"{HOST},{port}",
        "DATABASE": login.database,
        "UID": login.username,
        "PWD": login.password,
        "Encrypt": "no" if login.tls is TlsMode.OFF else "yes",
        "TrustServerCertificate": "yes" if login.tls is TlsMode.ENCRYPTED else "no",
        "HostNameInCertificate": host,
        "ApplicationIntent": "ReadOnly",
        "APP": "monitora",
    }


def _reason(error: Exception) -> FailureReason:
    return _REASONS.get(str(error.args[0]) if error.args else "", FailureReason.STATEMENT_FAILED)
