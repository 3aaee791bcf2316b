"""The websocket as npm's `graphql-ws` sees it, the client that pages use: each scenario of the script is a test."""

import asyncio
import json
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from core.security.tokens import Tokens, VisitorClaims
from tests.end_to_end.test_main_job import visitor_of_nothing
from tests.support.mistral_server import Answer, MistralServer
from tests.support.server import Server

NODE = Path(__file__).parents[1] / "node"
WORDS = ["It", " opens", " at", " nine", *[" and on"] * 24]
"""Fewer than wait before a slow reader gets several as one: what is sent again can be told by its number."""
PACE_SECONDS = 0.1
BRIEF = timedelta(seconds=3)
"""The lifetime of a token that expires in the middle of an answer."""

pytestmark = [
    pytest.mark.skipif(shutil.which("node") is None, reason="there is no node, which runs the client"),
    pytest.mark.skipif(not (NODE / "node_modules").exists(), reason="no client: run `npm ci` in tests/node"),
]


@pytest.fixture(scope="module")
async def seen(mistral_backed: Server, running_mistral_server: MistralServer) -> dict[str, Any]:
    """What the client saw in each scenario."""
    running_mistral_server.forget()
    running_mistral_server.behave_in_chat(*[Answer(WORDS, pace=PACE_SECONDS)] * 20)
    visitor = await visitor_of_nothing(mistral_backed)
    tokens = Tokens((Path(mistral_backed.environment["MONITORA_DATA_DIR"]) / "secret.key").read_text().strip())
    claims = tokens.read(visitor.token or "")
    assert isinstance(claims, VisitorClaims)
    given = {
        "url": mistral_backed.websocket,
        "token": visitor.token,
        "brief": tokens.for_visitor(claims, BRIEF),
    }
    script = await asyncio.create_subprocess_exec(
        "node",
        NODE / "graphql_ws.mjs",
        json.dumps(given),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    printed, complaints = await script.communicate()
    running_mistral_server.forget()
    assert script.returncode == 0, complaints.decode()
    return dict(json.loads(printed))


def _text(events: list[dict[str, Any]], after: int = 0) -> str:
    """Return the answer's text, of events of which some may have come twice."""
    pieces = {event["sequence"]: event["text"] for event in events if event["__typename"] == "AnswerDelta"}
    assert min(pieces) > after
    return "".join(text for _, text in sorted(pieces.items()))


def _assert_whole(events: list[dict[str, Any]]) -> None:
    assert events[-1]["__typename"] == "AnswerFinished", events[-1]
    assert _text(events) == events[-1]["message"]["content"] == "".join(WORDS)
    assert len({event["answerId"] for event in events}) == 1


def test_a_query(seen: dict[str, Any]) -> None:
    assert seen["query"]["data"] == {"__typename": "Query"}


def test_a_mutation_and_the_answer_it_began(seen: dict[str, Any]) -> None:
    events = seen["mutation, then its answer"]

    _assert_whole(events)
    assert [event["sequence"] for event in events] == list(range(1, len(WORDS) + 3))


def test_a_chat_is_streamed_as_it_is_written(seen: dict[str, Any]) -> None:
    events = seen["chat streamed"]

    _assert_whole(events)
    assert [event["text"] for event in events[1:-1]] == WORDS


def test_a_chat_that_is_dropped_goes_on_by_the_client_s_own_retry(seen: dict[str, Any]) -> None:
    outcome = seen["chat, dropped and retried by the client"]

    _assert_whole(outcome["seen"])
    assert outcome["sockets"] > 1
    assert outcome["messages"] == 2, "one question and one answer, though it was sent twice"


def test_an_answer_that_is_dropped_goes_on_by_the_client_s_own_retry(seen: dict[str, Any]) -> None:
    outcome = seen["answer after, dropped and retried by the client"]

    assert outcome["sockets"] > 1
    assert _text(outcome["seen"], after=2) == "".join(WORDS[1:])
    assert outcome["seen"][-1]["message"]["content"] == "".join(WORDS)


def test_complete_ends_the_stream_alone_and_stop_ends_the_answer(seen: dict[str, Any]) -> None:
    events = seen["complete ends the stream and not the answer, stop ends the answer"]

    assert events[-1]["message"]["finishReason"] == "stopped"
    assert "".join(WORDS).startswith(events[-1]["message"]["content"])
    assert len(events[-1]["message"]["content"]) < len("".join(WORDS))


def test_a_syntax_error_fails_its_operation_alone(seen: dict[str, Any]) -> None:
    outcome = seen["a syntax error ends one operation"]

    assert outcome["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert (outcome["last"], outcome["sockets"]) == ("AnswerFinished", 1)


def test_two_operations_share_a_socket(seen: dict[str, Any]) -> None:
    outcome = seen["two operations at a time"]

    for events in outcome["both"]:
        _assert_whole(events)
    assert outcome["sockets"] == 1


def test_a_token_that_expires_is_exchanged_and_the_stream_goes_on(seen: dict[str, Any]) -> None:
    outcome = seen["an expired token is exchanged and the stream goes on"]

    assert outcome["closes"][0] == 4403
    assert outcome["asked"] == 2
    _assert_whole(outcome["seen"])


def test_a_ping_is_answered(seen: dict[str, Any]) -> None:
    assert seen["ping and pong"] is True
