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

    def columns(self, model: type[Any], *names: str) -> Columns:
        """Return the columns of a statement that reads these attributes, and others as they are asked for."""
        return Columns(model, names, self._dialect)

    def by_key(self, model: type[Any], by: Any, columns: Sequence[Any]) -> Prepared:
        """Return the statement that reads the rows whose `by` column holds one of the parameter `keys`."""
        return self._prepared(self._rows(model, columns).where(among_keys(by)))

    def page(self, model: type[Any], columns: Sequence[Any], shape: PageShape) -> Prepared:
        """Return the statement that reads a page of all rows: see `data.pages.page_statement`."""
        return self._prepared(page_statement(self._rows(model, columns), model, shape))

    def pages(self, model: type[Any], parent: Any, columns: Sequence[Any], shape: PageShape) -> Prepared:
        """Return the statement that reads the same page of many lists: see `data.pages.pages_statement`."""
        return self._prepared(pages_statement(self._rows(model, columns), model, parent, shape))

    def count(self, model: type[Any]) -> Prepared:
        """Return the statement that counts all rows: see `data.counts.count_statement`."""
        return self._prepared(count_statement(self._viewer, model))

    def counts(self, model: type[Any], parent: Any) -> tuple[Prepared, Callable[[int | None], Count]]:
        """Return the statement that counts many lists, and what reads it: see `data.counts.counting`."""
        lists = counting(self._viewer, model, parent)
        return self._prepared(lists.statement), lists.count

    def writable(self) -> Prepared:
        """Return the statement that reads which workspaces of the parameter `keys` the viewer may change."""
        return self._prepared(select(Workspace.id).where(among_keys(Workspace.id), writable(self._viewer)))

    def _rows(self, model: type[Any], columns: Sequence[Any]) -> Any:
        return visible(self._viewer, model).with_only_columns(*columns)

    def _prepared(self, statement: Any) -> Prepared:
        return Prepared(statement, self._dialect)
