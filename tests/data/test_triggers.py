"""What the database does by itself when rows change."""

import asyncio
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, delete, insert, select, text, update

from core.clock import now
from data import procedures
from data.engine import Database
from data.models import (
    AnalyticsDaily,
    ApiKey,
    AppUser,
    Conversation,
    Document,
    DocumentChunk,
    InsightsCache,
    Message,
    MessageRole,
    MessageTopic,
    Model,
    Profile,
    ResponseCache,
    Workspace,
    WorkspaceDatabase,
)
from data.repeatable import scripts
from tests.support.rows import Given, fetch, on_sqlite, one, run

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
TRIGGERS_OF_THE_SPECIFICATION = {
    "trg_users_updated_at",
    "trg_profiles_updated_at",
    "trg_workspaces_updated_at",
    "trg_workspace_databases_updated_at",
    "trg_documents_updated_at",
    "trg_document_deletion",
    "trg_conversations_updated_at",
    "trg_update_conversation_message_count",
    "trg_messages_updated_at",
    "trg_message_insert_analytics",
    "trg_update_cache_on_message",
    "trg_analytics_daily_updated_at",
    "trg_response_cache_updated_at",
    "trg_response_cache_expiry",
    "trg_api_keys_updated_at",
}
TRIGGERS_OF_A_DATABASE = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
    "mssql": "SELECT name FROM sys.triggers",
}


async def test_every_trigger_of_the_specification_exists(database: Database) -> None:
    existing = {name for (name,) in await fetch(database, text(TRIGGERS_OF_A_DATABASE[database.dialect]))}

    assert existing >= TRIGGERS_OF_THE_SPECIFICATION
    assert existing == {script.name for script in scripts(database.dialect) if script.kind == "triggers"}


CHANGES: list[tuple[type[Model], dict[str, Any]]] = [
    (AppUser, {"full_name": "Renée"}),
    (Profile, {"country": "Belgique"}),
    (Workspace, {"name": "Boutique"}),
    (WorkspaceDatabase, {"host": "other"}),
    (Document, {"progress": 0.5}),
    (Conversation, {"title": "Delivery"}),
    (Message, {"is_resolved": True}),
    (MessageTopic, {"message_count": 2}),
    (AnalyticsDaily, {"rated_count": 2}),
    (ResponseCache, {"hit_count": 1}),
    (ApiKey, {"last_used_at": LONG_AGO}),
]


async def row_of_each_table(given: Given) -> None:
    workspace_id = await given.workspace()
    await given.external_database(workspace_id)
    await given.document(workspace_id)
    await given.message(await given.conversation(workspace_id))
    await given.row(MessageTopic(workspace_id=workspace_id, topic_name="Delivery"))
    await given.cached_answer(workspace_id)
    await given.api_key(workspace_id)


async def test_every_table_with_updated_at_has_its_trigger() -> None:
    assert {model.__tablename__ for model, _ in CHANGES} == {
        name for name, table in Model.metadata.tables.items() if "updated_at" in table.columns
    }


@pytest.mark.parametrize(("model", "change"), CHANGES, ids=lambda value: getattr(value, "__tablename__", ""))
async def test_a_change_is_dated(database: Database, given: Given, model: type[Model], change: dict[str, Any]) -> None:
    await row_of_each_table(given)
    await run(database, update(model).values(updated_at=LONG_AGO))
    before = now() - timedelta(milliseconds=1)  # SQLite's clock counts milliseconds

    await run(database, update(model).values(change))

    updated_at = (await fetch(database, select(model.__table__.c.updated_at)))[0][0]
    assert before <= updated_at <= now()


@pytest.mark.parametrize(("model", "change"), CHANGES, ids=lambda value: getattr(value, "__tablename__", ""))
async def test_a_date_that_the_statement_sets_is_kept(
    database: Database, given: Given, model: type[Model], change: dict[str, Any]
) -> None:
    await row_of_each_table(given)

    await run(database, update(model).values({**change, "updated_at": LONG_AGO}))

    assert await fetch(database, select(model.__table__.c.updated_at)) == [(LONG_AGO,)]


