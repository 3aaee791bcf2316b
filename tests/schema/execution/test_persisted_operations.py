"""Operations known by their hash, and a server that runs no others for strangers."""

import hashlib
from dataclasses import replace
from typing import Any

import pytest

from schema import schema
from schema.execution.persisted_operations import KEPT_TEXTS, PersistedOperations, PersistedQueryNotFound
from tests.support.people import People, Person

BUILT_IN = "{ me { __typename } }"
QUERY = "{ me { id } }"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _named(text: str, **more: Any) -> dict[str, Any]:
    return {"persistedQuery": {"version": 1, "sha256Hash": _hash(text), **more}}


async def _code(person: Person, text: str | None, extensions: dict[str, Any] | None = None) -> str | None:
    """Run an operation and return the code of its refusal, or None when it is run."""
    context = await person.context()
    result = await schema.execute(text, context_value=context, operation_extensions=extensions)
    return result.errors[0].extensions["code"] if result.errors and result.errors[0].extensions else None


async def test_a_text_that_comes_with_its_hash_is_known_by_it_from_then_on(people: People) -> None:
    assert await _code(people.anyone, None, _named(QUERY)) == "PERSISTED_QUERY_NOT_FOUND"
    assert await _code(people.anyone, QUERY, _named(QUERY)) is None
    assert await _code(people.anyone, None, _named(QUERY)) is None


async def test_clients_know_the_refusal_of_an_unknown_hash_by_its_message(people: People) -> None:
    context = await people.anyone.context()
    result = await schema.execute(None, context_value=context, operation_extensions=_named("{ other }"))

    assert result.errors
    assert result.errors[0].message == "PersistedQueryNotFound"


@pytest.mark.parametrize(
    "persisted",
    [
        {"version": 1, "sha256Hash": "0" * 64},
        {"version": 1, "sha256Hash": "abc"},
        {"version": 1, "sha256Hash": 1},
        {"version": 1},
        {"version": 2, "sha256Hash": _hash(QUERY)},
        {"sha256Hash": _hash(QUERY).upper(), "version": 1},
        "text",
        [],
    ],
)
async def test_a_hash_that_is_none_or_another_text_s_is_bad_input(people: People, persisted: Any) -> None:
    assert await _code(people.anyone, QUERY, {"persistedQuery": persisted}) == "BAD_USER_INPUT"


async def test_a_text_with_a_lone_surrogate_has_a_hash_of_its_own(people: People) -> None:
    assert await _code(people.anyone, "{ me { id } } # \ud800", _named(QUERY)) == "BAD_USER_INPUT"


def test_what_clients_register_is_bounded_and_the_widget_s_stays() -> None:
    persisted = PersistedOperations()
    persisted.build_in({_hash(BUILT_IN): BUILT_IN})
    for number in range(KEPT_TEXTS + 1):
        text = f"{{ a{number} }}"
        persisted.text_of(text, _named(text))
    long = "{ me { id } }" + " " * 10_000
    assert persisted.text_of(long, _named(long)) == long

    assert persisted.text_of(None, _named(BUILT_IN)) == BUILT_IN
    assert persisted.text_of(None, _named("{ a1 }")) == "{ a1 }"
    for forgotten in ("{ a0 }", long):
        with pytest.raises(PersistedQueryNotFound):
            persisted.text_of(None, _named(forgotten))


def _locked(person: Person) -> Person:
    policy = replace(person.services.policy, persisted_operations_only=True)
    schema.persisted.build_in({_hash(BUILT_IN): BUILT_IN})
    return replace(person, services=replace(person.services, policy=policy))


async def test_a_locked_server_runs_the_widget_s_operations_alone_for_strangers_and_visitors(people: People) -> None:
    visitor = await (await people.shop()).visitor()

    for stranger in (_locked(people.anyone), _locked(visitor)):
        assert await _code(stranger, BUILT_IN) is None
        assert await _code(stranger, None, _named(BUILT_IN)) is None
        assert await _code(stranger, QUERY) == "FORBIDDEN"
        assert await _code(stranger, QUERY, _named(QUERY)) == "FORBIDDEN", "registering it does not help"
        assert await _code(stranger, None, _named(QUERY)) == "FORBIDDEN"
        assert await _code(stranger, "{ __schema { types { name } } }") == "FORBIDDEN"


async def test_on_a_locked_server_the_team_asks_what_it_likes(people: People) -> None:
    assert await _code(_locked(await people.admin()), QUERY) is None


async def test_the_way_to_a_token_is_open_on_a_locked_server(people: People) -> None:
    _, email = await people.account()
    anyone = _locked(people.anyone)
    login = 'mutation { login(input: {email: "%s", password: "wrong"}) { __typename } %s }'

    assert await _code(anyone, login % (email, "")) is None
    assert await _code(anyone, login % (email, "logout { ended }")) == "UNAUTHENTICATED", "this is logout's own answer"
    assert await _code(anyone, login % (email, "... on Mutation { logout { ended } }")) == "FORBIDDEN"
    assert await _code(anyone, login % (email, 'deleteWorkspace(input: {id: ""}) { __typename }')) == "FORBIDDEN"
    assert await _code(anyone, "query { login: me { id } }") == "FORBIDDEN"


async def test_a_token_that_is_no_longer_good_is_told_so_on_a_locked_server(people: People) -> None:
    expired = _locked(Person(people.services, "nonsense"))

    assert await _code(expired, QUERY) == "UNAUTHENTICATED"
