"""What the team sees of conversations, as they happen."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import select
from structlog.testing import capture_logs

from core.events import MemoryEventBus
from data.models import Message
from rag.answers.conversation_events import ConversationEvent
from rag.answers.event_log import MemoryAnswerEventLog
from rag.answers.orchestration import Answers
from rag.models.local.answerer import LocalAnswerer
from rag.models.local.embedder import LocalEmbedder
from rag.retrieval.retriever import Retriever
from resolvers.services import Services
from tests.support.people import People, Shop
from tests.support.rows import fetch
from tests.support.waiting import HANG_SECONDS, subscribed, until_seen

ACTIVITY = """subscription ($id: ID!) { conversationActivity(workspaceId: $id) {
    kind conversation { messageCount } message { role content feedback } } }"""


async def _watched(shop: Shop, count: int) -> list[dict[str, Any]]:
    seen: list[dict[str, Any]] = []
    async for event in shop.owner.stream(ACTIVITY, id=shop.id):
        seen.append(event["conversationActivity"])
        if len(seen) == count:
            return seen
    raise AssertionError("the stream ended")


async def test_the_team_sees_conversations_messages_and_ratings_as_they_happen(people: People) -> None:
    shop, other = await people.shop(), await people.shop()
    await shop.learn()
    watching = asyncio.create_task(_watched(shop, 4))
    await subscribed(people.services.answers.events)

    await (await other.visitor()).chat("Is anybody there?")
    visitor = await shop.visitor()
    events = await visitor.chat("When does the garden centre open?")
    await visitor.change(
        "rateMessage ... on RateMessagePayload { ratedMessage { id } }",
        messageId=events[-1]["message"]["id"],
        feedback=1,
    )

    seen = await asyncio.wait_for(watching, HANG_SECONDS)
    assert [(event["kind"], event["message"]["role"]) for event in seen] == [
        ("CONVERSATION_STARTED", "USER"),
        ("MESSAGE_ADDED", "USER"),
        ("MESSAGE_ADDED", "ASSISTANT"),
        ("MESSAGE_RATED", "ASSISTANT"),
    ]
    assert seen[-1]["message"]["feedback"] == 1
    assert seen[-1]["conversation"] == {"messageCount": 2}
    assert all("anybody" not in event["message"]["content"] for event in seen), "another workspace's are not told"


class _Stuck(MemoryEventBus[ConversationEvent]):
    """A bus that takes an event when it is let go, or never: as one whose Redis hangs, or fails as nobody foresaw."""

    def __init__(self, failure: Exception | None = None) -> None:
        super().__init__()
        self.go_on = asyncio.Event()
        self._failure = failure

    async def publish(self, event: ConversationEvent) -> None:
        if self._failure is not None:
            raise self._failure
        await self.go_on.wait()
        await super().publish(event)


def _served_by(services: Services, bus: _Stuck) -> Services:
    retriever = Retriever(services.database, LocalEmbedder())
    answers = Answers(
        services.database, MemoryAnswerEventLog(), retriever, LocalAnswerer(), bus, cache_lifetime=timedelta(hours=1)
    )
    return replace(services, answers=answers)


async def test_an_answer_does_not_wait_until_the_team_is_told(services: Services) -> None:
    bus = _Stuck()
    people = People(_served_by(services, bus))
    shop = await people.shop()
    await shop.learn()
    visitor = await shop.visitor()
    said = {"content": "When does the garden centre open?", "clientMessageId": str(uuid4())}

    sending = asyncio.create_task(visitor.change("sendMessage ... on SendMessagePayload { answerId }", **said))
    stored: list[Message] = []

    async def is_answered() -> bool:
        stored[:] = [message for (message,) in await fetch(services.database, select(Message))]
        return len(stored) == 2

    await until_seen(is_answered, "the answer is stored")
    assert not sending.done(), "while its event still waits"
    bus.go_on.set()
    assert (await sending)["answerId"]


async def test_an_event_that_cannot_be_published_fails_neither_question_nor_answer(services: Services) -> None:
    people = People(_served_by(services, _Stuck(RuntimeError("no bus"))))
    shop = await people.shop()
    await shop.learn()

    with capture_logs() as lines:
        events = await (await shop.visitor()).chat("When does the garden centre open?")

    assert events[-1]["__typename"] == "AnswerFinished"
    assert [line["event"] for line in lines].count("event_not_published") == 3
