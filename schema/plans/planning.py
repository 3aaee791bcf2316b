"""Planning: from an operation to the fields that read its rows and write its values.

What a plan does not know it refuses as a whole, and graphql-core executes the operation.
"""

from collections.abc import Callable, Sequence
from typing import Any, cast

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    OperationDefinitionNode,
    is_leaf_type,
)
from graphql.execution.collect_fields import (
    CollectedFields,
    FieldDetailsList,
    FragmentDetails,
    collect_fields,
    collect_subfields,
)
from graphql.execution.values import VariableValues

from data.reads import Reads
from schema import readings
from schema.plans import row_planning
from schema.plans.completion import (
    Completion,
    LeafCompletion,
    ListCompletion,
    ObjectCompletion,
    Objects,
    RequiredCompletion,
)
from schema.plans.resolved import Arguments
from schema.plans.row_planning import Unplanned
from schema.plans.selection import Field, Selection, Typename

MAX_FIELDS = 500
"""Fields of a plan, fragments written out: an operation of more is rare, and planning it takes longer than 50 ms."""
TYPENAME = "__typename"

Group = tuple[str, GraphQLField | None, FieldDetailsList]
"""A name in the response, the field it shows (None for `__typename`), and the places that ask for it."""
Show = Callable[[GraphQLField, FieldDetailsList], Field[Any]]
"""Plans a field that some places ask for."""


class Planner:
    """The planning of one operation, for viewers of the same rights."""

    def __init__(
        self,
        schema: GraphQLSchema,
        document: DocumentNode,
        operation: OperationDefinitionNode,
        variables: VariableValues,
        reads: Reads,
    ) -> None:
        """Prepare. `variables` are those that `@skip` and `@include` name."""
        self.reads = reads
        self._schema = schema
        self._operation = operation
        self._variables = variables
        self._fragments = {
            node.name.value: FragmentDetails(node)
            for node in document.definitions
            if isinstance(node, FragmentDefinitionNode)
        }
        self._fields = 0

    def root(self) -> Selection[Objects]:
        """Return the selection of the operation, whose one source is its root value. Raises `Unplanned`."""
        kind = cast("GraphQLObjectType", self._schema.get_root_type(self._operation.operation))
        collected = collect_fields(self._schema, self._fragments, self._variables, kind, self._operation)
        return _selection(kind, self._groups(kind, collected), self._field)

    def groups(self, kind: GraphQLObjectType, fields: FieldDetailsList) -> list[Group]:
        """Return what is selected of a type. Raises `Unplanned`."""
        collected = collect_subfields(self._schema, self._fragments, self._variables, self._operation, kind, fields)
        return self._groups(kind, collected)

    def selection(self, kind: GraphQLObjectType, fields: FieldDetailsList, show: Show) -> Selection[Any]:
        """Return the selection of a type, of which `show` plans each field but `__typename`. Raises `Unplanned`."""
        return _selection(kind, self.groups(kind, fields), show)

    def type_named(self, name: str) -> GraphQLObjectType:
        """Return an object type of the graph."""
        return cast("GraphQLObjectType", self._schema.get_type(name))

    def arguments(self, field: GraphQLField, fields: FieldDetailsList) -> Arguments:
        """Return the arguments of a field, which are the same at each place that asks for it."""
        return Arguments.of(field, fields[0].node)

    def completion(self, kind: GraphQLOutputType, fields: FieldDetailsList) -> Completion:
        """Return what completes the values of a type. Raises `Unplanned`."""
        if isinstance(kind, GraphQLNonNull):
            return RequiredCompletion(self.completion(kind.of_type, fields))
        if isinstance(kind, GraphQLList):
            return ListCompletion(self.completion(kind.of_type, fields))
        if is_leaf_type(kind):
            return LeafCompletion(kind.serialize)
        if isinstance(kind, GraphQLObjectType):
            selection = self.selection(kind, fields, self._field)
            return ObjectCompletion(lambda _value: selection)
        if isinstance(kind, GraphQLInterfaceType):
            return ObjectCompletion(self._by_type(kind, fields))
        raise Unplanned(f"a value of {kind}")

    def _by_type(self, kind: GraphQLInterfaceType, fields: FieldDetailsList) -> Any:
        selections = {
            possible.name: self.selection(possible, fields, self._field)
            for possible in self._schema.get_possible_types(kind)
        }
        return lambda value: selections[type(value).__strawberry_definition__.name]

    def _field(self, field: GraphQLField, fields: FieldDetailsList) -> Field[Objects]:
        match readings.reading_of(field):
            case readings.Root() as reading:
                return row_planning.root_row(self, reading, field, fields)
            case readings.Items(parent=None) as reading:
                return row_planning.root_list(self, reading, field, fields)
            case readings.Items() as reading:
                return row_planning.listed(self, reading, field, fields, self.reads.keys.of_objects("id"))
            case readings.Link() as reading:
                return row_planning.linked(self, reading, field, fields, self.reads.keys.of_objects(reading.key))
        return row_planning.resolved(self, field, fields)

    def _groups(self, kind: GraphQLObjectType, collected: CollectedFields) -> list[Group]:
        if collected.new_defer_usages:
            raise Unplanned("@defer")
        groups: list[Group] = []
        for name, fields in collected.grouped_field_set.items():
            asked = fields[0].node.name.value
            field = None if asked == TYPENAME else kind.fields.get(asked)
            if field is None and asked != TYPENAME:
                raise Unplanned(asked)
            groups.append((name, field, fields))
        self._fields += len(groups)
        if self._fields > MAX_FIELDS:
            raise Unplanned(f"more than {MAX_FIELDS} fields")
        return groups


def _selection(kind: GraphQLObjectType, groups: Sequence[Group], show: Show) -> Selection[Any]:
    names = tuple(name for name, _, _ in groups)
    shown = (Typename(kind.name) if field is None else show(field, fields) for _, field, fields in groups)
    return Selection(names, tuple(shown))
