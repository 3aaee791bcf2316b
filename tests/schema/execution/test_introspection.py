"""Who is shown the schema: asked for as a whole, or guessed at name by name."""

from dataclasses import replace

import pytest
from graphql import get_introspection_query

from resolvers.policy import Introspection
from resolvers.services import Services
from tests.support.people import People, Person

MISSPELT = [
    "{ workspace(id: 1) { nam } }",
    "{ workspaces(frist: 1) { totalCount } }",
    "{ __typename @skip(iff: true) }",
    "{ node(id: 1) { ... on Workspce { id } } }",
    "{ node(id: 1) { name } }",
    "{ workspace(id: 1) }",
    'mutation { login(input: {emial: "", password: ""}) { __typename } }',
    "query ($id: Id!) { node(id: $id) { id } }",
]
INPUT = "mutation ($input: LoginInput!) { login(input: $input) { __typename } }"


def _shown_to(services: Services, whom: Introspection) -> Services:
    return replace(services, policy=replace(services.policy, introspection=whom))


@pytest.mark.parametrize(
    ("whom", "anyone", "staff"),
    [
        (Introspection.EVERYBODY, True, True),
        (Introspection.STAFF, False, True),
        (Introspection.NOBODY, False, False),
    ],
)
async def test_the_schema_is_shown_to_whom_the_operator_says(
    people: People, services: Services, whom: Introspection, anyone: bool, staff: bool
) -> None:
    services = _shown_to(services, whom)
    viewers = [Person(services), Person(services, (await people.admin()).token)]

    for viewer, is_shown in zip(viewers, [anyone, staff], strict=True):
        for query in (get_introspection_query(), '{ __type(name: "Query") { name } }'):
            if is_shown:
                assert await viewer.ask(query)
            else:
                assert await viewer.refusal(query) == "FORBIDDEN"
        assert await viewer.ask("{ __typename }") == {"__typename": "Query"}


@pytest.mark.parametrize("query", MISSPELT)
async def test_who_is_not_shown_the_schema_cannot_guess_its_names(services: Services, query: str) -> None:
    told = await Person(services).execute(query)
    untold = await Person(_shown_to(services, Introspection.STAFF)).execute(query)

    assert told.errors
    assert untold.errors
    assert any("Did you mean" in error.message for error in told.errors)
    assert not any("Did you mean" in error.message for error in untold.errors)


async def test_nor_the_names_within_a_variable(services: Services) -> None:
    misspelt = {"emial": "a@example.com", "password": "correct horse"}
    told = await Person(services).execute(INPUT, input=misspelt)
    untold = await Person(_shown_to(services, Introspection.STAFF)).execute(INPUT, input=misspelt)

    assert any("Did you mean 'email'?" in error.message for error in told.errors or ())
    assert untold.errors
    assert not any("Did you mean" in error.message for error in untold.errors)
