"""Operations written to exhaust a server, sent to a real one: each is answered or refused with a code, on both ways."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import aiohttp
import pytest

from core.security.tokens import Tokens, VisitorClaims
from data.engine import Database, Session
from data.models import Conversation, Message, MessageRole, global_id
from monitora.settings.settings import Settings
from tests.end_to_end.test_main_job import visitor_of_nothing
from tests.support.client import FrontEnd
from tests.support.server import Server, monitora, running
from tests.support.waiting import HANG_SECONDS

STATUS = "/proc/{}/status"
CONTENT = "é word " * 570


@pytest.fixture(scope="module")
def open_handed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that lets visitors ask for anything: their budget alone bounds what they get."""
    folder = tmp_path_factory.mktemp("open-handed")
    assert monitora({"MONITORA_DATA_DIR": str(folder)}, "migrate").returncode == 0
    with running(folder, MONITORA_MAX_VISITOR_OPERATION_COST="100000000") as server:
        yield server


def _claims(visitor: FrontEnd) -> VisitorClaims:
    folder = Path(visitor.server.environment["MONITORA_DATA_DIR"])
    claims = Tokens(*Settings(data_dir=folder).signing_keys()).read(visitor.token or "")
    assert isinstance(claims, VisitorClaims)
    return claims


async def _conversation(visitor: FrontEnd) -> str:
    """Return the identifier of a visitor's conversation of a hundred long messages."""
    claims, made = _claims(visitor), list[UUID]()

    async def store(unit: Session) -> None:
        conversation = Conversation(workspace_id=claims.workspace_id, visitor_id=claims.visitor_id)
        unit.add(conversation)
        await unit.flush()
        unit.add_all(
            Message(conversation_id=conversation.id, role=MessageRole.USER, content=CONTENT) for _ in range(100)
        )
        made.append(conversation.id)

    settings = Settings(data_dir=Path(visitor.server.environment["MONITORA_DATA_DIR"]))
    database = Database(settings.database)
    await database.write(store)
    await database.close()
    return global_id("Conversation", made[0])


async def _over_http(visitor: FrontEnd, query: str, variables: Any = None) -> dict[str, Any]:
    headers = {"authorization": f"Bearer {visitor.token}", "origin": visitor.server.origin}
    async with (
        aiohttp.ClientSession() as session,
        session.post(visitor.server.http, json={"query": query, "variables": variables}, headers=headers) as response,
    ):
        assert response.status < 500
        return dict(json.loads(await response.text()))


async def _over_the_websocket(visitor: FrontEnd, query: str, variables: Any = None) -> dict[str, Any]:
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(
            visitor.server.websocket, protocols=["graphql-transport-ws"], origin=visitor.server.origin
        ) as socket,
    ):
        payload = {"authorization": f"Bearer {visitor.token}"}
        await socket.send_json({"type": "connection_init", "payload": payload})
        await socket.receive_json(timeout=HANG_SECONDS)
        operation = {"query": query, "variables": variables}
        await socket.send_json({"id": "1", "type": "subscribe", "payload": operation})
        frame = await socket.receive_json(timeout=HANG_SECONDS)
        return {"errors": frame["payload"]} if frame["type"] == "error" else dict(frame["payload"])


WAYS = {"http": _over_http, "websocket": _over_the_websocket}


def _code(body: dict[str, Any]) -> str:
    errors = body.get("errors")
    return str(errors[0]["extensions"]["code"]) if errors else "OK"


def _many(count: int, text: str) -> str:
    return " ".join(text.replace("#", str(number)) for number in range(count))


def _nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


