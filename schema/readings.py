"""How fields are read: said once beside the field, for the resolver that graphql-core calls and for a query's plan.

A field that says nothing is read off the attribute that has its name.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import strawberry
from graphql import GraphQLField

from resolvers.context import Context
from resolvers.errors import NotFound
from schema.operation import Info

READING = "monitora-reading"
"""The key under which the metadata of a field holds its reading."""


@dataclass(frozen=True, slots=True)
class Derived:
    """Computed by the field's resolver, which reads these columns of the row and nothing else but the context.

    One that is a coroutine may read more by itself.
    """

    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OwnerOnly:
    """A column, for those who may change the workspace that the row names."""

    column: str


@dataclass(frozen=True, slots=True)
class Link:
    """The row of `model` whose `by` column holds what the source has in `key`.

    `what` names it in the error that there is none; without it the field is null then.
    """

    model: type[Any]
    by: Any
    key: str
    what: str | None


@dataclass(frozen=True, slots=True)
class Items:
    """A page of the rows of `model` whose `parent` column holds the source's identifier.

    With `owner_only` the source is a workspace, and the page is null for those who may not change it. Without a
    `parent` it is a page of all the rows that the viewer may read.
    """

    model: type[Any]
    parent: Any = None
    owner_only: bool = False


Found = tuple[type[Any], UUID]
"""A model and a key of it."""


@dataclass(frozen=True, slots=True)
class Root:
    """A row that the arguments name.

    `find` returns where it is, or None for null; it raises `OperationError` for a viewer who may not ask. `what` names
    the row in the error that there is none; without it the field is null then.
    """

    find: Callable[..., Found | None]
    what: str | None


Reading = Derived | OwnerOnly | Link | Items | Root


def reading_of(field: GraphQLField) -> Reading | None:
    """Return how a field of the graph is read, if it says so."""
    reading: Reading | None = field.extensions["strawberry-definition"].metadata.get(READING)
    return reading


def read_by(reading: Reading) -> Mapping[str, Reading]:
    """Return the metadata of a field that is read so."""
    return {READING: reading}


def derived_field(resolver: Callable[..., Any], *columns: str, description: str, graphql_type: Any = None) -> Any:
    """Return a field computed from columns of its row."""
    return strawberry.field(
        resolver=resolver, graphql_type=graphql_type, metadata=read_by(Derived(columns)), description=description
    )


def owner_field(column: str, kind: Any, description: str) -> Any:
    """Return a field that holds a column of a workspace's row for those who may change it."""

    async def resolve(root: strawberry.Parent[Any], info: Info) -> Any:
        return getattr(root, column) if await info.context.loaders.is_writable(root.workspace_id) else None

    return strawberry.field(
        resolver=resolve,
        graphql_type=kind | None,
        metadata=read_by(OwnerOnly(column)),
        description=f"{description} Null for those who only read.",
    )


def link_field(
    kind: Any, model: type[Any], key: str, description: str, *, by: Any = None, what: str | None = None
) -> Any:
    """Return a field that holds the row of `model` that the source names in `key`: see `Link`.

    `kind` is the GraphQL type of a row, and `by` is the column that holds the key, the row's own by default.
    """
    column = model.id if by is None else by

    async def resolve(root: strawberry.Parent[Any], info: Info) -> Any:
        return _present(await info.context.loaders.row_by(model, column, getattr(root, key)), what)

    return strawberry.field(
        resolver=resolve,
        graphql_type=kind if what else kind | None,
        metadata=read_by(Link(model, column, key, what)),
        description=description,
    )


async def row_at(context: Context, found: Found | None, what: str | None) -> Any:
    """Return the row at a place, or None. Raises `NotFound` when `what` is said and the viewer sees no such row."""
    return _present(None if found is None else await context.loaders.row(*found), what)


def _present(row: Any, what: str | None) -> Any:
    if row is None and what is not None:
        raise NotFound(what)
    return row
