"""The three views that a dashboard reads."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from sqlalchemy import select, text

from core.clock import now
from data.engine import Database
from data.models import DailyMetrics, UserWorkspace, WorkspaceStats
from tests.support.rows import Given, fetch, on_sqlite

NOON = datetime(2026, 1, 19, 12, tzinfo=UTC)


async def stats(database: Database, workspace_id: UUID) -> tuple[str, int, int, int]:
    [(row,)] = await fetch(database, select(WorkspaceStats).where(WorkspaceStats.workspace_id == workspace_id))
    return row.workspace_name, row.total_conversations, row.total_messages, row.unique_visitors


async def test_stats_count_conversations_messages_and_visitors(database: Database, given: Given) -> None:
    workspace_id, other = await given.workspace(name="Boutique"), await given.workspace()
    for visitor_id, messages in (("Anne", 2), ("Anne", 1), ("Benoît", 3), ("Chloé", 0)):
        conversation_id = await given.conversation(workspace_id, visitor_id)
        for _ in range(messages):
            await given.message(conversation_id)
    await given.message(await given.conversation(other, "Anne"))

    # Chloé opened a conversation and said nothing: it does not count.
    assert await stats(database, workspace_id) == ("Boutique", 3, 6, 2)


async def test_a_workspace_without_conversations_has_zeros(database: Database, given: Given) -> None:
    assert await stats(database, await given.workspace(name="New")) == ("New", 0, 0, 0)


async def test_an_archived_conversation_still_counts(database: Database, given: Given) -> None:
    workspace_id = await given.workspace()
    await given.message(await given.conversation(workspace_id, archived_at=now(), is_active=False))

    assert (await stats(database, workspace_id))[1:] == (1, 1, 1)


async def test_an_account_sees_the_workspaces_it_owns_and_those_it_was_given(database: Database, given: Given) -> None:
    owner, reader, stranger = [await given.account(f"{name}@example.com") for name in ("owner", "reader", "stranger")]
    created_at = now() - timedelta(days=1)
    shared = await given.workspace(owner, name="Shared", created_at=created_at)
    kept = await given.workspace(owner, name="Kept", is_active=False)
    for user_id in (reader, owner):  # an owner who is a member too sees the workspace once
        await given.member(shared, user_id)

    rows = [row for (row,) in await fetch(database, select(UserWorkspace))]

    assert sorted((row.user_email, row.workspace_name) for row in rows) == [
        ("owner@example.com", "Kept"),
        ("owner@example.com", "Shared"),
        ("reader@example.com", "Shared"),
    ]
    assert {row.user_id: row.workspace_id for row in rows if row.workspace_name == "Shared"} == dict.fromkeys(
        (owner, reader), shared
    )
    assert {row.workspace_created_at for row in rows if row.workspace_id == shared} == {created_at}
    assert kept in {row.workspace_id for row in rows}
    assert stranger not in {row.user_id for row in rows}


async def test_daily_metrics_give_the_averages_of_each_day(database: Database, given: Given) -> None:
    workspace_id = await given.workspace()
    conversation_id = await given.conversation(workspace_id)
    await given.answer(conversation_id, created_at=NOON, response_time_ms=100, feedback=1)
    await given.answer(conversation_id, created_at=NOON, response_time_ms=201, feedback=0)
    await given.message(conversation_id, created_at=NOON + timedelta(days=1))

    rows = [row for (row,) in await fetch(database, select(DailyMetrics).order_by(DailyMetrics.date))]

    assert [(row.date, row.workspace_id, row.avg_satisfaction, row.avg_response_time) for row in rows] == [
        (date(2026, 1, 19), workspace_id, 0.5, 150.5),
        (date(2026, 1, 20), workspace_id, None, None),
    ]


@on_sqlite
async def test_the_views_of_one_workspace_are_found_by_index(database: Database, given: Given) -> None:
    """A dashboard asks for its own workspaces: no view may read the conversations or accounts of all."""
    for view, column in (
        ("vw_workspace_stats", "workspace_id"),
        ("vw_user_workspaces", "user_id"),
        ("vw_daily_metrics", "workspace_id"),
    ):
        plan = await fetch(database, text(f"EXPLAIN QUERY PLAN SELECT * FROM {view} WHERE {column} = 'x'"))
        details = [row.detail for row in plan]
        assert any("SEARCH" in detail for detail in details)
        assert not [detail for detail in details if detail.startswith("SCAN") and "(subquery" not in detail], view
