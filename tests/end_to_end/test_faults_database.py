"""A database that is locked by another process, read-only, or whose server is killed in the middle of traffic."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

import aiohttp
import pytest
from gql.transport.exceptions import TransportQueryError

from data import sqlite
from monitora.settings.settings import Settings
from rag.answers.running import RunningAnswer
from rag.answers.steps import StoreAnswer
from resolvers.services import Services
from tests.end_to_end.test_faults_answers import SEND, asked
from tests.end_to_end.test_stops import HISTORY, visitor_of
from tests.support.client import FrontEnd
from tests.support.mistral_server import MistralServer
from tests.support.people import People
from tests.support.server import Server, running
from tests.support.waiting import HANG_SECONDS, until

LOCKER = """
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.read()
"""
"""A program that holds the lock of the database's writer until its input ends: a backup, or a person's shell."""
QUESTION = "When does the garden centre open?"
SENT = "sendMessage ... on SendMessagePayload { answerId }"


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Have another process lock the database against writing."""
    command = [sys.executable, "-c", LOCKER, str(folder / "monitora.db")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == b"locked\n"
        try:
            yield
        finally:
            process.stdin.close()


async def test_while_another_process_locks_the_database_reading_goes_on_and_writing_waits(
    sample: Path, mistral_server: MistralServer
) -> None:
    with running(sample, MISTRAL_SERVER_URL=mistral_server.url) as server:
        one = await asked(server, "What is Monitora?")
        await one.told()
        with locked(sample):
            said = {"content": "And then?", "clientMessageId": str(uuid4()), "conversationId": one.conversation_id}
            sending = asyncio.create_task(one.visitor.ask(SEND, input=said))

            # What is stored is read, and the server is healthy, while the message waits.
            assert len(await one.history()) == 2
            async with aiohttp.ClientSession() as session:
                for page in ("healthz", "readyz"):
                    async with session.get(f"http://{server.host}/{page}") as found:
                        assert found.status == 200
            assert not sending.done()

        sent = (await asyncio.wait_for(sending, HANG_SECONDS))["sendMessage"]
        assert (await one.told(sent["answerId"]))[-1]["__typename"] == "AnswerFinished"
        assert len(await one.history()) == 4


@pytest.fixture
def hasty_database(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that waits for a lock for a moment, where it would wait for 15 seconds."""
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.2)


async def test_a_lock_that_lasts_is_told_as_such_and_the_same_message_works_afterwards(
    hasty_database: None, services: Services, settings: Settings
) -> None:
    people = People(services)
    shop = await people.shop()
    await shop.learn()
    visitor = await shop.visitor()
    said = {"content": QUESTION, "clientMessageId": str(uuid4())}
    query = f"mutation ($input: SendMessageInput!) {{ sendMessage(input: $input) {{ {SENT.partition(' ')[2]} }} }}"

    with locked(settings.data_dir):
        assert await visitor.refusal(query, input=said) == "DATABASE_UNAVAILABLE"

    events = await visitor.chat(**said)
    assert events[-1]["message"]["content"]


async def test_an_answer_that_cannot_be_stored_is_told_as_such_and_asked_for_again(
    hasty_database: None, services: Services, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = People(services)
    shop = await people.shop()
    await shop.learn()
    visitor = await shop.visitor()
    said = {"content": QUESTION, "clientMessageId": str(uuid4())}
    store = StoreAnswer.__call__

    async def store_while_locked(step: StoreAnswer, answer: RunningAnswer) -> None:
        with locked(settings.data_dir):
            await store(step, answer)

    with monkeypatch.context() as patched:
        patched.setattr(StoreAnswer, "__call__", store_while_locked)
        failed = (await visitor.chat(**said))[-1]

    assert (failed["code"], failed["retryable"]) == ("DATABASE_UNAVAILABLE", True)
    assert (await visitor.chat(**said))[-1]["__typename"] == "AnswerFinished"


async def test_a_read_only_database_is_read_and_what_would_change_it_is_refused_as_such(
    sample: Path, mistral_server: MistralServer
) -> None:
    settings = {"MISTRAL_SERVER_URL": mistral_server.url}
    with running(sample, **settings) as server:
        one = await asked(server, "What is Monitora?")
        await one.told()
        url = f"sqlite:///file:{sample / 'monitora.db'}?mode=ro&uri=true"
        with running(sample, **settings, MONITORA_DATABASE_URL=url) as read_only:
            one = one.at(read_only)

            assert len(await one.history()) == 2
            said = {"content": "And then?", "clientMessageId": str(uuid4()), "conversationId": one.conversation_id}
            with pytest.raises(TransportQueryError, match="DATABASE_UNAVAILABLE"):
                await one.visitor.ask(SEND, input=said)
            assert len(await one.history()) == 2


async def test_a_server_killed_in_the_middle_of_traffic_has_every_message_that_it_acknowledged(
    sample: Path, mistral_server: MistralServer
) -> None:
    settings = {"MISTRAL_SERVER_URL": mistral_server.url}
    acknowledged: list[tuple[FrontEnd, str, str]] = []

    async def talk(server: Server) -> None:
        visitor = await visitor_of(server)
        with suppress(Exception):
            while True:
                said = {"content": f"Question {uuid4().hex}", "clientMessageId": str(uuid4())}
                sent = (await visitor.ask(SEND, input=said))["sendMessage"]
                acknowledged.append((visitor, said["content"], sent["conversation"]["id"]))

    with running(sample, **settings) as server:
        talking = asyncio.gather(*(talk(server) for _ in range(4)))
        await until(lambda: len(acknowledged) >= 20, "the server is busy")
        server.process.kill()
        await talking

    with running(sample, **settings) as server:
        for visitor, content, conversation in acknowledged:
            there = FrontEnd(server, visitor.token, page=visitor.server)
            found = (await there.ask(HISTORY, id=conversation))["conversation"]["messages"]["nodes"]
            assert found[0]["content"] == content
