"""The statements of plans: chosen columns of rows that a viewer may see, for all viewers of the same rights."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Dialect

from data.columns import Columns, KeyForm
from data.counts import Count, count_statement, counting
from data.keys import among_keys
from data.models import Workspace
from data.pages import PageShape, page_statement, pages_statement
from data.prepared import Prepared, stand_in
from data.viewer import Viewer
from data.visibility import visible, writable


class Reads:
    """What viewers of the same rights read. The values of a statement are those of `data.prepared.viewer_values`."""

    def __init__(self, viewer: Viewer, dialect: Dialect) -> None:
        self.keys = KeyForm.of(dialect)
        """The form in which the keys of rows are compared."""
        self._viewer = stand_in(viewer)
        self._dialect = dialect
        self._known: dict[tuple[object, ...], Prepared] = {}

    def columns(self, model: type[Any], *names: str) -> Columns:
        """Return the columns of a statement that reads these attributes, and others as they are asked for."""
        return Columns(model, names, self._dialect)

    def by_key(self, model: type[Any], by: Any, columns: Sequence[Any]) -> Prepared:
        """Return the statement that reads the rows whose `by` column holds one of the parameter `keys`."""
        return self._prepared(
            lambda: self._rows(model, columns).where(among_keys(by)), "by_key", model, by.key, *_names(columns)
        )

    def page(self, model: type[Any], columns: Sequence[Any], shape: PageShape) -> Prepared:
        """Return the statement that reads a page of all rows: see `data.pages.page_statement`."""
        return self._prepared(
            lambda: page_statement(self._rows(model, columns), model, shape), "page", model, shape, *_names(columns)
        )

    def pages(self, model: type[Any], parent: Any, columns: Sequence[Any], shape: PageShape) -> Prepared:
        """Return the statement that reads the same page of many lists: see `data.pages.pages_statement`."""
        return self._prepared(
            lambda: pages_statement(self._rows(model, columns), model, parent, shape),
            *("pages", model, parent.key, shape, *_names(columns)),
        )

    def count(self, model: type[Any]) -> Prepared:
        """Return the statement that counts all rows: see `data.counts.count_statement`."""
        return self._prepared(lambda: count_statement(self._viewer, model), "count", model)

    def counts(self, model: type[Any], parent: Any) -> tuple[Prepared, Callable[[int | None], Count]]:
        """Return the statement that counts many lists, and what reads it: see `data.counts.counting`."""
        lists = counting(self._viewer, model, parent)
        return self._prepared(lambda: lists.statement, "counts", model, parent.key), lists.count

    def writable(self) -> Prepared:
        """Return the statement that reads which workspaces of the parameter `keys` the viewer may change."""
        return self._prepared(
            lambda: select(Workspace.id).where(among_keys(Workspace.id), writable(self._viewer)), "writable"
        )

    def _rows(self, model: type[Any], columns: Sequence[Any]) -> Any:
        return visible(self._viewer, model).with_only_columns(*columns)

    def _prepared(self, statement: Callable[[], Any], *key: object) -> Prepared:
        """Return a statement, compiled once: that takes some two milliseconds, and a query may repeat itself often."""
        if key not in self._known:
            self._known[key] = Prepared(statement(), self._dialect)
        return self._known[key]


def _names(columns: Sequence[Any]) -> list[str]:
    return [column.key for column in columns]
