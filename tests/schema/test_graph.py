"""The graph as a text: committed, described, and named as front ends rely on."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLScalarType,
    Undefined,
    build_schema,
    get_named_type,
)
from sqlalchemy import text

from schema import exported
from tests.support.people import People

COMMITTED = Path(__file__).parents[2] / "schema.graphql"
GRAPH = build_schema(exported())
OWN_TYPES = sorted(name for name in GRAPH.type_map if not name.startswith("__"))
BUILT_IN = {"Boolean", "Float", "ID", "Int", "String"}


def test_the_committed_graph_is_the_code_s() -> None:
    assert COMMITTED.read_text(encoding="utf-8").strip() == exported().strip(), "run `make schema`"


@pytest.mark.parametrize("name", [name for name in OWN_TYPES if name not in BUILT_IN])
def test_everything_is_described(name: str) -> None:
    missing = [path for path, description in _elements(GRAPH.type_map[name]) if not description]

    assert not missing, missing


def _elements(kind: GraphQLNamedType) -> list[tuple[str, str | None]]:
    found = [(kind.name, kind.description)]
    if isinstance(kind, GraphQLEnumType):
        found += [(f"{kind.name}.{name}", value.description) for name, value in kind.values.items()]
    if isinstance(kind, GraphQLInputObjectType):
        found += [(f"{kind.name}.{name}", field.description) for name, field in kind.fields.items()]
    if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
        for name, field in kind.fields.items():
            found.append((f"{kind.name}.{name}", field.description))
            found += [(f"{kind.name}.{name}.{arg}", argument.description) for arg, argument in field.args.items()]
    return found


def test_every_scalar_of_ours_names_its_specification() -> None:
    scalars = [kind for kind in GRAPH.type_map.values() if isinstance(kind, GraphQLScalarType)]

    assert {kind.name for kind in scalars if not kind.specified_by_url} <= BUILT_IN


def test_lists_hold_no_null_and_are_not_null_but_where_they_may_be_refused() -> None:
    may_be_refused = {"Workspace.analytics", "Workspace.dailyMetrics"}
    loose = []
    for kind in GRAPH.type_map.values():
        if isinstance(kind, GraphQLObjectType) and not kind.name.startswith("__"):
            loose += [
                f"{kind.name}.{name}"
                for name, field in kind.fields.items()
                if str(field.type).startswith("[") and not str(field.type).endswith("!]!")
            ]
    # A user error's path is null where no field is at fault.
    assert set(loose) == may_be_refused | {"DuplicateDocument.path", "InvalidInput.path"}


def test_mutations_take_one_input_and_answer_with_their_own_result() -> None:
    mutation = GRAPH.mutation_type
    assert mutation is not None
    for name, field in mutation.fields.items():
        kind = name[0].upper() + name[1:]
        if name in {"logout", "revokeOtherSessions"}:
            assert (dict(field.args), str(field.type)) == ({}, f"{kind}Payload!")
            continue
        assert {argument: str(value.type) for argument, value in field.args.items()} == {"input": f"{kind}Input!"}
        assert str(field.type) == f"{kind}Result!"


def test_what_an_update_leaves_out_differs_from_null_also_in_what_is_inside_it() -> None:
    """A field of an update, or of an input inside it, has no default: absent leaves it as it is, null clears it."""
    updates = [kind for kind in GRAPH.type_map.values() if re.fullmatch("Update.*Input", kind.name)]
    assert updates

    defaults = [f"{kind.name}.{name}" for update in updates for kind, name in _fields_with_a_default(update)]

    assert defaults == []


def _fields_with_a_default(kind: GraphQLNamedType) -> Iterator[tuple[GraphQLNamedType, str]]:
    if isinstance(kind, GraphQLInputObjectType):
        for name, field in kind.fields.items():
            if field.default_value is not Undefined:
                yield kind, name
            yield from _fields_with_a_default(get_named_type(field.type))


async def test_an_unexpected_fault_is_masked_and_named_by_its_request(people: People) -> None:
    shop = await people.shop()
    await people.services.database.write(lambda unit: unit.execute(text("DROP TABLE documents")))
    query = "query ($id: ID!) { workspace(id: $id) { name documents { totalCount } } }"

    result = await shop.owner.execute(query, id=shop.id)

    assert result.errors
    error = result.errors[0]
    assert error.extensions is not None
    assert error.extensions["code"] == "INTERNAL"
    assert error.extensions["requestId"]
    assert "documents" not in error.message, "what happened is for the log"
    assert result.data == {"workspace": {"name": "Garden", "documents": None}}, "the rest is answered"


@pytest.mark.parametrize("query", ["{", "{ nothing }", "query ($id: Int!) { node(id: $id) { id } }", "{ node { id } }"])
async def test_an_operation_that_is_not_of_the_graph_is_bad_input(people: People, query: str) -> None:
    assert await people.anyone.refusal(query) == "BAD_USER_INPUT"


async def test_an_operation_of_too_many_words_is_refused(people: People) -> None:
    assert await people.anyone.refusal("{" + " me { id }" * 2_000 + "}") == "BAD_USER_INPUT"
