"""A workspace has so many of the model's tokens a day: then its visitors are told until when, and nothing is lost."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, update

from core.clock import now
from core.events import MemoryEventBus
from data.engine import Session
from data.models import AnalyticsDaily, Conversation, Message, MessageRole
from rag.answers.event_log import MemoryAnswerEventLog
from rag.answers.orchestration import Answers
from rag.models.local.answerer import LocalAnswerer
from rag.models.local.embedder import LocalEmbedder
from rag.retrieval.retriever import Retriever
from resolvers.services import Services
from schema.relay.node import parse_id
from tests.support.people import CHAT, People, Person, Shop

BUDGET = 1_000
QUESTION = "When does the garden centre open?"


@pytest.fixture
async def people(services: Services) -> AsyncIterator[People]:
    """People of a server where a workspace has a thousand tokens a day."""
    retriever = Retriever(services.database, LocalEmbedder())
    lifetime = timedelta(hours=1)
    answers = Answers(
        services.database,
        MemoryAnswerEventLog(),
        retriever,
        LocalAnswerer(),
        MemoryEventBus(),
        cache_lifetime=lifetime,
        daily_tokens=BUDGET,
    )
    yield People(replace(services, answers=answers))
    await answers.close(timedelta(seconds=5))


@pytest.fixture
async def shop(people: People) -> Shop:
    """A workspace that knows about a garden centre."""
    shop = await people.shop()
    await shop.learn()
    return shop


async def _use(people: People, shop: Shop, tokens: int, *, days_ago: int = 0) -> None:
    """Store an answer of so many tokens."""

    async def store(session: Session) -> None:
        conversation = Conversation(workspace_id=parse_id(shop.id)[1], visitor_id="earlier")
        session.add(conversation)
        await session.flush()
        written = now() - timedelta(days=days_ago)
        session.add(
            Message(
                conversation_id=conversation.id,
                role=MessageRole.ASSISTANT,
                content="At nine.",
                tokens_used=tokens,
                created_at=written,
            )
        )

    await people.services.database.write(store)


async def _ask(visitor: Person, said: dict[str, Any]) -> Any:
    return [event["chat"] async for event in visitor.stream(CHAT, input=said)][-1]


async def test_a_spent_budget_is_told_and_the_message_is_kept(people: People, shop: Shop) -> None:
    await _use(people, shop, BUDGET - 1)
    await _use(people, shop, 1)

    failed = (await (await shop.visitor()).chat(QUESTION))[-1]

    assert (failed["__typename"], failed["code"]) == ("AnswerFailed", "DAILY_TOKENS_SPENT")
    assert "midnight UTC" in failed["text"]
    said = select(Message.content).where(Message.role == MessageRole.USER)
    assert await people.services.database.read(lambda unit: unit.scalar(said)) == QUESTION


async def test_the_same_message_is_answered_on_the_next_day(people: People, shop: Shop) -> None:
    await _use(people, shop, BUDGET)
    visitor = await shop.visitor()
    said = {"content": QUESTION, "clientMessageId": str(uuid4())}
    assert (await _ask(visitor, said))["code"] == "DAILY_TOKENS_SPENT"

    yesterday = now().date() - timedelta(days=1)
    await people.services.database.write(lambda unit: unit.execute(update(AnalyticsDaily).values(date=yesterday)))

    assert "nine" in (await _ask(visitor, said))["message"]["content"]


async def test_other_days_and_other_workspaces_do_not_count(people: People, shop: Shop) -> None:
    await _use(people, shop, BUDGET, days_ago=1)
    await _use(people, await people.shop(), BUDGET)
    await _use(people, shop, BUDGET - 1)

    assert (await (await shop.visitor()).chat(QUESTION))[-1]["__typename"] == "AnswerFinished"


async def test_an_answer_of_the_cache_costs_nothing_and_is_given(people: People, shop: Shop) -> None:
    await (await shop.visitor()).chat(QUESTION)
    await _use(people, shop, BUDGET)

    again = (await (await shop.visitor()).chat(QUESTION))[-1]

    assert again["message"]["cached"]


async def test_what_an_answer_used_is_added_to_its_day(people: People, shop: Shop) -> None:
    await _use(people, shop, 100)

    used = (await (await shop.visitor()).chat(QUESTION))[-1]["message"]["tokensUsed"]

    workspace_id: UUID = parse_id(shop.id)[1]
    of_today = select(AnalyticsDaily.tokens_used).where(AnalyticsDaily.workspace_id == workspace_id)
    assert await people.services.database.read(lambda unit: unit.scalar(of_today)) == 100 + (used or 0)
