"""The database, and the units of work through which every statement goes."""

import copy
from collections.abc import Callable
from typing import Protocol, TypeVar

from sqlalchemy import Connection, Dialect, Engine, make_url
from sqlalchemy.exc import IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from data.session import Session, SuspendedUnit, Work
from data.sql_server import SQLServerUnits, is_deadlock
from data.sqlite import SQLiteUnits
from data.statements import RowUnit, Watcher, Watchers
from data.viewer import Viewer

Result = TypeVar("Result")

STATEMENT_SECONDS = 30
"""How long SQL Server may work on one statement, its waits for locks included."""

__all__ = [
    "Database",
    "IntegrityError",
    "RowUnit",
    "Session",
    "SuspendedUnit",
    "Work",
    "is_deadlock",
    "is_unavailable",
]


class Units(Protocol):
    """How units of work run on one kind of database. Their viewer is for whom they say that they run."""

    reader: Engine
    writer: Engine
    pools: dict[str, Engine]
    watchers: Watchers

    async def read(self, work: Work[Result], viewer: Viewer | None) -> Result: ...
    async def read_rows(self, work: RowUnit[Result], viewer: Viewer | None) -> Result: ...
    async def write(self, work: Work[Result], viewer: Viewer | None) -> Result: ...
    async def inspect(self, work: Callable[[Connection], Result]) -> Result: ...
    async def alter(self, work: Callable[[Connection], Result], *, transaction: bool) -> Result: ...
    async def close(self) -> None: ...


class Database:
    """Where rows live. Statements run in units: short, shielded from cancellation, committed in one place.

    A unit is a function of a session that awaits nothing but its session: it never holds a connection, or SQLite's
    write lock, while it waits for something else. Sibling fields never share one: two statements at a time on a
    connection are refused by every driver. Rows leave a unit detached and whole.
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
        self.row_level_security = row_level_security
        self._viewer: Viewer | None = None
        self._units: Units
        if self.dialect == "sqlite":
            self._units = SQLiteUnits(self.url, pool_size=pool_size)
        else:
            self._units = SQLServerUnits(
                self.url,
                pool_size=pool_size,
                statement_seconds=statement_seconds,
                row_level_security=row_level_security,
            )

    @property
    def compiler(self) -> Dialect:
        """What writes statements for the database."""
        return self._units.reader.dialect

    @property
    def pools(self) -> dict[str, Engine]:
        """The engines by what they do, for who asks how many connections are in use."""
        return self._units.pools

    def seen_by(self, viewer: Viewer) -> "Database":
        """Return the same database for the units of one viewer. Without a viewer a unit is the server's own."""
        database = copy.copy(self)
        database._viewer = viewer  # noqa: SLF001 - of the same class
        return database

    async def read(self, work: Work[Result]) -> Result:
        """Run a unit that only reads, and return its result. Its transaction is rolled back: nothing is to be kept."""
        return await self._units.read(work, self._viewer)

    async def read_rows(self, work: RowUnit[Result]) -> Result:
        """Run a unit that yields statements and is sent their rows, and return its result.

        On SQLite all of it is one snapshot, and runs in the caller's thread as long as it is short. Nothing stands
        between the unit and the driver: no types, no objects.
        """
        return await self._units.read_rows(work, self._viewer)

    async def write(self, work: Work[Result]) -> Result:
        """Run a unit that may write, commit it, and return its result.

        The unit runs again when the database broke a deadlock by ending it, so it must hold nothing but statements.
        """
        return await self._units.write(work, self._viewer)

    async def inspect(self, work: Callable[[Connection], Result]) -> Result:
        """Run a function of a connection that only reads, for what is about the tables and not about rows."""
        return await self._units.inspect(work)

    async def alter(self, work: Callable[[Connection], Result], *, transaction: bool = True) -> Result:
        """Run a function of a connection that may change tables: in one transaction, or each statement by itself."""
        return await self._units.alter(work, transaction=transaction)

    def watch(self, watcher: Watcher) -> Callable[[], None]:
        """Tell a watcher of each statement, from now on; return what ends it."""
        return self._units.watchers.add(watcher)

    async def close(self) -> None:
        """Let the running units end, then close the connections."""
        await self._units.close()


def is_unavailable(error: BaseException | None) -> bool:
    """Tell whether a unit failed for the database's sake: locked, full, read-only, or away. It changed nothing."""
    # SQLite's plain error is about the statement, such as one of a table that is not there.
    of_statement = getattr(getattr(error, "orig", None), "sqlite_errorname", "") == "SQLITE_ERROR"
    return isinstance(error, OperationalError | InterfaceError | PoolTimeout) and not of_statement
