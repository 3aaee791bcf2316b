"""Planning of rows: what a statement reads for a selection, and what the response holds of it."""

from collections import namedtuple
from collections.abc import Callable, Sequence
from functools import cache
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Any, cast

from graphql import (
    GraphQLField,
    GraphQLNonNull,
    GraphQLObjectType,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
)
from graphql.execution.collect_fields import FieldDetailsList

from data.columns import Columns, UnknownColumn
from data.counts import Count
from data.pages import PageShape, sort_columns
from schema import readings
from schema.plans.connections import ConnectionSelection, Counts, CursorText, Nodes, PageInfo, TotalCount
from schema.plans.leaves import cursor_writer, identifier_writer, writer
from schema.plans.resolved import Derived, Resolved
from schema.plans.rows import Linked, Listed, OwnerColumn, Reader, RootList, RootRow
from schema.plans.selection import Column, Field, Selection, Table

if TYPE_CHECKING:
    from schema.plans.planning import Planner

IDENTIFIER = "global_id"
"""The attribute of a row that is made of its key and its kind."""


class Unplanned(Exception):
    """The operation asks for something that plans do not know. The message says what, for tests."""


Keys = Callable[[Any], Sequence[Any]]


def reader(planner: "Planner", model: type[Any], by: Any, kind: GraphQLObjectType, fields: FieldDetailsList) -> Reader:
    """Return what reads rows of a model by a key, and shows of them what is selected of a type."""
    columns = planner.reads.columns(model, by.key)
    selection = rows(planner, kind, fields, columns)
    statement = planner.reads.by_key(model, by, columns.attributes)
    return Reader(statement, f"load row of {model.__name__}", planner.reads.keys, selection)


def root_row(planner: "Planner", reading: readings.Root, field: GraphQLField, fields: FieldDetailsList) -> RootRow:
    """Return the row that the arguments of a field of the root name."""
    readers: dict[type[Any], Reader] = {}

    def of_model(model: type[Any]) -> Reader:
        if model not in readers:
            readers[model] = reader(planner, model, model.id, planner.type_named(model.node_name), fields)
        return readers[model]

    return RootRow(reading.find, reading.what, planner.arguments(field, fields), of_model, planner.reads.keys)


def root_list(planner: "Planner", reading: readings.Items, field: GraphQLField, fields: FieldDetailsList) -> RootList:
    """Return a page of all the rows of a model. What is shown of them is planned for who may see any."""
    model = reading.model
    columns = planner.reads.columns(model, "id")

    @cache
    def shown() -> ConnectionSelection:
        return connection(planner, reading, field, fields, columns)

    @cache
    def statement(shape: PageShape) -> Any:
        return planner.reads.page(model, columns.attributes, shape)

    return RootList(model, planner.arguments(field, fields), statement, f"load page of {model.__name__}", shown)


def listed(
    planner: "Planner", reading: readings.Items, field: GraphQLField, fields: FieldDetailsList, keys: Keys
) -> Listed[Any]:
    """Return a page of each source's list."""
    model, parent = reading.model, reading.parent
    columns = planner.reads.columns(model, parent.key)
    shown = connection(planner, reading, field, fields, columns)

    @cache
    def statement(shape: PageShape) -> Any:
        return planner.reads.pages(model, parent, columns.attributes, shape)

    writable = planner.reads.writable() if reading.owner_only else None
    arguments, what = planner.arguments(field, fields), f"load page of {model.__name__}"
    return Listed(keys, planner.reads.keys, model, arguments, statement, what, shown, writable)


def linked(
    planner: "Planner", reading: readings.Link, field: GraphQLField, fields: FieldDetailsList, keys: Keys
) -> Linked[Any]:
    """Return the row that each source names."""
    kind = cast("GraphQLObjectType", get_named_type(field.type))
    return Linked(keys, reader(planner, reading.model, reading.by, kind, fields), reading.what)


def rows(planner: "Planner", kind: GraphQLObjectType, fields: FieldDetailsList, columns: Columns) -> Selection[Table]:
    """Return what is selected of a type whose values are rows. Raises `Unplanned`."""
    return planner.selection(kind, fields, lambda field, asked: _field(planner, field, asked, columns))


