"""Calling a stored procedure: `EXEC` on SQL Server, the statements of its script on SQLite."""

import re
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from types import NoneType
from typing import Any, Generic, TypeVar, get_args, get_type_hints
from uuid import UUID

from sqlalchemy import Boolean, Executable, Float, Integer, Result, Unicode, Uuid, bindparam, text
from sqlalchemy.types import TypeEngine

from data.engine import Session
from data.models.accounts import Role
from data.repeatable import script, statements
from data.types import Chosen, UtcDateTime

Answer = TypeVar("Answer")

COLUMN_TYPES: dict[type, TypeEngine[Any]] = {
    UUID: Uuid(),
    datetime: UtcDateTime(),
    bool: Boolean(),
    int: Integer(),
    float: Float(),
    str: Unicode(),
    Role: Chosen(Role, 50),
}
"""How a value of an answer is read, by the type its dataclass gives it."""

NAMED_PARAMETER = re.compile(r"(?<![:\w]):(\w+)")


@dataclass(frozen=True, eq=False)
class Procedure(Generic[Answer]):
    """A stored procedure: its name, the type of each parameter in order, and the dataclass of an answer's row.

    Rows that the unit of work has pending are written first, so that the procedure sees them.
    """

    name: str
    parameters: dict[str, TypeEngine[Any]]
    answer: type[Answer]

    async def run(self, session: Session, **values: Any) -> None:
        """Run a procedure that answers nothing."""
        await _execute(self, session, values)

    async def one(self, session: Session, **values: Any) -> Answer:
        """Run a procedure that answers one row, always."""
        return self.answer(**(await _execute(self, session, values)).one()._asdict())

    async def one_or_none(self, session: Session, **values: Any) -> Answer | None:
        """Run a procedure that answers one row, or none."""
        row = (await _execute(self, session, values)).one_or_none()
        return None if row is None else self.answer(**row._asdict())


async def _execute(procedure: Procedure[Any], session: Session, values: dict[str, Any]) -> Result[Any]:
    await session.flush()
    *first, last = prepared(procedure, session.dialect.name)
    for statement in first:
        await session.execute(statement, values)
    return await session.execute(last, values)


@cache
def prepared(procedure: Procedure[Any], dialect: str) -> tuple[Executable, ...]:
    """Return the statements that make a call, typed; the last one gives the answer."""
    if dialect == "sqlite":
        texts = list(statements(script(dialect, "procedures", procedure.name).text))
    else:
        # Not {CALL …}: drivers rewrite it, and not all servers accept what they make of it.
        given = ", ".join(f"@{name} = :{name}" for name in procedure.parameters)
        texts = [f"EXEC {procedure.name} {given}".rstrip()]
    *first, last = (_typed(part, procedure.parameters) for part in texts)
    columns = {} if procedure.answer is NoneType else get_type_hints(procedure.answer)
    if not columns:
        return (*first, last)
    return (*first, last.columns(**{name: COLUMN_TYPES[_without_none(hint)] for name, hint in columns.items()}))


def _typed(statement: str, types: dict[str, TypeEngine[Any]]) -> Any:
    names = dict.fromkeys(NAMED_PARAMETER.findall(statement))
    return text(statement).bindparams(*(bindparam(name, type_=types[name]) for name in names))


def _without_none(hint: Any) -> type:
    kind: type = next((member for member in get_args(hint) if member is not NoneType), hint)
    return kind
