"""The server stops while it answers: by a service manager's signal, and by a kill."""

import asyncio
import signal
import threading
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import pytest

from tests.end_to_end.test_main_job import CHAT
from tests.support.client import FrontEnd
from tests.support.mistral_server import Answer, MistralServer
from tests.support.server import Server, monitora, running
from tests.support.waiting import HANG_SECONDS

VISIT = "mutation ($input: StartVisitInput!) { startVisit(input: $input) { ... on Visit { token } } }"
HISTORY = "query ($id: ID!) { conversation(id: $id) { messages { nodes { role content } } } }"
WORDS = ["It", " opens", " at", " nine", " in", " the", " morning."]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The data of a server with the sample workspace, whose key is in the demo page."""
    made = monitora({"MONITORA_DATA_DIR": str(tmp_path)}, "demo", "--prepare-only")
    assert made.returncode == 0, made.stderr
    return tmp_path


async def visitor_of(server: Server) -> FrontEnd:
    async with aiohttp.ClientSession() as session, session.get(f"http://{server.host}/demo") as page:
        key = (await page.text()).split('data-key="')[1].split('"')[0]
    visit = await FrontEnd(server).ask(VISIT, input={"apiKey": key})
    return FrontEnd(server, visit["startVisit"]["token"])


async def _read(
    server: Server, visitor: FrontEnd, said: dict[str, str], first_piece: asyncio.Event
) -> tuple[list[dict[str, Any]], int | None]:
    """Ask over a plain socket; return the events, and the code the socket was closed with."""
    events = []
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(server.websocket, protocols=["graphql-transport-ws"], origin=server.origin) as socket,
    ):
        await socket.send_json({"type": "connection_init", "payload": {"authorization": f"Bearer {visitor.token}"}})
        payload = {"query": CHAT, "variables": {"input": said}}
        await socket.send_json({"id": "1", "type": "subscribe", "payload": payload})
        async for message in socket:
            frame = message.json()
            if frame["type"] == "next":
                events.append(frame["payload"]["data"]["chat"])
                if events[-1]["__typename"] == "AnswerDelta":
                    first_piece.set()
        return events, socket.close_code


async def _readiness(session: aiohttp.ClientSession, server: Server) -> dict[str, Any]:
    async with session.get(f"http://{server.host}/readyz") as asked:
        found: dict[str, Any] = await asked.json()
        assert asked.status == (200 if found["ready"] else 503)
        return found


async def test_a_stop_lets_the_answer_end_and_sends_readers_elsewhere(
    folder: Path, mistral_server: MistralServer
) -> None:
    go_on = threading.Event()
    mistral_server.behave_in_chat(Answer([*WORDS[:3], go_on, *WORDS[3:]]))
    with running(folder, MISTRAL_SERVER_URL=mistral_server.url, MONITORA_CACHE_HOURS="0") as server:
        visitor = await visitor_of(server)
        begun = asyncio.Event()
        said = {"content": "When does it open?", "clientMessageId": str(uuid4())}
        reading = asyncio.create_task(_read(server, visitor, said, begun))
        await asyncio.wait_for(begun.wait(), HANG_SECONDS)

        async with aiohttp.ClientSession() as session:
            assert (await _readiness(session, server))["ready"]
            server.process.terminate()
            # Connections that are open are served while the answer ends; new ones are refused.
            async with asyncio.timeout(HANG_SECONDS):
                while (stopping := await _readiness(session, server))["ready"]:
                    pass
        go_on.set()
        events, code = await asyncio.wait_for(reading, HANG_SECONDS)

        assert events[-1]["__typename"] == "AnswerFinished"
        assert events[-1]["message"]["content"] == "".join(WORDS)
        assert code == 1001
        assert stopping["reason"] == "The server is stopping."
        assert stopping["checks"]["database"]["ready"]
        # Uvicorn ends itself by the signal it was sent, as a service manager expects.
        assert await asyncio.to_thread(server.process.wait, HANG_SECONDS) in {0, -signal.SIGTERM}


async def test_a_killed_server_says_at_its_next_start_that_the_answer_was_interrupted(
    folder: Path, mistral_server: MistralServer
) -> None:
    said = {"content": "When does it open?", "clientMessageId": str(uuid4())}
    mistral_server.behave_in_chat(Answer(WORDS, then="hang"))
    with running(folder, MISTRAL_SERVER_URL=mistral_server.url) as server:
        visitor = await visitor_of(server)
        begun = asyncio.Event()
        reading = asyncio.create_task(_read(server, visitor, said, begun))
        await asyncio.wait_for(begun.wait(), HANG_SECONDS)
        server.process.kill()
        events, _ = await asyncio.wait_for(reading, HANG_SECONDS)

    mistral_server.behave_in_chat(Answer(WORDS))
    with running(folder, MISTRAL_SERVER_URL=mistral_server.url) as server:
        visitor = FrontEnd(server, visitor.token, page=visitor.server)
        answer = "subscription ($id: ID!) { answer(answerId: $id) { ... on AnswerFailed { code retryable } } }"
        told = [event["answer"] async for event in visitor.stream(answer, id=events[0]["answerId"])]
        assert told == [{"code": "ANSWER_INTERRUPTED", "retryable": True}]

        again = [event["chat"] async for event in visitor.stream(CHAT, input=said)]

        assert again[-1]["message"]["content"] == "".join(WORDS)
        history = await visitor.ask(HISTORY, id=events[0]["conversation"]["id"])
        assert history["conversation"]["messages"]["nodes"] == [
            {"role": "USER", "content": "When does it open?"},
            {"role": "ASSISTANT", "content": "".join(WORDS)},
        ]