def _field(planner: "Planner", field: GraphQLField, fields: FieldDetailsList, columns: Columns) -> Field[Table]:
    match readings.reading_of(field):
        case readings.Derived() as reading:
            return _derived(planner, reading, field, fields, columns)
        case readings.OwnerOnly() as reading:
            column = _column(planner, reading.column, field, columns)
            return OwnerColumn(column, columns.position("workspace_id"), planner.reads.keys, planner.reads.writable())
        case readings.Link() as reading:
            return linked(planner, reading, field, fields, _keys(planner, columns.position(reading.key)))
        case readings.Items() as reading:
            return listed(planner, reading, field, fields, _keys(planner, columns.position("id")))
    definition = field.extensions["strawberry-definition"]
    if definition.base_resolver is not None:
        raise Unplanned(f"{definition.name} does not say what it reads")
    return _column(planner, definition.python_name, field, columns)


def _keys(planner: "Planner", position: int) -> Callable[[Table], Sequence[Any]]:
    return lambda table: planner.reads.keys.column(table.columns[position])


def _column(planner: "Planner", name: str, field: GraphQLField, columns: Columns) -> Column:
    leaf = get_nullable_type(field.type)
    if not is_leaf_type(leaf):
        raise Unplanned(f"{leaf} in a column")
    is_required = isinstance(field.type, GraphQLNonNull)
    if name == IDENTIFIER:
        return Column(
            columns.position("id"), identifier_writer(columns.model.node_name, planner.reads.keys), is_required
        )
    try:
        write = writer(leaf, columns.given(name))
    except UnknownColumn as unknown:
        raise Unplanned(str(unknown)) from unknown
    return Column(columns.position(name), write, is_required)


def resolved(planner: "Planner", field: GraphQLField, fields: FieldDetailsList) -> Resolved:
    """Return a field that its resolver computes: the one that graphql-core calls, which every field here has."""
    if field.resolve is None:
        raise Unplanned("a field without a resolver")
    is_awaited = iscoroutinefunction(field.resolve)
    return Resolved(field.resolve, is_awaited, planner.arguments(field, fields), planner.completion(field.type, fields))


@cache
def _row(columns: tuple[str, ...]) -> Callable[..., Any]:
    return namedtuple("Row", columns)


def _derived(
    planner: "Planner", reading: readings.Derived, field: GraphQLField, fields: FieldDetailsList, columns: Columns
) -> Derived:
    """Return a field that its resolver computes of some columns, which it is given as a named tuple."""
    read = [(columns.position(name), columns.given(name).process) for name in reading.columns]
    return Derived(_row(reading.columns), read, resolved(planner, field, fields))


def connection(
    planner: "Planner", reading: readings.Items, field: GraphQLField, fields: FieldDetailsList, columns: Columns
) -> ConnectionSelection:
    """Return what is selected of a connection. Raises `Unplanned`."""
    kind = cast("GraphQLObjectType", get_named_type(field.type))
    return planner.selection(kind, fields, lambda part, asked: _of_connection(planner, part, asked, reading, columns))


def _of_connection(
    planner: "Planner", field: GraphQLField, fields: FieldDetailsList, reading: readings.Items, columns: Columns
) -> Any:
    named = cast("GraphQLObjectType", get_named_type(field.type))
    match field.extensions["strawberry-definition"].python_name:
        case "nodes":
            return Nodes(rows(planner, named, fields, columns))
        case "edges":
            return Nodes(planner.selection(named, fields, lambda part, asked: _of_edge(planner, part, asked, columns)))
        case "page_info":
            facts = [(name, part.node.name.value) for name, _, (part, *_) in planner.groups(named, fields)]
            return PageInfo(facts, _cursor(columns), named.name)
        case "total_count":
            return TotalCount(_counts(planner, reading), "value")
        case "total_count_is_exact":
            return TotalCount(_counts(planner, reading), "is_exact")
    raise Unplanned(f"{fields[0].node.name.value} of a connection")


def _counts(planner: "Planner", reading: readings.Items) -> Counts:
    what = f"load count of {reading.model.__name__}"
    if reading.parent is None:
        return Counts(planner.reads.count(reading.model), Count.bounded, planner.reads.keys, what)
    return Counts(*planner.reads.counts(reading.model, reading.parent), planner.reads.keys, what)


def _of_edge(planner: "Planner", field: GraphQLField, fields: FieldDetailsList, columns: Columns) -> Any:
    if field.extensions["strawberry-definition"].python_name == "cursor":
        return _cursor(columns)
    return rows(planner, cast("GraphQLObjectType", get_named_type(field.type)), fields, columns)


def _cursor(columns: Columns) -> CursorText:
    names = sort_columns(columns.model)
    return CursorText([columns.position(name) for name in names], cursor_writer(columns, names))
