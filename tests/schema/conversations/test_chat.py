"""Asking and being answered."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from data.models import Conversation, Message, ResponseCache
from tests.support.people import People, Person, Shop

QUESTION = "When does the garden centre open?"
SEND = "sendMessage ... on SendMessagePayload { conversation { id } question { id } answerId }"
ANSWER = """
subscription ($id: ID!, $after: Int) { answer(answerId: $id, after: $after) {
  __typename sequence
  ... on AnswerDelta { text } ... on AnswerFinished { message { content } } ... on AnswerFailed { code retryable }
} }
"""
HISTORY = """
query ($id: ID!) { conversation(id: $id) { title messageCount messages { nodes { role content feedback cached } } } }
"""


@pytest.fixture
async def shop(people: People) -> Shop:
    """A workspace that knows about a garden centre."""
    shop = await people.shop()
    await shop.learn()
    return shop


async def _count(people: People, model: Any) -> int:
    statement = select(func.count()).select_from(model)
    count: int | None = await people.services.database.read(lambda unit: unit.scalar(statement))
    return count or 0


def _text(events: list[dict[str, Any]]) -> str:
    return "".join(event["text"] for event in events if event["__typename"] == "AnswerDelta")


async def test_an_answer_is_streamed_with_its_sources_and_stored(shop: Shop) -> None:
    visitor = await shop.visitor()

    events = await visitor.chat(QUESTION)

    numbers = [event["sequence"] for event in events]
    assert numbers == sorted(set(numbers)), "numbered upwards"
    assert numbers[0] == 1
    started, finished = events[0], events[-1]
    assert started["__typename"] == "AnswerStarted"
    assert started["sources"][0]["documentName"] == "garden.md"
    assert "nine in the morning" in started["sources"][0]["excerpt"]
    assert finished["__typename"] == "AnswerFinished"
    assert finished["message"]["content"] == _text(events), "what was streamed is what is stored"
    assert "nine in the morning" in finished["message"]["content"]
    assert finished["message"]["ragScore"] >= 0.5
    assert finished["message"]["tokensUsed"] > 0
    assert len(events) > 5, "piece by piece"


async def test_the_seven_steps_leave_their_traces(shop: Shop) -> None:
    visitor = await shop.visitor()
    events = await visitor.chat(QUESTION)
    conversation = events[0]["conversation"]["id"]

    history = (await visitor.ask(HISTORY, id=conversation))["conversation"]
    assert history["title"] == QUESTION
    assert history["messageCount"] == 2
    assert [message["role"] for message in history["messages"]["nodes"]] == ["USER", "ASSISTANT"]
    figures = """query ($id: ID!) { workspace(id: $id) {
        stats { totalConversations totalMessages uniqueVisitors }
        insights { totalConversations totalMessages lowConfidenceCount avgRagScore }
        analytics { totalConversations totalMessages uniqueVisitors responseCount avgRagScore }
        dailyMetrics { avgResponseTime }
        metrics { activeConversations cacheEntries lastMessageAt } } }"""
    workspace = (await shop.owner.ask(figures, id=shop.id))["workspace"]
    totals = {"totalConversations": 1, "totalMessages": 2}
    assert workspace["stats"] == {**totals, "uniqueVisitors": 1}
    assert workspace["insights"] == {
        **totals,
        "lowConfidenceCount": 0,
        "avgRagScore": pytest.approx(events[-1]["message"]["ragScore"]),
    }
    day = workspace["analytics"][0]
    assert {name: day[name] for name in (*totals, "uniqueVisitors", "responseCount")} == {
        **totals,
        "uniqueVisitors": 1,
        "responseCount": 1,
    }
    assert workspace["dailyMetrics"][0]["avgResponseTime"] == events[-1]["message"]["responseTimeMs"]
    assert workspace["metrics"]["activeConversations"] == 1
    assert workspace["metrics"]["cacheEntries"] == 1
    assert workspace["metrics"]["lastMessageAt"]


async def test_what_the_documents_do_not_say_is_not_made_up(shop: Shop) -> None:
    events = await (await shop.visitor()).chat("Who won the chess championship of 1972?")

    assert events[0]["sources"] == []
    assert events[-1]["message"]["ragScore"] < 0.5
    insights = "query ($id: ID!) { workspace(id: $id) { insights { lowConfidenceCount } } }"
    assert (await shop.owner.ask(insights, id=shop.id))["workspace"]["insights"]["lowConfidenceCount"] == 1


async def test_a_question_in_french_is_answered_in_french_when_the_documents_are_silent(shop: Shop) -> None:
    events = await (await shop.visitor()).chat("Qui a gagné le championnat du monde d'échecs de 1972 ?")

    assert "documents" in events[-1]["message"]["content"]
    assert any(word in events[-1]["message"]["content"] for word in ("Je ", "Les documents ", "pas"))


async def test_the_same_question_again_comes_from_the_cache(people: People, shop: Shop) -> None:
    first = await (await shop.visitor()).chat(QUESTION)

    second = await (await shop.visitor()).chat(f"  {QUESTION} ")

    assert not first[-1]["message"]["cached"]
    assert second[-1]["message"]["cached"]
    assert second[-1]["message"]["tokensUsed"] == 0
    assert second[-1]["message"]["content"] == first[-1]["message"]["content"]
    assert second[-1]["message"]["sources"] == first[-1]["message"]["sources"]
    kept = await people.services.database.read(lambda unit: unit.scalar(select(ResponseCache)))
    assert kept is not None
    assert kept.hit_count == 1


async def test_a_new_document_or_setting_makes_the_cache_forget(shop: Shop) -> None:
    visitor = await shop.visitor()
    await visitor.chat(QUESTION)

    await shop.learn("# Holidays\n\nThe garden centre stays closed in January.\n", "holidays.md")
    after_document = await visitor.chat(QUESTION)
    await shop.owner.change(
        "updateWorkspace ... on UpdateWorkspacePayload { workspace { id } }", id=shop.id, systemPrompt="Be brief."
    )
    after_setting = await visitor.chat(QUESTION)

    assert not after_document[-1]["message"]["cached"]
    assert not after_setting[-1]["message"]["cached"]


async def test_the_same_message_sent_twice_is_one_message_and_one_answer(people: People, shop: Shop) -> None:
    visitor = await shop.visitor()
    said = {"content": QUESTION, "clientMessageId": str(uuid4())}

    first, second = await asyncio.gather(visitor.change(SEND, **said), visitor.change(SEND, **said))
    third = await visitor.change(SEND, **said)

    assert first["answerId"] == second["answerId"] == third["answerId"]
    events = [event async for event in visitor.stream(ANSWER, id=first["answerId"])]
    assert events[-1]["answer"]["__typename"] == "AnswerFinished"
    assert await _count(people, Conversation) == 1
    assert await _count(people, Message) == 2


async def test_a_message_id_is_not_used_for_two_messages(shop: Shop) -> None:
    visitor = await shop.visitor()
    client_message_id = str(uuid4())
    await visitor.change(SEND, content=QUESTION, clientMessageId=client_message_id)

    refused = await visitor.change(SEND, content="Something else?", clientMessageId=client_message_id)

    assert (refused["code"], refused["path"]) == ("MESSAGE_CONFLICT", ["clientMessageId"])


async def test_an_answer_is_attached_to_again_from_where_it_was_left(shop: Shop) -> None:
    visitor = await shop.visitor()
    events = await visitor.chat(QUESTION)
    answer_id, left_at = events[0]["answerId"], 4

    rest = [
        event["answer"] async for event in visitor.stream(ANSWER, id=answer_id, after=events[left_at - 1]["sequence"])
    ]

    assert [event["__typename"] for event in rest][-1] == "AnswerFinished"
    assert rest[-1]["sequence"] == events[-1]["sequence"]
    before = "".join(event.get("text", "") for event in events[:left_at])
    assert before + "".join(event.get("text", "") for event in rest) == events[-1]["message"]["content"]


@pytest.mark.parametrize(
    ("content", "code"), [("", "MESSAGE_EMPTY"), (" \n", "MESSAGE_EMPTY"), ("x" * 4001, "MESSAGE_TOO_LONG")]
)
async def test_an_empty_or_endless_message_is_refused_and_not_stored(
    people: People, shop: Shop, content: str, code: str
) -> None:
    visitor = await shop.visitor()

    refused = await visitor.change(SEND, content=content, clientMessageId=str(uuid4()))

    assert (refused["code"], refused["path"]) == (code, ["content"])
    assert await _count(people, Conversation) == 0


async def test_staff_try_their_own_assistant(shop: Shop) -> None:
    events = await shop.owner.chat(QUESTION, workspaceId=shop.id)

    assert events[-1]["__typename"] == "AnswerFinished"
    refused = await shop.owner.change(SEND, content=QUESTION, clientMessageId=str(uuid4()))
    assert refused["path"] == ["workspaceId"]


async def test_an_answer_is_rated_and_the_figures_move(shop: Shop) -> None:
    visitor = await shop.visitor()
    answers = [(await visitor.chat(QUESTION))[-1]["message"]["id"] for _ in range(2)]
    rated = "rateMessage ... on RateMessagePayload { ratedMessage { feedback feedbackComment } }"

    for message, feedback in zip(answers, (1, -1), strict=True):
        result = await visitor.change(rated, messageId=message, feedback=feedback, comment="Thanks")
        assert result["ratedMessage"] == {"feedback": feedback, "feedbackComment": "Thanks"}

    figures = """query ($id: ID!) { workspace(id: $id) {
        analytics { satisfactionRate ratedCount } insights { satisfactionRate ratedCount } } }"""
    workspace = (await shop.owner.ask(figures, id=shop.id))["workspace"]
    assert workspace["analytics"] == [{"satisfactionRate": 0.0, "ratedCount": 2}]
    assert workspace["insights"] == {"satisfactionRate": 0.0, "ratedCount": 2}
    await visitor.change(rated, messageId=answers[1], feedback=None)
    workspace = (await shop.owner.ask(figures, id=shop.id))["workspace"]
    assert workspace["insights"] == {"satisfactionRate": 1.0, "ratedCount": 1}


async def test_a_rating_out_of_bounds_or_of_a_question_is_refused(shop: Shop) -> None:
    visitor = await shop.visitor()
    events = await visitor.chat(QUESTION)

    for bad in (
        {"messageId": events[-1]["message"]["id"], "feedback": 2},
        {"messageId": events[-1]["message"]["id"], "feedback": 1, "comment": "x" * 2001},
        {"messageId": events[0]["message"]["id"], "feedback": 1},
    ):
        assert (await visitor.change("rateMessage", **bad))["code"] == "BAD_USER_INPUT"


async def test_an_answer_made_again_leaves_the_first_in_the_conversation(shop: Shop) -> None:
    visitor = await shop.visitor()
    events = await visitor.chat(QUESTION)
    again = "regenerateAnswer ... on SendMessagePayload { answerId question { id } }"

    made = await visitor.change(again, messageId=events[-1]["message"]["id"])

    assert made["question"]["id"] == events[0]["message"]["id"]
    assert made["answerId"] != events[0]["answerId"]
    assert [event async for event in visitor.stream(ANSWER, id=made["answerId"])][-1]["answer"]["message"]["content"]
    again = "query ($id: ID!) { node(id: $id) { ... on Message { cached canDiffer } } }"
    answer = (await visitor.ask(again, id=made["answerId"]))["node"]
    assert answer == {"cached": False, "canDiffer": False}, "the cache would repeat it, as the local answerer does"
    history = (await visitor.ask(HISTORY, id=events[0]["conversation"]["id"]))["conversation"]
    assert [message["role"] for message in history["messages"]["nodes"]] == ["USER", "ASSISTANT", "ASSISTANT"]


async def test_the_team_marks_a_message_as_dealt_with(shop: Shop) -> None:
    visitor = await shop.visitor()
    message = (await visitor.chat(QUESTION))[-1]["message"]["id"]

    resolved = await shop.owner.change(
        "resolveMessage ... on ResolveMessagePayload { resolvedMessage { isResolved } }", messageId=message
    )

    assert resolved["resolvedMessage"] == {"isResolved": True}
    forbidden = "mutation ($id: ID!) { resolveMessage(input: {messageId: $id}) { __typename } }"
    assert await visitor.refusal(forbidden, id=message) == "FORBIDDEN"


async def test_one_visitor_does_not_see_another_s_conversation_or_answer(shop: Shop) -> None:
    visitor, curious = await shop.visitor(), await shop.visitor()
    events = await visitor.chat(QUESTION)
    conversation, answer, message = (
        events[0]["conversation"]["id"],
        events[0]["answerId"],
        events[-1]["message"]["id"],
    )

    assert await curious.refusal(HISTORY, id=conversation) == "NOT_FOUND"
    assert await curious.ask("query ($id: ID!) { node(id: $id) { id } }", id=message) == {"node": None}
    with pytest.raises(AssertionError, match="NOT_FOUND"):
        [event async for event in curious.stream(ANSWER, id=answer)]
    with pytest.raises(AssertionError, match="NOT_FOUND"):
        await curious.chat("And on Sunday?", conversationId=conversation)
    with pytest.raises(AssertionError, match="NOT_FOUND"):
        await curious.change("rateMessage", messageId=message, feedback=-1)


async def test_staff_read_a_visitor_s_conversation_and_do_not_write_in_it(shop: Shop) -> None:
    events = await (await shop.visitor()).chat(QUESTION)
    conversation = events[0]["conversation"]["id"]

    assert (await shop.owner.ask(HISTORY, id=conversation))["conversation"]["messageCount"] == 2

    with pytest.raises(AssertionError, match="FORBIDDEN"):
        await shop.owner.chat("It opens at ten.", conversationId=conversation)


async def test_a_follow_up_is_understood_beside_the_question_it_follows(shop: Shop) -> None:
    visitor = await shop.visitor()
    events = await visitor.chat("How much does delivery of plants cost?")

    follow_up = await visitor.chat("And how long?", conversationId=events[0]["conversation"]["id"])

    assert "three working days" in follow_up[-1]["message"]["content"]


async def test_an_interrupted_answer_is_told_and_the_same_message_starts_it_again(people: People, shop: Shop) -> None:
    # Given a message whose answer a stop cut off: its row is there, and nobody writes its answer.
    visitor = await shop.visitor()
    said = {"content": QUESTION, "clientMessageId": str(uuid4())}
    sent = await visitor.change(SEND, **said)
    [event async for event in visitor.stream(ANSWER, id=sent["answerId"])]

    async def forget(unit: Any) -> None:
        await unit.delete(await unit.scalar(select(Message).where(Message.role == "assistant")))

    await people.services.database.write(forget)
    people.services.answers.event_log._answers.clear()  # type: ignore[attr-defined]

    # When somebody attaches, the answer is reported as interrupted.
    events = [event["answer"] async for event in visitor.stream(ANSWER, id=sent["answerId"])]
    assert events == [{"__typename": "AnswerFailed", "sequence": 1, "code": "ANSWER_INTERRUPTED", "retryable": True}]

    # Then the same message sent again is answered.
    again = await visitor.change(SEND, **said)
    events = [event["answer"] async for event in visitor.stream(ANSWER, id=again["answerId"])]
    assert events[-1]["__typename"] == "AnswerFinished"
    assert await _count(people, Message) == 2


async def test_a_message_sent_again_after_its_answer_is_over_is_not_answered_twice(people: People, shop: Shop) -> None:
    # Given an answer that is stored and no longer replayed, as after a restart.
    visitor = await shop.visitor()
    said = {"content": QUESTION, "clientMessageId": str(uuid4())}
    sent = await visitor.change(SEND, **said)
    [event async for event in visitor.stream(ANSWER, id=sent["answerId"])]
    people.services.answers.event_log._answers.clear()  # type: ignore[attr-defined]

    # When a client that lost the end of it sends its message again.
    again = await visitor.change(SEND, **said)

    # Then the stored answer is told, and no other is made.
    events = [event["answer"] async for event in visitor.stream(ANSWER, id=again["answerId"])]
    assert [event["__typename"] for event in events] == ["AnswerFinished"]
    assert again["answerId"] == sent["answerId"]
    assert await _count(people, Message) == 2


async def test_anyone_without_a_token_asks_nothing(shop: Shop) -> None:
    nobody = Person(shop.owner.services)

    with pytest.raises(AssertionError, match="UNAUTHENTICATED"):
        await nobody.chat(QUESTION, workspaceId=shop.id)


async def test_an_assistant_that_is_switched_off_is_silent_also_in_conversations_begun_before(people: People) -> None:
    shop = await people.shop()
    await shop.learn()
    visitor = await shop.visitor()
    started = (await visitor.chat("When does the garden centre open?"))[0]
    await shop.owner.change(
        "updateWorkspace ... on UpdateWorkspacePayload { workspace { id } }", id=shop.id, isActive=False
    )

    asked = {
        "content": "And on Sunday?",
        "clientMessageId": str(uuid4()),
        "conversationId": started["conversation"]["id"],
    }
    more = await visitor.change("sendMessage ... on SendMessagePayload { answerId }", **asked)
    again = await visitor.change(
        "regenerateAnswer ... on SendMessagePayload { answerId }", messageId=started["message"]["id"]
    )

    assert {more["code"], again["code"]} == {"WORKSPACE_INACTIVE"}
