"""The clean-up that the server runs by itself: at its start, once a day, in one process."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import delete, select, text, update

from core.clock import now
from data.jobs.runner import Jobs
from data.models import AppSession, Conversation, Job, JobKind, WorkspaceFigures
from monitora.settings.settings import Settings
from rag.clean_up import CleanUp, clean_up
from resolvers.services import Services
from schema.relay.node import parse_id
from tests.support.people import People
from tests.support.rows import Given, fetch, run
from tests.support.waiting import until_seen

DAY = timedelta(days=1)


async def _expired_session(services: Services) -> None:
    """Store what every clean-up deletes."""
    given = Given(services.database)
    await given.session(await given.account(), uuid4().hex, now() - DAY)


@asynccontextmanager
async def cleaning(services: Services, retention_days: int) -> AsyncIterator[Jobs]:
    """A process that cleans up."""
    jobs = Jobs(services.database, slots=1, alone=False)
    jobs.handle(JobKind.CLEAN_UP, CleanUp(services.database, services.storage, retention_days))
    jobs.start()
    try:
        yield jobs
    finally:
        await jobs.close()


async def _waits_for_tomorrow(services: Services) -> bool:
    return bool(await fetch(services.database, select(Job.id).where(Job.not_before > now() + timedelta(hours=23))))


async def _is_cleaned(services: Services) -> bool:
    expired = select(AppSession.id).where(AppSession.expires_at < now())
    return await services.database.read(lambda session: session.scalar(expired)) is None


async def test_what_is_old_goes_when_the_server_starts(services: Services, people: People, settings: Settings) -> None:
    shop = await people.shop()
    given = Given(services.database)
    silent = await given.conversation(parse_id(shop.id)[1], created_at=now() - 40 * DAY)
    await shop.learn()
    key = await services.storage.save(uuid4(), uuid4(), b"lost")
    os.utime(settings.data_dir / "files" / key, (0, 0))
    await _expired_session(services)

    async with cleaning(services, retention_days=30):
        await until_seen(lambda: _waits_for_tomorrow(services), "the clean-up is done")

    assert await _is_cleaned(services)
    assert not await services.storage.has(key)
    archived = select(Conversation.archived_at).where(Conversation.id == silent)
    assert await services.database.read(lambda session: session.scalar(archived))


async def test_without_a_retention_conversations_stay(services: Services, people: People) -> None:
    shop = await people.shop()
    given = Given(services.database)
    silent = await given.conversation(parse_id(shop.id)[1], created_at=now() - 9_999 * DAY)
    await _expired_session(services)

    async with cleaning(services, retention_days=0):
        await until_seen(lambda: _waits_for_tomorrow(services), "the clean-up is done")

    assert await _is_cleaned(services)
    archived = select(Conversation.archived_at).where(Conversation.id == silent)
    assert await services.database.read(lambda session: session.scalar(archived)) is None


async def test_it_comes_again_after_a_day_and_not_before(services: Services) -> None:
    async with cleaning(services, 365):
        await until_seen(lambda: _waits_for_tomorrow(services), "the clean-up is done")

    # Not at the next start, and not in another process.
    await _expired_session(services)
    async with cleaning(services, 365) as jobs:
        await services.database.read(lambda session: session.scalar(select(Job.id)))
        jobs.wake()
        assert not await _is_cleaned(services)

        await run(services.database, update(Job).values(not_before=now() - timedelta(seconds=1)))
        await until_seen(lambda: _is_cleaned(services), "the clean-up of the next day")


async def test_of_processes_that_start_together_one_cleans_up(services: Services) -> None:
    async with cleaning(services, 365), cleaning(services, 365):
        await until_seen(lambda: _waits_for_tomorrow(services), "the clean-up is done")

    assert len(await fetch(services.database, select(Job.id).where(Job.kind == JobKind.CLEAN_UP))) == 1


async def test_a_clean_up_that_fails_is_logged_and_comes_again(
    services: Services, capsys: pytest.CaptureFixture[str]
) -> None:
    refusing = "CREATE TRIGGER broken BEFORE DELETE ON app_sessions BEGIN SELECT RAISE(ABORT, 'broken'); END"
    await run(services.database, text(refusing))
    await _expired_session(services)

    async with cleaning(services, 365) as jobs:
        await until_seen(lambda: _waits_for_tomorrow(services), "the clean-up is tried")
        assert "clean_up_failed" in capsys.readouterr().out
        await run(services.database, text("DROP TRIGGER broken"))
        await run(services.database, update(Job).values(not_before=now() - timedelta(seconds=1)))
        jobs.wake()

        await until_seen(lambda: _is_cleaned(services), "the clean-up of the next day")


async def test_figures_that_somebody_changed_by_hand_are_counted_again(
    services: Services, people: People, capsys: pytest.CaptureFixture[str]
) -> None:
    shop = await people.shop()
    workspace_id = parse_id(shop.id)[1]
    given = Given(services.database)
    right = await given.conversation(workspace_id, "visitor")
    wrong = await given.conversation(workspace_id, "another visitor")
    for conversation in (right, wrong):
        await given.answer(conversation, rag_score=0.25, response_time_ms=100, feedback=1)
    columns = select(WorkspaceFigures.__table__).where(WorkspaceFigures.workspace_id == workspace_id)
    [before] = await fetch(services.database, columns)
    await run(services.database, update(Conversation).where(Conversation.id == wrong).values(rated_count=9))
    await run(services.database, update(WorkspaceFigures).values(visitor_count=7, stored_count=0))

    first = await clean_up(services.database, services.storage, 0)
    second = await clean_up(services.database, services.storage, 0)

    assert await fetch(services.database, columns) == [before]
    assert (first.mended_workspaces, second.mended_workspaces) == (1, 0)
    assert capsys.readouterr().out.count("figures_mended") == 1


async def test_figures_that_were_lost_are_counted_again(services: Services, people: People) -> None:
    workspace_id = parse_id((await people.shop()).id)[1]
    given = Given(services.database)
    await given.answer(await given.conversation(workspace_id), rag_score=0.25)
    columns = select(WorkspaceFigures.__table__)
    before = await fetch(services.database, columns)
    await run(services.database, delete(WorkspaceFigures))

    await clean_up(services.database, services.storage, 0)

    assert await fetch(services.database, columns) == before
