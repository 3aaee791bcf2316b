"""Keyset pages: a page of one list, or the same page of many parents' lists in one statement.

A page costs its own rows, however long the list is: each statement walks the list's index, its parent and then the
columns it is sorted by, from the cursor on and stops after the page. Its text depends on the shape of the page alone;
all values are parameters.
"""

import base64
import binascii
import json
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar, cast
from uuid import UUID

from sqlalchemy import (
    Column,
    ColumnElement,
    Executable,
    Integer,
    Join,
    Select,
    Uuid,
    and_,
    bindparam,
    inspect,
    literal_column,
    or_,
    select,
    true,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute, aliased
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import BooleanClauseList
from sqlalchemy.sql.operators import and_ as and_operator
from sqlalchemy.sql.selectable import TableValuedAlias
from sqlalchemy.sql.type_api import TypeEngine
from sqlalchemy.sql.visitors import iterate, replacement_traverse

from data.engine import Session
from data.keys import PARAMETER, key_table
from data.models import DocumentChunk, Message, Workspace
from data.types import UtcDateTime

Row = TypeVar("Row")

OLDEST_FIRST = frozenset({DocumentChunk, Message, Workspace})
"""Lists read in the order they were written; all others show the newest first."""
SORT_TYPES: Mapping[str, TypeEngine[Any]] = {"created_at": UtcDateTime(), "id": Uuid(), "chunk_index": Integer()}
"""The columns that lists are sorted by."""
MAX_NUMBER = 2**31
"""What columns of whole numbers stay below."""
Value = datetime | UUID | int
"""What one of them holds."""


def sort_columns(model: type[Any]) -> tuple[str, ...]:
    """Return the columns that a list of a model's rows is sorted by. Together they are unique in it."""
    return ("chunk_index",) if model is DocumentChunk else ("created_at", "id")


class InvalidCursor(ValueError):
    """The text is no cursor of this server."""


class Cursor(tuple[Value, ...]):
    """The place of a row in its list: the values of its `sort_columns`."""

    __slots__ = ()

    @classmethod
    def of(cls, row: Any) -> "Cursor":
        """Return the place of a row."""
        return cls(getattr(row, name) for name in sort_columns(type(row)))

    @classmethod
    def parse(cls, text: str, model: type[Any]) -> "Cursor":
        """Read what `str` wrote of a row of `model`. Raises `InvalidCursor`."""
        names = sort_columns(model)
        try:
            values = json.loads(base64.urlsafe_b64decode(text.encode()))
            return cls(_READ[name](value) for name, value in zip(names, values, strict=True))
        except (ValueError, TypeError, AttributeError, binascii.Error, RecursionError) as error:
            raise InvalidCursor(text[:100]) from error

    def __str__(self) -> str:
        return base64.urlsafe_b64encode(json.dumps([_written(value) for value in self]).encode()).decode()


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("no time zone")
    return moment


def _number(value: int) -> int:
    if type(value) is not int or not 0 <= value < MAX_NUMBER:
        raise ValueError("no number of a row")
    return value


_READ: Mapping[str, Callable[[Any], Value]] = {"created_at": _moment, "id": UUID, "chunk_index": _number}


def _written(value: Value) -> str | int:
    if isinstance(value, datetime):
        return value.isoformat()
    return value.hex if isinstance(value, UUID) else value


@dataclass(frozen=True, slots=True)
class PageShape:
    """What the text of a page's statement depends on: all of the request but its values."""

    has_after: bool
    has_before: bool
    backward: bool


@dataclass(frozen=True, slots=True)
class PageRequest:
    """A slice of a list: `size` rows after or before a cursor, from the list's end when `backward`."""

    size: int
    after: Cursor | None = None
    before: Cursor | None = None
    backward: bool = False

    @property
    def shape(self) -> PageShape:
        """The shape of the statement that reads the page."""
        return PageShape(self.after is not None, self.before is not None, self.backward)

    def parameters(self) -> dict[str, Any]:
        """Return the values of the statement's parameters. One row more than the page tells whether others follow."""
        values: dict[str, Any] = {"size": self.size + 1}
        for name, cursor in (("after", self.after), ("before", self.before)):
            values |= {f"{name}_{place}": value for place, value in enumerate(cursor or ())}
        return values


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Rows in the list's own order, and whether there are more on either side."""

    rows: list[Row]
    has_next: bool
    has_previous: bool


def page_statement(rows: Select[Any], model: Any, shape: PageShape) -> Select[Any]:
    """Return the statement that reads a page of a list, from the end at which the page begins.

    `rows` selects the list: any columns of `model`, or the model itself. `PageRequest.parameters` are the values.
    """
    ordered = rows.where(*_between(model, shape)).order_by(*_order(model, model, shape))
    # Without an offset SQLAlchemy leaves the order of a sub-select out on SQL Server.
    return ordered.limit(bindparam("size", type_=Integer())).offset(0)


def pages_statement(rows: Select[Any], model: Any, parent: Any, shape: PageShape) -> Executable:
    """Return the statement that reads the same page of many parents' lists, each as `page_statement` would.

    `parent` is the model's column that names the parent; the parameter `keys` holds the parents, each of them once.
    The columns are those of `rows`. The rows of a parent come together; the parents in no order that means anything.
    """
    keys, table = key_table(), model.__table__
    of_each, of_parents = _split(rows, parent, keys)
    of_one = page_statement(select(*table.c).where(parent == keys.c.value, *of_each), model, shape)
    found = of_one.correlate(keys).lateral("page")
    page = aliased(model, found)
    columns = [_of_page(page, description["expr"]) for description in rows.column_descriptions]
    statement = select(*columns).select_from(_FirstOfEach(keys, found, true())).where(*of_parents)
    return statement.order_by(getattr(page, parent.key), *_order(page, model, shape))


def page_of(rows: Sequence[Row], request: PageRequest) -> Page[Row]:
    """Return the page that a statement's rows of one list make, in the order in which the statement gave them."""
    more = len(rows) > request.size
    kept = list(rows[: request.size])
    if request.backward:
        return Page(kept[::-1], has_next=request.before is not None, has_previous=more)
    return Page(kept, has_next=more, has_previous=request.after is not None)


async def fetch_page(session: Session, rows: Select[Row], model: Any, request: PageRequest) -> Page[Row]:
    """Return one page of `rows`, a select of `model`."""
    found = await session.scalars(page_statement(rows, model, request.shape), request.parameters())
    return page_of(found.all(), request)


async def fetch_pages(
    session: Session, rows: Select[Row], model: Any, parent: Any, keys: Sequence[UUID], request: PageRequest
) -> list[Page[Row]]:
    """Return the same page of each parent's list, in the order of `keys`. `parent` is the model's parent column."""
    lists: dict[UUID, list[Row]] = {key: [] for key in keys}
    statement = pages_statement(rows, model, parent, request.shape)
    found = await session.execute(statement, {PARAMETER: list(lists), **request.parameters()})
    for row in found.scalars():
        lists[getattr(row, parent.key)].append(row)
    return [page_of(lists[key], request) for key in keys]


class _FirstOfEach(Join):
    """For each row of the left side, the rows that the right side, a lateral select with a LIMIT, finds for it.

    SQL Server calls this CROSS APPLY. SQLite has no lateral join: the right side becomes the table itself, and the rows
    of the select are named by their row numbers, which it finds in the index alone.
    """

    inherit_cache = True


@compiles(_FirstOfEach, "mssql")
def _on_sql_server(join: Any, compiler: SQLCompiler, **options: Any) -> str:
    options |= {"asfrom": True, "from_linter": None}
    right = cast("Any", compiler).visit_alias(join.right, lateral=True, **options)
    return f"{compiler.process(join.left, **options)} CROSS APPLY {right}"


@compiles(_FirstOfEach, "sqlite")
def _on_sqlite(join: Any, compiler: SQLCompiler, **options: Any) -> str:
    rows, name = join.right.element.element, join.right.name
    table = rows.selected_columns[0].table.name
    numbers = rows.with_only_columns(literal_column(f"{table}.rowid")).scalar_subquery()
    left = compiler.process(join.left, **options | {"asfrom": True, "from_linter": None})
    return f"{left} JOIN {table} AS {name} ON {name}.rowid IN {compiler.process(numbers)}"


def _split(
    rows: Select[Any], parent: Any, keys: TableValuedAlias
) -> tuple[list[ColumnElement[bool]], list[ColumnElement[bool]]]:
    """Return the conditions of a select that are about each row, and those that are about its parent alone.

    The latter, such as who may see the parent, are looked at once for each parent. In both, the key stands for the
    column that names the parent.
    """
    table = parent.table

    def key_for_parent(element: Any, **_: Any) -> Any:
        is_parent = isinstance(element, Column) and element.table is table and element.key == parent.key
        return keys.c.value if is_parent else None

    conditions = [] if rows.whereclause is None else list(_conjuncts(rows.whereclause))
    of_each: list[ColumnElement[bool]] = []
    of_parents: list[ColumnElement[bool]] = []
    for condition in conditions:
        of_parent = replacement_traverse(condition, {}, key_for_parent)
        names_row = any(isinstance(part, Column) and part.table is table for part in iterate(of_parent))
        (of_each if names_row else of_parents).append(of_parent)
    return of_each, of_parents


def _conjuncts(condition: Any) -> Iterator[Any]:
    if isinstance(condition, BooleanClauseList) and condition.operator is and_operator:
        for part in condition.clauses:
            yield from _conjuncts(part)
    else:
        yield condition


def _of_page(page: Any, column: Any) -> Any:
    """Return what `column`, of a select of a model, is in the page of that model."""
    if isinstance(column, InstrumentedAttribute):
        return getattr(page, column.key)
    return page if isinstance(column, type) else inspect(page).selectable.c[column.key]


def _descending(model: Any, shape: PageShape) -> bool:
    return (model not in OLDEST_FIRST) != shape.backward


def _order(columns: Any, model: Any, shape: PageShape) -> list[ColumnElement[Any]]:
    places = [getattr(columns, name) for name in sort_columns(model)]
    return [place.desc() if _descending(model, shape) else place.asc() for place in places]


def _between(model: Any, shape: PageShape) -> list[ColumnElement[bool]]:
    newest_first = model not in OLDEST_FIRST
    conditions = []
    if shape.has_after:
        conditions.append(_beyond(model, "after", newer=not newest_first))
    if shape.has_before:
        conditions.append(_beyond(model, "before", newer=newest_first))
    return conditions


def _beyond(model: Any, name: str, *, newer: bool) -> ColumnElement[bool]:
    """Return the condition that a row comes after, or before, the cursor in the parameters of that name."""
    names, beyond = sort_columns(model), operator.gt if newer else operator.lt
    columns = [getattr(model, column) for column in names]
    values = [bindparam(f"{name}_{place}", type_=SORT_TYPES[column]) for place, column in enumerate(names)]
    if len(columns) == 1:
        return cast("ColumnElement[bool]", beyond(columns[0], values[0]))
    # Row values, (a, b) > (x, y), are unknown to SQL Server. The first condition is where the walk of the index begins.
    same = and_(columns[0] == values[0], beyond(columns[1], values[1]))
    begins = columns[0] >= values[0] if newer else columns[0] <= values[0]
    return and_(begins, or_(beyond(columns[0], values[0]), same))
