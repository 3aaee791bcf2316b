"""Units of rows on SQLite: in the caller's thread as long as they are short, and from then on in another.

Most pages are read in less time than it takes to wake a thread and to come back from it.
"""

import sqlite3
from collections.abc import Sequence
from contextvars import copy_context
from math import inf
from time import monotonic
from typing import Any, TypeVar, cast

from sqlalchemy import Engine, QueuePool
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from data.statements import Ended, Postponed, RowUnit, Watchers, run_rows
from data.threads import WorkerThreads

Result = TypeVar("Result")

MOMENT_SECONDS = 0.005
"""How long a unit may keep the event loop from other work: as long as Python lets any thread keep its lock."""
STEPS_A_LOOK = 200
"""Steps of SQLite's between two looks at the clock: some 10 µs, or longer where pages come from the disk."""
LATER = ("SQLITE_INTERRUPT", "SQLITE_BUSY")
"""What a statement fails with that took too long, or found a lock."""


class RowReads:
    """Runs units of rows, each in one snapshot. The engine's connections do not wait for locks by themselves."""

    def __init__(self, engine: Engine, threads: WorkerThreads, watchers: Watchers, *, busy_seconds: int) -> None:
        """`busy_seconds` is how long a unit waits, in a thread, for a lock of another process."""
        self._engine = engine
        self._pool = cast("QueuePool", engine.pool)
        self._threads = threads
        self._watchers = watchers
        self._busy_seconds = busy_seconds

    async def run(self, work: RowUnit[Result]) -> Result:
        """Run a unit. What it has not read after `MOMENT_SECONDS`, or finds locked, it reads in a thread.

        Raises `PoolTimeout` when no thread became free.
        """
        if not self._pool.checkedin():
            # A connection is opened, or waited for, which only a thread may do.
            return await self._threads.run(lambda: self._read(_Snapshot(self._engine, self._watchers), work, None))
        snapshot = _Snapshot(self._engine, self._watchers)
        context = copy_context()
        try:
            return context.run(snapshot.begin, work)
        except Postponed as rest:
            asked = rest.asked
        try:
            return await self._threads.run(lambda: self._read(snapshot, work, asked), context)
        except PoolTimeout:
            snapshot.close()
            raise

    def _read(self, snapshot: "_Snapshot", work: RowUnit[Result], asked: tuple[str, Any] | None) -> Result:
        return snapshot.end(work, asked, self._busy_seconds)


class _Snapshot:
    """A connection in one snapshot of the database, for one unit."""

    def __init__(self, engine: Engine, watchers: Watchers) -> None:
        try:
            self._pooled = engine.raw_connection()
        except sqlite3.Error as error:
            raise _wrapped(error, None) from error
        self._cursor = self._pooled.cursor()
        self._cursor.execute("BEGIN")
        self._watchers = watchers
        self._watching: Sequence[Ended] | None = None
        self._ends = inf

    def begin(self, work: RowUnit[Result]) -> Result:
        """Run a unit as long as it is short, and close. Raises `Postponed`, and is not closed then."""
        connection: Any = self._pooled.driver_connection
        self._ends = monotonic() + MOMENT_SECONDS
        connection.set_progress_handler(self._is_over, STEPS_A_LOOK)
        is_postponed = False
        try:
            return run_rows(work, self._fetched)
        except Postponed:
            is_postponed = True
            raise
        finally:
            self._ends = inf
            connection.set_progress_handler(None, 0)
            if not is_postponed:
                self.close()

    def end(self, work: RowUnit[Result], asked: tuple[str, Any] | None, busy_seconds: int) -> Result:
        """Run a unit from the statement on that it asks next, and close."""
        try:
            self._wait_for_locks(busy_seconds)
            return run_rows(work, self._fetched, asked)
        finally:
            self._wait_for_locks(0)
            self.close()

    def close(self) -> None:
        """Give the connection back to the pool, which rolls back."""
        self._pooled.close()

    def _wait_for_locks(self, seconds: int) -> None:
        self._cursor.execute(f"PRAGMA busy_timeout = {seconds * 1000}")

    def _is_over(self) -> bool:
        return monotonic() >= self._ends

    def _fetched(self, statement: str, parameters: Any) -> list[tuple[Any, ...]]:
        if self._is_over():
            raise Postponed
        if self._watching is None:
            # Once for each statement, also if it is begun again in a thread.
            self._watching = self._watchers.begin(statement) if self._watchers else ()
        failure = None
        try:
            rows: list[tuple[Any, ...]] = self._cursor.execute(statement, parameters).fetchall()
        except sqlite3.Error as error:
            if self._ends < inf and error.sqlite_errorname.startswith(LATER):
                raise Postponed from None
            failure = error
        watching, self._watching = self._watching, None
        for ended in watching:
            ended(failure)
        if failure is not None:
            raise _wrapped(failure, statement) from failure
        return rows


def _wrapped(error: sqlite3.Error, statement: str | None) -> BaseException:
    """Return SQLAlchemy's error for one of the driver's, as if it had sent the statement."""
    return DBAPIError.instance(statement, None, error, sqlite3.Error, hide_parameters=True)
