"""The websocket's protocol, frame by frame, against the real server process."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import pytest
from gql.transport.exceptions import TransportQueryError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.security.tokens import Tokens, VisitorClaims
from monitora.websocket.protocol import MAX_OPERATIONS
from schema.relay.node import parse_id
from tests.end_to_end.test_main_job import REGISTER, visitor_of_nothing
from tests.support.client import FrontEnd
from tests.support.server import Server
from tests.support.waiting import HANG_SECONDS, closed_with

Frame = dict[str, Any]


@asynccontextmanager
async def _socket(server: Server, token: str | None = None) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """Open a socket and begin the protocol."""
    payload = {"authorization": f"Bearer {token}"} if token else {}
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(server.websocket, protocols=["graphql-transport-ws"], origin=server.origin) as socket,
    ):
        await socket.send_json({"type": "connection_init", "payload": payload})
        assert (await socket.receive_json(timeout=HANG_SECONDS))["type"] == "connection_ack"
        yield socket


async def _close_code(socket: aiohttp.ClientWebSocketResponse) -> int | None:
    """Return the code the server closes with, or None when it goes on: then it answers a ping."""
    with suppress(ConnectionError):
        await socket.send_json({"type": "ping"})
    message = await socket.receive(timeout=HANG_SECONDS)
    return None if message.type is aiohttp.WSMsgType.TEXT else await closed_with(socket)


async def _operation(
    socket: aiohttp.ClientWebSocketResponse, query: str, variables: Frame | None = None
) -> list[Frame]:
    """Run an operation and return its frames."""
    name = uuid4().hex
    await socket.send_json({"id": name, "type": "subscribe", "payload": {"query": query, "variables": variables}})
    frames: list[Frame] = []
    while not frames or frames[-1]["type"] == "next":
        frame = await socket.receive_json(timeout=HANG_SECONDS)
        if frame.get("id") == name:
            frames.append(frame)
    return frames


@pytest.fixture(scope="module")
async def visitor(server: Server) -> FrontEnd:
    """A visitor of a workspace that knows nothing."""
    return await visitor_of_nothing(server)


@pytest.mark.parametrize(
    "frame",
    [
        "[]",
        '"x"',
        "1",
        "null",
        "{",
        "{}",
        '{"type": 1}',
        '{"type": "nonsense"}',
        '{"type": "subscribe"}',
        '{"type": "subscribe", "id": [], "payload": {"query": "{ me { id } }"}}',
        '{"type": "subscribe", "id": "", "payload": {"query": "{ me { id } }"}}',
        '{"type": "subscribe", "id": "1", "payload": null}',
        '{"type": "subscribe", "id": "1", "payload": {}}',
        '{"type": "subscribe", "id": "1", "payload": {"query": 1}}',
        '{"type": "subscribe", "id": "1", "payload": {"query": "{ me { id } }", "variables": []}}',
        '{"type": "subscribe", "id": "1", "payload": {"query": "{ me { id } }", "operationName": 1}}',
        '{"type": "complete", "id": {}}',
        '{"type": "complete", "id": "\\ud800"}',
        "[" * 100_000,
        "1" * 10_000,
    ],
)
async def test_a_frame_that_is_not_of_the_protocol_closes_the_socket_with_4400(server: Server, frame: str) -> None:
    async with _socket(server) as socket:
        await socket.send_str(frame)

        assert await _close_code(socket) == 4400


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=10,
)
_texts = st.text(max_size=200) | st.sampled_from(["[" * 50_000, "1" * 5_000, '"\\ud800"', '{"a": 1e999999}'])
_kinds = st.sampled_from(["subscribe", "complete", "ping", "pong", "connection_init", "next"])
_frames = st.fixed_dictionaries({"type": _kinds}, optional={"id": _json, "payload": _json}) | _json


_queries = st.sampled_from(
    ["{ me { id } }", "{", "{ nothing }", "subscription { nothing }", "\ud800", "{ __typename }"]
)
_payloads = st.fixed_dictionaries({"query": _queries | _json}, optional={"variables": _json, "operationName": _json})
_operations = st.fixed_dictionaries(
    {"type": st.just("subscribe"), "id": st.text(max_size=3) | _json, "payload": _payloads | _json}
)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    frames=st.lists((_frames | _operations).map(json.dumps) | _texts | st.binary(max_size=50), min_size=1, max_size=5)
)
async def test_whatever_is_sent_the_server_answers_or_closes_as_the_protocol_says(
    server: Server, frames: list[str | bytes]
) -> None:
    async with _socket(server) as bystander, _socket(server) as socket:
        for frame in frames:
            with suppress(ConnectionError):
                await (socket.send_bytes(frame) if isinstance(frame, bytes) else socket.send_str(frame))
        with suppress(ConnectionError):
            await socket.send_json({"type": "nonsense"})
        async with asyncio.timeout(HANG_SECONDS):
            async for message in socket:
                assert message.type is aiohttp.WSMsgType.TEXT
                assert message.json()["type"] in {"next", "error", "complete", "pong"}

        assert socket.close_code in {4400, 4409, 4429}
        assert (await _operation(bystander, "{ __typename }"))[-1]["type"] == "complete", "another socket is not hurt"


async def test_an_operation_too_many_is_refused_and_the_others_go_on(server: Server, visitor: FrontEnd) -> None:
    query = "subscription ($id: ID!) { answer(answerId: $id) { sequence } }"
    chat = "subscription ($input: ChatInput!) { chat(input: $input) { answerId } }"
    async with _socket(server, visitor.token) as socket:
        said = {"content": "Is anybody there?", "clientMessageId": str(uuid4())}
        answer = (await _operation(socket, chat, {"input": said}))[0]["payload"]["data"]["chat"]["answerId"]
        for number in range(2 * MAX_OPERATIONS):
            payload = {"query": query, "variables": {"id": answer}}
            await socket.send_json({"id": str(number), "type": "subscribe", "payload": payload})
        ends: dict[str, Frame] = {}
        while len(ends) < 2 * MAX_OPERATIONS:
            frame = await socket.receive_json(timeout=HANG_SECONDS)
            if frame["type"] in {"complete", "error"}:
                ends[frame["id"]] = frame

        refused = [frame["payload"][0] for frame in ends.values() if frame["type"] == "error"]
        assert {error["extensions"]["code"] for error in refused} == {"TOO_MANY_OPERATIONS"}
        assert sum(frame["type"] == "complete" for frame in ends.values()) >= MAX_OPERATIONS
        assert (await _operation(socket, "{ __typename }"))[-1]["type"] == "complete"


async def test_an_operation_before_the_greeting_closes_with_4401(server: Server) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(server.websocket, protocols=["graphql-transport-ws"], origin=server.origin) as socket,
    ):
        await socket.send_json({"id": "1", "type": "subscribe", "payload": {"query": "{ me { id } }"}})

        assert await closed_with(socket) == 4401


async def test_a_syntax_error_ends_one_operation_and_not_the_socket(server: Server) -> None:
    async with _socket(server) as socket:
        broken = await _operation(socket, "{")
        unknown = await _operation(socket, "{ nothing }")
        good = await _operation(socket, "{ me { id } }")

    for frames in (broken, unknown):
        assert frames[0]["type"] == "error"
        assert frames[0]["payload"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert [frame["type"] for frame in good] == ["next", "complete"]
    assert good[0]["payload"]["data"] == {"me": None}


async def test_a_message_over_the_bound_closes_the_socket(server: Server) -> None:
    async with _socket(server) as socket:
        with suppress(ConnectionError):
            await socket.send_str("x" * (1024 * 1024 + 1))

        # The server says 1009; a client that is still sending may find the connection gone before it reads so.
        assert await closed_with(socket) in {1009, 1006}


async def test_a_session_that_was_ended_is_over_on_its_open_socket(server: Server) -> None:
    anyone = FrontEnd(server)
    account = {"email": f"{uuid4().hex}@example.com", "password": "correct horse battery"}
    session = (await anyone.ask(REGISTER, input=account))["register"]
    owner = FrontEnd(server, session["accessToken"])
    other = (await anyone.ask(REGISTER.replace("register", "login").replace("Register", "Login"), input=account))[
        "login"
    ]

    async with _socket(server, session["accessToken"]) as socket:
        before = await _operation(socket, "{ me { email } }")
        await FrontEnd(server, other["accessToken"]).ask("mutation { revokeOtherSessions { endedSessions } }")
        after = await _operation(socket, "{ me { email } }")

    assert before[0]["payload"]["data"]["me"]["email"] == account["email"]
    assert after[0]["payload"]["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    with pytest.raises(TransportQueryError, match="log in again"):
        await owner.ask("{ me { email } }")


async def test_a_socket_closes_when_its_token_expires(server: Server) -> None:
    secret = (Path(server.environment["MONITORA_DATA_DIR"]) / "secret.key").read_text().strip()
    token = Tokens(secret).for_visitor(VisitorClaims("somebody", uuid4(), server.origin), timedelta(seconds=15))

    async with _socket(server, token) as socket:
        assert await closed_with(socket) == 4403


SELECTIONS = {
    "plain": "__typename answerId sequence ... on AnswerDelta { text }",
    "aliases": "kind: __typename n: sequence ... on AnswerDelta { piece: text again: text }",
    "fragments": "...Place ... on AnswerDelta { ...Piece }",
    "no text": "sequence",
    "no number": "... on AnswerDelta { text }",
    "directives": "sequence @skip(if: true) ... on AnswerDelta { text @include(if: true) }",
}
FRAGMENTS = "fragment Place on AnswerEvent { answerId sequence } fragment Piece on AnswerDelta { text sequence }"


@pytest.mark.parametrize("selection", SELECTIONS.values(), ids=SELECTIONS.keys())
async def test_pieces_hold_what_the_operation_selects(visitor: FrontEnd, selection: str) -> None:
    """Pieces take the fast path; what they look like is compared with the first event, which the graph executes."""
    fragments = FRAGMENTS if "...Place" in selection else ""
    query = f"subscription ($input: ChatInput!) {{ reply: chat(input: $input) {{ {selection} }} }} {fragments}"
    question = {"content": 'Say "\\u00e9\\n" please?', "clientMessageId": str(uuid4())}

    async with _socket(visitor.server, visitor.token) as socket:
        frames = await _operation(socket, query, {"input": question})

    assert frames[-1]["type"] == "complete"
    events = [frame["payload"]["data"]["reply"] for frame in frames[:-1]]
    started, pieces = events[0], events[1:-1]
    assert pieces
    assert all("probe" not in json.dumps(piece) for piece in events)
    for piece in pieces:
        shared = {"__typename", "kind", "answerId", "sequence", "n"}
        assert {name for name in piece if name in shared} == {name for name in started if name in shared} | (
            {"sequence"} if "...Piece" in selection else set()
        )
        for name in ("text", "piece", "again"):
            if name in selection.replace("...Piece", "text") and (name != "text" or "piece:" not in selection):
                assert isinstance(piece[name], str)
                assert piece[name]
    numbers = [piece.get("sequence", piece.get("n")) for piece in pieces]
    if None not in numbers:
        assert numbers == sorted(numbers)
        assert numbers[0] == 2


async def test_operations_of_one_socket_do_not_share_what_they_loaded(visitor: FrontEnd) -> None:
    chat = "subscription ($input: ChatInput!) { chat(input: $input) { ... on AnswerStarted { conversation { id } } } }"
    count = "query ($id: ID!) { conversation(id: $id) { messageCount } }"

    async with _socket(visitor.server, visitor.token) as socket:
        said = {"content": "Hello?", "clientMessageId": str(uuid4())}
        started = (await _operation(socket, chat, {"input": said}))[0]["payload"]["data"]["chat"]
        conversation = started["conversation"]["id"]
        before = await _operation(socket, count, {"id": conversation})
        more = {"content": "And now?", "clientMessageId": str(uuid4()), "conversationId": conversation}
        await _operation(socket, chat, {"input": more})
        after = await _operation(socket, count, {"id": conversation})

    assert parse_id(conversation)[0] == "Conversation"
    assert before[0]["payload"]["data"] == {"conversation": {"messageCount": 2}}
    assert after[0]["payload"]["data"] == {"conversation": {"messageCount": 4}}


async def test_the_cost_comes_with_a_query_s_result_and_not_with_each_event(visitor: FrontEnd) -> None:
    chat = "subscription ($input: ChatInput!) { chat(input: $input) { sequence } }"
    async with _socket(visitor.server, visitor.token) as socket:
        asked = await _operation(socket, "{ me { id } }")
        events = await _operation(socket, chat, {"input": {"content": "Hello?", "clientMessageId": str(uuid4())}})
        refused = await _operation(socket, "{" + " me { id }" * 21 + " }")

    assert asked[0]["payload"]["extensions"] == {"cost": {"requested": 11, "limit": 15_000}}
    assert [event["payload"] for event in events[:-1] if "extensions" in event["payload"]] == []
    assert refused[0]["type"] == "error"
    assert refused[0]["payload"][0]["extensions"]["code"] == "COST_LIMIT"


async def test_an_operation_is_named_by_its_hash(visitor: FrontEnd) -> None:
    text = "{ me { id email } }"
    named = {"persistedQuery": {"version": 1, "sha256Hash": hashlib.sha256(text.encode()).hexdigest()}}
    frames = []
    async with _socket(visitor.server, visitor.token) as socket:
        for payload in ({}, {"query": text}, {}):
            await socket.send_json({"id": "1", "type": "subscribe", "payload": {**payload, "extensions": named}})
            frame = await socket.receive_json(timeout=HANG_SECONDS)
            frames.append(frame)
            if frame["type"] == "next":
                assert (await socket.receive_json(timeout=HANG_SECONDS))["type"] == "complete"

    assert [frame["type"] for frame in frames] == ["error", "next", "next"]
    assert frames[0]["payload"][0]["extensions"]["code"] == "PERSISTED_QUERY_NOT_FOUND"
    assert frames[2]["payload"]["data"] == {"me": None}
