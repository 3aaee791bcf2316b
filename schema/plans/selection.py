"""Selections: the fields asked of many sources at once, one column of values a field."""

from collections.abc import Sequence, Sized
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from schema.plans.leaves import Unwritable, Write
from schema.plans.run import Rows, Run, Steps

Sources = TypeVar("Sources", bound=Sized)
Sources_contra = TypeVar("Sources_contra", bound=Sized, contravariant=True)


class Field(Protocol[Sources_contra]):
    """A field, for many sources at once."""

    def steps(self, run: Run, sources: Sources_contra) -> Steps[Sequence[Any]]:
        """Return the response's value for each source, of which there is at least one."""


@dataclass(frozen=True, slots=True)
class Selection(Generic[Sources]):
    """The fields of an object type that are asked for, by their names in the response, in its order."""

    names: tuple[str, ...]
    fields: tuple[Field[Sources], ...]

    def steps(self, run: Run, sources: Sources) -> Steps[list[dict[str, Any]]]:
        """Return the response's object for each source."""
        if not len(sources):
            return []
        columns = []
        for field in self.fields:
            columns.append((yield from field.steps(run, sources)))  # noqa: PERF401 - nothing is yielded in a comprehension
        if not columns:
            return [{} for _ in range(len(sources))]
        names = self.names
        return [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of a statement, turned: `columns[i][j]` is the driver's value of column i in row j."""

    columns: Sequence[Sequence[Any]]
    size: int

    def __len__(self) -> int:
        return self.size

    @classmethod
    def of(cls, rows: Rows) -> "Table":
        """Return the table of some rows."""
        return cls(list(zip(*rows, strict=True)), len(rows))


@dataclass(frozen=True, slots=True)
class Typename:
    """`__typename`: the same for each source."""

    name: str

    def steps(self, run: Run, sources: Sized) -> Steps[Sequence[Any]]:
        """Return the name for each source."""
        yield from ()
        return [self.name] * len(sources)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table. `write` makes the response's value of the driver's; None leaves a text as it is."""

    position: int
    write: Write | None
    is_required: bool

    def steps(self, run: Run, sources: Table) -> Steps[Sequence[Any]]:
        """Return the column. Raises `Unwritable` for a null that may not be, and `TooManyBytes`."""
        yield from ()
        column, write = sources.columns[self.position], self.write
        has_nulls = None in column
        if has_nulls and self.is_required:
            raise Unwritable("null where none may be")
        if write is None:
            run.count(sum(map(len, filter(None, column) if has_nulls else column)))
            return column
        if has_nulls:
            return [None if value is None else write(value) for value in column]
        return list(map(write, column))
