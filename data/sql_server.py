"""Units of work on SQL Server: each runs beside the event loop's other work, and again when it lost a deadlock."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import structlog
from sqlalchemy import URL, Connection, ExceptionContext, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import Session as SynchronousSession

from data.drivers import resolve
from data.row_level_security import WORK_FOR, session_values
from data.session import Work, run_work
from data.statements import RowUnit, Watchers, run_rows
from data.viewer import Viewer

Result = TypeVar("Result")

DEADLOCK_ATTEMPTS = 3
"""How often a unit of work runs before a deadlock is reported (error 1205 rolls the whole unit back)."""
LOGIN_SECONDS = 15
"""How long the server may take to let a connection in."""
POOL_SECONDS = 60
"""How long a unit waits for a connection."""

logger = structlog.get_logger(__name__)


class SQLServerUnits:
    """Runs units of work on a SQL Server. One pool reads and writes.

    A unit runs in a greenlet of the event loop's thread; the driver's calls suspend it.
    """

    def __init__(self, url: URL, *, pool_size: int, statement_seconds: int, row_level_security: bool) -> None:
        """Prepare the connections; none is opened yet. With `row_level_security`, units first say for whom they run.

        Raises `data.drivers.NoDriver` when no ODBC driver is installed.
        """
        self._engine = _engine(url, pool_size=pool_size, seconds=statement_seconds)
        self.reader = self.writer = self._engine.sync_engine
        self.pools = {"writer": self.writer}
        self.watchers = Watchers(self.writer)
        self._row_level_security = row_level_security
        self._running: set[asyncio.Task[Any]] = set()

    async def read(self, work: Work[Result], viewer: Viewer | None) -> Result:
        """Run a unit that only reads."""

        async def unit() -> Result:
            async with AsyncSession(self._engine, expire_on_commit=False, autoflush=False) as session:
                return await session.run_sync(self._run, work, viewer)

        return await self._shielded(unit())

    async def read_rows(self, work: RowUnit[Result], viewer: Viewer | None) -> Result:
        """Run a unit that reads past SQLAlchemy's session, on one connection."""

        async def unit() -> Result:
            async with self._engine.connect() as connection:
                await self._say_for_whom(connection, viewer)
                return await connection.run_sync(_read_rows, work)

        return await self._shielded(unit())

    async def write(self, work: Work[Result], viewer: Viewer | None) -> Result:
        """Run a unit that may write, and commit it. It runs again when the server broke a deadlock by ending it."""

        async def unit() -> Result:
            for attempt in range(1, DEADLOCK_ATTEMPTS + 1):
                try:
                    async with AsyncSession(self._engine, expire_on_commit=False) as session, session.begin():
                        return await session.run_sync(self._run, work, viewer)
                except DBAPIError as error:
                    if attempt == DEADLOCK_ATTEMPTS or not is_deadlock(error):
                        raise
                    logger.info("deadlock_retried", attempt=attempt)
                    await asyncio.sleep(random.uniform(0.01, 0.05) * attempt)  # noqa: S311 - jitter, not a secret
            raise AssertionError("unreachable: the last attempt returns or raises")

        return await self._shielded(unit())

    async def inspect(self, work: Callable[[Connection], Result]) -> Result:
        """Run a function of a connection that only reads."""
        async with self._engine.connect() as connection:
            return await connection.run_sync(work)

    async def alter(self, work: Callable[[Connection], Result], *, transaction: bool) -> Result:
        """Run a function of a connection that may change tables, in a transaction or by itself."""
        engine = self._engine if transaction else self._engine.execution_options(isolation_level="AUTOCOMMIT")
        async with engine.begin() as connection:
            return await connection.run_sync(work)

    async def close(self) -> None:
        """Let the running units end, then close the connections."""
        if self._running:
            await asyncio.wait(self._running)
        await self._engine.dispose()

    def _run(self, session: SynchronousSession, work: Work[Result], viewer: Viewer | None) -> Result:
        if self._row_level_security:
            session.execute(WORK_FOR, session_values(viewer))
        return run_work(work, session)

    async def _say_for_whom(self, connection: AsyncConnection, viewer: Viewer | None) -> None:
        if self._row_level_security:
            await connection.execute(WORK_FOR, session_values(viewer))

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


def is_deadlock(error: DBAPIError) -> bool:
    """Tell whether the database ended the unit to break a deadlock: SQL Server's 1205, or its SQLSTATE 40001."""
    words = [str(argument) for argument in getattr(error.orig, "args", ())]
    return any(word == "40001" or "(1205)" in word for word in words)


def _read_rows(connection: Connection, work: RowUnit[Result]) -> Result:
    return run_rows(work, lambda text, parameters: [tuple(row) for row in connection.exec_driver_sql(text, parameters)])


def _engine(url: URL, *, pool_size: int, seconds: int) -> AsyncEngine:
    driver = resolve(url)
    # aioodbc would share asyncio's default threads, of which there may be fewer than connections.
    threads = ThreadPoolExecutor(pool_size, thread_name_prefix="sql-server")
    engine = create_async_engine(
        driver.url(url),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=POOL_SECONDS,
        pool_pre_ping=True,
        hide_parameters=True,
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
