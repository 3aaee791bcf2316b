"""GraphQL over HTTP beyond the audits: every answer is JSON, and says by its status and code what was wrong."""

import io
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import aiohttp
import pytest

from tests.end_to_end.test_main_job import REGISTER, visitor_of_nothing
from tests.support.client import FrontEnd
from tests.support.server import Server

ANSWER = "application/graphql-response+json"
PREFLIGHT = {"graphql-require-preflight": "1"}
LOGIN = "mutation ($input: LoginInput!) { login(input: $input) { ... on Session { accessToken } } }"
LOGOUT = "mutation { logout { __typename } }"
FOLLOW = 'subscription { documentProgress(workspaceId: "x") { status } }'
UPLOAD = "mutation ($input: UploadDocumentInput!) { uploadDocument(input: $input) { __typename } }"


@dataclass(frozen=True)
class Answer:
    """What the server answered: `code` is the first error's, and an error has the id of its request."""

    status: int
    headers: dict[str, str]
    body: Any

    @property
    def code(self) -> str:
        error = self.body["errors"][0]
        assert error["message"]
        assert error["extensions"]["requestId"]
        return str(error["extensions"]["code"])


async def _send(server: Server, method: str = "POST", **options: Any) -> Answer:
    async with aiohttp.ClientSession() as session, session.request(method, server.http, **options) as response:
        headers = {name.lower(): value for name, value in response.headers.items()}
        assert headers["content-type"] in {"application/json; charset=utf-8", f"{ANSWER}; charset=utf-8"}
        return Answer(response.status, headers, await response.json(content_type=None))


async def _post(server: Server, body: Any, **headers: str) -> Answer:
    return await _send(server, data=body, headers={"content-type": "application/json", **headers})


async def _ask(server: Server, accept: str, **parameters: Any) -> Answer:
    return await _post(server, json.dumps(parameters), accept=accept)


def _form(operations: Any, places: Any, file: bytes | io.BytesIO = b"text") -> aiohttp.FormData:
    form = aiohttp.FormData()
    form.add_field("operations", operations if isinstance(operations, str) else json.dumps(operations))
    form.add_field("map", places if isinstance(places, str) else json.dumps(places))
    form.add_field("0", file, filename="notes.txt")
    return form


@pytest.mark.parametrize(
    "parameters",
    [
        {"query": "{"},
        {"query": "{ nothing }"},
        {"query": "query ($id: ID!) { node(id: $id) { id } }"},
        {"query": "query ($n: Int!) { workspaces(first: $n) { totalCount } }", "variables": {"n": 2**40}},
        {"query": UPLOAD, "variables": {"input": {"workspaceId": "x", "file": "text"}}},
        {"query": "query A { me { id } } query B { me { id } }"},
        {"query": "query A { me { id } }", "operationName": "C"},
        {"query": "fragment A on User { id }"},
        {"query": "{ a" * 1_000 + "}" * 1_000},
    ],
    ids=["syntax", "validation", "missing", "coercion", "no file", "ambiguous", "unknown", "no operation", "deep"],
)
async def test_an_operation_that_fails_before_it_starts_has_no_data(server: Server, parameters: dict[str, Any]) -> None:
    as_graphql = await _ask(server, ANSWER, **parameters)
    as_json = await _ask(server, "application/json", **parameters)

    assert (as_graphql.status, as_json.status) == (400, 200)
    assert as_graphql.headers["content-type"] == f"{ANSWER}; charset=utf-8"
    for answer in (as_graphql, as_json):
        assert answer.code == "BAD_USER_INPUT"
        assert "data" not in answer.body


async def test_a_field_that_is_refused_leaves_the_data_and_a_good_status(server: Server) -> None:
    answer = await _ask(server, ANSWER, query='{ __typename node(id: "x") { id } }')

    assert (answer.status, answer.code) == (200, "NOT_FOUND")
    assert answer.body["data"] == {"__typename": "Query", "node": None}


async def test_the_operation_that_is_named_runs(server: Server) -> None:
    answer = await _ask(server, ANSWER, query="query A { __typename } query B { me { id } }", operationName="B")

    assert answer.body["data"] == {"me": None}


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("application/json;q=0.5, application/graphql-response+json", ANSWER),
        (f"{ANSWER}, application/json", ANSWER),
        (f"{ANSWER};q=0.5, application/json", "application/json"),
        (f"{ANSWER};q=0, */*", "application/json"),
        (f"{ANSWER};q=nonsense", "application/json"),
        ("text/html", "application/json"),
        (",;=", "application/json"),
    ],
)
async def test_the_answer_is_of_the_kind_the_client_prefers(server: Server, accept: str, kind: str) -> None:
    answer = await _ask(server, accept, query="{ __typename }")

    assert answer.headers["content-type"] == f"{kind}; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        "null",
        "1",
        '"text"',
        "{}",
        '{"query": null}',
        '{"query": 1}',
        '{"query": "{ __typename }", "operationName": ["A"]}',
        '{"query": "{ __typename }", "variables": NaN}',
        '{"query": "{ __typename }", "variables": {"n": ' + "9" * 5_000 + "}}",
        "[" * 100_000,
        '{"query": "{ __typename }"}'.encode("utf-16"),
        b"\xff",
    ],
)
async def test_a_body_that_is_no_operation_is_the_client_s_fault(server: Server, body: bytes | str) -> None:
    answer = await _post(server, body)

    assert (answer.status, answer.code) == (400, "BAD_USER_INPUT")


