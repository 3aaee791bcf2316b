"""The objects an ORM cannot say: read from `sql/`, and applied again whenever their text changes."""

import hashlib
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

KINDS = {
    "views": "VIEW",
    "triggers": "TRIGGER",
    "procedures": "PROCEDURE",
    "functions": "FUNCTION",
    "policies": "SECURITY POLICY",
}
"""The folders of `sql/` and what SQL calls their objects, in the order of creation: a policy binds its functions."""


@dataclass(frozen=True, slots=True)
class Script:
    """One object of the database: its kind (of `KINDS`), its name (the file's), and its text."""

    kind: str
    name: str
    text: str

    @property
    def digest(self) -> str:
        """The SHA-256 of the text, by which a change is seen."""
        return hashlib.sha256(self.text.encode()).hexdigest()


@cache
def scripts(dialect: str) -> tuple[Script, ...]:
    """Return every object of a dialect ("sqlite" or "mssql"), in the order of creation."""
    return tuple(script for kind in KINDS for script in _of_kind(dialect, kind))


@cache
def script(dialect: str, kind: str, name: str) -> Script:
    """Return one object. Raises `FileNotFoundError` when the dialect lacks it."""
    text = (files("sql") / dialect / kind / f"{name}.sql").read_text(encoding="utf-8")
    return Script(kind, name, text)


def statements(text: str) -> Iterator[str]:
    """Yield the statements of an SQLite script; a trigger's body stays whole."""
    pending = ""
    for line in text.splitlines(keepends=True):
        if not pending.strip() and line.lstrip().startswith("--"):
            continue
        pending += line
        if line.rstrip().endswith(";") and sqlite3.complete_statement(pending):
            yield pending.strip()
            pending = ""
    if pending.strip():
        yield pending.strip()


def _of_kind(dialect: str, kind: str) -> Iterator[Script]:
    folder = files("sql") / dialect / kind
    if not folder.is_dir():
        return
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.name.endswith(".sql"):
            yield Script(kind, entry.name.removesuffix(".sql"), entry.read_text(encoding="utf-8"))
