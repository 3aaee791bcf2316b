"""Relay connections over keyset pages."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar

import strawberry

from data.counts import MAX_COUNT, Count
from data.pages import Cursor as Place
from data.pages import InvalidCursor, Page, PageRequest
from resolvers.errors import BadInput
from schema.operation import Info
from schema.readings import Items, read_by
from schema.scalars import Cursor

T = TypeVar("T")
DEFAULT_PAGE = 20
MAX_PAGE = 100
MAX_CURSOR_CHARACTERS = 200

First = Annotated[
    int | None,
    strawberry.argument(description="How many items from the beginning, at most 100; 20 when nothing is said."),
]
After = Annotated[str | None, strawberry.argument(description="Only items that follow this cursor.")]
Last = Annotated[int | None, strawberry.argument(description="How many items from the end, at most 100.")]
Before = Annotated[str | None, strawberry.argument(description="Only items that precede this cursor.")]


@strawberry.type(description="Where a page lies in its list.")
class PageInfo:
    """Relay's page information."""

    has_next_page: bool = strawberry.field(description="Whether items follow this page.")
    has_previous_page: bool = strawberry.field(description="Whether items precede this page.")
    start_cursor: Cursor | None = strawberry.field(description="The cursor of the page's first item.")
    end_cursor: Cursor | None = strawberry.field(description="The cursor of the page's last item.")


@dataclass(frozen=True, slots=True)
class RowEdge:
    """A row in its page. Its cursor is written only when asked for."""

    node: Any

    @property
    def cursor(self) -> str:
        """The row's place in its list."""
        return str(Place.of(self.node))


@dataclass(frozen=True, slots=True)
class Rows:
    """What a connection field returns: a page, and how to count the whole list, once however often it is asked."""

    page: Page[Any]
    count: Callable[[], Awaitable[Count]]

    @property
    def edges(self) -> list[RowEdge]:
        """The page's rows with their cursors."""
        return [RowEdge(row) for row in self.page.rows]

    @property
    def nodes(self) -> list[Any]:
        """The page's rows."""
        return self.page.rows

    @property
    def page_info(self) -> PageInfo:
        """Where the page lies."""
        edges = self.edges
        return PageInfo(
            has_next_page=self.page.has_next,
            has_previous_page=self.page.has_previous,
            start_cursor=Cursor(edges[0].cursor) if edges else None,
            end_cursor=Cursor(edges[-1].cursor) if edges else None,
        )


@strawberry.type(description="An item of a list, with its place in it.")
class Edge(Generic[T]):
    """Relay's edge."""

    node: T = strawberry.field(description="The item.")
    cursor: Cursor = strawberry.field(description="The item's place, for `after` and `before`.")


async def _total(rows: strawberry.Parent[Rows]) -> int:
    return (await rows.count()).value


async def _is_exact(rows: strawberry.Parent[Rows]) -> bool:
    return (await rows.count()).is_exact


@strawberry.type(description="A page of a list.")
class Connection(Generic[T]):
    """Relay's connection; its fields are read off `Rows`."""

    edges: list[Edge[T]] = strawberry.field(description="The page's items with their cursors.")
    nodes: list[T] = strawberry.field(description="The page's items alone.")
    page_info: PageInfo = strawberry.field(description="Where this page lies in its list.")
    total_count: int = strawberry.field(
        resolver=_total,
        description=f"How many items the whole list has, or {MAX_COUNT:,} when it has more than that and nobody keeps "
        "the count: `totalCountIsExact` tells. Counted only when asked for.",
    )
    total_count_is_exact: bool = strawberry.field(
        resolver=_is_exact,
        description="Whether `totalCount` is the number of items; false when there are more.",
    )


def page_request(
    model: type[Any], first: int | None, after: str | None, last: int | None, before: str | None
) -> PageRequest:
    """Return what the arguments of a connection of rows of `model` ask for. Raises `BadInput`."""
    if first is not None and last is not None:
        raise BadInput("Ask for `first` or for `last`, not for both.")
    name, size = ("last", last) if last is not None else ("first", DEFAULT_PAGE if first is None else first)
    if not 0 <= size <= MAX_PAGE:
        raise BadInput(f"`{name}` is between 0 and {MAX_PAGE}.")
    follows, precedes = _place(model, "after", after), _place(model, "before", before)
    return PageRequest(size, follows, precedes, backward=last is not None)


def _place(model: type[Any], name: str, cursor: str | None) -> Place | None:
    try:
        return None if cursor is None else Place.parse(cursor[:MAX_CURSOR_CHARACTERS], model)
    except InvalidCursor as error:
        raise BadInput(f"`{name}` is no cursor of this list: send back one that the server gave.") from error


def connection_field(kind: Any, model: Any, parent: Any, description: str, *, owner_only: bool = False) -> Any:
    """Return a field that holds a page of a parent's rows.

    `kind` is the GraphQL type of a row of `model`, `parent` the column that names the parent. The same page of the
    parent's siblings comes with the same statement. With `owner_only` the parent is a workspace, and the
    field is null for those who may not change it.
    """

    async def resolve(
        root: strawberry.Parent[Any],
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Rows | None:
        loaders, request = info.context.loaders, page_request(model, first, after, last, before)
        if owner_only and not await loaders.is_writable(root.id):
            return None
        page = await loaders.page_of(model, parent, root.id, request)
        return Rows(page, lambda: loaders.count_of(model, parent, root.id))

    return strawberry.field(
        resolver=resolve,
        graphql_type=Connection[kind] | None,
        metadata=read_by(Items(model, parent, owner_only)),
        description=description,
    )