async def test_a_batch_is_not_taken(server: Server) -> None:
    answer = await _post(server, json.dumps([{"query": "{ __typename }"}] * 2))

    assert (answer.status, answer.code) == (400, "BAD_USER_INPUT")
    assert "one operation" in answer.body["errors"][0]["message"]


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""])
async def test_another_kind_of_body_is_not_supported(server: Server, kind: str) -> None:
    answer = await _post(server, '{"query": "{ __typename }"}', **{"content-type": kind})

    assert (answer.status, answer.code) == (415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS"])
async def test_another_method_is_told_which_ones_there_are(server: Server, method: str) -> None:
    answer = await _send(server, method)

    assert (answer.status, answer.code, answer.headers["allow"]) == (405, "METHOD_NOT_ALLOWED", "GET, POST")


async def test_a_mutation_is_never_run_by_get(server: Server) -> None:
    hidden = "query A { __typename } " + LOGOUT.replace("mutation", "mutation B")

    for query, name in ((LOGOUT, ""), (hidden, "B")):
        answer = await _send(server, "GET", params={"query": query, "operationName": name})
        assert (answer.status, answer.code, answer.headers["allow"]) == (405, "METHOD_NOT_ALLOWED", "POST")
    assert (await _send(server, "GET", params={"query": hidden})).code == "BAD_USER_INPUT"


async def test_a_subscription_is_sent_to_the_websocket(server: Server) -> None:
    accept = {"accept": 'multipart/mixed;subscriptionSpec="1.0", text/event-stream, application/json'}
    for answer in (
        await _send(server, "GET", params={"query": FOLLOW}, headers=accept),
        await _post(server, json.dumps({"query": FOLLOW}), **accept),
    ):
        assert (answer.status, answer.code) == (400, "BAD_USER_INPUT")
        assert "graphql-transport-ws" in answer.body["errors"][0]["message"]


@pytest.mark.parametrize(
    "parameters",
    [{}, {"query": "{ me { id } }", "variables": "[1]"}, {"query": "{ me { id } }", "extensions": "{"}],
)
async def test_an_address_that_holds_no_operation_is_the_client_s_fault(
    server: Server, parameters: dict[str, str]
) -> None:
    answer = await _send(server, "GET", params=parameters, headers={"accept": "text/html"})

    assert (answer.status, answer.code) == (400, "BAD_USER_INPUT")


async def test_a_form_that_any_page_could_send_is_refused(server: Server) -> None:
    form = _form({"query": LOGOUT}, {})

    for headers in ({}, {"graphql-require-preflight": ""}, {"authorization": "Bearer x"}):
        answer = await _send(server, data=form(), headers={**headers, "content-type": form().content_type})
        assert (answer.status, answer.code) == (403, "PREFLIGHT_REQUIRED")


@pytest.mark.parametrize(
    "header", ["GraphQL-Require-Preflight", "Apollo-Require-Preflight", "X-Apollo-Operation-Name", "X-Requested-With"]
)
async def test_a_form_carries_one_of_the_headers_in_use(server: Server, header: str) -> None:
    variables = {"input": {"workspaceId": "x", "file": None}}
    form = _form({"query": UPLOAD, "variables": variables}, {"0": ["variables.input.file"]})

    answer = await _send(server, data=form, headers={header: "1"})

    assert (answer.status, answer.code) == (200, "NOT_FOUND"), "it got as far as the workspace"


@pytest.mark.parametrize(
    ("operations", "places"),
    [
        ("{", "{}"),
        ({"query": UPLOAD}, {"0": ["variables.input.file"]}),
        ({"query": UPLOAD}, {"1": ["variables.input.file"]}),
        ({"query": UPLOAD}, {"0": 1}),
        ({"query": UPLOAD}, ["query"]),
        ({"query": UPLOAD}, {"0": ["query"]}),
        ({"query": UPLOAD, "variables": []}, {"0": ["variables.7"]}),
        ([{"query": UPLOAD}], {"0": ["0.variables"]}),
        ('{"variables": ' + "[" * 900 + "]" * 900 + "}", {"0": ["query"]}),
    ],
)
async def test_a_form_whose_parts_do_not_fit_is_the_client_s_fault(
    server: Server, operations: Any, places: Any
) -> None:
    answer = await _send(server, data=_form(operations, places), headers=PREFLIGHT)

    assert (answer.status, answer.code) == (400, "BAD_USER_INPUT")


async def test_a_form_without_parts_or_with_too_many_is_the_client_s_fault(server: Server) -> None:
    crowded = _form({"query": UPLOAD}, {})
    for number in range(20):
        crowded.add_field(f"file{number}", b"", filename="x")

    for form in ({"content-type": "multipart/form-data"}, {"content-type": "multipart/form-data; boundary=x"}):
        answer = await _send(server, data=b"--y\r\n", headers={**PREFLIGHT, **form})
        assert (answer.status, answer.code) == (400, "BAD_USER_INPUT")
    answer = await _send(server, data=crowded, headers=PREFLIGHT)
    assert (answer.status, answer.code) == (400, "BAD_USER_INPUT")


async def test_a_body_over_the_bound_is_refused_before_it_is_read(server: Server) -> None:
    # The client asks before it sends, so that it is there to hear the answer.
    answer = await _send(
        server,
        data=io.BytesIO(b" " * (2 * 2**20)),
        headers={"content-type": "application/json"},
        expect100=True,
    )

    assert (answer.status, answer.code) == (413, "REQUEST_TOO_LARGE")


@pytest.mark.parametrize(
    ("kind", "size"), [("application/json", 2), ("multipart/form-data; boundary=x", 27)], ids=["json", "form"]
)
async def test_a_body_that_does_not_say_its_size_is_cut_off_at_the_bound(server: Server, kind: str, size: int) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b'--x\r\ncontent-disposition: form-data; name="0"; filename="f"\r\n\r\n'
        for _ in range(size * 16):
            yield b"x" * 2**16

    try:
        answer = await _send(server, data=pieces(), headers={"content-type": kind, **PREFLIGHT})
    except aiohttp.ClientOSError:
        return  # the server hung up while the client was sending

    assert (answer.status, answer.code) == (413, "REQUEST_TOO_LARGE")


async def test_a_file_is_read_for_the_token_of_an_account_alone(server: Server) -> None:
    account = {"email": f"{uuid4().hex}@example.com", "password": "correct horse battery"}
    session = (await FrontEnd(server).ask(REGISTER, input=account))["register"]
    visitor = await visitor_of_nothing(server)
    answers = {}
    tokens = {"staff": session["accessToken"], "visitor": visitor.token, "forged": "x.y.z"}
    tokens["ended"] = (await FrontEnd(server).ask(LOGIN, input=account))["login"]["accessToken"]
    await FrontEnd(server, tokens["ended"]).ask(LOGOUT)
    for who, token in tokens.items():
        variables = {"input": {"workspaceId": "x", "file": None}}
        places = {"0": ["variables.input.file"]}
        form = _form({"query": UPLOAD, "variables": variables}, places, file=io.BytesIO(b"x" * (2 * 2**20)))
        headers = {**PREFLIGHT, "authorization": f"Bearer {token}"}
        try:
            answers[who] = (await _send(server, data=form, headers=headers)).code
        except aiohttp.ClientOSError:
            answers[who] = "REQUEST_TOO_LARGE"  # the server hung up while the client was sending

    assert answers.pop("staff") == "NOT_FOUND", "it got as far as the workspace"
    assert answers == dict.fromkeys(("visitor", "forged", "ended"), "REQUEST_TOO_LARGE")


@pytest.mark.parametrize(
    "places",
    [
        {"0": ["variables.input.file", "variables.input.name"]},
        {"0": ["variables.input.file"] * 20},
        {"0": []},
        {"operations": ["variables.input.file"]},
    ],
)
async def test_a_form_whose_map_has_not_one_place_for_each_file_is_refused(server: Server, places: Any) -> None:
    variables = {"input": {"workspaceId": "x", "file": None}}
    answer = await _send(server, data=_form({"query": UPLOAD, "variables": variables}, places), headers=PREFLIGHT)

    assert (answer.status, answer.code) == (400, "BAD_USER_INPUT")
    assert "one place for each file" in answer.body["errors"][0]["message"]


async def test_an_answer_is_utf_8_and_a_lone_surrogate_a_question_mark(server: Server) -> None:
    body = {"query": "query A { me { id } }", "operationName": "é\ud800"}
    async with aiohttp.ClientSession() as session, session.post(server.http, json=body) as response:
        assert "é?".encode() in await response.read()
