"""How long a list is: a count that is kept beside its parent, or one that stops where nobody reads on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, Select, func, literal_column, select

from data.engine import Session
from data.keys import PARAMETER, among_keys, key_table
from data.models import Conversation, Document, DocumentChunk, Message, WorkspaceFigures
from data.viewer import Staff, Viewer
from data.visibility import visible

MAX_COUNT = 10_000
"""The longest list that is counted row by row. Of a longer one a reader learns that it has more."""


@dataclass(frozen=True, slots=True)
class Count:
    """The number of items of a list; when it is not exact, there are more than `value`."""

    value: int
    is_exact: bool = True

    @classmethod
    def kept(cls, found: int | None) -> "Count":
        """Return what a kept count says; of a parent that the viewer does not see, nothing is counted."""
        return cls(found or 0)

    @classmethod
    def bounded(cls, found: int | None) -> "Count":
        """Return what a count says that stopped one after `MAX_COUNT`."""
        value = found or 0
        return cls(min(value, MAX_COUNT), is_exact=value <= MAX_COUNT)


@dataclass(frozen=True, slots=True)
class Counting:
    """How the lists of many parents are counted, by one statement: it gives a parent's key, and what `count` reads.

    The parameter `keys` holds the parents.
    """

    statement: Select[Any]
    count: Callable[[int | None], Count]


def count_statement(viewer: Viewer, model: Any) -> Select[Any]:
    """Return the statement that counts all rows of `model` that the viewer may see, for `Count.bounded`."""
    return select(_first_of(visible(viewer, model)))


def counting(viewer: Viewer, model: Any, parent: Any, matches: Any = None) -> Counting:
    """Return how the rows of `model` are counted that the viewer may see in each parent's list, and which match."""
    kept = _kept(viewer, parent)
    if kept is not None:
        key, count = kept
        rows = visible(viewer, key.class_).with_only_columns(key, count).where(among_keys(key))
        return Counting(rows, Count.kept)
    table = key_table()
    lists = visible(viewer, model).where(parent == table.c.value)
    lists = lists if matches is None else lists.where(matches)
    return Counting(select(table.c.value, _first_of(lists, table)), Count.bounded)


async def count_list(session: Session, viewer: Viewer, model: Any) -> Count:
    """Count the rows of `model` that the viewer may see."""
    return Count.bounded(await session.scalar(count_statement(viewer, model)))


async def count_lists(
    session: Session, viewer: Viewer, model: Any, parent: Any, keys: Sequence[UUID], matches: Any = None
) -> list[Count]:
    """Count the rows of `model` that the viewer may see in each parent's list, and which match, in `keys`' order."""
    lists = counting(viewer, model, parent, matches)
    found = {row[0]: row[1] for row in await session.execute(lists.statement, {PARAMETER: keys})}
    return [lists.count(found.get(key)) for key in keys]


def _kept(viewer: Viewer, parent: Any) -> tuple[Any, ColumnElement[int] | Any] | None:
    """Return the columns of a parent's key and of the count that is kept of its list, if the viewer sees all of it."""
    if parent is Message.conversation_id:
        return Conversation.id, Conversation.message_count
    if parent is DocumentChunk.document_id:
        return Document.id, Document.chunk_count
    if parent is Conversation.workspace_id and isinstance(viewer, Staff):
        return WorkspaceFigures.workspace_id, WorkspaceFigures.stored_count
    return None


def _first_of(rows: Select[Any], *outer: Any) -> ScalarSelect[int]:
    """Return the count of a select's rows that stops one after the most that is told."""
    first: Select[Any] = rows.with_only_columns(literal_column("1").label("found")).limit(MAX_COUNT + 1)
    return select(func.count()).select_from(first.correlate(*outer).subquery()).scalar_subquery()
