"""Units of work on SQLite: one hand-over to a thread at most, and the driver as it is, without asyncio.

One connection writes and the others only read (`query_only`), so that a write never waits inside SQLite's own polling.
"""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Engine, QueuePool, create_engine, event
from sqlalchemy.orm import Session as SynchronousSession

from core.private_files import make_private, make_private_file
from data.row_reads import RowReads
from data.session import Work, run_work
from data.statements import RowUnit, Watchers
from data.threads import WorkerThreads
from data.viewer import Viewer

Result = TypeVar("Result")

BUSY_SECONDS = 15
"""How long SQLite waits for another process's write."""
POOL_SECONDS = 60
"""How long a unit waits for a connection, or for the thread that uses one."""
CACHED_STATEMENTS = 512
"""Statements that a connection keeps prepared."""


class SQLiteUnits:
    """Runs units of work on an SQLite file: readers side by side, writers one after the other."""

    def __init__(self, url: URL, *, pool_size: int) -> None:
        """Prepare the connections and the threads, one for each; none is opened or started yet."""
        url = url.set(drivername="sqlite+pysqlite")
        self.reader = _engine(url, pool_size=pool_size, begin="BEGIN", query_only=True)
        self.writer = _engine(url, pool_size=1, begin="BEGIN IMMEDIATE", query_only=False)
        # One more for each unit that has its connection and waits for a thread.
        self.rows = _engine(
            url, pool_size=pool_size, max_overflow=pool_size, begin="BEGIN", query_only=True, busy_seconds=0
        )
        self.pools = {"reader": self.reader, "rows": self.rows, "writer": self.writer}
        self.watchers = Watchers(self.reader, self.writer)
        self._readers = WorkerThreads("sqlite reader", pool_size, wait_seconds=POOL_SECONDS)
        self._row_reads = RowReads(self.rows, self._readers, self.watchers, busy_seconds=BUSY_SECONDS)
        self._writers = WorkerThreads("sqlite writer", 1, wait_seconds=POOL_SECONDS)

    async def read(self, work: Work[Result], _viewer: Viewer | None) -> Result:
        """Run a unit that only reads."""

        def unit() -> Result:
            with SynchronousSession(self.reader, expire_on_commit=False, autoflush=False) as session:
                return run_work(work, session)

        return await self._readers.run(unit)

    async def read_rows(self, work: RowUnit[Result], _viewer: Viewer | None) -> Result:
        """Run a unit that reads past SQLAlchemy, in one snapshot."""
        return await self._row_reads.run(work)

    async def write(self, work: Work[Result], _viewer: Viewer | None) -> Result:
        """Run a unit that may write, and commit it."""

        def unit() -> Result:
            with SynchronousSession(self.writer, expire_on_commit=False) as session, session.begin():
                return run_work(work, session)

        return await self._writers.run(unit)

    async def inspect(self, work: Callable[[Connection], Result]) -> Result:
        """Run a function of a connection that only reads."""

        def unit() -> Result:
            with self.reader.connect() as connection:
                return work(connection)

        return await self._readers.run(unit)

    async def alter(self, work: Callable[[Connection], Result], *, transaction: bool) -> Result:
        """Run a function of a connection that may change tables, in a transaction or by itself."""

        def unit() -> Result:
            engine = self.writer if transaction else self.writer.execution_options(isolation_level="AUTOCOMMIT")
            with engine.begin() as connection:
                return work(connection)

        return await self._writers.run(unit)

    async def close(self) -> None:
        """Let the running units end, then close the connections."""
        await self._readers.close()
        await self._writers.close()
        self.reader.dispose()
        self.rows.dispose()
        self.writer.dispose()


def _engine(
    url: URL, *, pool_size: int, max_overflow: int = 0, begin: str, query_only: bool, busy_seconds: int = BUSY_SECONDS
) -> Engine:
    engine = create_engine(
        url,
        poolclass=QueuePool,
        pool_size=pool_size,
        max_overflow=max_overflow,
        pool_timeout=POOL_SECONDS,
        pool_use_lifo=True,
        hide_parameters=True,
        connect_args={"check_same_thread": False, "cached_statements": CACHED_STATEMENTS},
    )

    @event.listens_for(engine, "do_connect")
    def keep_others_out(_dialect: Any, _record: Any, _arguments: Any, _options: Any) -> None:
        _make_database_private(engine.url.database)

    @event.listens_for(engine, "connect")
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
        # Opening waits for a lock in any case.
        cursor.execute(f"PRAGMA busy_timeout = {busy_seconds * 1000}")
        cursor.close()

    # Not by the event of that name, whose statement would go through all that SQLAlchemy does for one.
    engine.dialect.do_begin = lambda connection: connection.cursor().execute(begin)  # type: ignore[method-assign,assignment]
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
