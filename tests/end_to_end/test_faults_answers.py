"""A server that is killed while it answers, at each stage of an answer: what was acknowledged is there afterwards."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from tests.end_to_end.test_stops import HISTORY, visitor_of
from tests.support.client import FrontEnd
from tests.support.mistral_server import Answer, Hang, MistralServer
from tests.support.server import Server, running
from tests.support.waiting import HANG_SECONDS, until

SEND = """mutation ($input: SendMessageInput!) { sendMessage(input: $input) {
    ... on SendMessagePayload { answerId question { id } conversation { id } } ... on UserError { code message } } }"""
AGAIN = """mutation ($input: RegenerateAnswerInput!) { regenerateAnswer(input: $input) {
    ... on SendMessagePayload { answerId } ... on UserError { code message } } }"""
ANSWER = """subscription ($id: ID!) { answer(answerId: $id) { __typename ... on AnswerDelta { text }
    ... on AnswerFinished { message { content } } ... on AnswerFailed { code retryable } } }"""
WORDS = ["It", " opens", " at", " nine."]
WHOLE = "".join(WORDS)


@dataclass(frozen=True)
class Asked:
    """A message that the server acknowledged."""

    visitor: FrontEnd
    said: dict[str, str]
    answer_id: str
    question_id: str
    conversation_id: str

    def at(self, server: Server) -> "Asked":
        """The same visitor at the server that took the place of the first, as behind one name."""
        visitor = FrontEnd(server, self.visitor.token, page=self.visitor.page or self.visitor.server)
        return Asked(visitor, self.said, self.answer_id, self.question_id, self.conversation_id)

    async def told(self, answer_id: str = "") -> list[dict[str, Any]]:
        """Follow an answer to its end."""
        async with asyncio.timeout(HANG_SECONDS):
            events = self.visitor.stream(ANSWER, id=answer_id or self.answer_id)
            return [event["answer"] async for event in events]

    async def history(self) -> list[str]:
        """Return what the conversation holds."""
        found = await self.visitor.ask(HISTORY, id=self.conversation_id)
        return [message["content"] for message in found["conversation"]["messages"]["nodes"]]


async def asked(server: Server, question: str) -> Asked:
    """Send a message as a new visitor, and return once it is acknowledged."""
    visitor = await visitor_of(server)
    said = {"content": question, "clientMessageId": str(uuid4())}
    sent = (await visitor.ask(SEND, input=said))["sendMessage"]
    return Asked(visitor, said, sent["answerId"], sent["question"]["id"], sent["conversation"]["id"])


def _requests(mistral_server: MistralServer, path: str) -> int:
    return [request.path for request in mistral_server.requests].count(path)


async def _until_text(one: Asked, text: str) -> None:
    """Follow an answer until that much of it was read."""
    read = ""
    events = one.visitor.stream(ANSWER, id=one.answer_id)
    async for event in events:
        read += event["answer"].get("text", "")
        if read == text:
            break
    await events.aclose()  # type: ignore[attr-defined]


async def _asked_at_each_stage(server: Server, mistral_server: MistralServer, folder: Path) -> dict[str, Asked]:
    """Ask one question for each stage, and leave its answer there. The database's lock is held on return."""

    async def left(stage: str, path: str, prepare: Callable[[], None]) -> Asked:
        before = _requests(mistral_server, path)
        prepare()
        one = await asked(server, f"When does it open ({stage})?")
        await until(lambda: _requests(mistral_server, path) > before, f"the answer is at: {stage}")
        return one

    stages = {}
    for stage, path, prepare in (
        ("searching", "/v1/embeddings", lambda: mistral_server.behave(Hang())),
        ("before the first word", "/v1/chat/completions", lambda: mistral_server.behave_in_chat(Hang())),
        (
            "in the middle",
            "/v1/chat/completions",
            lambda: mistral_server.behave_in_chat(Answer(WORDS[:2], then="hang")),
        ),
        ("stored", "/v1/chat/completions", lambda: mistral_server.behave_in_chat(Answer(WORDS))),
    ):
        stages[stage] = await left(stage, path, prepare)
    await _until_text(stages["in the middle"], "".join(WORDS[:2]))
    assert (await stages["stored"].told())[-1]["message"]["content"] == WHOLE
    return stages


