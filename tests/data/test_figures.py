"""What triggers keep of a workspace's conversations equals a count of the rows, whatever happens to them."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, update

from core.clock import now
from data import procedures
from data.engine import Database
from data.models import Conversation, Message, MessageRole, Workspace, WorkspaceFigures, WorkspaceStats
from tests.support.rows import Given, fetch, one, run

VISITORS = ["visitor", "Éloïse", "another visitor"]
COUNTED = [column.key for column in WorkspaceFigures.__table__.columns if column.key != "workspace_id"]


async def kept(database: Database, workspace_id: UUID) -> dict[str, Any]:
    """Return the figures that triggers keep; zeros when no conversation ever began."""
    row = await one(database, WorkspaceFigures, workspace_id)
    return {name: getattr(row, name) if row else 0 for name in COUNTED}


async def counted(database: Database, workspace_id: UUID) -> dict[str, Any]:
    """Return the same figures, counted from the conversations and their messages."""
    of_workspace = Conversation.workspace_id == workspace_id
    stored = [row for (row,) in await fetch(database, select(Conversation).where(of_workspace))]
    said = select(Message).join(Conversation, Conversation.id == Message.conversation_id).where(of_workspace)
    messages = [row for (row,) in await fetch(database, said)]
    held = [row for row in stored if row.id in {message.conversation_id for message in messages}]
    answers = [message for message in messages if message.role is MessageRole.ASSISTANT]
    times = [answer.response_time_ms for answer in answers if answer.response_time_ms is not None]
    scores = [answer.rag_score for answer in answers if answer.rag_score is not None]
    ratings = [message.feedback for message in messages if message.feedback is not None]
    return {
        "stored_count": len(stored),
        "conversation_count": len(held),
        "active_count": sum(row.is_active and row.archived_at is None for row in held),
        "visitor_count": len({row.visitor_id for row in held}),
        "message_count": len(messages),
        "response_count": len(times),
        "response_ms": sum(times),
        "scored_count": len(scores),
        # Scores are fractions: the order in which they are added and taken away shows in the last digits.
        "score_sum": pytest.approx(sum(scores), abs=1e-9),
        "low_confidence_count": sum(score < 0.5 for score in scores),
        "rated_count": len(ratings),
        "rating_sum": sum(ratings),
    }


@dataclass
class Played:
    """A workspace to which things happen: its conversations and messages, gone ones among them."""

    database: Database
    workspace_id: UUID
    conversations: list[UUID] = field(default_factory=list)
    messages: list[UUID] = field(default_factory=list)

    async def begin(self, visitor: int) -> None:
        visitor_id = VISITORS[visitor % len(VISITORS)]
        self.conversations.append(await Given(self.database).conversation(self.workspace_id, visitor_id))

    async def say(self, number: int, role: MessageRole, values: dict[str, Any]) -> None:
        conversation_id = self._one(self.conversations, number)
        if conversation_id and await one(self.database, Conversation, conversation_id):
            self.messages.append(await Given(self.database).message(conversation_id, role, **values))

    async def rate(self, number: int, feedback: int | None) -> None:
        await run(self.database, update(Message).where(self._is(Message, number)).values(feedback=feedback))

    async def unsay(self, number: int) -> None:
        await run(self.database, delete(Message).where(self._is(Message, number)))

    async def archive(self, number: int, *, closed: bool) -> None:
        change = {"is_active": not closed, "archived_at": now() if closed else None}
        await run(self.database, update(Conversation).where(self._is(Conversation, number)).values(change))

    async def delete(self, number: int) -> None:
        await run(self.database, delete(Conversation).where(self._is(Conversation, number)))

    async def erase(self, visitor: int) -> None:
        """Delete all the conversations of a visitor with one statement."""
        of_visitor = Conversation.visitor_id == VISITORS[visitor % len(VISITORS)]
        await run(self.database, delete(Conversation).where(of_visitor))

    def _is(self, model: Any, number: int) -> Any:
        key = self._one(self.conversations if model is Conversation else self.messages, number)
        return model.id == (key or self.workspace_id)

    @staticmethod
    def _one(keys: list[UUID], number: int) -> UUID | None:
        return keys[number % len(keys)] if keys else None


ANSWER = {"rag_score": 0.25, "response_time_ms": 100, "feedback": 1}
NUMBERS = st.integers(0, 20)
FEEDBACK = st.none() | st.sampled_from([-1, 0, 1])
VALUES = st.fixed_dictionaries(
    {
        "response_time_ms": st.none() | st.integers(0, 2**31 - 1),
        "rag_score": st.none() | st.floats(0, 1) | st.just(0.5),
        "feedback": FEEDBACK,
    }
)
Step = Callable[[Played], Awaitable[None]]
STEPS = st.one_of(
    st.builds(lambda visitor: lambda played: played.begin(visitor), NUMBERS),
    st.builds(
        lambda number, role, values: lambda played: played.say(number, role, values),
        NUMBERS,
        st.sampled_from(MessageRole),
        VALUES,
    ),
    st.builds(lambda number, feedback: lambda played: played.rate(number, feedback), NUMBERS, FEEDBACK),
    st.builds(lambda number: lambda played: played.unsay(number), NUMBERS),
    st.builds(lambda number, closed: lambda played: played.archive(number, closed=closed), NUMBERS, st.booleans()),
    st.builds(lambda number: lambda played: played.delete(number), NUMBERS),
    st.builds(lambda visitor: lambda played: played.erase(visitor), NUMBERS),
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, min_size=6, max_size=15))
async def test_the_figures_equal_a_count_of_the_rows_whatever_happens_in_any_order(
    database: Database, steps: list[Step]
) -> None:
    # Given a visitor with two conversations and another with one, in each a question and a rated answer.
    played = Played(database, await Given(database).workspace())
    for visitor in (0, 0, 1):
        await played.begin(visitor)
        await played.say(len(played.conversations) - 1, MessageRole.USER, {})
        await played.say(len(played.conversations) - 1, MessageRole.ASSISTANT, ANSWER)

    # When things happen, then the figures are right after each of them.
    for step in steps:
        await step(played)
        expected = await counted(database, played.workspace_id)
        assert await kept(database, played.workspace_id) == expected
    insights = await database.write(
        lambda session: procedures.calculate_workspace_insights(session, workspace_id=played.workspace_id)
    )
    assert insights is not None
    assert (insights.total_conversations, insights.total_messages) == (
        expected["conversation_count"],
        expected["message_count"],
    )


async def talked(given: Given, workspace_id: UUID, visitor_id: str, **values: Any) -> UUID:
    """Store a conversation that holds a question and a rated answer."""
    conversation_id = await given.conversation(workspace_id, visitor_id, **values)
    await given.message(conversation_id)
    await given.answer(conversation_id, **ANSWER)
    return conversation_id


async def test_a_clean_up_takes_what_it_deletes_from_the_figures(database: Database, given: Given) -> None:
    workspace_id = await given.workspace()
    long_ago = now().replace(year=2020)
    gone = await talked(given, workspace_id, "visitor", archived_at=long_ago, is_active=False)
    await run(database, update(Conversation).where(Conversation.id == gone).values(last_message_at=long_ago))
    await talked(given, workspace_id, "another visitor")

    cleaned = await database.write(lambda session: procedures.cleanup_old_data(session, retention_days=30))

    assert cleaned.deleted_conversations == 1
    assert await kept(database, workspace_id) == await counted(database, workspace_id)
    [(stats,)] = await fetch(database, select(WorkspaceStats))
    assert (stats.total_conversations, stats.total_messages, stats.unique_visitors) == (1, 2, 1)
    metrics = await database.read(lambda session: procedures.get_workspace_metrics(session, workspace_id=workspace_id))
    assert metrics is not None
    assert (
        asdict(metrics).items()
        >= {
            "total_conversations": 1,
            "active_conversations": 1,
            "rated_count": 1,
            "low_confidence_count": 1,
        }.items()
    )


async def test_a_workspace_that_is_deleted_leaves_no_figures(database: Database, given: Given) -> None:
    workspace_id, other = await given.workspace(), await given.workspace()
    for of_workspace in (workspace_id, other):
        await talked(given, of_workspace, "visitor")

    await run(database, delete(Workspace).where(Workspace.id == workspace_id))

    assert await fetch(database, select(WorkspaceFigures.workspace_id)) == [(other,)]
    assert await kept(database, other) == await counted(database, other)
