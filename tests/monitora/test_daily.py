"""The clean-up that the server runs by itself: at its start, once a day, in one process."""

import os
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select, text

from core.clock import now
from core.redis import RedisClient
from data.models import AppSession, Conversation
from monitora import daily
from monitora.daily import DailyCleanUp
from monitora.settings.settings import Settings
from resolvers.services import Services
from schema.relay.node import parse_id
from tests.support.people import People
from tests.support.rows import Given
from tests.support.waiting import until_seen

DAY = timedelta(days=1)


async def _expired_session(services: Services) -> None:
    """Store what every clean-up deletes."""
    given = Given(services.database)
    await given.session(await given.account(), uuid4().hex, now() - DAY)


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
    clean_up = DailyCleanUp(services, retention_days=30)

    clean_up.start()

    async def is_done() -> bool:
        return await _is_cleaned(services) and not await services.storage.has(key)

    await until_seen(is_done, "the clean-up")
    archived = select(Conversation.archived_at).where(Conversation.id == silent)
    assert await services.database.read(lambda session: session.scalar(archived))
    await clean_up.close()


async def test_without_a_retention_conversations_stay(services: Services, people: People) -> None:
    shop = await people.shop()
    given = Given(services.database)
    silent = await given.conversation(parse_id(shop.id)[1], created_at=now() - 9_999 * DAY)
    await _expired_session(services)
    clean_up = DailyCleanUp(services, retention_days=0)

    clean_up.start()

    await until_seen(lambda: _is_cleaned(services), "the clean-up")
    archived = select(Conversation.archived_at).where(Conversation.id == silent)
    assert await services.database.read(lambda session: session.scalar(archived)) is None
    await clean_up.close()


async def test_it_comes_again_after_a_day_and_not_before(services: Services) -> None:
    seconds = 0.0
    clean_up = DailyCleanUp(services, 365, clock=lambda: seconds)

    assert [await clean_up._has_turn() for _ in range(3)] == [True, False, False]

    seconds = DAY.total_seconds()
    assert [await clean_up._has_turn() for _ in range(2)] == [True, False]


async def test_of_processes_that_share_redis_one_cleans_up(services: Services, redis_url: str) -> None:
    async with RedisClient(redis_url) as first, RedisClient(redis_url) as second:
        await first.commands.delete(daily.TURN)
        clean_ups = [DailyCleanUp(replace(services, redis=redis), 365) for redis in (first, second)]

        turns = [await clean_up._has_turn() for clean_up in clean_ups]

        assert turns == [True, False]
        expires_in = await first.commands.ttl(daily.TURN)
        assert 0 < expires_in <= DAY.total_seconds()
        await first.commands.delete(daily.TURN)


async def test_a_database_that_fails_does_not_end_it(
    services: Services, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(daily, "LOOKED_AT_EVERY", timedelta(milliseconds=10))
    monkeypatch.setattr(daily, "EVERY", timedelta(0))
    refusing = "CREATE TRIGGER broken BEFORE DELETE ON app_sessions BEGIN SELECT RAISE(ABORT, 'broken'); END"
    await services.database.write(lambda session: session.execute(text(refusing)))
    await _expired_session(services)
    clean_up = DailyCleanUp(services, 365)
    clean_up.start()

    async def has_failed() -> bool:
        return "clean_up_failed" in capsys.readouterr().out

    await until_seen(has_failed, "the failure is logged")
    await services.database.write(lambda session: session.execute(text("DROP TRIGGER broken")))

    await until_seen(lambda: _is_cleaned(services), "the clean-up")
    await clean_up.close()
