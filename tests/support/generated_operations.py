"""Operations generated from a schema: each root field, with all that a front end can select of its result."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
    is_required_argument,
)

USER_ERROR = "... on UserError { code message path }"


@dataclass
class Generator:
    """Writes the operations of a schema, and notes the variables that the one at hand needs."""

    schema: GraphQLSchema
    variables: dict[str, str] = field(default_factory=dict)

    def operations(self) -> Iterator[str]:
        """Yield an operation for each root field, named as Relay wants it: the field, then the kind."""
        roots = (self.schema.query_type, self.schema.mutation_type, self.schema.subscription_type)
        for root in (root for root in roots if root is not None):
            for name, definition in root.fields.items():
                for suffix, selection in self._results(get_named_type(definition.type)):
                    self.variables = {argument: str(of.type) for argument, of in definition.args.items()}
                    passed = ", ".join(f"{argument}: ${argument}" for argument in definition.args)
                    selected = f"{name}{f'({passed})' if passed else ''}{selection()}"
                    declared = ", ".join(f"${variable}: {kind}" for variable, kind in self.variables.items())
                    title = f"{name}{suffix}{root.name}{f'({declared})' if declared else ''}"
                    yield f"{root.name.lower()} {title} {{ {selected} }}"

    def _results(self, kind: GraphQLNamedType) -> list[tuple[str, Callable[[], str]]]:
        """Return what is selected of a result. `node` is asked for a thing of one kind, not of all kinds at once."""
        if isinstance(kind, GraphQLInterfaceType) and kind.name == "Node":
            members = self.schema.get_possible_types(kind)
            return [(member.name, partial(self._only, member)) for member in members]
        return [("", partial(self._selection, kind, ()))]

    def _only(self, member: GraphQLObjectType) -> str:
        return f" {{ __typename ... on {member.name}{self._selection(member, ())} }}"

    def _field(self, name: str, definition: GraphQLField, inside: tuple[str, ...]) -> str:
        """Return a field with the arguments that it must have, each a variable of the operation."""
        required = {f"{name}_{argument}": of for argument, of in definition.args.items() if is_required_argument(of)}
        self.variables |= {variable: str(of.type) for variable, of in required.items()}
        passed = ", ".join(f"{variable.removeprefix(f'{name}_')}: ${variable}" for variable in required)
        return f"{name}{f'({passed})' if passed else ''}{self._selection(get_named_type(definition.type), inside)}"

    def _selection(self, kind: GraphQLNamedType, above: tuple[str, ...]) -> str:
        """Return what is selected of a type: leaves, the `id` of what has one, and what else is inside."""
        if is_leaf_type(kind):
            return ""
        if is_abstract_type(kind):
            assert isinstance(kind, GraphQLInterfaceType | GraphQLUnionType)
            return f" {{ __typename {' '.join(self._fragments(kind, above))} }}"
        assert isinstance(kind, GraphQLObjectType)
        if above and "id" in kind.fields:
            return " { id }"
        inside = (*above, kind.name)
        fields = [
            self._field(name, definition, inside)
            for name, definition in kind.fields.items()
            if get_named_type(definition.type).name not in inside
        ]
        return f" {{ {' '.join(fields)} }}"

    def _fragments(self, kind: GraphQLInterfaceType | GraphQLUnionType, above: tuple[str, ...]) -> Iterator[str]:
        members = self.schema.get_possible_types(kind)
        for member in members:
            yield f"... on {member.name}{self._selection(member, above)}"
        if any(face.name == "UserError" for member in members for face in member.interfaces):
            yield USER_ERROR
