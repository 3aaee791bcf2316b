"""Queries over the whole schema, as hypothesis writes them: fragments, aliases, directives, variables, errors."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    get_named_type,
    is_composite_type,
    is_leaf_type,
)
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from tests.schema.access.selection import GRAPH

OWN = ("workspace", "conversation", "message", "document", "topic", "insights")
FOREIGN = ("conversation", "foreign", "nothing")
"""Variables that hold identifiers: of the owner's things, and of others or of another kind."""
VARIABLES = {
    **dict.fromkeys((*OWN, *FOREIGN), "ID!"),
    **dict.fromkeys(("cursor", "noCursor"), "String"),
    "few": "Int",
    "none": "Int",
    "yes": "Boolean!",
    "no": "Boolean!",
    "day": "Date",
}
"""The variables of every query, and their types."""
SIZES = ("0", "1", "2", "3", "100", "null", "$few", "$none")
WRONG_SIZES = ("1", "101", "-1", "$none")
RARELY = 25
"""One in so many is wrong: what is refused as a whole tells little."""
MAX_DEPTH = 5
MAX_FIELDS = 150
"""Fields after which a query is ended: hypothesis warns of an example whose text is longer than 30,000 characters."""


@dataclass
class _Writing:
    """A query that is being written: what it draws, and the fragments that it names."""

    draw: Callable[[st.SearchStrategy[Any]], Any]
    roots: tuple[str, ...]
    fragments: list[str] = field(default_factory=list)
    aliases: int = 0

    def query(self) -> str:
        selection = self.selection(GRAPH.type_map["Query"], 0)
        used = "\n".join([selection, *self.fragments])
        declared = ", ".join(f"${name}: {kind}" for name, kind in VARIABLES.items() if f"${name}" in used)
        return f"query {f'({declared})' if declared else ''} {used}"

    def selection(self, kind: GraphQLNamedType, depth: int) -> str:
        count = self.draw(st.integers(1, 4))
        return "{ " + " ".join(self.part(kind, depth) for _ in range(count)) + " }"

    def part(self, kind: GraphQLNamedType, depth: int) -> str:
        choice = 0 if self.aliases >= MAX_FIELDS else self.draw(st.integers(0, 19))
        if choice == 0:
            return "__typename"
        if choice == 1:
            return f"... {self.directive()} {self.selection(kind, depth)}"
        if choice == 2:
            return self.spread(kind, depth)
        if isinstance(kind, GraphQLInterfaceType) and choice < 16:
            member = self.draw(st.sampled_from(sorted(GRAPH.get_possible_types(kind), key=str)))
            return f"... on {member.name} {self.selection(member, depth)}"
        return self.field(kind, depth)

    def spread(self, kind: GraphQLNamedType, depth: int) -> str:
        body = self.selection(kind, depth)
        name = f"F{len(self.fragments)}"
        self.fragments.append(f"fragment {name} on {kind.name} {body}")
        return f"...{name} {self.directive()}"

    def field(self, kind: GraphQLNamedType, depth: int) -> str:
        assert isinstance(kind, GraphQLObjectType | GraphQLInterfaceType)
        fields = kind.fields
        names = [
            name
            for name, of in fields.items()
            if (depth < MAX_DEPTH or is_leaf_type(get_named_type(of.type))) and (depth or name in self.roots)
        ]
        if not names:
            return "__typename"
        composite = [name for name in names if is_composite_type(get_named_type(fields[name].type))]
        if composite and self.draw(st.booleans()):
            names = composite
        name = self.draw(st.sampled_from(sorted(names)))
        definition = fields[name]
        inner = get_named_type(definition.type)
        self.aliases += 1
        alias = f"a{self.aliases}: " if definition.args or self.draw(st.integers(0, 3)) == 0 else ""
        inside = "" if is_leaf_type(inner) else self.selection(inner, depth + 1)
        return f"{alias}{name}{self.arguments(name, definition)} {self.directive()} {inside}"

    def is_rare(self) -> bool:
        return bool(self.draw(st.integers(0, RARELY)) == 0)

    def arguments(self, name: str, definition: GraphQLField) -> str:
        given = {}
        if "id" in definition.args:
            identifiers = FOREIGN if self.is_rare() else (name,) if name in OWN else OWN
            given["id"] = f"${self.draw(st.sampled_from(identifiers))}"
        if "first" in definition.args:
            end = self.draw(st.sampled_from(("first", "last")))
            if self.draw(st.booleans()):
                given[end] = self.draw(st.sampled_from(SIZES))
            if self.is_rare():
                given |= {"first": "1", "last": self.draw(st.sampled_from(WRONG_SIZES))}
            for side in ("after", "before"):
                if self.draw(st.integers(0, 3)) == 0:
                    given[side] = "$noCursor" if self.is_rare() else "$cursor"
        if "query" in definition.args:
            given["query"] = '"When does it open?"'
        if "from" in definition.args and self.draw(st.booleans()):
            given["from"] = "$day"
        given = {argument: value for argument, value in given.items() if argument in definition.args}
        return f"({', '.join(f'{name}: {value}' for name, value in given.items())})" if given else ""

    def directive(self) -> str:
        if self.draw(st.integers(0, 9)):
            return ""
        name = self.draw(st.sampled_from(("skip", "include")))
        return f"@{name}(if: {self.draw(st.sampled_from(('true', 'false', '$yes', '$no')))})"


@st.composite
def queries(draw: DrawFn, *roots: str) -> str:
    """Draw the text of a query of some root fields. It need not be valid: two names may meet."""
    return _Writing(draw, roots).query()
