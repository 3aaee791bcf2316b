"""Reading a customer's MySQL or MariaDB, by aiomysql: one statement a message, in a read-only transaction."""

import asyncio
import contextlib
from collections.abc import Sequence
from functools import cache
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

_SQL_MODE = "STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION"
_SETTINGS = {
    # No ANSI_QUOTES, NO_BACKSLASH_ESCAPES, PIPES_AS_CONCAT or IGNORE_SPACE: they change what a text means.
    "sql_mode": f"'{_SQL_MODE}'",
    "group_concat_max_len": "65536",
    "innodb_lock_wait_timeout": "2",
    "lock_wait_timeout": "2",
    "sql_big_selects": "0",
    "max_sp_recursion_depth": "0",
    "transaction_read_only": "1",
}
_OLD_NAMES = {"transaction_read_only": "tx_read_only"}
_COLUMNS = """
SELECT table_schema, table_name, column_name, column_type FROM information_schema.columns
WHERE table_schema = DATABASE() ORDER BY table_name, ordinal_position LIMIT 20000
"""
_MULTI_STATEMENTS, _TLS = 1 << 16, 1 << 11
_UNKNOWN_VARIABLE = 1193
_REASONS = {
    FailureReason.LOGIN_REFUSED: frozenset({1044, 1045, 1049, 1130, 1698}),
    FailureReason.TOO_SLOW: frozenset({1028, 1205, 1317, 1969, 3024}),
    FailureReason.TOO_COSTLY: frozenset({1037, 1038, 1041, 1104, 1153, 1301}),
}
"""The numbers of the servers' errors. The client's own, from 2000 on, are those of a connection."""
_CLIENT_ERRORS = range(2_000, 3_000)


class MySqlConnection:
    """A connection to MySQL or MariaDB."""

    def __init__(self, connection: Any, relay: Relay, again: "_Opener") -> None:
        """Hold what `connect_mysql` has opened. `again` opens another, which cancels."""
        self._connection = connection
        self._relay = relay
        self._again = again
        self._is_reading = False

    async def describe(self) -> Sequence[TableColumn]:
        """Return the columns that the login may read. Raises `DatabaseFailure`."""
        try:
            async with asyncio.timeout(DEFAULT_LIMITS.seconds):
                return [TableColumn(*map(str, row)) for row in await _all(self._connection, _COLUMNS)]
        except Exception as error:  # noqa: BLE001 - drivers raise all kinds; none may show what a server says
            raise self._relay.failure(error, _reason) from None

    async def read(self, sql: str, limits: ReadLimits = DEFAULT_LIMITS) -> Rows:
        """Run one statement and roll back. Raises `DatabaseFailure`."""
        self._is_reading = True
        try:
            async with asyncio.timeout(limits.seconds + 1):
                return await self._read(sql, limits)
        except asyncio.CancelledError:
            await self.cancel()
            raise
        except Exception as error:  # noqa: BLE001 - as above
            if isinstance(error, TimeoutError):  # some functions do not look at the server's own time-out
                await self.cancel()
            raise self._relay.failure(error, _reason) from None
        finally:
            self._is_reading = False

    async def _read(self, sql: str, limits: ReadLimits) -> Rows:
        import aiomysql  # noqa: PLC0415 - of the extra `mysql`

        await _set_first(
            self._connection,
            (f"max_statement_time = {limits.seconds}", f"max_execution_time = {int(limits.seconds * 1000)}"),
        )
        await _run(self._connection, f"SET SESSION max_join_size = {int(limits.cost)}")
        await _run(self._connection, "SET SESSION sql_big_selects = 0")  # max_join_size has set it
        await _run(self._connection, "START TRANSACTION READ ONLY")
        cursor = await self._connection.cursor(aiomysql.SSCursor)
        await cursor.execute(sql)  # without arguments, nothing is put into its text
        columns = [each[0] for each in cursor.description or ()]
        rows = RowBuffer(limits)
        while not rows.is_full and (row := await cursor.fetchone()) is not None:
            rows.add(row)
        if not rows.is_full:
            await cursor.close()
            await _run(self._connection, "ROLLBACK")
        return rows.result(columns)

    async def cancel(self) -> None:
        """End the statement that runs, by another connection."""
        if not self._is_reading:
            return
        self._is_reading = False
        with contextlib.suppress(Exception):
            async with asyncio.timeout(CONNECT_SECONDS):
                other = await self._again()
                try:
                    await _run(other, f"KILL {int(self._connection.thread_id())}")
                finally:
                    other.close()

    async def close(self) -> None:
        """Close the connection at once."""
        self._connection.close()
        await self._relay.close()


