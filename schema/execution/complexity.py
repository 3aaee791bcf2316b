"""How large an operation is, measured on its text before anything is executed, and what is too large.

A fragment is measured once, however often it is spread, so that the measuring takes a time that grows with the text
alone: a chain of fragments that each spread the next one twice is large, and found so at once.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, cast

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLField,
    GraphQLNamedType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    Undefined,
    get_named_type,
    is_composite_type,
    value_from_ast_untyped,
)
from graphql.language import DocumentNode

from core.errors import ErrorCode
from resolvers.policy import OperationLimits, Policy
from schema.execution.costs import ITEM_WEIGHT, SIZE_ARGUMENTS, Price, page_size, price_of

MAX_ROOT_FIELDS = 20
MAX_ALIASES = 50
MAX_DIRECTIVES = 50
MAX_NESTING = 100
"""Selections and fragments inside one another: half of what graphql-core goes into."""


class Measure(NamedTuple):
    """The size of a selection, its fragments written out.

    `depth` counts the fields inside one another, `fields` those of the outermost level, `aliases` and `directives` all
    of them. `cost` is what the selection costs (see `schema.execution.costs`), and `item_cost` what it costs besides
    for each item, when it is a connection's.
    """

    depth: int = 0
    nesting: int = 0
    fields: int = 0
    aliases: int = 0
    directives: int = 0
    cost: int = 0
    item_cost: int = 0


NOTHING = Measure()
TOO_NESTED = f"Selections and fragments are nested in more than {MAX_NESTING} levels: nest fewer."


class TooNested(Exception):
    """Selections and fragments are nested deeper than the measuring goes."""


def measure(
    schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode, variables: dict[str, Any]
) -> Measure:
    """Return the size of an operation. Raises `TooNested`.

    The document need not be valid: what the graph does not know counts as one value.
    """
    root = schema.get_root_type(operation.operation)
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    size = _Measuring(schema, fragments, variables).selection(root, operation.selection_set, 1)
    return size._replace(directives=size.directives + len(operation.directives or ()))


class _Measuring:
    """The measuring of one operation."""

    def __init__(
        self, schema: GraphQLSchema, fragments: Mapping[str, FragmentDefinitionNode], variables: dict[str, Any]
    ) -> None:
        self._schema = schema
        self._fragments = fragments
        self._variables = variables
        self._measured: dict[str, Measure] = {}

    def selection(self, kind: GraphQLNamedType | None, selections: SelectionSetNode | None, level: int) -> Measure:
        if selections is None or not selections.selections:
            return NOTHING
        if level > MAX_NESTING:
            raise TooNested
        depths, nestings, *sums = zip(*(self._node(kind, node, level) for node in selections.selections), strict=True)
        return Measure(max(depths), max(nestings) + 1, *map(sum, sums))

    def _node(self, kind: GraphQLNamedType | None, node: SelectionNode, level: int) -> Measure:
        if isinstance(node, FieldNode):
            inside = self._field(kind, node, level)
        elif isinstance(node, FragmentSpreadNode):
            inside = self._fragment(node.name.value, level)
        else:
            node = cast("InlineFragmentNode", node)
            condition = node.type_condition
            inner = self._schema.get_type(condition.name.value) if condition else kind
            inside = self.selection(inner, node.selection_set, level + 1)
        if not node.directives:
            return inside
        return inside._replace(directives=inside.directives + len(node.directives))

    def _fragment(self, name: str, level: int) -> Measure:
        if name not in self._measured and name in self._fragments:
            # A fragment that spreads itself adds nothing here: validation refuses it.
            self._measured[name] = NOTHING
            node = self._fragments[name]
            kind = self._schema.get_type(node.type_condition.name.value)
            size = self.selection(kind, node.selection_set, level + 1)
            self._measured[name] = size._replace(directives=size.directives + len(node.directives or ()))
        return self._measured.get(name, NOTHING)

    def _field(self, kind: GraphQLNamedType | None, node: FieldNode, level: int) -> Measure:
        name = node.name.value
        definition = self._schema.get_field(kind, name) if is_composite_type(kind) else None
        inside = self.selection(get_named_type(definition.type) if definition else None, node.selection_set, level + 1)
        cost, item_cost = self._cost(kind, definition, node, inside)
        aliases = inside.aliases + (node.alias is not None)
        return Measure(inside.depth + 1, inside.nesting, 1, aliases, inside.directives, cost, item_cost)

    def _cost(
        self, kind: GraphQLNamedType | None, definition: GraphQLField | None, node: FieldNode, inside: Measure
    ) -> tuple[int, int]:
        """Return what a field costs, and what it costs besides for each item of the connection that it belongs to."""
        name = node.name.value
        if kind is None or definition is None:
            return 1 + inside.cost, 0
        if name in {"edges", "nodes"} and kind.name.endswith("Connection"):
            return 0, ITEM_WEIGHT + inside.cost
        is_page = "first" in definition.args
        price = price_of(kind.name, name, is_page=is_page)
        if is_page:
            items = page_size(self._arguments(node))
            return price.weight + inside.cost + items * inside.item_cost, 0
        return price.weight + self._items(price, node) * (inside.cost + inside.item_cost), 0

    def _items(self, price: Price, node: FieldNode) -> int:
        return price.size if isinstance(price.size, int) else price.size(self._arguments(node))

    def _arguments(self, node: FieldNode) -> dict[str, Any]:
        values = {
            argument.name.value: value_from_ast_untyped(argument.value, self._variables)
            for argument in node.arguments or ()
            if argument.name.value in SIZE_ARGUMENTS
        }
        return {name: value for name, value in values.items() if value is not Undefined}


def excesses(size: Measure, policy: Policy, limits: OperationLimits) -> Iterator[GraphQLError]:
    """Yield what is too large about an operation, each with what to do about it."""
    for name, found, limit, advice in (
        ("levels of fields", size.depth, policy.max_operation_depth, "ask for what is further inside by its id"),
        ("levels of selections and fragments", size.nesting, MAX_NESTING, "nest fewer fragments"),
        ("fields at its root", size.fields, MAX_ROOT_FIELDS, "send several operations"),
        ("aliases", size.aliases, MAX_ALIASES, "send several operations"),
        ("directives", size.directives, MAX_DIRECTIVES, "send several operations"),
    ):
        if found > limit:
            yield too_large(f"The operation has {found:,} {name}, and {limit:,} are allowed: {advice}.")
    if size.cost > limits.cost:
        yield too_large(
            f"The operation costs {size.cost:,}, and {limits.cost:,} is allowed: ask for fewer items a page (`first`, "
            "`last`), for fewer fields, or in several operations."
        )


def too_large(message: str) -> GraphQLError:
    """Return the error of an operation that is too large."""
    return GraphQLError(message, extensions={"code": ErrorCode.COST_LIMIT.value})
