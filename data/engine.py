"""The database: engines for both dialects, and the units of work through which every statement goes."""

import asyncio
import copy
import random
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import structlog
from sqlalchemy import Connection, ExceptionContext, event, make_url
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from core.private_files import make_private, make_private_file
from data.drivers import resolve
from data.row_level_security import WORK_FOR, session_values
from data.viewer import Viewer

Session = AsyncSession
"""What a query runs in: one unit of work."""
Result = TypeVar("Result")
Work = Callable[[Session], Awaitable[Result]]

DEADLOCK_ATTEMPTS = 3
"""How often a unit of work runs before a deadlock is reported (SQL Server error 1205 rolls the whole unit back)."""
BUSY_SECONDS = 15
"""How long SQLite waits for another process's write."""
STATEMENT_SECONDS = 30
"""How long SQL Server may work on one statement, its waits for locks included."""
LOGIN_SECONDS = 15
"""How long SQL Server may take to let a connection in."""

__all__ = ["Database", "IntegrityError", "Session", "Work", "is_deadlock", "is_unavailable"]

HIDDEN = True
"""Errors name a statement and not its parameters: they hold messages and hashes, and errors go to the log."""

logger = structlog.get_logger(__name__)


class Database:
    """Where rows live. Statements run in units: short, shielded from cancellation, committed in one place.

    A unit is a function of a session. Sibling fields never share one: two statements at a time on a connection are
    refused by every driver. Rows leave a unit detached and whole. On SQLite one connection writes and the others only
    read (`query_only`), so that a write never waits inside SQLite's own polling.
    """

    def __init__(
        self,
        url: str,
        *,
        pool_size: int = 5,
        statement_seconds: int = STATEMENT_SECONDS,
        row_level_security: bool = False,
    ) -> None:
        """Prepare the connections; none is opened yet. `statement_seconds` bounds SQL Server's; 0 is endless.

        With `row_level_security` (SQL Server's), each unit of work first says for whom it runs.
        Raises `data.drivers.NoDriver` for SQL Server when no ODBC driver is installed.
        """
        self.url = make_url(url)
        self.dialect = self.url.get_backend_name()
        if self.dialect == "sqlite":
            self.reader = _sqlite_engine(url, pool_size=pool_size, begin="BEGIN", query_only=True)
            self.writer = _sqlite_engine(url, pool_size=1, begin="BEGIN IMMEDIATE", query_only=False)
        else:
            self.reader = self.writer = _sql_server_engine(url, pool_size=pool_size, seconds=statement_seconds)
        self.row_level_security = row_level_security
        self._viewer: Viewer | None = None
        self._running: set[asyncio.Task[Any]] = set()

    def seen_by(self, viewer: Viewer) -> "Database":
        """Return the same database for the units of one viewer. Without a viewer a unit is the server's own."""
        database = copy.copy(self)
        database._viewer = viewer  # noqa: SLF001 - of the same class
        return database

    async def read(self, work: Work[Result]) -> Result:
        """Run a unit that only reads, and return its result. Its transaction is rolled back: nothing is to be kept."""
        return await self._shielded(self._read(work))

    async def write(self, work: Work[Result]) -> Result:
        """Run a unit that may write, commit it, and return its result.

        The unit runs again when the database broke a deadlock by ending it, so it must hold nothing but statements.
        """
        return await self._shielded(self._write(work))

    async def close(self) -> None:
        """Let the running units end, then close the connections."""
        if self._running:
            await asyncio.wait(self._running)
        await self.reader.dispose()
        await self.writer.dispose()

    async def _read(self, work: Work[Result]) -> Result:
        async with AsyncSession(self.reader, expire_on_commit=False, autoflush=False) as session:
            await self._say_for_whom(session)
            return await work(session)

    async def _write(self, work: Work[Result]) -> Result:
        for attempt in range(1, DEADLOCK_ATTEMPTS + 1):
            try:
                async with AsyncSession(self.writer, expire_on_commit=False) as session, session.begin():
                    await self._say_for_whom(session)
                    return await work(session)
            except DBAPIError as error:
                if attempt == DEADLOCK_ATTEMPTS or not is_deadlock(error):
                    raise
                logger.info("deadlock_retried", attempt=attempt)
                await asyncio.sleep(random.uniform(0.01, 0.05) * attempt)  # noqa: S311 - jitter, not a secret
        raise AssertionError("unreachable: the last attempt returns or raises")

    async def _say_for_whom(self, session: AsyncSession) -> None:
        if self.row_level_security:
            await session.execute(WORK_FOR, session_values(self._viewer))

    async def _shielded(self, unit: Awaitable[Result]) -> Result:
        # A cancelled await would leave the driver's thread in execute() while the connection is closed under it.
        task = asyncio.ensure_future(unit)
        self._running.add(task)
        task.add_done_callback(self._ended)
        return await asyncio.shield(task)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            # Where the await was cancelled, nobody else asks how the unit ended.
            task.exception()