async def test_every_changed_row_is_dated_and_no_other(database: Database, given: Given) -> None:
    changed = [await given.account(), await given.account()]
    kept = await given.account()
    await run(database, update(AppUser).values(updated_at=LONG_AGO))

    await run(database, update(AppUser).where(AppUser.id.in_(changed)).values(failed_login_attempts=1))

    dates = {row.id: row.updated_at for row in await fetch(database, select(AppUser.id, AppUser.updated_at))}
    assert dates[kept] == LONG_AGO
    assert all(dates[identifier] > LONG_AGO for identifier in changed)


@on_sqlite
async def test_the_date_of_a_change_is_written_as_the_models_write_it(database: Database, given: Given) -> None:
    await given.account()
    await run(database, update(AppUser).values(full_name="Renée"))

    [(created, updated)] = await fetch(database, text("SELECT created_at, updated_at FROM app_users"))

    assert len(created) == len(updated) == len("2026-01-19 12:00:00.000000")
    assert datetime.fromisoformat(updated) - datetime.fromisoformat(created) < timedelta(hours=1)


async def test_deleting_a_document_deletes_its_chunks(database: Database, given: Given) -> None:
    workspace_id = await given.workspace()
    document_id, other = await given.document(workspace_id), await given.document(workspace_id)
    await given.chunk(document_id, workspace_id)
    kept = await given.chunk(other, workspace_id)

    await run(database, delete(Document).where(Document.id == document_id))

    assert await fetch(database, select(DocumentChunk.id)) == [(kept,)]


@on_sqlite
async def test_chunks_go_with_their_document_even_where_foreign_keys_are_not_enforced(
    database: Database, given: Given
) -> None:
    workspace_id = await given.workspace()
    await given.chunk(await given.document(workspace_id), workspace_id)

    def delete_unchecked(connection: Connection) -> None:
        # The pragma does nothing within a transaction.
        pragma = connection.connection.driver_connection
        assert pragma is not None
        pragma.execute("ROLLBACK")
        pragma.execute("PRAGMA foreign_keys = OFF")
        connection.execute(delete(Document))
        pragma.execute("PRAGMA foreign_keys = ON")

    await database.alter(delete_unchecked)

    assert await fetch(database, select(DocumentChunk.id)) == []


async def test_a_conversation_knows_how_many_messages_it_holds_and_when_the_last_came(
    database: Database, given: Given
) -> None:
    conversation_id = await given.conversation(await given.workspace())
    moments = [LONG_AGO + timedelta(minutes=minute, microseconds=7) for minute in (1, 5, 3)]
    messages = [await given.message(conversation_id, created_at=moment) for moment in moments]

    conversation = await one(database, Conversation, conversation_id)
    assert (conversation.message_count, conversation.last_message_at) == (3, moments[1])

    await run(database, delete(Message).where(Message.id == messages[1]))
    conversation = await one(database, Conversation, conversation_id)
    assert (conversation.message_count, conversation.last_message_at) == (2, moments[2])

    await run(database, delete(Message))
    conversation = await one(database, Conversation, conversation_id)
    assert (conversation.message_count, conversation.last_message_at) == (0, None)


async def test_many_messages_of_one_statement_are_all_counted(database: Database, given: Given) -> None:
    workspace_id = await given.workspace()
    first, second = await given.conversation(workspace_id, "a"), await given.conversation(workspace_id, "b")
    rows = [
        {
            "id": uuid4(),
            "conversation_id": conversation_id,
            "role": MessageRole.USER,
            "content": "?",
            "created_at": LONG_AGO,
        }
        for conversation_id in (first, first, second)
    ]

    await run(database, insert(Message).values(rows))

    assert (await one(database, Conversation, first)).message_count == 2
    [day] = await fetch(database, select(AnalyticsDaily))
    assert (day[0].total_messages, day[0].total_conversations, day[0].unique_visitors) == (3, 2, 2)


@on_sqlite
async def test_a_message_that_is_not_stored_is_not_counted(database: Database, given: Given) -> None:
    conversation_id = await given.conversation(await given.workspace())
    message_id = await given.message(conversation_id)
    twice = insert(Message).values(id=message_id, conversation_id=conversation_id, role=MessageRole.USER, content="?")

    await run(database, twice.prefix_with("OR IGNORE"))

    assert (await one(database, Conversation, conversation_id)).message_count == 1
    assert await fetch(database, select(AnalyticsDaily.total_messages)) == [(1,)]
    assert await fetch(database, select(InsightsCache.total_messages)) == [(1,)]


