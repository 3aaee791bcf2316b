"""The model fails, hangs, breaks off or is stopped: what the visitor sees, and what is kept."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from core.events import MemoryEventBus
from data.models import Message, MessageRole
from rag.answers.event_log import MemoryAnswerEventLog
from rag.answers.orchestration import Answers
from rag.models.local.embedder import LocalEmbedder
from rag.models.mistral.chat import CHAT_RETRY_POLICY, MistralChat
from rag.models.protocols import Prompt
from rag.retrieval.retriever import Retriever
from resolvers.services import Services
from tests.support.mistral_server import Answer, Failure, Hang, MistralServer
from tests.support.people import CHAT, People, Person, Shop
from tests.support.rows import fetch

pytestmark = pytest.mark.slow

QUESTION = "When does the garden centre open?"
ANSWER = (
    "subscription ($id: ID!) { answer(answerId: $id) { __typename ... on AnswerFinished { message { content } } } }"
)


@pytest.fixture(scope="module")
async def ready_sdk(running_mistral_server: MistralServer) -> None:
    """The provider's package, read once: it takes longer than the retry_policy of these tests."""
    chat = MistralChat("key", server_url=running_mistral_server.url)
    prompt = Prompt("", (), (), "Hello?", "en", "model", 0.7, 10)
    assert [piece async for piece in chat.stream(prompt)]
    await chat.aclose()


@pytest.fixture
async def people(services: Services, ready_sdk: None, mistral_server: MistralServer) -> AsyncIterator[People]:
    """People of a server whose answers come from Mistral: one attempt, and seconds of silence at most."""
    retry_policy = replace(CHAT_RETRY_POLICY, reply=5.0, between_tokens=1.0, attempts=1)
    chat = MistralChat("key", server_url=mistral_server.url, retry_policy=retry_policy)
    retriever = Retriever(services.database, LocalEmbedder())
    answers = Answers(
        services.database, MemoryAnswerEventLog(), retriever, chat, MemoryEventBus(), cache_lifetime=timedelta(hours=1)
    )
    yield People(replace(services, answers=answers))
    await answers.close(timedelta(seconds=5))
    await chat.aclose()


@pytest.fixture
async def shop(people: People) -> Shop:
    """A workspace that knows about a garden centre."""
    shop = await people.shop()
    await shop.learn()
    return shop


async def _messages(people: People) -> list[Message]:
    rows = await fetch(people.services.database, select(Message).order_by(Message.created_at))
    return [row for (row,) in rows]


async def test_a_message_sent_and_then_chatted_is_one_message_one_model_call_and_one_answer(
    people: People, shop: Shop, mistral_server: MistralServer
) -> None:
    visitor = await shop.visitor()
    said = {"content": QUESTION, "clientMessageId": str(uuid4())}

    sent = await visitor.change("sendMessage ... on SendMessagePayload { answerId }", **said)
    during = [event["chat"] async for event in visitor.stream(CHAT, input=said)]
    afterwards = [event["chat"] async for event in visitor.stream(CHAT, input=said)]

    assert {event["answerId"] for event in (*during, *afterwards)} == {sent["answerId"]}
    assert during[-1]["message"] == afterwards[-1]["message"]
    assert [request.path for request in mistral_server.requests].count("/v1/chat/completions") == 1
    assert [message.role for message in await _messages(people)] == [MessageRole.USER, MessageRole.ASSISTANT]


async def test_the_prompt_holds_system_prompt_context_history_and_message(
    people: People, shop: Shop, mistral_server: MistralServer
) -> None:
    await shop.owner.change(
        "updateWorkspace ... on UpdateWorkspacePayload { workspace { id } }",
        id=shop.id,
        systemPrompt="You are the garden's assistant.",
        model="our-model",
        temperature=0.2,
        maxTokens=123,
    )
    visitor = await shop.visitor()
    mistral_server.behave(Answer(["At", " nine", " [1]."]), Answer(["Twelve euros [1]."]))

    first = await visitor.chat(QUESTION)
    await visitor.chat("How much does delivery of plants cost?", conversationId=first[0]["conversation"]["id"])

    body = mistral_server.requests[-1].body
    assert (body["model"], body["temperature"], body["max_tokens"]) == ("our-model", 0.2, 123)
    texts = [message["content"] for message in body["messages"]]
    assert "You are the garden's assistant." in texts[0]
    assert "Delivery of plants costs twelve euros" in "".join(texts)
    assert [message["role"] for message in body["messages"]][-3:] == ["user", "assistant", "user"]
    assert texts[-3:-1] == [QUESTION, "At nine [1]."]
    assert "How much does delivery of plants cost?" in texts[-1]


