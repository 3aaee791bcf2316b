"""Keyset pages: a page of one list, or the same page of many parents' lists in one statement."""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import aliased

from data.engine import Session
from data.models import Message, Workspace

Row = TypeVar("Row")

OLDEST_FIRST = frozenset({Message, Workspace})
"""Lists read in the order they were written; all others show the newest first."""


class InvalidCursor(ValueError):
    """The text is no cursor of this server."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """The place of a row in its list: its sort values. Every list is sorted by (created_at, id)."""

    created_at: datetime
    id: UUID

    @classmethod
    def of(cls, row: Any) -> "Cursor":
        """Return the place of a row."""
        return cls(row.created_at, row.id)

    @classmethod
    def parse(cls, text: str) -> "Cursor":
        """Read what `str` wrote. Raises `InvalidCursor`."""
        try:
            moment, key = json.loads(base64.urlsafe_b64decode(text.encode()))
            cursor = cls(datetime.fromisoformat(moment), UUID(key))
        except (ValueError, TypeError, AttributeError, binascii.Error, RecursionError) as error:
            raise InvalidCursor(text[:100]) from error
        if cursor.created_at.tzinfo is None:
            raise InvalidCursor(text[:100])
        return cursor

    def __str__(self) -> str:
        return base64.urlsafe_b64encode(json.dumps([self.created_at.isoformat(), self.id.hex]).encode()).decode()


@dataclass(frozen=True, slots=True)
class PageRequest:
    """A slice of a list: `size` rows after or before a cursor, from the list's end when `backward`."""

    size: int
    after: Cursor | None = None
    before: Cursor | None = None
    backward: bool = False


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Rows in the list's own order, and whether there are more on either side."""

    rows: list[Row]
    has_next: bool
    has_previous: bool


async def fetch_page(session: Session, rows: Select[Row], model: Any, request: PageRequest) -> Page[Row]:
    """Return one page of `rows`, a select of `model`."""
    statement = rows.where(*_between(model, request)).order_by(*_order(model, request)).limit(request.size + 1)
    return _page(list((await session.scalars(statement)).all()), request)


async def fetch_pages(
    session: Session, rows: Select[Row], model: Any, parent: Any, keys: Sequence[UUID], request: PageRequest
) -> list[Page[Row]]:
    """Return the same page of each parent's list, in the order of `keys`. `parent` is the model's parent column."""
    place = func.row_number().over(partition_by=parent, order_by=_order(model, request)).label("place")
    ranked = rows.where(parent.in_(keys), *_between(model, request)).add_columns(place).subquery()
    row = aliased(model, ranked)
    statement = select(row).where(ranked.c.place <= request.size + 1).order_by(ranked.c[parent.key], ranked.c.place)
    lists: dict[UUID, list[Row]] = {key: [] for key in keys}
    for found in (await session.scalars(statement)).all():
        lists[getattr(found, parent.key)].append(found)
    return [_page(lists[key], request) for key in keys]


def _descending(model: Any, request: PageRequest) -> bool:
    return (model not in OLDEST_FIRST) != request.backward


def _order(model: Any, request: PageRequest) -> list[ColumnElement[Any]]:
    columns = (model.created_at, model.id)
    return [column.desc() if _descending(model, request) else column.asc() for column in columns]


def _between(model: Any, request: PageRequest) -> list[ColumnElement[bool]]:
    newest_first = model not in OLDEST_FIRST
    conditions = []
    if request.after:
        conditions.append(_older(model, request.after) if newest_first else _newer(model, request.after))
    if request.before:
        conditions.append(_newer(model, request.before) if newest_first else _older(model, request.before))
    return conditions


# Row values, (a, b) > (x, y), are unknown to SQL Server.
def _newer(model: Any, cursor: Cursor) -> ColumnElement[bool]:
    same = and_(model.created_at == cursor.created_at, model.id > cursor.id)
    return or_(model.created_at > cursor.created_at, same)


def _older(model: Any, cursor: Cursor) -> ColumnElement[bool]:
    same = and_(model.created_at == cursor.created_at, model.id < cursor.id)
    return or_(model.created_at < cursor.created_at, same)


def _page(found: list[Row], request: PageRequest) -> Page[Row]:
    more = len(found) > request.size
    rows = found[: request.size]
    if request.backward:
        return Page(rows[::-1], has_next=request.before is not None, has_previous=more)
    return Page(rows, has_next=more, has_previous=request.after is not None)
