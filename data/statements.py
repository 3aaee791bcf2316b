"""What is sent to the database, as those see it who watch: they are told of each statement, and how it ended."""

from collections.abc import Callable, Generator
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection, Engine, ExceptionContext, event

Value = TypeVar("Value")

RowUnit = Generator[tuple[str, Any], list[tuple[Any, ...]], Value]
"""A unit of work without a session: it yields statements in the driver's words, with the driver's parameters, is sent
all rows of each as the driver made them, and returns its result. What a statement raises is raised at its yield."""
Ended = Callable[[BaseException | None], None]
"""Called when a statement has ended, with the driver's error if it failed."""


class Watcher(Protocol):
    """Called before each statement, in the context of its unit of work."""

    def __call__(self, statement: str) -> Ended | None:
        """Return what is to be called when the statement has ended, if anything."""
        ...


class Watchers:
    """Who watches the statements of some engines, and of what reads past SQLAlchemy (`read_rows`)."""

    def __init__(self, *engines: Engine) -> None:
        self._engines = set(engines)
        self._watching: tuple[Watcher, ...] = ()

    def add(self, watcher: Watcher) -> Callable[[], None]:
        """Tell a watcher of each statement from now on; return what ends it."""
        listeners = _listeners(watcher)
        for engine in self._engines:
            for name, listener in listeners.items():
                event.listen(engine, name, listener)
        self._watching = (*self._watching, watcher)

        def end() -> None:
            self._watching = tuple(other for other in self._watching if other is not watcher)
            for engine in self._engines:
                for name, listener in listeners.items():
                    event.remove(engine, name, listener)

        return end

    def begin(self, statement: str) -> list[Ended]:
        """Tell of a statement that does not go through SQLAlchemy; return what is to be called when it has ended."""
        return [ended for watcher in self._watching if (ended := watcher(statement)) is not None]

    def __bool__(self) -> bool:
        return bool(self._watching)


def _listeners(watcher: Watcher) -> dict[str, Callable[..., None]]:
    """Return SQLAlchemy's listeners that tell a watcher."""
    key = object()

    def begin(connection: Connection, _cursor: Any, statement: str, *_rest: Any) -> None:
        ended = watcher(statement)
        if ended is not None:
            connection.info[key] = ended

    def end(connection: Connection, *_rest: Any) -> None:
        if (ended := connection.info.pop(key, None)) is not None:
            ended(None)

    def fail(context: ExceptionContext) -> None:
        connection = context.connection
        if connection is not None and (ended := connection.info.pop(key, None)) is not None:
            ended(context.original_exception)

    return {"before_cursor_execute": begin, "after_cursor_execute": end, "handle_error": fail}
