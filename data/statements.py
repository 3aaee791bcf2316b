"""What is sent to the database, as those see it who watch: they are told of each statement, and how it ended."""

from collections.abc import Callable, Generator
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection, Engine, ExceptionContext, event
from sqlalchemy.exc import DBAPIError

Value = TypeVar("Value")

RowUnit = Generator[tuple[str, Any], list[tuple[Any, ...]], Value]
"""A unit of work without a session: it yields statements in the driver's words, with the driver's parameters, is sent
all rows of each as the driver made them, and returns its result. What a statement raises is raised at its yield."""
Ended = Callable[[BaseException | None], None]
"""Called when a statement has ended, with the driver's error if it failed."""
_ENDED = "monitora_ended"


class Postponed(Exception):
    """A statement is to be sent later, and its unit goes on with it then. `asked` is what the unit has yielded."""

    asked: tuple[str, Any]


def run_rows(
    work: RowUnit[Value],
    rows_of: Callable[[str, Any], list[tuple[Any, ...]]],
    asked: tuple[str, Any] | None = None,
) -> Value:
    """Run a unit of rows to its end, from the statement on that it has `asked`, if it began before.

    `rows_of` sends a statement; what it raises of SQLAlchemy's goes to the unit. When it raises `Postponed` the unit
    waits for the rows.
    """
    try:
        asked = asked or next(work)
        while True:
            try:
                rows = rows_of(*asked)
            except DBAPIError as error:
                asked = work.throw(error)
            except Postponed as postponed:
                postponed.asked = asked
                raise
            else:
                asked = work.send(rows)
    except StopIteration as end:
        result: Value = end.value
        return result
    except Postponed:
        raise
    except BaseException:
        work.close()
        raise


class Watcher(Protocol):
    """Called before each statement, in the context and the thread of its unit of work."""

    def __call__(self, statement: str) -> Ended | None:
        """Return what is to be called when the statement has ended, if anything."""
        ...


class Watchers:
    """Who watches the statements of some engines, and of what reads past SQLAlchemy (`read_rows`).

    Watchers come and go while statements run in other threads, which SQLAlchemy's own listeners may not.
    """

    def __init__(self, *engines: Engine) -> None:
        self._watching: tuple[Watcher, ...] = ()
        for engine in set(engines):
            event.listen(engine, "before_cursor_execute", self._before)
            event.listen(engine, "after_cursor_execute", self._after)
            event.listen(engine, "handle_error", self._failed)

    def __bool__(self) -> bool:
        return bool(self._watching)

    def add(self, watcher: Watcher) -> Callable[[], None]:
        """Tell a watcher of each statement from now on; return what ends it."""
        self._watching = (*self._watching, watcher)

        def end() -> None:
            self._watching = tuple(other for other in self._watching if other is not watcher)

        return end

    def begin(self, statement: str) -> list[Ended]:
        """Tell of a statement; return what is to be called when it has ended."""
        return [ended for watcher in self._watching if (ended := watcher(statement)) is not None]

    def _before(self, connection: Connection, _cursor: Any, statement: str, *_rest: Any) -> None:
        if self._watching:
            connection.info[_ENDED] = self.begin(statement)

    def _after(self, connection: Connection, *_rest: Any) -> None:
        for ended in connection.info.pop(_ENDED, ()):
            ended(None)

    def _failed(self, context: ExceptionContext) -> None:
        if context.connection is not None:
            for ended in context.connection.info.pop(_ENDED, ()):
                ended(context.original_exception)
