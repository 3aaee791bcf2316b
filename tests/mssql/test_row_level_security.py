"""Row-level security on a live server: the predicates grant what the rules of visibility grant, and no unit of work
runs as somebody else. What the policy itself does needs a server that has security policies.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from data.engine import Database, Session
from data.migrations import migrate, pending
from data.models import Conversation, MessageTopic, Role
from data.viewer import Anonymous, Staff, Viewer, Visitor
from monitora.settings.settings import Settings
from tests.data.test_life_cycles import STATEMENTS, lived, serving
from tests.data.test_row_level_security import PREDICATES
from tests.support.rows import Given, fetch, unless_babelfish

CONTEXT = text(
    "SELECT CAST(SESSION_CONTEXT(N'viewer') AS NVARCHAR(10)), CAST(SESSION_CONTEXT(N'user_id') AS NVARCHAR(36))"
)
FILTERS = [predicate for predicate in PREDICATES if predicate.verb == "FILTER"]


@pytest.fixture
async def walled(database: Database) -> AsyncIterator[Database]:
    """The same database, whose units say for whom they run."""
    opened = Database(database.url.render_as_string(hide_password=False), pool_size=2, row_level_security=True)
    yield opened
    await opened.close()


async def tenant(given: Given, owner: UUID) -> UUID:
    """Write a workspace with a row in every table that the policy guards."""
    workspace_id = await given.workspace(owner)
    await given.chunk(await given.document(workspace_id), workspace_id)
    await given.message(await given.conversation(workspace_id))
    await given.rows(MessageTopic(workspace_id=workspace_id, topic_name="Hours"))
    await given.cached_answer(workspace_id)
    await given.api_key(workspace_id, key_hash=workspace_id.hex)
    await given.external_database(workspace_id)
    return workspace_id


def staff(user_id: UUID, role: Role = Role.ADMIN) -> Staff:
    return Staff(user_id, uuid4(), role)


async def test_the_predicates_grant_a_workspace_to_its_owner_its_readers_and_its_visitors(
    walled: Database, given: Given
) -> None:
    owner, other, reader = [await given.account() for _ in range(3)]
    own, others = await tenant(given, owner), await tenant(given, other)
    await given.member(own, reader)
    granted: list[tuple[Viewer | None, int]] = [
        (None, 2),
        (Anonymous(), 0),
        (staff(owner), 1),
        (staff(other), 1),
        (staff(reader, Role.LECTEUR), 1),
        (staff(await given.account()), 0),
        (Visitor(own, "visitor"), 1),
        (Visitor(others, "visitor"), 1),
        (Visitor(uuid4(), "visitor"), 0),
    ]

    for viewer, workspaces in granted:
        seen = walled.seen_by(viewer) if viewer else walled
        for predicate in FILTERS:
            columns = ", ".join(f"{predicate.table}.{name}" for name in predicate.columns.split(", "))
            rows = await fetch(
                seen, text(f"SELECT 1 FROM {predicate.table} CROSS APPLY dbo.{predicate.function}({columns})")
            )
            assert len(rows) == workspaces, (viewer, predicate.table)


async def test_units_that_share_connections_never_run_as_somebody_else(walled: Database) -> None:
    viewers = [staff(uuid4()) for _ in range(5)]

    async def told(viewer: Staff | None) -> tuple[Staff | None, Any]:
        database = walled.seen_by(viewer) if viewer else walled
        [values] = await fetch(database, CONTEXT)
        return viewer, tuple(values)

    answers = await asyncio.gather(*(told(viewer) for viewer in [*viewers, None] * 5))

    for viewer, values in answers:
        assert values == (("staff", str(viewer.user_id).upper()) if viewer else ("server", None))


async def test_the_life_cycles_go_their_way_behind_the_wall(
    database: Database, walled: Database, settings: Settings
) -> None:
    await migrate(walled)

    async with serving(database, settings, walled=True) as services:
        costs = await lived(services)

    await migrate(database)
    # Each unit of work says for whom it runs: one statement more.
    assert all(costs[operation] > count for operation, count in STATEMENTS.items())


@pytest.fixture
async def policed(database: Database, walled: Database) -> AsyncIterator[Database]:
    """A database whose policy stands."""
    await unless_babelfish(database, because="there are no security policies")
    await migrate(walled)
    yield walled
    await migrate(database)


async def test_the_policy_hides_other_tenants_from_a_statement_that_forgot_them(
    policed: Database, given: Given
) -> None:
    given = Given(policed)
    owner = await given.account()
    own = await tenant(given, owner)
    await tenant(given, await given.account())

    for predicate in FILTERS:
        count = select(func.count()).select_from(text(predicate.table))
        assert await fetch(policed.seen_by(staff(owner)), count) == [(1,)], predicate.table
        assert await fetch(policed.seen_by(Visitor(own, "visitor")), count) == [(1,)], predicate.table
        assert await fetch(policed.seen_by(Anonymous()), count) == [(0,)], predicate.table
        assert await fetch(policed, count) == [(2,)], predicate.table


async def test_the_policy_refuses_a_row_written_into_another_tenant(policed: Database) -> None:
    given = Given(policed)
    others = await tenant(given, await given.account())
    visitor = policed.seen_by(Visitor(await tenant(given, await given.account()), "visitor"))

    async def intrude(session: Session) -> None:
        session.add(Conversation(workspace_id=others, visitor_id="intruder"))

    with pytest.raises(DBAPIError, match="block predicate"):
        await visitor.write(intrude)


async def test_a_server_that_names_nobody_is_not_ready_before_a_policy_that_stands(
    policed: Database, database: Database
) -> None:
    assert await pending(policed) is None
    assert "Row-level security" in (await pending(database) or "")


async def test_a_server_without_policies_says_so(walled: Database) -> None:
    reason = await pending(walled) or ""

    assert "MONITORA_ROW_LEVEL_SECURITY" in reason or "Row-level security" in reason
