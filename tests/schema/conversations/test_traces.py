"""Why an answer is as it is: what staff see of how it came about."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from core.events import MemoryEventBus
from data.models import Conversation, MessageTrace
from rag.answers.event_log import MemoryAnswerEventLog
from rag.answers.orchestration import Answers
from rag.models.local.embedder import LocalEmbedder
from rag.models.mistral.chat import MistralChat
from rag.retrieval.retriever import Retriever
from resolvers.services import Services
from tests.support.mistral_server import MistralServer
from tests.support.people import People, Shop
from tests.support.rows import fetch

TRACE = """query ($id: ID!) { node(id: $id) { ... on Message { trace {
  language smallTalk followUp searchQuery rewrittenQuestion confidence prompt model cached isCut
  candidates { rank number documentName index location score lexicalScore denseScore content document { name } }
  passages { number documentName content }
} } } }"""
UPDATE = "updateWorkspace ... on UpdateWorkspacePayload { workspace { id } }"


async def _shop(people: People) -> Shop:
    shop = await people.shop()
    await shop.learn()
    return shop


async def _trace_of(shop: Shop, question: str, *earlier: str) -> dict[str, Any]:
    visitor = await shop.visitor()
    conversation: dict[str, str] = {}
    for message in (*earlier, question):
        events = await visitor.chat(message, **conversation)
        conversation = {"conversationId": events[0]["conversation"]["id"]}
    return dict((await shop.owner.ask(TRACE, id=events[-1]["answerId"]))["node"]["trace"])


async def test_staff_see_what_was_understood_and_what_was_found(people: People) -> None:
    shop = await _shop(people)

    trace = await _trace_of(shop, "What does delivery cost?")

    assert (trace["language"], trace["followUp"], trace["searchQuery"]) == ("en", False, "What does delivery cost?")
    assert (trace["model"], trace["cached"], trace["smallTalk"]) == ("local-extractive", False, None)
    candidates = trace["candidates"]
    assert [each["rank"] for each in candidates] == list(range(1, len(candidates) + 1))
    best = candidates[0]
    assert (best["number"], best["documentName"], best["document"]) == (1, "garden.md", {"name": "garden.md"})
    assert best["location"] == "Delivery"
    assert best["lexicalScore"] > 0
    assert 0 < best["denseScore"] <= 1
    assert best["score"] == pytest.approx(trace["confidence"], abs=0.0001)
    assert "twelve euros" in best["content"]


async def test_candidates_that_the_model_did_not_get_have_no_number(people: People) -> None:
    shop = await _shop(people)

    trace = await _trace_of(shop, "Who won the football match yesterday?")

    assert trace["passages"] == []
    assert trace["candidates"]
    assert {each["number"] for each in trace["candidates"]} == {None}


async def test_a_visitor_sees_no_trace(people: People) -> None:
    visitor = await (await _shop(people)).visitor()
    answer = (await visitor.chat("What does delivery cost?"))[-1]["answerId"]

    assert (await visitor.ask(TRACE, id=answer))["node"] == {"trace": None}


async def test_a_follow_up_tells_what_was_searched_for(people: People) -> None:
    shop = await _shop(people)

    trace = await _trace_of(shop, "how long does it take?", "What does delivery cost?")

    assert trace["followUp"] is True
    assert "delivery" in str(trace["searchQuery"])


async def test_an_answer_of_the_cache_says_so_and_was_given_to_no_model(people: People) -> None:
    shop = await _shop(people)
    await _trace_of(shop, "What does delivery cost?")

    trace = await _trace_of(shop, "What does delivery cost?")

    assert (trace["cached"], trace["prompt"], trace["candidates"]) == (True, None, [])


async def test_small_talk_says_what_was_said(people: People) -> None:
    trace = await _trace_of(await _shop(people), "Merci !")

    assert (trace["smallTalk"], trace["language"], trace["prompt"]) == ("thanks", "fr", None)


async def test_a_trace_goes_with_its_conversation(people: People, services: Services) -> None:
    shop = await _shop(people)
    await _trace_of(shop, "What does delivery cost?")
    (conversation,) = [row for (row,) in await fetch(services.database, select(Conversation))]

    await services.database.write(lambda session: session.delete(conversation))

    assert await fetch(services.database, select(MessageTrace.id)) == []


@pytest.fixture
async def mistrals(services: Services, mistral_server: MistralServer) -> AsyncIterator[People]:
    """People of a server whose answers come from a chat model."""
    chat = MistralChat("key", server_url=mistral_server.url)
    retriever = Retriever(services.database, LocalEmbedder())
    answers = Answers(
        services.database, MemoryAnswerEventLog(), retriever, chat, MemoryEventBus(), cache_lifetime=timedelta(hours=1)
    )
    yield People(replace(services, answers=answers))
    await answers.close(timedelta(seconds=5))
    await chat.aclose()


async def test_the_prompt_is_what_the_model_s_server_received_word_for_word(
    mistrals: People, mistral_server: MistralServer
) -> None:
    shop = await _shop(mistrals)
    await shop.owner.change(UPDATE, id=shop.id, systemPrompt="You look after a garden centre’s visitors.")

    trace = await _trace_of(shop, "What does delivery cost?")

    received = mistral_server.requests[-1].body["messages"]
    assert trace["prompt"] == "\n\n".join(f"### {each['role']}\n{each['content']}" for each in received)
    assert str(trace["prompt"]).startswith("### system\nYou look after a garden centre’s visitors.")
    (passage, *_) = trace["passages"]
    assert passage["content"] in str(trace["prompt"])
