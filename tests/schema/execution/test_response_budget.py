"""The budget of a response: it is counted while the response is made, and ends the execution."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, cast
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.engine import Session
from data.models import Conversation, Message, MessageRole, global_id
from resolvers.policy import Policy
from schema import schema
from schema.execution.response_budget import BudgetedExecutor, json_bytes
from schema.plans.run import Run, TooManyBytes
from schema.relay.node import parse_id
from tests.support.executors import graphql_core_alone
from tests.support.people import People, Person, Shop

MESSAGES = "query ($id: ID!) { conversation(id: $id) { title messages(first: 100) { nodes { content } } } }"
AGAIN = """query ($id: ID!) { conversation(id: $id) { messages(first: 20) { nodes {
    conversation { messages(first: 20) { nodes { content } } }
} } } }"""


@pytest.fixture
async def shop(people: People) -> Shop:
    return await people.shop()


async def _conversation(shop: Shop, content: str, messages: int) -> str:
    """Return the identifier of a new conversation whose messages all have the same text."""
    made: list[UUID] = []

    async def store(unit: Session) -> None:
        conversation = Conversation(workspace_id=parse_id(shop.id)[1], visitor_id=uuid4().hex, title="Questions")
        unit.add(conversation)
        await unit.flush()
        unit.add_all(
            Message(conversation_id=conversation.id, role=MessageRole.USER, content=content) for _ in range(messages)
        )
        made.append(conversation.id)

    await shop.owner.services.database.write(store)
    return global_id("Conversation", made[0])


def _with(person: Person, **limits: Any) -> Person:
    return replace(person, services=replace(person.services, policy=replace(person.services.policy, **limits)))


@pytest.fixture
def completed(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """The leaves that the executor completes from now on. It executes everything: nothing is planned."""
    leaves: list[Any] = []
    complete = BudgetedExecutor.complete_leaf_value

    def counted(self: BudgetedExecutor, kind: Any, result: Any) -> Any:
        leaves.append(complete(self, kind, result))
        return leaves[-1]

    monkeypatch.setattr(BudgetedExecutor, "complete_leaf_value", counted)
    with graphql_core_alone():
        yield leaves


async def test_a_response_within_the_budget_is_given_whole_and_one_a_byte_larger_is_not(shop: Shop) -> None:
    conversation = await _conversation(shop, "é" * 1_000, 30)
    size = len(
        json.dumps(await shop.owner.ask(MESSAGES, id=conversation), ensure_ascii=False, separators=(",", ":")).encode()
    )

    # The braces of objects and the commas of lists are not counted.
    assert await _with(shop.owner, max_response_bytes=size).ask(MESSAGES, id=conversation)
    refused = await _with(shop.owner, max_response_bytes=size - 200).execute(MESSAGES, id=conversation)

    assert refused.data is None
    assert refused.errors
    (error,) = refused.errors
    assert (error.extensions or {})["code"] == "RESPONSE_TOO_LARGE"
    assert f"more than {size - 200:,} bytes: ask for fewer items a page" in error.message
    assert error.path, "a field was reached: the response has `data`, which is null"


async def test_the_execution_ends_with_the_budget(shop: Shop, completed: list[Any]) -> None:
    conversation = await _conversation(shop, "word " * 200, 20)
    await shop.owner.ask(AGAIN, id=conversation)
    assert len(completed) == 400
    completed.clear()

    assert await _with(shop.owner, max_response_bytes=10_000).refusal(AGAIN, id=conversation) == "RESPONSE_TOO_LARGE"

    assert len(completed) == 9, "the tenth text passes the budget, and none follows"


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many values each field of rows begins to write from now on."""
    counts: list[int] = []
    embedded = Run.embedded

    def counted(self: Run, values: Any, *rest: Any) -> Any:
        counts.append(len(values))
        return embedded(self, values, *rest)

    monkeypatch.setattr(Run, "embedded", counted)
    return counts


async def test_a_plan_counts_texts_before_it_writes_them(shop: Shop, written: list[int]) -> None:
    """Under fifty names a page of long texts would be far larger than the budget: it is never made."""
    conversation = await _conversation(shop, "word " * 200, 20)
    names = " ".join(f"c{number}: content" for number in range(40))
    query = f"query ($id: ID!) {{ conversation(id: $id) {{ messages(first: 20) {{ nodes {{ {names} }} }} }} }}"

    assert await shop.owner.ask(query, id=conversation)
    assert written == [1, 1]
    written.clear()
    assert await _with(shop.owner, max_response_bytes=100_000).refusal(query, id=conversation) == "RESPONSE_TOO_LARGE"
    assert not written


async def test_what_many_rows_share_counts_for_each_of_them(shop: Shop) -> None:
    conversation = await _conversation(shop, "word " * 200, 20)
    context = await _with(shop.owner, max_response_bytes=10_000).context()
    run = Run(context, cast("Any", None))

    assert len(run.embedded({conversation: "x" * 1_000}, [conversation] * 9, 0)) == 9
    with pytest.raises(TooManyBytes):
        run.embedded({conversation: "x" * 1_000}, [conversation] * 10, 0)


