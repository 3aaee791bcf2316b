"""The clock is set back by an hour under a running server: nobody is shut out, and nothing is put out of its order."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from limits import parse

from core import clock
from core.rate_limits import RateLimiter
from resolvers.policy import Policy
from resolvers.rates import MESSAGE_PER_VISITOR
from resolvers.services import Services
from tests.support.people import PASSWORD, People

AHEAD = timedelta(hours=1)
HISTORY = "query ($id: ID!) { conversation(id: $id) { messages { nodes { role content } } } }"
LOGIN = "login ... on Session { accessToken }"


class _Ahead:
    """A clock that is ahead: it is set back when the real one is looked at again."""

    @staticmethod
    def now(zone: Any) -> datetime:
        return datetime.now(zone) + AHEAD


@contextmanager
def an_hour_ahead(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the server's clock be ahead in the block; at its end it is set back."""
    real = time.time
    with monkeypatch.context() as patched:
        patched.setattr(clock, "datetime", _Ahead)
        patched.setattr(time, "time", lambda: real() + AHEAD.total_seconds())
        assert clock.now() > datetime.now(UTC) + AHEAD / 2
        yield


async def test_tokens_given_before_are_good_afterwards(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    with an_hour_ahead(monkeypatch):
        shop = await people.shop()
        await shop.learn()
        visitor = await shop.visitor()

    assert (await shop.owner.ask("{ me { email } }"))["me"]
    assert (await visitor.chat("When does the garden centre open?"))[-1]["__typename"] == "AnswerFinished"


async def test_a_visitor_who_comes_back_is_recognised(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    with an_hour_ahead(monkeypatch):
        shop = await people.shop()
        key = await shop.key()
        visit = "startVisit ... on Visit { token visitorId }"
        first = await people.anyone.change(visit, apiKey=key)

    again = await people.anyone.change(visit, apiKey=key, visitorToken=first["token"])

    assert again["visitorId"] == first["visitorId"]


async def test_a_lock_lasts_no_longer_than_a_lock_does(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    with an_hour_ahead(monkeypatch):
        _, email = await people.account()
        for _ in range(Policy().failed_logins_allowed):
            refused = await people.anyone.change(LOGIN, email=email, password="wrong" + PASSWORD)
        locked = await people.anyone.change(LOGIN, email=email, password=PASSWORD)
        assert {refused["code"], locked["code"]} == {"INVALID_CREDENTIALS"}

    # An hour before it, the lock of 15 minutes would last for 75.
    assert (await people.anyone.change(LOGIN, email=email, password=PASSWORD))["__typename"] == "Session"


async def test_messages_keep_their_order_and_a_follow_up_its_history(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    with an_hour_ahead(monkeypatch):
        shop = await people.shop()
        await shop.learn()
        visitor = await shop.visitor()
        begun = await visitor.chat("How much does delivery of plants cost?")
    conversation = begun[0]["conversation"]["id"]

    follow_up = await visitor.chat("And how long?", conversationId=conversation)

    assert "three working days" in follow_up[-1]["message"]["content"], "asked beside what came before"
    nodes = (await visitor.ask(HISTORY, id=conversation))["conversation"]["messages"]["nodes"]
    assert [message["role"] for message in nodes] == ["USER", "ASSISTANT", "USER", "ASSISTANT"]
    assert nodes[2]["content"] == "And how long?"
    assert [event["sequence"] for event in follow_up] == sorted({event["sequence"] for event in follow_up})


async def test_an_answer_comes_after_its_question_also_when_the_clock_is_set_back_between_them(
    people: People, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = await people.shop()
    await shop.learn()
    visitor = await shop.visitor()
    with an_hour_ahead(monkeypatch):
        sending = visitor.stream(
            "subscription ($input: ChatInput!) { chat(input: $input) { __typename"
            " ... on AnswerStarted { conversation { id } } } }",
            input={"content": "When does the garden centre open?", "clientMessageId": str(uuid4())},
        )
        started = await anext(sending)
    [event async for event in sending]

    conversation = started["chat"]["conversation"]["id"]
    nodes = (await visitor.ask(HISTORY, id=conversation))["conversation"]["messages"]["nodes"]
    assert [message["role"] for message in nodes] == ["USER", "ASSISTANT"]


async def test_a_rate_that_was_used_up_is_free_after_its_window(monkeypatch: pytest.MonkeyPatch) -> None:
    limiter = RateLimiter({MESSAGE_PER_VISITOR.name: parse("2/second")})
    with an_hour_ahead(monkeypatch):
        counted = [await limiter.count(MESSAGE_PER_VISITOR, "visitor") for _ in range(3)]
        assert [status is not None and status.is_refused for status in counted] == [False, False, True]

    await asyncio.sleep(1.1)

    status = await limiter.count(MESSAGE_PER_VISITOR, "visitor")
    assert status is not None
    assert not status.is_refused
    assert status.frees_at < datetime.now(UTC) + timedelta(seconds=1)
