"""Fields that hold rows of their own: a row that the source names, a page of a list, a row that the arguments name."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic

from data.columns import KeyForm
from data.keys import PARAMETER
from data.pages import PageRequest, PageShape, page_of
from data.prepared import Prepared
from resolvers.errors import NotFound
from schema.plans.connections import ConnectionSelection, Pages
from schema.plans.resolved import Arguments
from schema.plans.run import Rows, Run, Steps
from schema.plans.selection import Column, Selection, Sources, Table
from schema.readings import Found
from schema.relay.connections import page_request


@dataclass(frozen=True, slots=True)
class Reader:
    """Rows by a key: the statement, whose first column is the key, and what is shown of each row."""

    statement: Prepared
    what: str
    form: KeyForm
    selection: Selection[Table]

    def steps(self, run: Run, keys: Sequence[Any]) -> Steps[dict[Any, Any]]:
        """Return the response's object of each key that has a row which the viewer may see."""
        if not keys:
            return {}
        table = Table.of((yield from run.rows(self.statement, self.what, {PARAMETER: keys})))
        objects = yield from self.selection.steps(run, table)
        return dict(zip(self.form.column(table.columns[0]), objects, strict=True)) if objects else {}


@dataclass(frozen=True, slots=True)
class OwnerColumn:
    """A column, null for those who may not change the workspace that the row names."""

    column: Column
    workspace: int
    form: KeyForm
    writable: Prepared

    def steps(self, run: Run, sources: Table) -> Steps[Sequence[Any]]:
        """Return the column, with nulls."""
        values = yield from self.column.steps(run, sources)
        keys = self.form.column(sources.columns[self.workspace])
        writable = yield from run.writable(self.writable, self.form, list(dict.fromkeys(keys)))
        return [value if writable[key] else None for value, key in zip(values, keys, strict=True)]


@dataclass(frozen=True, slots=True)
class Linked(Generic[Sources]):
    """The row that each source names. `missing` names it in the error that there is none."""

    keys: Callable[[Sources], Sequence[Any]]
    reader: Reader
    missing: str | None

    def steps(self, run: Run, sources: Sources) -> Steps[Sequence[Any]]:
        """Return the rows. Raises `NotFound`."""
        keys, before = self.keys(sources), run.embedded_bytes
        objects = yield from self.reader.steps(run, [key for key in dict.fromkeys(keys) if key is not None])
        if self.missing is not None and any(key not in objects for key in keys):
            raise NotFound(self.missing)
        return run.embedded(objects, keys, before)


@dataclass(frozen=True, slots=True)
class Listed(Generic[Sources]):
    """A page of the list of each source. The first column of the statement is the key of the parent."""

    keys: Callable[[Sources], Sequence[Any]]
    form: KeyForm
    model: type[Any]
    arguments: Arguments
    statement: Callable[[PageShape], Prepared]
    what: str
    connection: ConnectionSelection
    writable: Prepared | None

    def steps(self, run: Run, sources: Sources) -> Steps[Sequence[Any]]:
        """Return the pages. Raises `BadInput`."""
        keys, before = self.keys(sources), run.embedded_bytes
        request = page_request(self.model, **self.arguments.values(run))
        parents = list(dict.fromkeys(keys))
        if self.writable is not None:
            writable = yield from run.writable(self.writable, self.form, parents)
            parents = [key for key in parents if writable[key]]
        lists: dict[Any, Rows] = {key: [] for key in parents}
        if parents:
            values = {PARAMETER: parents, **request.parameters()}
            found = yield from run.rows(self.statement(request.shape), self.what, values)
            for parent, row in zip(self.form.column([row[0] for row in found]), found, strict=True):
                lists[parent].append(row)
        connections = yield from self.connection.steps(run, paged(lists, request))
        return run.embedded(dict(zip(parents, connections, strict=True)), keys, before)


@dataclass(frozen=True, slots=True)
class RootList:
    """A page of all that the viewer may see."""

    model: type[Any]
    arguments: Arguments
    statement: Callable[[PageShape], Prepared]
    what: str
    connection: Callable[[], ConnectionSelection]

    def steps(self, run: Run, sources: Sequence[Any]) -> Steps[Sequence[Any]]:
        """Return the page. Raises `OperationError`."""
        run.context.staff()
        connection = self.connection()
        request, before = page_request(self.model, **self.arguments.values(run)), run.embedded_bytes
        rows = yield from run.rows(self.statement(request.shape), self.what, request.parameters())
        connections = yield from connection.steps(run, paged({None: rows}, request))
        return run.embedded({None: connections[0]}, [None], before)


@dataclass(frozen=True, slots=True)
class RootRow:
    """A row that the arguments name. `missing` names it in the error that there is none."""

    find: Callable[..., Found | None]
    missing: str | None
    arguments: Arguments
    reader: Callable[[type[Any]], Reader]
    form: KeyForm

    def steps(self, run: Run, sources: Sequence[Any]) -> Steps[Sequence[Any]]:
        """Return the row. Raises `OperationError`."""
        found = self.find(run.context, **self.arguments.values(run))
        if found is None:
            return [None]
        model, key, before = found[0], self.form.key(found[1]), run.embedded_bytes
        objects = yield from self.reader(model).steps(run, [key])
        if key not in objects and self.missing is not None:
            raise NotFound(self.missing)
        return run.embedded(objects, [key], before)


def paged(lists: Mapping[Any, Rows], request: PageRequest) -> Pages:
    """Return the pages that the rows of some lists make."""
    rows: Rows = []
    bounds, more = [], []
    for found in lists.values():
        page = page_of(found, request)
        bounds.append((len(rows), len(rows) + len(page.rows)))
        more.append((page.has_next, page.has_previous))
        rows += page.rows
    return Pages(list(lists), Table.of(rows), bounds, more)
