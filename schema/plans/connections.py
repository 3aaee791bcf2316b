"""Connections: what is shown of pages, those of many parents at once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from schema.plans.keys import KeyForm
from schema.plans.run import Awaited, Run, Steps
from schema.plans.selection import Selection, Table
from schema.readings import Items


@dataclass(frozen=True, slots=True)
class Pages:
    """The pages of several lists, in one table.

    `bounds` says where each page begins and ends in it, `more` whether items follow it and precede it, and `parents`
    holds the driver's value of each list's key.
    """

    parents: Sequence[Any]
    table: Table
    bounds: Sequence[tuple[int, int]]
    more: Sequence[tuple[bool, bool]]

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
    """The cursor of each row, made of its moment and its key."""

    moment: int
    key: int
    write: Callable[[Any, Any], str]

    def steps(self, run: Run, sources: Table) -> Steps[Sequence[Any]]:
        """Return the cursors."""
        yield from ()
        return list(map(self.write, sources.columns[self.moment], sources.columns[self.key]))

    def of(self, table: Table, row: int) -> str:
        """Return the cursor of one row."""
        return self.write(table.columns[self.moment][row], table.columns[self.key][row])


@dataclass(frozen=True, slots=True)
class PageInfo:
    """Where each page lies in its list: one of Relay's four facts for each name."""

    facts: Sequence[tuple[str, str]]
    cursor: CursorText
    typename: str

    def steps(self, run: Run, sources: Pages) -> Steps[Sequence[Any]]:
        """Return the facts of each page."""
        yield from ()
        infos = []
        for (begin, end), (has_next, has_previous) in zip(sources.bounds, sources.more, strict=True):
            known: dict[str, Any] = {
                "__typename": self.typename,
                "hasNextPage": has_next,
                "hasPreviousPage": has_previous,
                "startCursor": self.cursor.of(sources.table, begin) if end > begin else None,
                "endCursor": self.cursor.of(sources.table, end - 1) if end > begin else None,
            }
            infos.append({name: known[fact] for name, fact in self.facts})
        return infos


@dataclass(frozen=True, slots=True)
class TotalCount:
    """How many items each list has."""

    form: KeyForm
    reading: Items

    def steps(self, run: Run, sources: Pages) -> Steps[Sequence[Any]]:
        """Wait for the counts."""
        loaders, model, parent = run.context.loaders, self.reading.model, self.reading.parent
        if parent is None:
            counts: Sequence[Any] = yield Awaited([loaders.count(model)])
        else:
            counts = yield Awaited([loaders.count_of(model, parent, self.form.uuid(key)) for key in sources.parents])
        return counts