@pytest.mark.parametrize(
    ("behaviour", "code", "retryable"),
    [
        (Failure(401), "MODEL_UNAUTHORIZED", False),
        (Failure(429), "MODEL_RATE_LIMITED", True),
        (Failure(500), "MODEL_UNAVAILABLE", True),
        (Failure(400), "MODEL_REFUSED", False),
        (Hang(), "MODEL_TIMEOUT", True),
        (Answer(["At", " nine"], then="cut"), "MODEL_INTERRUPTED", True),
        (Answer(["At", " nine"], then="hang"), "MODEL_TIMEOUT", True),
    ],
)
async def test_a_failure_is_told_the_question_stays_and_the_same_message_tries_again(
    people: People, shop: Shop, mistral_server: MistralServer, behaviour: Any, code: str, retryable: bool
) -> None:
    visitor = await shop.visitor()
    said = {"content": QUESTION, "clientMessageId": str(uuid4())}
    mistral_server.behave(behaviour, Answer(["At", " nine."]))

    failed = [event["chat"] async for event in visitor.stream(CHAT, input=said)]
    assert (failed[-1]["__typename"], failed[-1]["code"], failed[-1]["retryable"]) == ("AnswerFailed", code, retryable)
    assert failed[-1]["text"], "a sentence for the visitor"
    assert "as the test asks" not in failed[-1]["text"], "what the model's server said is not for the visitor"
    assert [message.content for message in await _messages(people)] == [QUESTION]

    again = [event["chat"] async for event in visitor.stream(CHAT, input=said)]
    assert again[-1]["message"]["content"] == "At nine."
    assert [message.role for message in await _messages(people)] == [MessageRole.USER, MessageRole.ASSISTANT]


async def _begun(shop: Shop, visitor: Person) -> str:
    """Send a message and return its answer once the first piece of it was read."""
    said = {"content": QUESTION, "clientMessageId": str(uuid4())}
    async for event in visitor.stream(CHAT, input=said):
        if event["chat"]["__typename"] == "AnswerDelta":
            return str(event["chat"]["answerId"])
    raise AssertionError("the answer ended without a piece")


async def test_a_reader_who_goes_away_stops_nothing(people: People, shop: Shop, mistral_server: MistralServer) -> None:
    visitor = await shop.visitor()
    mistral_server.behave(Answer(["At", " nine", " in the", " morning."], pace=0.02))

    answer_id = await _begun(shop, visitor)

    events = [event["answer"] async for event in visitor.stream(ANSWER, id=answer_id)]
    assert events[-1]["message"]["content"] == "At nine in the morning."
    assert len(mistral_server.requests) == 1


async def test_stopping_keeps_what_was_written_and_ends_the_model_s_call(
    people: People, shop: Shop, mistral_server: MistralServer
) -> None:
    visitor = await shop.visitor()
    mistral_server.behave(Answer(["At", " nine"] + [" and on"] * 500, pace=0.02))
    answer_id = await _begun(shop, visitor)

    stopped = await visitor.change("stopAnswer ... on StopAnswerPayload { answerId }", answerId=answer_id)

    assert stopped["answerId"] == answer_id
    events = [event["answer"] async for event in visitor.stream(ANSWER, id=answer_id)]
    content = events[-1]["message"]["content"]
    assert content.startswith("At")
    assert len(content) < 1_000
    kept = (await _messages(people))[-1]
    assert (kept.content, (kept.details or {})["finish_reason"]) == (content, "stopped")
    refused = await visitor.change("stopAnswer", answerId=answer_id)
    assert refused["code"] == "ANSWER_NOT_RUNNING"
    assert await asyncio.to_thread(mistral_server.requests[0].abandoned.wait, 10), "the model's call was ended"


async def test_a_stopped_answer_is_not_given_to_the_next_visitor(
    people: People, shop: Shop, mistral_server: MistralServer
) -> None:
    visitor = await shop.visitor()
    mistral_server.behave(Answer(["At"] + [" and on"] * 500, pace=0.02), Answer(["At nine."]))
    answer_id = await _begun(shop, visitor)
    await visitor.change("stopAnswer", answerId=answer_id)
    [event async for event in visitor.stream(ANSWER, id=answer_id)]

    events = await (await shop.visitor()).chat(QUESTION)

    assert events[-1]["message"]["content"] == "At nine."


async def test_a_stop_of_the_server_lets_running_answers_end(
    people: People, shop: Shop, mistral_server: MistralServer
) -> None:
    visitor = await shop.visitor()
    mistral_server.behave(Answer(["At", " nine", " in the", " morning."], pace=0.05))
    await _begun(shop, visitor)

    await people.services.answers.close(timedelta(seconds=10))

    assert (await _messages(people))[-1].content == "At nine in the morning."
