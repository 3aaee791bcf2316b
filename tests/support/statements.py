"""A recorder of the statements that reach the database."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any

from sqlalchemy.dialects import sqlite

from data.engine import Database
from data.procedures import accounts, figures
from data.procedures.call import Procedure, prepared

_recording: ContextVar[list[str] | None] = ContextVar("recording", default=None)


class Statements:
    """Keeps each statement's text while it records. BEGIN, COMMIT and PRAGMA do not count."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @contextmanager
    def recorded(self) -> Iterator[list[str]]:
        """Yield a list that fills while the block runs, with what the block and the tasks it starts send.

        What the server does meanwhile for others, such as reading a document, is not the block's.
        """
        texts: list[str] = []

        def record(statement: str) -> None:
            ours = _recording.get() is texts
            if ours and not statement.startswith(("BEGIN", "COMMIT", "ROLLBACK", "PRAGMA")):
                texts.append(statement)

        end = self._database.watch(record)
        token = _recording.set(texts)
        try:
            yield texts
        finally:
            _recording.reset(token)
            end()


def calls(texts: list[str]) -> list[str]:
    """Return statements with a procedure's as one call: SQL Server is sent `EXEC`, SQLite its script's statements."""
    following = _following_in_a_procedure()
    return [text for text in texts if text not in following]


@cache
def _following_in_a_procedure() -> set[str]:
    """Return the statements that only ever follow another in a procedure's script, as SQLite is sent them."""
    procedures = [
        value for module in (accounts, figures) for value in vars(module).values() if isinstance(value, Procedure)
    ]
    scripts = [[_on_sqlite(part) for part in prepared(procedure, "sqlite")] for procedure in procedures]
    return {text for script in scripts for text in script[1:]} - {script[0] for script in scripts}


def _on_sqlite(statement: Any) -> str:
    return str(statement.compile(dialect=sqlite.dialect()))