async def test_a_plan_ends_with_the_budget_however_many_fields_share_it(shop: Shop, written: list[int]) -> None:
    """Each of ten pages is within the budget, and the second is not read any more."""
    conversation = await _conversation(shop, "", 100)
    pages = " ".join(f"p{number}: messages(first: 100) {{ nodes {{ id }} }}" for number in range(10))
    query = f"query ($id: ID!) {{ conversation(id: $id) {{ {pages} }} }}"
    assert await shop.owner.ask(query, id=conversation)
    assert len(written) == 11
    written.clear()

    assert await _with(shop.owner, max_response_bytes=10_000).refusal(query, id=conversation) == "RESPONSE_TOO_LARGE"

    assert len(written) == 2


async def test_a_plan_does_not_write_many_long_names_at_once(shop: Shop) -> None:
    run = Run(await _with(shop.owner, max_response_bytes=10_000).context(), cast("Any", None))
    taken: list[int] = []

    class Rows(dict[int, Any]):
        def items(self) -> Any:
            for item in super().items():
                taken.append(item[0])
                yield item

    with pytest.raises(TooManyBytes):
        run.embedded(Rows({number: {"x" * 3_000: None} for number in range(100)}), range(100), 0)

    assert taken == [0, 1, 2, 3]


async def test_a_visitor_s_budget_is_smaller(people: People, shop: Shop) -> None:
    policy = Policy()

    assert policy.limits_of((await shop.owner.context()).viewer).response_bytes == 8 * 2**20
    assert policy.limits_of((await (await shop.visitor()).context()).viewer).response_bytes == 2**20
    assert policy.limits_of((await people.anyone.context()).viewer).response_bytes == 2**20


async def test_the_names_of_fields_count(shop: Shop) -> None:
    name = "x" * 2_000
    conversation = await _conversation(shop, "a", 10)
    query = f"query ($id: ID!) {{ conversation(id: $id) {{ messages {{ nodes {{ {name}: role }} }} }} }}"

    assert await _with(shop.owner, max_response_bytes=15_000).refusal(query, id=conversation) == "RESPONSE_TOO_LARGE"
    assert await _with(shop.owner, max_response_bytes=25_000).ask(query, id=conversation)


async def test_errors_count(shop: Shop) -> None:
    await _conversation(shop, "a", 1)
    backwards = 'analytics(from: "2026-01-31", to: "2025-12-31") { date }'
    query = "{ workspaces { nodes {" + " ".join(f"a{i}: {backwards}" for i in range(40)) + "} } }"

    assert await shop.owner.refusal(query) == "BAD_USER_INPUT"
    refused = await _with(shop.owner, max_response_bytes=10_000).execute(query)

    assert [(error.extensions or {})["code"] for error in refused.errors or ()] == ["RESPONSE_TOO_LARGE"]


async def test_what_a_mutation_changed_stays_changed(shop: Shop) -> None:
    few = _with(shop.owner, max_response_bytes=1_000)
    change = """mutation ($input: UpdateWorkspaceInput!) { updateWorkspace(input: $input) {
        ... on UpdateWorkspacePayload { workspace { systemPrompt } }
    } }"""

    assert await few.refusal(change, input={"id": shop.id, "systemPrompt": "p" * 2_000}) == "RESPONSE_TOO_LARGE"

    stored = await shop.owner.ask("query ($id: ID!) { workspace(id: $id) { systemPrompt } }", id=shop.id)
    assert stored["workspace"]["systemPrompt"] == "p" * 2_000


async def test_each_event_of_a_subscription_has_the_whole_budget(shop: Shop) -> None:
    """The events together are larger than the budget; one that is too large by itself is refused, and others follow."""
    chat = """subscription ($input: ChatInput!) { chat(input: $input) { __typename
        ... on AnswerStarted { message { a: content b: content c: content } } ... on AnswerDelta { text }
        ... on AnswerFinished { message { id } }
    } }"""
    visitor = _with(await shop.visitor(), max_visitor_response_bytes=1_200)
    events = []

    for content in ("x" * 100, "x" * 1_000):
        said = {"content": content, "clientMessageId": str(uuid4())}
        stream = await schema.subscribe(chat, variable_values={"input": said}, context_value=await visitor.context())
        events.append([event async for event in stream])

    small, large = events
    assert not any(event.errors for event in small)
    codes = [[(error.extensions or {})["code"] for error in event.errors or ()] for event in large]
    assert codes[0] == ["RESPONSE_TOO_LARGE"]
    assert not any(codes[1:])
    assert large[-1].data
    assert large[-1].data["chat"]["__typename"] == "AnswerFinished"


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(st.text(), inside, max_size=4),
    max_leaves=8,
)


@given(JSON_VALUES)
def test_a_leaf_counts_at_least_nearly_the_bytes_that_it_takes(value: Any) -> None:
    taken = len(json.dumps(value, ensure_ascii=False).encode(errors="replace"))

    if isinstance(value, str):
        assert json_bytes(value) == taken
    else:
        assert json_bytes(value) >= taken - 2 * isinstance(value, bool)
