"""What a viewer gets of the whole graph: each operation is asked for all it can show, and each field is judged."""

from dataclasses import dataclass

from graphql import (
    GraphQLField,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
)

from schema import schema

GRAPH: GraphQLSchema = schema._schema
USER_ERROR = "UserError"
PAGE = 5
"""Items asked of every list: the owner has fewer of everything."""
ARGUMENTS = {"first": str(PAGE), "query": '"content"'}
STRENGTH = ("reads", "does", "rejected", "null", "empty", "own")


@dataclass(frozen=True)
class Selected:
    """A field in a selection: of which type it is, the name it is answered under, and what is selected of it."""

    parent: str
    name: str
    key: str
    type: GraphQLNamedType
    children: tuple["Selected", ...] = ()

    def __str__(self) -> str:
        alias = "" if self.key == self.name else f"{self.key}: "
        accepted = fields_of(self.parent)[self.name].args
        given = [f"{name}: {value}" for name, value in ARGUMENTS.items() if name in accepted]
        arguments = f"({', '.join(given)})" if given else ""
        return f"{alias}{self.name}{arguments}{selection_text(self.type, self.children)}"


def selection_text(kind: GraphQLNamedType, fields: tuple[Selected, ...]) -> str:
    """Return a selection set, with a fragment for each type that an abstract one may be."""
    if not fields:
        return ""
    if not is_abstract_type(kind):
        return " { " + " ".join(map(str, fields)) + " }"
    fragments = [
        f"... on {name} {{ " + " ".join(str(child) for child in fields if child.parent == name) + " }"
        for name in dict.fromkeys(child.parent for child in fields)
    ]
    return " { __typename " + " ".join(fragments) + " }"


def everything_of(kind: GraphQLNamedType, only: str | None = None) -> tuple[Selected, ...]:
    """Return all that can be selected of a type, or of the one type `only` of an abstract one.

    Things with an identifier of their own are shown below another one by their leaves alone: `node` shows the rest.
    """
    return _everything(kind, only, path=())


def _everything(kind: GraphQLNamedType, only: str | None, path: tuple[str, ...]) -> tuple[Selected, ...]:
    if isinstance(kind, GraphQLObjectType):
        return tuple(_selected(kind, name, name, path) for name in kind.fields if _is_asked(kind, name, path))
    if not is_abstract_type(kind):
        return ()
    members = [member for member in GRAPH.get_possible_types(kind) if only in {None, member.name}]
    return tuple(
        _selected(member, name, f"{member.name}_{name}" if _clashes(members, name) else name, path)
        for member in members
        for name in member.fields
        if _is_asked(member, name, path)
    )


def _selected(parent: GraphQLObjectType, name: str, key: str, path: tuple[str, ...]) -> Selected:
    kind = get_named_type(parent.fields[name].type)
    return Selected(parent.name, name, key, kind, _everything(kind, None, (*path, parent.name)))


def _is_asked(parent: GraphQLObjectType, name: str, path: tuple[str, ...]) -> bool:
    kind = get_named_type(parent.fields[name].type)
    if is_leaf_type(kind):
        return True
    return kind.name not in path and not (path and is_node(parent))


def _clashes(members: list[GraphQLObjectType], name: str) -> bool:
    return len({str(member.fields[name].type) for member in members if name in member.fields}) > 1


def is_node(kind: GraphQLNamedType) -> bool:
    """Tell whether a type is a thing with an identifier of its own."""
    return isinstance(kind, GraphQLObjectType) and any(interface.name == "Node" for interface in kind.interfaces)


def is_user_error(kind: GraphQLNamedType) -> bool:
    """Tell whether a type says only what was wrong with the request."""
    return isinstance(kind, GraphQLObjectType) and any(face.name == USER_ERROR for face in kind.interfaces)


def fields_of(name: str) -> dict[str, GraphQLField]:
    """Return the fields of an object type."""
    kind = GRAPH.type_map[name]
    assert isinstance(kind, GraphQLObjectType)
    return dict(kind.fields)
