"""The fast path: the pieces of an answer reach the socket without an execution of the graph for each."""

import json
from typing import Any, cast
from uuid import uuid4

import pytest

import widget
from schema import schema
from schema.execution.delta_template import DeltaTemplate
from tests.support.people import People, Person, Shop


@pytest.fixture
async def shop(people: People) -> Shop:
    """A workspace that knows about a garden centre."""
    shop = await people.shop()
    await shop.learn()
    return shop


async def _followed(person: Person, operation: str, **variables: Any) -> tuple[list[Any], list[Any]]:
    """Run a subscription of the widget; return the events that the graph executed, and those that the template made."""
    sent: list[Any] = []

    async def send(frame: str) -> None:
        sent.append(json.loads(frame))

    query = next(text for text in widget.operations().values() if text.startswith(f"subscription {operation}("))
    context = await person.context()
    context.delta_template = template = DeltaTemplate(send, "100%")
    results: Any = await schema.stream(query, variable_values=variables, context_value=context)
    executed = [cast("Any", result.data)["event"] async for result in template.without_probe(results)]
    assert {(frame["id"], frame["type"], *frame["payload"]) for frame in sent} == {("100%", "next", "data")}
    return executed, [frame["payload"]["data"]["event"] for frame in sent]


async def test_the_graph_executes_the_first_and_the_last_event_of_the_widget_s_chat(shop: Shop) -> None:
    said = {"content": "When does the garden centre open?", "clientMessageId": str(uuid4())}

    executed, express = await _followed(await shop.visitor(), "Chat", input=said)

    assert [event["__typename"] for event in executed] == ["AnswerStarted", "AnswerFinished"]
    assert len(express) > 5
    assert {tuple(event) for event in express} == {("__typename", "answerId", "sequence", "text")}
    assert {event["answerId"] for event in express} == {executed[0]["answerId"]}
    assert "".join(event["text"] for event in express) == executed[-1]["message"]["content"]


async def test_an_answer_attached_to_again_uses_the_template_from_its_first_piece(shop: Shop) -> None:
    visitor = await shop.visitor()
    answer_id = (await visitor.chat("When does the garden centre open?"))[0]["answerId"]

    executed, express = await _followed(visitor, "Answer", answerId=answer_id, after=1)

    assert [event["__typename"] for event in executed] == ["AnswerFinished"]
    assert express[0]["sequence"] == 2
    assert "".join(event["text"] for event in express) == executed[-1]["message"]["content"]
