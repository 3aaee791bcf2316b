"""The bus: one contract for a single process and for several."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

import pytest
from redis.asyncio import Redis

from core.events import MAX_UNREAD, Event, EventBus, MemoryEventBus, RedisEventBus
from core.redis import RedisClient
from data.models import DocumentStatus, IngestionStage
from rag.answers.conversation_events import ActivityKind, ConversationEvent
from rag.ingestion.events import IngestionEvent
from tests.support.waiting import HANG_SECONDS

WORKSPACE = uuid4()


@asynccontextmanager
async def process(url: str) -> AsyncIterator[RedisEventBus[IngestionEvent]]:
    """The bus of a process of its own."""
    async with RedisClient(url) as redis, RedisEventBus(redis, IngestionEvent) as bus:
        yield bus


@pytest.fixture(params=["memory", "redis"])
async def bus(request: pytest.FixtureRequest) -> AsyncIterator[EventBus[IngestionEvent]]:
    """A bus of either kind."""
    if request.param == "memory":
        yield MemoryEventBus()
    else:
        async with process(request.getfixturevalue("redis_url")) as made:
            yield made


def _step(fraction: float, document_id: UUID | None = None, workspace_id: UUID = WORKSPACE) -> IngestionEvent:
    status, stage = DocumentStatus.PROCESSING, IngestionStage.EMBEDDING
    return IngestionEvent(document_id or uuid4(), workspace_id, status, stage, fraction, error="« é »")


async def _next(reading: AsyncIterator[IngestionEvent]) -> IngestionEvent:
    async with asyncio.timeout(HANG_SECONDS):
        return await anext(reading)


async def test_a_reader_is_told_how_things_stand_and_then_what_happens(bus: EventBus[IngestionEvent]) -> None:
    present, published = _step(0.1), _step(0.2)

    async def stand() -> list[IngestionEvent]:
        await bus.publish(published)
        return [present, _step(0.0, published.document_id)]

    reading = bus.subscribe(WORKSPACE, stand)

    assert [await _next(reading), await _next(reading)] == [published, present], (
        "what is published is newer than what is read"
    )
    await bus.publish(_step(0.3, workspace_id=uuid4()))
    await bus.publish(step := _step(0.4))
    assert await _next(reading) == step, "another workspace's are not told"


async def test_a_slow_reader_gets_the_last_word_on_each_thing_and_holds_a_bounded_number(
    bus: EventBus[IngestionEvent],
) -> None:
    document_id = uuid4()

    async def much_happens() -> list[IngestionEvent]:
        for _ in range(MAX_UNREAD + 10):
            await bus.publish(_step(0.0))
        for tenth in range(10):
            await bus.publish(_step(tenth / 10, document_id))
        return []

    reading = bus.subscribe(WORKSPACE, much_happens)
    unread = [await _next(reading) for _ in range(MAX_UNREAD)]

    assert [step.fraction for step in unread if step.document_id == document_id] == [0.9]
    await bus.publish(last := _step(1.0))
    assert await _next(reading) == last, "the oldest made room"


@pytest.mark.parametrize(
    "event",
    [
        ConversationEvent(ActivityKind.MESSAGE_RATED, uuid4(), uuid4(), uuid4()),
        _step(0.5),
        IngestionEvent(uuid4(), uuid4(), DocumentStatus.READY, IngestionStage.DONE, 1.0),
    ],
)
def test_a_note_is_the_same_in_another_process(event: Event) -> None:
    assert type(event).from_json(event.as_json()) == event


async def test_what_is_posted_in_one_process_is_read_once_in_each(redis_url: str) -> None:
    async with process(redis_url) as here, process(redis_url) as there:
        readings = [await _reader(bus) for bus in (here, there)]

        steps = [_step(fraction) for fraction in (0.1, 0.2, 0.3)]
        for step in steps:
            await here.publish(step)

        for reading in readings:
            assert [await _next(reading) for _ in steps] == steps


async def test_what_is_posted_while_a_connection_is_lost_is_read_when_it_is_back(redis_url: str) -> None:
    async with (
        process(redis_url) as there,
        process(redis_url) as here,
        Redis.from_url(redis_url) as operator,
    ):
        reading = await _reader(there)
        await operator.client_kill_filter(_type="normal", skipme=True)

        await here.publish(step := _step(0.5))

        assert await _next(reading) == step


async def test_a_note_of_another_version_is_passed_over(redis_url: str) -> None:
    async with process(redis_url) as here, process(redis_url) as there:
        reading = await _reader(there)
        async with Redis.from_url(redis_url) as newer:
            for event in ("{}", "no JSON", "[]"):
                await newer.xadd("monitora:events:ingestionevent", {"process": "newer", "event": event})

        await here.publish(step := _step(0.5))

        assert await _next(reading) == step


async def _reader(bus: RedisEventBus[IngestionEvent]) -> AsyncIterator[IngestionEvent]:
    """Return what reads a bus from now on: the subscription has begun once its present state is read."""
    present = _step(0.0)

    async def stand() -> list[IngestionEvent]:
        return [present]

    reading = bus.subscribe(WORKSPACE, stand)
    assert await _next(reading) == present
    return reading
