"""How long a list is: a count that is kept beside its parent, or one that stops where nobody reads on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, Select, func, literal_column, select
from sqlalchemy.ext.asyncio import AsyncSession

from data.keys import PARAMETER, among_keys, key_table
from data.models import Conversation, Message, WorkspaceFigures
from data.viewer import Staff, Viewer
from data.visibility import visible

MAX_COUNT = 10_000
"""The longest list that is counted row by row. Of a longer one a reader learns that it has more."""


@dataclass(frozen=True, slots=True)
class Count:
    """The number of items of a list; when it is not exact, there are more than `value`."""

    value: int
    is_exact: bool = True


async def count_list(session: AsyncSession, rows: Select[Any]) -> Count:
    """Count the rows of a select, as far as `MAX_COUNT`."""
    return _bounded(await session.scalar(select(_first_of(rows))))


async def count_lists(
    session: AsyncSession, viewer: Viewer, model: Any, parent: Any, keys: Sequence[UUID]
) -> list[Count]:
    """Count the rows of `model` that the viewer may see in each parent's list, in the order of `keys`."""
    kept = _kept(viewer, parent)
    if kept is not None:
        key, count = kept
        rows = visible(viewer, key.class_).with_only_columns(key, count).where(among_keys(key))
        counts = {row[0]: Count(row[1]) for row in await session.execute(rows, {PARAMETER: keys})}
        return [counts.get(key, Count(0)) for key in keys]
    table = key_table()
    lists = visible(viewer, model).where(parent == table.c.value)
    counted = await session.execute(select(table.c.value, _first_of(lists, table)), {PARAMETER: keys})
    found = {row[0]: _bounded(row[1]) for row in counted}
    return [found[key] for key in keys]


def _kept(viewer: Viewer, parent: Any) -> tuple[Any, ColumnElement[int] | Any] | None:
    """Return the columns of a parent's key and of the count that is kept of its list, if the viewer sees all of it."""
    if parent is Message.conversation_id:
        return Conversation.id, Conversation.message_count
    if parent is Conversation.workspace_id and isinstance(viewer, Staff):
        return WorkspaceFigures.workspace_id, WorkspaceFigures.stored_count
    return None


def _first_of(rows: Select[Any], *outer: Any) -> ScalarSelect[int]:
    """Return the count of a select's rows that stops one after the most that is told."""
    first: Select[Any] = rows.with_only_columns(literal_column("1").label("found")).limit(MAX_COUNT + 1)
    return select(func.count()).select_from(first.correlate(*outer).subquery()).scalar_subquery()


def _bounded(found: int | None) -> Count:
    value = found or 0
    return Count(min(value, MAX_COUNT), is_exact=value <= MAX_COUNT)