ASKED = "query ($id: ID!) { conversation(id: $id) { "
PAGES = "messages(first: 100) { nodes { content } }"
AGAIN = ASKED + "messages(first: 100) { nodes { conversation { " + PAGES + " } } } } }"
HOSTILE: dict[str, tuple[str, Any, str]] = {
    "fragments in a cycle": (
        "{ me { ...A } } fragment A on User { ...B } fragment B on User { ...A }",
        {},
        "BAD_USER_INPUT",
    ),
    "a fragment that spreads itself far inside": (
        "{ me { ...U } } fragment U on User { sessions { nodes { ... on Node { ... on User { ...U } } } } }",
        {},
        "BAD_USER_INPUT",
    ),
    "fragments that double": (
        "{...f0}" + _many(30, "fragment f# on Query{...f# ...f#}") + "fragment f30 on Query{me{id}}",
        {},
        "BAD_USER_INPUT",
    ),
    "fragments without end": (_many(200, "fragment f# on User{id}") + "{ me { id } }", {}, "BAD_USER_INPUT"),
    "defer": ("{ me { ... @defer { id } } }", {}, "BAD_USER_INPUT"),
    "stream": ("{ workspaces { nodes @stream(initialCount: 0) { id } } }", {}, "BAD_USER_INPUT"),
    "no error propagation": ("query @experimental_disableErrorPropagation { me { id } }", {}, "BAD_USER_INPUT"),
    "directives": ("{ me { id " + "@include(if: true) " * 60 + "} }", {}, "COST_LIMIT"),
    "unknown directives": ("{ me { id " + "@x " * 200 + "} }", {}, "COST_LIMIT"),
    "deep introspection": (
        "{ __schema { types { " + "fields { type { " * 5 + "name" + " } }" * 5 + " } } }",
        {},
        "COST_LIMIT",
    ),
    "the schema twenty times": (
        "{" + _many(20, "a#: __schema { types { name fields { name args { name } } } }") + "}",
        {},
        "COST_LIMIT",
    ),
    "the types fifty times": ("{ __schema {" + _many(49, "a#: types { fields { name } }") + "} }", {}, "COST_LIMIT"),
    "unknown fields": ("{" + _many(1_900, "wrkspace#") + "}", {}, "BAD_USER_INPUT"),
    "fewer unknown fields": ("{ me {" + _many(400, "emali#") + "} }", {}, "BAD_USER_INPUT"),
    "aliases": ("{" + _many(5_000, "a#: __typename") + "}", {}, "BAD_USER_INPUT"),
    "fewer aliases": ("{ me {" + _many(60, "a#: id") + "} }", {}, "COST_LIMIT"),
    "one name": ("{ me {" + " id" * 450 + "} }", {}, "COST_LIMIT"),
    "the same selection": ("{ me {" + " sessions { nodes { id } }" * 60 + "} }", {}, "COST_LIMIT"),
    "logins": (
        "mutation {" + _many(20, 'a#: login(input: {email: "a@example.com", password: "x#"}) { __typename }') + "}",
        {},
        "COST_LIMIT",
    ),
    "keys in the text": (
        "mutation { login(input: {" + _many(80_000, "k#: 1") + "}) { __typename } }",
        {},
        "BAD_USER_INPUT",
    ),
    "a long list in the text": ("{ node(id: [" + "1 " * 300 + "]) { id } }", {}, "BAD_USER_INPUT"),
    "a deep list in the text": ("{ node(id: " + "[" * 900 + "]" * 900 + ") { id } }", {}, "BAD_USER_INPUT"),
    "deep selections": ("{ me " * 800 + "{ id }" + " }" * 800, {}, "BAD_USER_INPUT"),
    "a deep type": ("query ($a: " + "[" * 400 + "Int" + "]" * 400 + ") { me { id } }", {}, "BAD_USER_INPUT"),
    "a number in the text": ("{ workspaces(first: " + "9" * 90_000 + ") { nodes { id } } }", {}, "BAD_USER_INPUT"),
    "comments": ("{ me { id } }" + "#\n" * 40_000, {}, "BAD_USER_INPUT"),
    "lines": ("\n" * 90_000 + "{ me { id ", {}, "BAD_USER_INPUT"),
    "keys": ("query ($a: Int) { me { id } }", {"a": {f"k{i}": 1 for i in range(40_000)}}, "BAD_USER_INPUT"),
    "variables": ("{ me { id } }", {f"k{i}": 1 for i in range(40_000)}, "BAD_USER_INPUT"),
    "a long list": ("query ($a: [Int]) { me { id } }", {"a": [1] * 100_000}, "BAD_USER_INPUT"),
    "a deep list": ("query ($a: Int) { me { id } }", {"a": _nested(200)}, "BAD_USER_INPUT"),
    "a long text": ("query ($id: ID!) { node(id: $id) { id } }", {"id": "x" * 900_000}, "BAD_USER_INPUT"),
    "an object for an identifier": ("query ($id: ID!) { node(id: $id) { id } }", {"id": {"a": 1}}, "BAD_USER_INPUT"),
    "half a letter": ("query ($id: ID!) { node(id: $id) { id } }", {"id": "\ud800"}, "NOT_FOUND"),
    "a large number": (
        "query ($n: Int) { workspaces(first: $n) { nodes { id } } }",
        {"n": 10**4_000},
        "BAD_USER_INPUT",
    ),
    "more than there are numbers": (
        "query ($n: Int) { workspaces(first: $n) { nodes { id } } }",
        {"n": 1e308},
        "BAD_USER_INPUT",
    ),
    "a default that names itself": (
        "query ($a: Int = $b, $b: Int = $a) { workspaces(first: $a) { nodes { id } } }",
        {},
        "BAD_USER_INPUT",
    ),
    "a period of all time": (
        '{ workspace(id: "x") {' + _many(40, 'a#: analytics(from: "0001-01-01") { date }') + "} }",
        {},
        "COST_LIMIT",
    ),
    "definitions of types": ("type Query { a: Int } query { me { id } }", {}, "BAD_USER_INPUT"),
    "one page many times": (ASKED + _many(20, f"a#: {PAGES}") + "} }", {}, "COST_LIMIT"),
    "a conversation in its messages": (
        ASKED + "messages { nodes { conversation { messages { nodes { content } } } } } } }",
        {},
        "COST_LIMIT",
    ),
}


