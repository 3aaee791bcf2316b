"""Requests of any form to the graph's address: an answer, or a refusal that has a code."""

import json
from typing import Any

import requests
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ErrorCode
from tests.support.examples import examples
from tests.support.server import Server
from tests.support.waiting import HANG_SECONDS

METHODS = st.sampled_from(["POST", "GET", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"])
KINDS = st.sampled_from(
    [
        "application/json",
        "application/json; charset=utf-16",
        "application/json; charset=nonsense",
        "application/graphql",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "multipart/form-data; boundary=x",
        "text/plain",
        "x",
        "",
    ]
)
ACCEPTED = st.sampled_from(
    ["*/*", "application/json", "application/graphql-response+json", "multipart/mixed", "text/html;q=nonsense", ",;"]
)
TEXT = st.text(max_size=30)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXT),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXT, inner, max_size=3)),
    max_leaves=6,
)
QUERIES = st.one_of(
    st.sampled_from(["{ __typename }", "query ($id: ID!) { node(id: $id) { id } }", "{", "query A { me { id } }", ""]),
    VALUES,
)
OPERATIONS = st.fixed_dictionaries(
    {},
    optional={
        "query": QUERIES,
        "variables": st.one_of(VALUES, st.fixed_dictionaries({"id": VALUES})),
        "operationName": st.one_of(st.just("A"), VALUES),
        "extensions": st.one_of(VALUES, st.fixed_dictionaries({"persistedQuery": VALUES})),
    },
)
DEEP = st.builds(
    lambda mark, depth: (b"[" if mark else b'{"a":') * depth, st.booleans(), st.sampled_from([10, 1_000, 100_000])
)
BODIES = st.one_of(
    OPERATIONS.map(lambda value: json.dumps(value).encode()),
    OPERATIONS.map(lambda value: b'{"query": "{ __typename }", "variables": ' + json.dumps(value).encode()),
    VALUES.map(lambda value: json.dumps(value).encode()),
    DEEP,
    DEEP.map(lambda deep: b'{"query": "{ __typename }", "variables": ' + deep),
    st.integers(1, 20_000).map(
        lambda digits: b'{"query": "{ __typename }", "variables": {"id": %s}}' % (b"9" * digits)
    ),
    st.binary(max_size=200),
    st.just(b"\xff\xfe{\x00}\x00"),
)
UPLOAD = "mutation ($input: UploadDocumentInput!) { uploadDocument(input: $input) { __typename } }"
PLACES = st.sampled_from(
    [
        '{"0": ["variables.input.file"]}',
        '{"0": ["variables"]}',
        '{"0": ["variables.input.file.x.0"]}',
        '{"0": ["variables.input.9999999999"]}',
        '{"0": "variables.input.file"}',
        '{"0": [["variables"]]}',
        '{"nothing": ["variables.input.file"]}',
        '{"0": []}',
        "[]",
        "null",
        "{",
        "",
    ]
)
FORMS = st.fixed_dictionaries(
    {},
    optional={
        "operations": st.one_of(
            st.just(json.dumps({"query": UPLOAD, "variables": {"input": {"workspaceId": "x", "file": None}}})),
            OPERATIONS.map(json.dumps),
            VALUES.map(json.dumps),
            TEXT,
        ),
        "map": st.one_of(PLACES, VALUES.map(json.dumps), TEXT),
    },
)
FILE_NAMES = st.one_of(st.sampled_from(["a.txt", "../../etc/passwd", "C:\\a", "\r\nX: y", '"', "a" * 3_000]), TEXT)


def _no_fault_of_ours(response: requests.Response) -> None:
    assert response.status_code < 500, response.text
    if not response.content:
        return
    assert response.headers["content-type"].startswith(
        ("application/json", "application/graphql-response+json", "text/plain")
    )
    if "json" not in response.headers["content-type"]:
        return
    for error in response.json().get("errors", ()):
        assert error["extensions"]["code"] in set(ErrorCode) - {ErrorCode.INTERNAL}, error
        assert error["extensions"]["requestId"]


@examples(80)
@given(method=METHODS, kind=KINDS, accepted=ACCEPTED, body=BODIES)
def test_any_body_of_any_kind(server: Server, method: str, kind: str, accepted: str, body: bytes) -> None:
    headers = {"content-type": kind, "accept": accepted, "graphql-require-preflight": "1"}

    _no_fault_of_ours(requests.request(method, server.http, data=body, headers=headers, timeout=HANG_SECONDS))


@examples(60)
@given(parameters=OPERATIONS)
def test_any_parameters_of_an_address(server: Server, parameters: dict[str, Any]) -> None:
    given = {name: value if isinstance(value, str) else json.dumps(value) for name, value in parameters.items()}

    _no_fault_of_ours(requests.get(server.http, params=given, timeout=HANG_SECONDS))


@examples(60)
@given(form=FORMS, name=FILE_NAMES, content=st.binary(max_size=100))
def test_any_form_with_a_file(server: Server, form: dict[str, str], name: str, content: bytes) -> None:
    headers = {"graphql-require-preflight": "1"}

    _no_fault_of_ours(
        requests.post(server.http, data=form, files={"0": (name, content)}, headers=headers, timeout=HANG_SECONDS)
    )
