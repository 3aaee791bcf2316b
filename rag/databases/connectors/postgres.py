"""Reading a customer's PostgreSQL, by asyncpg: one statement a prepared statement, in a read-only transaction."""

import asyncio
import contextlib
import json
from collections.abc import Sequence
from typing import Any

from core.outbound import Destination
from rag.databases.connectors.protocol import (
    DEFAULT_LIMITS,
    DatabaseFailure,
    DatabaseLogin,
    FailureReason,
    ReadLimits,
    RowBuffer,
    Rows,
    TableColumn,
)
from rag.databases.connectors.relay import CONNECT_SECONDS, HOST, Relay, tls_context

_SETTINGS = {
    "default_transaction_read_only": "on",
    "standard_conforming_strings": "on",  # so that a backslash in a string is a backslash
    # Functions and operators of other schemas are not found, however well they fit: tables have their schema written.
    "search_path": "pg_catalog, pg_temp",
    "client_encoding": "UTF8",
    "quote_all_identifiers": "off",
    "row_security": "on",
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
    "work_mem": "16384kB",
    "application_name": "monitora",
}
_VERIFIED = ("default_transaction_read_only", "standard_conforming_strings", "search_path", "client_encoding")
_COLUMNS = """
SELECT n.nspname, c.relname, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod)
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
  AND pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT')
ORDER BY n.nspname, c.relname, a.attnum
LIMIT 20000
"""
_BATCH = 50
_LOGIN_CLASSES = ("28", "3D")
_CANCELED = ("57014", "55P03", "25P03")


class PostgresConnection:
    """A connection to PostgreSQL."""

    def __init__(self, connection: Any, relay: Relay) -> None:
        """Hold what `connect_postgres` has opened."""
        self._connection = connection
        self._relay = relay
        self._reading: asyncio.Task[Rows] | None = None

    async def describe(self) -> Sequence[TableColumn]:
        """Return the columns that the login may read. Raises `DatabaseFailure`."""
        try:
            async with asyncio.timeout(DEFAULT_LIMITS.seconds):
                found = await self._connection.fetch(_COLUMNS)
        except Exception as error:  # noqa: BLE001 - drivers raise all kinds; none may show what a server says
            raise self._relay.failure(error, _reason) from None
        return [TableColumn(*row) for row in found]

    async def read(self, sql: str, limits: ReadLimits = DEFAULT_LIMITS) -> Rows:
        """Run one statement and roll back. Raises `DatabaseFailure`."""
        self._reading = asyncio.ensure_future(self._read(sql, limits))
        try:
            async with asyncio.timeout(limits.seconds + 1):
                return await self._reading
        except asyncio.CancelledError:
            if self._reading.cancelled() and not _is_cancelled():
                raise DatabaseFailure(FailureReason.TOO_SLOW) from None
            raise
        except Exception as error:  # noqa: BLE001 - as above
            raise self._relay.failure(error, _reason) from None
        finally:
            self._reading = None

    async def _read(self, sql: str, limits: ReadLimits) -> Rows:
        connection = self._connection
        await connection.execute(f"SET statement_timeout = {int(limits.seconds * 1000)}")
        await connection.execute(f"SET lock_timeout = {int(limits.lock_seconds * 1000)}")
        transaction = connection.transaction(isolation="repeatable_read", readonly=True)
        await transaction.start()
        try:
            plan = json.loads((await connection.fetchval(f"EXPLAIN (FORMAT JSON) {sql}")) or "[]")
            if plan[0]["Plan"]["Total Cost"] > limits.cost:
                raise DatabaseFailure(FailureReason.TOO_COSTLY)
            statement = await connection.prepare(sql)
            cursor = await statement.cursor()
            rows = RowBuffer(limits)
            while not rows.is_full and (batch := await cursor.fetch(_BATCH)):
                for row in batch:
                    rows.add(tuple(row))
            return rows.result([each.name for each in statement.get_attributes()])
        finally:
            with contextlib.suppress(Exception):
                await transaction.rollback()

    async def cancel(self) -> None:
        """End the statement that runs: asyncpg asks the server for it when its task is cancelled."""
        if self._reading is not None:
            self._reading.cancel()

    async def close(self) -> None:
        """Close the connection at once."""
        self._connection.terminate()
        await self._relay.close()


def _reason(error: Exception) -> FailureReason:
    state = str(getattr(error, "sqlstate", None) or "")
    if state in _CANCELED:
        return FailureReason.TOO_SLOW
    if state.startswith(_LOGIN_CLASSES):
        return FailureReason.LOGIN_REFUSED
    if not state or state.startswith(("08", "57P")):
        return FailureReason.UNREACHABLE
    return FailureReason.STATEMENT_FAILED


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def connect_postgres(
    login: DatabaseLogin, destination: Destination, *, authorities: str | None = None, max_bytes: int | None = None
) -> PostgresConnection:
    """Connect to the address that was checked, force the settings and verify them. Raises `DatabaseFailure`."""
    import asyncpg  # noqa: PLC0415 - of the extra `postgres`

    relay = Relay(destination, max_bytes)
    connection = None
    try:
        port = await relay.open()
        connection = await asyncpg.connect(
            host=HOST,
            port=port,
            user=login.username,
            password=login.password,
            database=login.database,
            ssl=tls_context(login.tls, destination.host, authorities) or False,
            timeout=CONNECT_SECONDS,
            command_timeout=None,
            statement_cache_size=0,
        )
        opened = PostgresConnection(connection, relay)
        for name, value in _SETTINGS.items():
            await connection.execute(f"SET {name} = {value if ',' in value else repr(value)}")
        for name in _VERIFIED:
            if await connection.fetchval(f"SHOW {name}") != _SETTINGS[name]:
                raise DatabaseFailure(FailureReason.UNSAFE_SETTING)
    except BaseException as error:
        if connection is not None:
            connection.terminate()
        await relay.close()
        if isinstance(error, Exception):
            raise relay.failure(error, _reason) from None
        raise
    return opened