def is_unavailable(error: BaseException | None) -> bool:
    """Tell whether a unit failed for the database's sake: locked, full, read-only, or away. It changed nothing."""
    # SQLite's plain error is about the statement, such as one of a table that is not there.
    of_statement = getattr(getattr(error, "orig", None), "sqlite_errorname", "") == "SQLITE_ERROR"
    return isinstance(error, OperationalError | InterfaceError | PoolTimeout) and not of_statement


def is_deadlock(error: DBAPIError) -> bool:
    """Tell whether the database ended the unit to break a deadlock: SQL Server's 1205, or its SQLSTATE 40001."""
    words = [str(argument) for argument in getattr(error.orig, "args", ())]
    return any(word == "40001" or "(1205)" in word for word in words)


def _sqlite_engine(url: str, *, pool_size: int, begin: str, query_only: bool) -> AsyncEngine:
    engine = create_async_engine(url, pool_size=pool_size, max_overflow=0, pool_timeout=60, hide_parameters=HIDDEN)

    @event.listens_for(engine.sync_engine, "do_connect")
    def keep_others_out(_dialect: Any, _record: Any, _arguments: Any, _options: Any) -> None:
        _make_database_private(engine.url.database)

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        # The driver must not begin transactions by itself: it would do so only before the first write.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
        cursor.execute("PRAGMA foreign_keys = ON")
        if not query_only:
            cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = NORMAL")
        cursor.execute(f"PRAGMA query_only = {'ON' if query_only else 'OFF'}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def start(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def _make_database_private(name: str | None) -> None:
    """Make the file of a database, and those that SQLite keeps beside it, the server's own account's alone.

    What SQLite makes beside the file later gets the mode of the file.
    """
    if not name or name == ":memory:" or name.startswith("file:"):
        return
    path = Path(name)
    # A file that cannot be made is reported by SQLite, with the sentence that every command has for it.
    with suppress(OSError):
        make_private_file(path)
    for suffix in ("", "-wal", "-shm", "-journal"):
        make_private(path.with_name(path.name + suffix))


def _sql_server_engine(url: str, *, pool_size: int, seconds: int) -> AsyncEngine:
    driver = resolve(make_url(url))
    # aioodbc would share asyncio's default threads, of which there may be fewer than connections.
    threads = ThreadPoolExecutor(pool_size, thread_name_prefix="sql-server")
    engine = create_async_engine(
        driver.url(make_url(url)),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=60,
        pool_pre_ping=True,
        hide_parameters=HIDDEN,
        use_insertmanyvalues=False,
        connect_args={"executor": threads, "timeout": LOGIN_SECONDS},
        **driver.options(),
    )
    # OUTPUT, by which SQLAlchemy would read rows back, is refused on tables with triggers (error 334).
    for statement in ("insert", "update", "delete"):
        setattr(engine.dialect, f"{statement}_returning", False)
    _forgive_ended_transactions(engine)

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        connection.driver_connection._conn.timeout = seconds  # noqa: SLF001 - aioodbc lets it be read only

    @event.listens_for(engine.sync_engine, "handle_error")
    def tell_dead_connections(context: ExceptionContext) -> None:
        # FreeTDS has no code of its own for a connection that died at rest.
        if context.is_pre_ping:
            context.is_disconnect = True
        # A statement that took too long gives up its own connection: it says nothing about the pool's others.
        if context.original_exception.args[:1] == ("HYT00",):
            context.invalidate_pool_on_disconnect = False

    @event.listens_for(engine.sync_engine, "engine_disposed")
    def end(_engine: Any) -> None:
        threads.shutdown(wait=False)

    return engine


def _forgive_ended_transactions(engine: AsyncEngine) -> None:
    """Let a rollback find no transaction (error 3903): a server that ended it told why by the error before."""
    roll_back = engine.dialect.do_rollback

    def forgiving(connection: Any) -> None:
        try:
            roll_back(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            if "(3903)" not in str(error):
                raise

    engine.dialect.do_rollback = forgiving  # type: ignore[assignment]
