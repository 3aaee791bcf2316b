"""Fields whose values a resolver computes, of a row's columns or of an object."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

from graphql import FieldNode, GraphQLField, ValueNode, VariableNode
from graphql.execution.values import get_argument_values
from graphql.language import ListValueNode, ObjectValueNode

from data.prepared import Process
from resolvers.context import Context
from schema.plans.completion import Completion, Objects
from schema.plans.run import Awaited, Run, Steps
from schema.plans.selection import Table


class FieldInfo(NamedTuple):
    """What resolvers read of the execution: the context alone."""

    context: Context


@dataclass(frozen=True, slots=True)
class Arguments:
    """The arguments of a field: known for good, unless they name variables."""

    definition: GraphQLField
    node: FieldNode
    known: Mapping[str, Any] | None

    @classmethod
    def of(cls, definition: GraphQLField, node: FieldNode) -> "Arguments":
        """Return a field's arguments. Raises `GraphQLError`."""
        is_known = not any(_names_variable(argument.value) for argument in node.arguments or ())
        return cls(definition, node, get_argument_values(definition, node) if is_known else None)

    def values(self, run: Run) -> Mapping[str, Any]:
        """Return the arguments' values, by their names in the graph. Raises `GraphQLError`."""
        if self.known is not None:
            return self.known
        return get_argument_values(self.definition, self.node, run.variables)


@dataclass(frozen=True, slots=True)
class Resolved:
    """A field of objects: the graph's own resolver is called for each. `is_awaited` says that it is a coroutine."""

    resolve: Callable[..., Any]
    is_awaited: bool
    arguments: Arguments
    completion: Completion

    def steps(self, run: Run, sources: Objects) -> Steps[Sequence[Any]]:
        """Call the resolver for each source, wait where it is a coroutine, and complete the values."""
        resolve, arguments, info = self.resolve, self.arguments.values(run), FieldInfo(run.context)
        if self.is_awaited:
            values = yield Awaited([partial(resolve, source, info, **arguments) for source in sources])
        else:
            values = [resolve(source, info, **arguments) for source in sources]
        return (yield from self.completion.steps(run, values))


@dataclass(frozen=True, slots=True)
class Derived:
    """A field of rows: the resolver is given the columns that it reads, and nothing else of the row."""

    row: Callable[..., Any]
    columns: Sequence[tuple[int, Process | None]]
    resolved: Resolved

    def steps(self, run: Run, sources: Table) -> Steps[Sequence[Any]]:
        """Make what the resolver reads of each row, and go on as for objects."""
        columns = [self._read(sources.columns[position], process) for position, process in self.columns]
        rows = [self.row(*values) for values in zip(*columns, strict=True)] if columns else [None] * len(sources)
        return (yield from self.resolved.steps(run, rows))

    @staticmethod
    def _read(column: Sequence[Any], process: Process | None) -> Sequence[Any]:
        if process is None:
            return column
        return [None if value is None else process(value) for value in column]


def _names_variable(value: ValueNode) -> bool:
    if isinstance(value, ListValueNode):
        return any(_names_variable(item) for item in value.values)
    if isinstance(value, ObjectValueNode):
        return any(_names_variable(field.value) for field in value.fields)
    return isinstance(value, VariableNode)
