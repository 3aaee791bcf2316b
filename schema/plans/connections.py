"""Connections: what is shown of pages, those of many parents at once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from data.columns import KeyForm
from data.counts import Count
from data.keys import PARAMETER
from data.prepared import Prepared
from schema.plans.run import Run, Steps
from schema.plans.selection import Selection, Table


@dataclass(slots=True)
class Pages:
    """The pages of several lists, in one table.

    `bounds` says where each page begins and ends in it, `more` whether items follow it and precede it, and `parents`
    holds each list's key, None for the list of all. `counts` says how long the lists are, once they are counted.
    """

    parents: Sequence[Any]
    table: Table
    bounds: Sequence[tuple[int, int]]
    more: Sequence[tuple[bool, bool]]
    counts: Sequence[Count] | None = None

    def __len__(self) -> int:
        return len(self.parents)


ConnectionSelection = Selection[Pages]


@dataclass(frozen=True, slots=True)
class Nodes:
    """The rows of each page, or their edges."""

    selection: Selection[Table]

    def steps(self, run: Run, sources: Pages) -> Steps[Sequence[Any]]:
        """Return the list of each page."""
        objects = yield from self.selection.steps(run, sources.table)
        return [objects[begin:end] for begin, end in sources.bounds]


@dataclass(frozen=True, slots=True)
class CursorText:
    """The cursor of each row, made of what its list is sorted by."""

    places: Sequence[int]
    write: Callable[..., str]

    def steps(self, run: Run, sources: Table) -> Steps[Sequence[Any]]:
        """Return the cursors."""
        yield from ()
        return list(map(self.write, *(sources.columns[place] for place in self.places)))

    def of(self, table: Table, row: int) -> str:
        """Return the cursor of one row."""
        return self.write(*(table.columns[place][row] for place in self.places))


@dataclass(frozen=True, slots=True)
class PageInfo:
    """Where each page lies in its list: one of Relay's four facts for each name."""

    facts: Sequence[tuple[str, str]]
    cursor: CursorText
    typename: str

    def steps(self, run: Run, sources: Pages) -> Steps[Sequence[Any]]:
        """Return the facts of each page."""
        yield from ()
        return [{name: self._fact(fact, sources, page) for name, fact in self.facts} for page in range(len(sources))]

    def _fact(self, fact: str, pages: Pages, page: int) -> Any:
        begin, end = pages.bounds[page]
        match fact:
            case "hasNextPage":
                return pages.more[page][0]
            case "hasPreviousPage":
                return pages.more[page][1]
            case "startCursor":
                return self.cursor.of(pages.table, begin) if end > begin else None
            case "endCursor":
                return self.cursor.of(pages.table, end - 1) if end > begin else None
        return self.typename


@dataclass(frozen=True, slots=True)
class Counts:
    """How long the lists are that pages are of. One statement counts them all, once."""

    statement: Prepared
    read: Callable[[int | None], Count]
    form: KeyForm
    what: str

    def steps(self, run: Run, pages: Pages) -> Steps[Sequence[Count]]:
        """Return the count of each list."""
        if pages.counts is None:
            keys = pages.parents
            if keys == [None]:
                rows = yield from run.rows(self.statement, self.what, {})
                pages.counts = [self.read(rows[0][0])]
            else:
                rows = yield from run.rows(self.statement, self.what, {PARAMETER: keys})
                found = dict(zip(self.form.column([row[0] for row in rows]), rows, strict=True))
                pages.counts = [self.read(found[key][1] if key in found else None) for key in keys]
        return pages.counts


@dataclass(frozen=True, slots=True)
class TotalCount:
    """One of the facts of a count: `fact` is the attribute that holds it."""

    counts: Counts
    fact: str

    def steps(self, run: Run, sources: Pages) -> Steps[Sequence[Any]]:
        """Return the fact for each list."""
        counts = yield from self.counts.steps(run, sources)
        return [getattr(count, self.fact) for count in counts]
