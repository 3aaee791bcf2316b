"""DataLoaders: the keys that sibling fields ask for in one tick become one statement, scoped by the viewer."""

import datetime as dt
from collections.abc import Callable, Coroutine, Hashable, Sequence
from typing import Any, TypeVar, cast
from uuid import UUID

from aiodataloader import DataLoader

from core.telemetry import span
from data.counts import Count, count_list, count_lists
from data.engine import Database, Session
from data.keys import PARAMETER, among_keys
from data.models import AnalyticsDaily, Workspace
from data.pages import Page, PageRequest, fetch_page, fetch_pages
from data.queries.access import find_writable
from data.viewer import Viewer
from data.visibility import Row, visible

Value = TypeVar("Value")
MAX_KEYS = 1000
"""Keys a statement: more rows than these at a time would keep the event loop and a connection long."""

ALL = UUID(int=0)
"""The key of a loader that has one value."""


class Loaders:
    """The loaders of one operation. What one field loaded, another does not load again."""

    def __init__(self, database: Database, viewer: Viewer) -> None:
        self._database = database
        self._viewer = viewer
        self._loaders: dict[Hashable, DataLoader[UUID, Any]] = {}

    async def row(self, model: type[Row], key: UUID) -> Row | None:
        """Return the row of that key, or None when there is none that the viewer may see."""
        return await self.row_by(model, cast("Any", model).id, key)

    async def row_by(self, model: type[Row], column: Any, key: UUID) -> Row | None:
        """Return the one row whose `column` holds `key`, or None."""

        async def fetch(session: Session, keys: Sequence[UUID]) -> list[Row | None]:
            rows = visible(self._viewer, model).where(among_keys(column))
            by_key = {getattr(row, column.key): row for row in await session.scalars(rows, {PARAMETER: keys})}
            return [by_key.get(key) for key in keys]

        return await self._loader(("row", model, column.key), fetch).load(key)

    async def page_of(
        self, model: type[Row], parent: Any, key: UUID, request: PageRequest, matches: Any = None
    ) -> Page[Row]:
        """Return a page of the rows of `model` whose `parent` column holds `key`, and which match a condition."""

        async def fetch(session: Session, keys: Sequence[UUID]) -> list[Page[Row]]:
            rows = visible(self._viewer, model)
            rows = rows if matches is None else rows.where(matches)
            return await fetch_pages(session, rows, model, parent, keys, request)

        return await self._loader(("page", model, parent.key, request, _named(matches)), fetch).load(key)

    async def count_of(self, model: type[Row], parent: Any, key: UUID, matches: Any = None) -> Count:
        """Return how many rows of `model` the viewer may see whose `parent` column holds `key`, and which match."""

        async def fetch(session: Session, keys: Sequence[UUID]) -> list[Count]:
            return await count_lists(session, self._viewer, model, parent, keys, matches)

        return await self._loader(("count", model, parent.key, _named(matches)), fetch).load(key)

    async def days_of(self, model: type[Row], key: UUID, first: dt.date, last: dt.date) -> list[Row]:
        """Return a workspace's rows of `model` (one a day) between two days, both included, oldest first."""

        async def fetch(session: Session, keys: Sequence[UUID]) -> list[list[Row]]:
            table = cast("type[AnalyticsDaily]", model)
            rows = visible(self._viewer, model).where(among_keys(table.workspace_id), table.date.between(first, last))
            days: dict[UUID, list[Row]] = {key: [] for key in keys}
            for row in await session.scalars(rows.order_by(table.date), {PARAMETER: keys}):
                days[cast("AnalyticsDaily", row).workspace_id].append(row)
            return [days[key] for key in keys]

        return await self._loader(("days", model, first, last), fetch).load(key)

    async def is_writable(self, workspace_id: UUID) -> bool:
        """Tell whether the viewer may change a workspace and what it holds."""

        async def fetch(session: Session, keys: Sequence[UUID]) -> list[bool]:
            found = await find_writable(session, self._viewer, keys)
            return [key in found for key in keys]

        return await self._loader(("writable", Workspace), fetch).load(workspace_id)

    async def page(self, model: type[Row], request: PageRequest) -> Page[Row]:
        """Return a page of all the rows of `model` that the viewer may see."""
        return await self._database.read(
            lambda session: fetch_page(session, visible(self._viewer, model), model, request)
        )

    async def count(self, model: type[Row]) -> Count:
        """Return how many rows of `model` the viewer may see."""

        async def fetch(session: Session, keys: Sequence[UUID]) -> list[Count]:
            return [await count_list(session, self._viewer, model) for _ in keys]

        return await self._loader(("count all", model), fetch).load(ALL)

    def _loader(
        self, name: tuple[Any, ...], fetch: Callable[[Session, Sequence[UUID]], Coroutine[Any, Any, list[Value]]]
    ) -> DataLoader[UUID, Value]:
        loader = self._loaders.get(name)
        if loader is None:
            what, model, *_ = name

            async def load(keys: list[UUID]) -> list[Value]:
                with span(f"load {what} of {model.__name__}", {"monitora.loader.keys": len(keys)}):
                    return await self._database.read(lambda session: fetch(session, keys))

            loader = self._loaders[name] = DataLoader(load, max_batch_size=MAX_KEYS)
        return loader


def _named(matches: Any) -> Hashable:
    """Return what tells a condition from others: its text with its values."""
    return None if matches is None else str(matches.compile(compile_kwargs={"literal_binds": True}))