async def test_a_server_killed_at_any_stage_of_an_answer_loses_nothing_that_it_acknowledged(
    sample: Path, mistral_server: MistralServer
) -> None:
    settings = {"MISTRAL_SERVER_URL": mistral_server.url, "MONITORA_CACHE_HOURS": "0"}
    with running(sample, **settings) as server, closing(sqlite3.connect(sample / "monitora.db")) as locker:
        # Given one answer at each stage, and one that is whole and waits for the database to store it.
        stages = await _asked_at_each_stage(server, mistral_server, sample)
        go_on = threading.Event()
        mistral_server.behave_in_chat(Answer([*WORDS[:2], go_on, *WORDS[2:]]))
        stages["storing"] = await asked(server, "When does it open (storing)?")
        await _until_text(stages["storing"], "".join(WORDS[:2]))
        locker.execute("BEGIN IMMEDIATE")
        go_on.set()
        await _until_text(stages["storing"], WHOLE)

        # When the process is killed.
        server.process.kill()
        await asyncio.to_thread(server.process.wait, HANG_SECONDS)

    mistral_server.forget()
    with running(sample, **settings) as server:
        stages = {stage: one.at(server) for stage, one in stages.items()}
        for stage, one in stages.items():
            # Then each question is there, and whoever follows its answer is told how that ended.
            question = one.said["content"]
            [told] = await one.told()
            if stage == "stored":
                assert await one.history() == [question, WHOLE]
                assert told == {"__typename": "AnswerFinished", "message": {"content": WHOLE}}
            else:
                assert await one.history() == [question], stage
                assert told == {"__typename": "AnswerFailed", "code": "ANSWER_INTERRUPTED", "retryable": True}, stage

            # The same message sent again is answered once: not a second time where the answer was stored.
            mistral_server.behave_in_chat(Answer(WORDS))
            again = (await one.visitor.ask(SEND, input=one.said))["sendMessage"]
            assert again["answerId"] == one.answer_id
            assert (await one.told())[-1] == {"__typename": "AnswerFinished", "message": {"content": WHOLE}}
            assert await one.history() == [question, WHOLE]
            assert _requests(mistral_server, "/v1/chat/completions") == (0 if stage == "stored" else 1)
            mistral_server.forget()

        # And an answer can be made again.
        mistral_server.behave_in_chat(Answer(["At nine."]))
        made = await one.visitor.ask(AGAIN, input={"messageId": one.question_id})
        assert (await one.told(made["regenerateAnswer"]["answerId"]))[-1]["message"]["content"] == "At nine."


async def test_a_server_killed_while_it_answers_again_answers_again_and_does_not_repeat(
    sample: Path, mistral_server: MistralServer
) -> None:
    # Given an answer that did not satisfy, whose next was cut off by a kill.
    settings = {"MISTRAL_SERVER_URL": mistral_server.url}
    mistral_server.behave_in_chat(Answer(WORDS), Answer(WORDS[:2], then="hang"))
    with running(sample, **settings) as server:
        one = await asked(server, "When does it open?")
        await one.told()
        made = (await one.visitor.ask(AGAIN, input={"messageId": one.question_id}))["regenerateAnswer"]
        await until(lambda: _requests(mistral_server, "/v1/chat/completions") == 2, "the model is asked again")
        server.process.kill()
        await asyncio.to_thread(server.process.wait, HANG_SECONDS)

    # When the client sends its message again, whose first answer is in the cache.
    mistral_server.forget()
    mistral_server.behave_in_chat(Answer(["At nine."]))
    with running(sample, **settings) as server:
        one = one.at(server)
        again = (await one.visitor.ask(SEND, input=one.said))["sendMessage"]

        # Then the model answers.
        assert again["answerId"] == made["answerId"]
        assert (await one.told(again["answerId"]))[-1]["message"]["content"] == "At nine."
        assert await one.history() == ["When does it open?", WHOLE, "At nine."]
