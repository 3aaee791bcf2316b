"""What a unit of work is given: a session, and nothing else that it could wait for."""

from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from typing import Any, TypeVar, TypeVarTuple, overload

from sqlalchemy import Connection, Dialect, Executable, Result, ScalarResult
from sqlalchemy.orm import Session as SynchronousSession
from sqlalchemy.sql.selectable import TypedReturnsRows

Value = TypeVar("Value")
Row = TypeVar("Row")
Columns = TypeVarTuple("Columns")
Parameters = Mapping[str, Any] | Sequence[Mapping[str, Any]] | None
Options = Mapping[str, Any]
NONE: Options = {}


class SuspendedUnit(Exception):
    """A unit of work waited for something other than its session: an error of who wrote it. It was rolled back."""

    def __init__(self, unit: object) -> None:
        name = getattr(unit, "__qualname__", None) or repr(unit)
        super().__init__(f"the unit of work {name} awaits something other than its session: await that outside")


class Session:
    """The session of one unit of work. Its methods are awaited, and return without suspending the unit.

    A unit is so free of every event loop: where it blocks, it blocks a thread of the database's own (SQLite), or the
    driver suspends it beneath (SQL Server). Rows leave a unit detached and whole.
    """

    __slots__ = ("_session",)

    def __init__(self, session: SynchronousSession) -> None:
        self._session = session

    @property
    def dialect(self) -> Dialect:
        """The dialect of the database."""
        return self._session.get_bind().dialect

    @overload
    async def execute(
        self,
        statement: TypedReturnsRows[*Columns],
        values: Parameters = ...,
        *,
        execution_options: Options = ...,
    ) -> Result[*Columns]: ...
    @overload
    async def execute(
        self, statement: Executable, values: Parameters = ..., *, execution_options: Options = ...
    ) -> Result[*tuple[Any, ...]]: ...
    async def execute(
        self, statement: Executable, values: Parameters = None, *, execution_options: Options = NONE
    ) -> Result[*tuple[Any, ...]]:
        """Send a statement. Its rows are to be taken within the unit."""
        return self._session.execute(statement, values, execution_options=execution_options)

    @overload
    async def scalar(self, statement: TypedReturnsRows[Value], values: Parameters = ...) -> Value | None: ...
    @overload
    async def scalar(self, statement: Executable, values: Parameters = ...) -> Any: ...
    async def scalar(self, statement: Executable, values: Parameters = None) -> Any:
        """Return the first column of the first row, or None when there is no row."""
        return self._session.scalar(statement, values)  # type: ignore[arg-type]

    @overload
    async def scalars(self, statement: TypedReturnsRows[Value], values: Parameters = ...) -> ScalarResult[Value]: ...
    @overload
    async def scalars(self, statement: Executable, values: Parameters = ...) -> ScalarResult[Any]: ...
    async def scalars(self, statement: Executable, values: Parameters = None) -> ScalarResult[Any]:
        """Send a statement of which the first column is read. Its rows are to be taken within the unit."""
        return self._session.scalars(statement, values)

    async def get(self, model: type[Row], key: Any) -> Row | None:
        """Return a row by its key, or None."""
        return self._session.get(model, key)

    async def get_one(self, model: type[Row], key: Any) -> Row:
        """Return a row by its key. Raises `NoResultFound`."""
        return self._session.get_one(model, key)

    def add(self, row: object) -> None:
        """Have a row written at the next flush, at the latest when the unit ends."""
        self._session.add(row)

    def add_all(self, rows: Iterable[object]) -> None:
        """Have rows written at the next flush, at the latest when the unit ends."""
        self._session.add_all(rows)

    async def delete(self, row: object) -> None:
        """Have a row deleted at the next flush, at the latest when the unit ends."""
        self._session.delete(row)

    async def flush(self) -> None:
        """Write what is pending."""
        self._session.flush()

    async def connection(self) -> Connection:
        """Return the connection of the unit, for what a session does not offer. It is synchronous."""
        return self._session.connection()


Work = Callable[[Session], Coroutine[Any, Any, Value]]
"""A unit of work: it awaits methods of its session, and functions that do the same, and nothing else."""


def run_work(work: Work[Value], session: SynchronousSession) -> Value:
    """Run a unit of work to its end, in one go. Raises `SuspendedUnit` for one that waits for something else."""
    unit = work(Session(session))
    try:
        unit.send(None)
    except StopIteration as end:
        result: Value = end.value
        return result
    unit.close()
    raise SuspendedUnit(work)