class _Opener:
    """Opens connections through a relay."""

    def __init__(self, login: DatabaseLogin, port: int, tls: Any) -> None:
        self._login = login
        self._port = port
        self._tls = tls

    async def __call__(self) -> Any:
        """Return a new connection, on which a message holds one statement."""
        connection = _connection_class()(
            host=HOST,
            port=self._port,
            user=self._login.username,
            password=self._login.password,
            db=self._login.database,
            charset="utf8mb4",
            ssl=self._tls,
            connect_timeout=CONNECT_SECONDS,
            autocommit=True,
        )
        try:
            await connection._connect()  # noqa: SLF001 - aiomysql.connect would make a connection of its own class
        except BaseException:
            connection.close()
            raise
        return connection


@cache
def _connection_class() -> Any:
    """Return aiomysql's connection with what it lacks: it sends no password without TLS where TLS is asked for."""
    import aiomysql  # noqa: PLC0415 - of the extra `mysql`

    class Connection(aiomysql.Connection):  # type: ignore[misc] # aiomysql has no types
        async def _request_authentication(self) -> None:
            self.client_flag &= ~_MULTI_STATEMENTS  # aiomysql asks for them
            if self._ssl_context and not self.server_capabilities & _TLS:
                raise ConnectionError("The server has no TLS.")
            await super()._request_authentication()

    return Connection


async def connect_mysql(
    login: DatabaseLogin, destination: Destination, *, authorities: str | None = None, max_bytes: int | None = None
) -> MySqlConnection:
    """Connect to the address that was checked, force the settings and verify them. Raises `DatabaseFailure`."""
    relay = Relay(destination, max_bytes)
    connection = None
    try:
        again = _Opener(login, await relay.open(), tls_context(login.tls, destination.host, authorities))
        connection = await again()
        for name, value in _SETTINGS.items():
            await _set_first(connection, (f"{name} = {value}", f"{_OLD_NAMES.get(name, name)} = {value}"))
        await _verify(connection)
    except BaseException as error:
        if connection is not None:
            connection.close()
        await relay.close()
        if isinstance(error, Exception):
            raise relay.failure(error, _reason) from None
        raise
    return MySqlConnection(connection, relay, again)


async def _verify(connection: Any) -> None:
    """Raise `DatabaseFailure` unless the settings hold and a message with two statements is refused."""
    mode, charset, server_charset = (
        await _all(connection, "SELECT @@sql_mode, @@character_set_client, @@character_set_connection")
    )[0]
    if set(mode.split(",")) != set(_SQL_MODE.split(",")) or {charset, server_charset} != {"utf8mb4"}:
        raise DatabaseFailure(FailureReason.UNSAFE_SETTING)
    try:
        await _all(connection, "SELECT 1; SELECT 2")
    except Exception as error:  # noqa: BLE001 - any refusal is right
        if _number(error) == 1064:  # noqa: PLR2004 - a syntax error
            return
    raise DatabaseFailure(FailureReason.UNSAFE_SETTING)


async def _set_first(connection: Any, assignments: Sequence[str]) -> None:
    """Set the first variable that the server knows: MySQL and MariaDB call some differently."""
    for at, assignment in enumerate(assignments, 1):
        try:
            await _run(connection, f"SET SESSION {assignment}")
        except Exception as error:
            if _number(error) == _UNKNOWN_VARIABLE and at < len(assignments):
                continue
            raise
        return


async def _run(connection: Any, sql: str) -> None:
    cursor = await connection.cursor()
    await cursor.execute(sql)
    await cursor.close()


async def _all(connection: Any, sql: str) -> list[tuple[Any, ...]]:
    cursor = await connection.cursor()
    await cursor.execute(sql)
    found: list[tuple[Any, ...]] = list(await cursor.fetchall())
    await cursor.close()
    return found


def _number(error: BaseException) -> int:
    first = error.args[0] if error.args else 0
    return first if isinstance(first, int) else 0


def _reason(error: Exception) -> FailureReason:
    number = _number(error)
    reason = FailureReason.UNREACHABLE if not number or number in _CLIENT_ERRORS else FailureReason.STATEMENT_FAILED
    return next((each for each, numbers in _REASONS.items() if number in numbers), reason)
