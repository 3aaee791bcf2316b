"""Identifiers, cursors and scalars of any content: a value, or an error that says what was wrong."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strawberry.types import ExecutionResult

from core.errors import ErrorCode
from schema.graph import NODES
from tests.support.examples import examples
from tests.support.people import People, Person

pytestmark = pytest.mark.slow

TEXT = st.text(st.characters(exclude_categories=()), max_size=60)
KEYS = st.one_of(st.uuids().map(lambda key: key.hex), st.uuids().map(str), TEXT)


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode()


IDENTIFIERS = st.one_of(
    TEXT,
    st.binary(max_size=60).map(_encoded),
    st.builds(
        lambda kind, key: _encoded(f"{kind}:{key}".encode(errors="surrogatepass")), st.sampled_from([*NODES, ""]), KEYS
    ),
    st.integers(-(2**70), 2**70).map(str),
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(allow_nan=False), TEXT),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXT, inner, max_size=3)),
    max_leaves=8,
)
MOMENTS = st.one_of(st.datetimes().map(str), st.datetimes(timezones=st.timezones()).map(str), TEXT)
CURSORS = st.one_of(
    TEXT,
    st.binary(max_size=80).map(_encoded),
    VALUES.map(lambda value: _encoded(json.dumps(value).encode())),
    st.builds(lambda moment, key: _encoded(json.dumps([moment, key]).encode()), MOMENTS, KEYS),
    st.integers(1, 60).map(lambda depth: _encoded(b"[" * depth)),
)
SIZES = st.one_of(st.none(), st.integers(-(2**31), 2**31 - 1), st.integers(-2, 101))
FIELDS = {
    "DateTime": ("mutation", 'createApiKey(input: {workspaceId: "x", name: "x", expiresAt: $value}) { __typename }'),
    "UUID": ("mutation", 'sendMessage(input: {content: "x", clientMessageId: $value}) { __typename }'),
    "URL": ("mutation", 'createWorkspace(input: {name: "x", websiteUrl: $value}) { __typename }'),
    "Date": ("query", "workspaces { nodes { analytics(to: $value) { date } } }"),
}
"""A field that takes each scalar."""


@pytest.fixture
async def owner(people: People) -> Person:
    """An administrator who has a workspace, so that what hangs from one is asked."""
    return (await people.shop()).owner


def _no_fault_of_ours(result: ExecutionResult) -> None:
    for error in result.errors or ():
        assert error.extensions is not None
        assert error.extensions["code"] in set(ErrorCode) - {ErrorCode.INTERNAL}, error
        assert error.extensions["requestId"]
        assert len(error.message) <= 500


@examples(40)
@given(identifier=IDENTIFIERS)
async def test_any_text_as_an_identifier(owner: Person, identifier: str) -> None:
    query = "query ($id: ID!) { node(id: $id) { id } workspace(id: $id) { id } conversation(id: $id) { id } }"

    _no_fault_of_ours(await owner.execute(query, id=identifier))


@examples(40)
@given(after=CURSORS, first=SIZES, before=st.one_of(st.none(), CURSORS), last=SIZES)
async def test_any_text_as_a_cursor(
    owner: Person, after: str, first: int | None, before: str | None, last: int | None
) -> None:
    query = """query ($first: Int, $after: String, $last: Int, $before: String) {
        workspaces(first: $first, after: $after, last: $last, before: $before) { nodes { id
            documents(first: $first, after: $after, last: $last, before: $before) { nodes { id } } } } }"""

    _no_fault_of_ours(await owner.execute(query, after=after, first=first, before=before, last=last))


@pytest.mark.parametrize("kind", FIELDS)
@examples(30)
@given(value=st.one_of(VALUES, MOMENTS, st.dates().map(str), TEXT.map("https://".__add__)))
async def test_any_value_as_a_scalar_by_variable(owner: Person, kind: str, value: Any) -> None:
    _no_fault_of_ours(await owner.execute(_by_variable(kind), value=value))


@pytest.mark.parametrize("kind", FIELDS)
@examples(30)
@given(value=st.one_of(MOMENTS, st.dates().map(str), TEXT.map("https://".__add__), st.integers(), st.booleans()))
async def test_any_value_as_a_scalar_in_the_operation_s_text(owner: Person, kind: str, value: Any) -> None:
    _no_fault_of_ours(await owner.execute(_in_text(kind, value)))


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("DateTime", "0001-01-01T00:00:00+14:00"),
        ("DateTime", "9999-12-31T23:59:59-14:00"),
        ("Date", ""),
        ("UUID", 7),
        ("URL", "ftp://example.com"),
    ],
)
async def test_what_is_no_value_of_a_scalar_is_bad_input(owner: Person, kind: str, value: Any) -> None:
    assert await owner.refusal(_by_variable(kind), value=value) == "BAD_USER_INPUT"
    assert await owner.refusal(_in_text(kind, value)) == "BAD_USER_INPUT"


def _by_variable(kind: str) -> str:
    operation, field = FIELDS[kind]
    return f"{operation} ($value: {kind}{'!' if kind == 'UUID' else ''}) {{ {field} }}"


def _in_text(kind: str, value: Any) -> str:
    operation, field = FIELDS[kind]
    return f"{operation} {{ {field.replace('$value', json.dumps(value))} }}"