async def test_a_cached_answer_expires_when_its_time_is_over(database: Database, given: Given) -> None:
    moment = datetime(2026, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
    identifier = await given.cached_answer(await given.workspace(), created_at=moment, ttl_seconds=90)

    cached = await one(database, ResponseCache, identifier)

    assert cached.expires_at == moment + timedelta(seconds=90)


# The figures of a workspace: what the triggers keep must equal what is counted from the rows.

VISITORS = ["visitor", "Éloïse", "another visitor"]
EVE = datetime(2026, 2, 27, 23, 59, 59, 999_000, tzinfo=UTC)
MOMENTS = st.timedeltas(timedelta(0), timedelta(days=1, seconds=2)).map(lambda elapsed: EVE + elapsed)


@dataclass(frozen=True)
class Arrival:
    """A message as it arrives: in the conversation of that number, whose visitor follows from it."""

    conversation: int
    role: MessageRole
    created_at: datetime
    response_time_ms: int | None
    rag_score: float | None
    feedback: int | None
    tokens_used: int | None


@dataclass(frozen=True)
class Rating:
    """A visitor rates the message of that number, or takes the rating back."""

    message: int
    feedback: int | None


FEEDBACK = st.none() | st.sampled_from([-1, 0, 1])
ARRIVALS = st.builds(
    Arrival,
    conversation=st.integers(0, 4),
    role=st.sampled_from(MessageRole),
    created_at=MOMENTS,
    response_time_ms=st.none() | st.integers(0, 2**31 - 1),
    rag_score=st.none() | st.floats(0, 1) | st.just(0.5),
    feedback=FEEDBACK,
    tokens_used=st.none() | st.integers(0, 2**31 - 1),
)
STEPS = st.lists(ARRIVALS | st.builds(Rating, message=st.integers(0, 20), feedback=FEEDBACK), min_size=1, max_size=20)


@dataclass
class Figures:
    """The exact figures of a day, or of a workspace since its beginning."""

    conversations: set[int] = field(default_factory=set)
    visitors: set[str] = field(default_factory=set)
    messages: int = 0
    times: list[int] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    ratings: list[int] = field(default_factory=list)
    tokens: int = 0

    def add(self, arrival: Arrival, feedback: int | None) -> None:
        self.messages += 1
        self.tokens += arrival.tokens_used or 0
        self.visitors.add(VISITORS[arrival.conversation % len(VISITORS)])
        if arrival.role is MessageRole.ASSISTANT and arrival.response_time_ms is not None:
            self.times.append(arrival.response_time_ms)
        if arrival.role is MessageRole.ASSISTANT and arrival.rag_score is not None:
            self.scores.append(arrival.rag_score)
        if feedback is not None:
            self.ratings.append(feedback)

    def of_a_day(self) -> dict[str, Any]:
        return self.shared() | {
            "unique_visitors": len(self.visitors),
            "response_count": len(self.times),
            "avg_response_time_ms": average(self.times),
            "tokens_used": self.tokens,
        }

    def since_the_beginning(self) -> dict[str, Any]:
        return self.shared() | {"low_confidence_count": sum(score < 0.5 for score in self.scores)}

    def shared(self) -> dict[str, Any]:
        return {
            "total_conversations": len(self.conversations),
            "total_messages": self.messages,
            "avg_messages_per_conversation": self.messages / len(self.conversations) if self.conversations else None,
            "scored_count": len(self.scores),
            "avg_rag_score": average(self.scores),
            "rated_count": len(self.ratings),
            "satisfaction_rate": average(self.ratings),
        }


def average(values: list[int] | list[float]) -> Any:
    # Scores are fractions: the order in which they are added shows in the last digits.
    exact = all(isinstance(value, int) for value in values)
    mean = sum(values) / len(values) if values else None
    return mean if exact or mean is None else pytest.approx(mean, abs=1e-12)


def exact_figures(arrivals: list[Arrival], ratings: dict[int, int | None]) -> tuple[dict[date, Figures], Figures]:
    days: dict[date, Figures] = defaultdict(Figures)
    whole = Figures()
    first_days: dict[int, date] = {}
    for number, arrival in enumerate(arrivals):
        day = arrival.created_at.date()
        first_days[arrival.conversation] = min(day, first_days.get(arrival.conversation, day))
        for figures in (days[day], whole):
            figures.add(arrival, ratings[number])
    for conversation, day in first_days.items():
        days[day].conversations.add(conversation)
        whole.conversations.add(conversation)
    return days, whole


async def play(database: Database, workspace_id: UUID, steps: list[Arrival | Rating]) -> tuple[list[Arrival], Any]:
    """Write each step in its turn and return the messages with the rating each has in the end."""
    rows = Given(database)
    conversations = [await rows.conversation(workspace_id, VISITORS[n % len(VISITORS)]) for n in range(5)]
    arrivals: list[Arrival] = []
    identifiers: list[UUID] = []
    ratings: dict[int, int | None] = {}
    for step in steps:
        if isinstance(step, Arrival):
            ratings[len(arrivals)] = step.feedback
            arrivals.append(step)
            names = ("created_at", "response_time_ms", "rag_score", "feedback", "tokens_used")
            values = {name: getattr(step, name) for name in names}
            identifiers.append(await rows.message(conversations[step.conversation], step.role, **values))
        elif arrivals:
            number = step.message % len(arrivals)
            ratings[number] = step.feedback
            rated = update(Message).where(Message.id == identifiers[number])
            await run(database, rated.values(feedback=step.feedback))
    return arrivals, ratings


def figures_of(row: Any, expected: dict[str, Any]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in expected}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
async def test_the_figures_that_triggers_keep_are_the_exact_ones(
    database: Database, steps: list[Arrival | Rating]
) -> None:
    workspace_id = await Given(database).workspace()

    arrivals, ratings = await play(database, workspace_id, steps)

    days, whole = exact_figures(arrivals, ratings)
    kept = await fetch(database, select(AnalyticsDaily).where(AnalyticsDaily.workspace_id == workspace_id))
    assert {row.date: figures_of(row, figures.of_a_day()) for (row,) in kept for figures in [days[row.date]]} == {
        day: figures.of_a_day() for day, figures in days.items()
    }
    insights = await fetch(database, select(InsightsCache).where(InsightsCache.workspace_id == workspace_id))
    assert [figures_of(row, whole.since_the_beginning()) for (row,) in insights] == (
        [whole.since_the_beginning()] if arrivals else []
    )

    counted = await database.write(
        lambda session: procedures.calculate_workspace_insights(session, workspace_id=workspace_id)
    )
    assert figures_of(counted, whole.since_the_beginning()) == whole.since_the_beginning()


async def test_visitors_whose_identifiers_differ_in_case_are_two(database: Database, given: Given) -> None:
    workspace_id = await given.workspace()
    for visitor_id in ("visitor", "VISITOR"):
        await given.message(await given.conversation(workspace_id, visitor_id))

    assert await fetch(database, select(AnalyticsDaily.unique_visitors)) == [(2,)]


async def test_figures_that_were_lost_are_begun_again(database: Database, given: Given) -> None:
    conversation_id = await given.conversation(await given.workspace())
    await given.message(conversation_id)
    await run(database, delete(AnalyticsDaily))
    await run(database, delete(InsightsCache))

    await given.answer(conversation_id, rag_score=0.25)

    assert await fetch(database, select(AnalyticsDaily.total_messages, AnalyticsDaily.scored_count)) == [(1, 1)]
    assert await fetch(database, select(InsightsCache.total_messages, InsightsCache.low_confidence_count)) == [(1, 1)]


async def test_workspaces_keep_their_figures_apart(database: Database, given: Given) -> None:
    workspaces = [await given.workspace(), await given.workspace()]
    for workspace_id in workspaces:
        await given.message(await given.conversation(workspace_id, "the same visitor"), created_at=LONG_AGO)

    days = await fetch(database, select(AnalyticsDaily.workspace_id, AnalyticsDaily.unique_visitors))

    assert sorted(days, key=str) == sorted([(workspace_id, 1) for workspace_id in workspaces], key=str)


async def test_messages_that_arrive_together_are_all_counted(database: Database, given: Given) -> None:
    conversation_id = await given.conversation(await given.workspace())

    await asyncio.gather(*(given.message(conversation_id, created_at=LONG_AGO) for _ in range(20)))

    assert (await one(database, Conversation, conversation_id)).message_count == 20
    assert await fetch(database, select(AnalyticsDaily.total_messages, AnalyticsDaily.total_conversations)) == [(20, 1)]
