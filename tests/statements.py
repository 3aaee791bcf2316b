"""A recorder of the statements that reach the database."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from data.engine import Database


class Statements:
    """Keeps each statement's text while it records. BEGIN, COMMIT and PRAGMA do not count."""

    def __init__(self, database: Database) -> None:
        self._engines = {database.reader.sync_engine, database.writer.sync_engine}

    @contextmanager
    def recorded(self) -> Iterator[list[str]]:
        """Yield a list that fills while the block runs."""
        texts: list[str] = []

        def record(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            if not statement.startswith(("BEGIN", "COMMIT", "ROLLBACK", "PRAGMA")):
                texts.append(statement)

        for engine in self._engines:
            event.listen(engine, "before_cursor_execute", record)
        try:
            yield texts
        finally:
            for engine in self._engines:
                event.remove(engine, "before_cursor_execute", record)
