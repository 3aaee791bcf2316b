"""Completion: the response's values of what resolvers return, many at once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from schema.plans.leaves import Unwritable
from schema.plans.run import Run, Steps
from schema.plans.selection import Selection

Objects = Sequence[Any]
"""Sources that are objects, whose fields are attributes or resolvers."""


class Completion(Protocol):
    """Makes the response's values of a type of the graph. The specification calls it CompleteValue."""

    def steps(self, run: Run, values: Objects) -> Steps[Sequence[Any]]:
        """Return the response's value of each of several values. Raises `Unwritable`."""


@dataclass(frozen=True, slots=True)
class LeafCompletion:
    """A scalar or an enumeration."""

    serialize: Callable[[Any], Any]

    def steps(self, run: Run, values: Objects) -> Steps[Sequence[Any]]:
        """Serialize each value but null. Raises what the scalar raises."""
        yield from ()
        serialize = self.serialize
        written = [None if value is None else serialize(value) for value in values]
        run.count(sum(len(value) for value in written if isinstance(value, str)))
        return written


@dataclass(frozen=True, slots=True)
class RequiredCompletion:
    """A type that is never null."""

    inner: Completion

    def steps(self, run: Run, values: Objects) -> Steps[Sequence[Any]]:
        """Complete the values. Raises `Unwritable` for a null."""
        written = yield from self.inner.steps(run, values)
        if None in written:
            raise Unwritable("null where none may be")
        return written


@dataclass(frozen=True, slots=True)
class ListCompletion:
    """A list. The items of all of them are completed together."""

    inner: Completion

    def steps(self, run: Run, values: Objects) -> Steps[Sequence[Any]]:
        """Complete the items of each list. Raises `Unwritable` for what is no list."""
        if not all(value is None or isinstance(value, list | tuple) for value in values):
            raise Unwritable("no list")
        items = [item for value in values if value is not None for item in value]
        written = (yield from self.inner.steps(run, items)) if items else ()
        lists: list[Any] = []
        begin = 0
        for value in values:
            if value is None:
                lists.append(None)
                continue
            lists.append(list(written[begin : begin + len(value)]))
            begin += len(value)
        return lists


@dataclass(frozen=True, slots=True)
class ObjectCompletion:
    """An object of one type of the graph, or of any of several: `selection_of` tells by the object."""

    selection_of: Callable[[Any], Selection[Objects]]

    def steps(self, run: Run, values: Objects) -> Steps[Sequence[Any]]:
        """Complete the objects, those of one type together."""
        groups: dict[int, tuple[Selection[Objects], list[int]]] = {}
        for index, value in enumerate(values):
            if value is not None:
                selection = self.selection_of(value)
                groups.setdefault(id(selection), (selection, []))[1].append(index)
        written: list[Any] = [None] * len(values)
        for selection, places in groups.values():
            objects = yield from selection.steps(run, [values[place] for place in places])
            for place, completed in zip(places, objects, strict=True):
                written[place] = completed
        return written