@pytest.mark.parametrize("way", WAYS)
async def test_what_is_hostile_is_refused_with_a_code(server: Server, way: str) -> None:
    visitor = await visitor_of_nothing(server)

    refused = {name: _code(await WAYS[way](visitor, query, given)) for name, (query, given, _) in HOSTILE.items()}

    assert refused == {name: code for name, (_, _, code) in HOSTILE.items()}
    assert _code(await WAYS[way](visitor, "{ me { id } }")) == "OK"


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.skipif(not Path(STATUS.format("self")).exists(), reason="the system does not tell what a process takes")
async def test_a_response_that_would_be_large_takes_no_memory(open_handed: Server, way: str) -> None:
    visitor = await visitor_of_nothing(open_handed)
    conversation = await _conversation(visitor)
    small = ASKED + "messages(first: 50) { nodes { content } } } }"
    assert _code(await WAYS[way](visitor, small, {"id": conversation})) == "OK"
    before = _peak_bytes(open_handed)

    refused = await WAYS[way](visitor, AGAIN, {"id": conversation})

    assert _code(refused) == "RESPONSE_TOO_LARGE"
    assert refused["data"] is None
    would_be = 100 * 100 * len(CONTENT.encode())
    assert _peak_bytes(open_handed) - before < would_be / 2
    assert _code(await WAYS[way](visitor, small, {"id": conversation})) == "OK"


async def test_many_at_once_take_no_more_than_their_budgets(open_handed: Server) -> None:
    visitor = await visitor_of_nothing(open_handed)
    conversation = await _conversation(visitor)

    refused = await asyncio.gather(*(_over_http(visitor, AGAIN, {"id": conversation}) for _ in range(10)))

    assert {_code(body) for body in refused} == {"RESPONSE_TOO_LARGE"}


def _peak_bytes(server: Server) -> int:
    """Return the most memory that the server has had."""
    lines = Path(STATUS.format(server.process.pid)).read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))
