"""The answer log: one contract for a single process and for several."""

import asyncio
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from redis.asyncio import Redis

from core.errors import ErrorCode
from core.redis import RedisClient
from rag.answers.citations import DocumentCitation
from rag.answers.event_log import BACKLOG, LATE_SECONDS, AnswerEventLog, MemoryAnswerEventLog
from rag.answers.events import (
    INTERRUPTED,
    AnswerDelta,
    AnswerEvent,
    AnswerFailed,
    AnswerFinished,
    AnswerStarted,
    Numbered,
)
from rag.answers.redis_event_log import STOPS, RedisAnswerEventLog
from tests.support.redis_server import running_redis
from tests.support.waiting import HANG_SECONDS, until_seen

SOURCE = DocumentCitation(uuid4(), "Garden – hours", 2, "It opens at nine.", 0.9, "page 3", None)
STARTED = AnswerStarted(uuid4(), uuid4(), (SOURCE,))
FINISHED = AnswerFinished(uuid4())
FAILURE = AnswerFailed(ErrorCode.MODEL_TIMEOUT, "The model took too long.", retryable=True)


@asynccontextmanager
async def process(url: str, *, timeout_seconds: float = 1.0, **options: float) -> AsyncIterator[RedisAnswerEventLog]:
    """The log of a process of its own."""
    async with RedisClient(url, timeout_seconds=timeout_seconds) as redis:
        log = RedisAnswerEventLog(redis, **options)
        yield log
        await log.close()


@pytest.fixture(params=["memory", "redis"])
async def log(request: pytest.FixtureRequest) -> AsyncIterator[AnswerEventLog]:
    """A log of either kind."""
    if request.param == "memory":
        yield MemoryAnswerEventLog()
        return
    async with process(request.getfixturevalue("redis_url")) as shared:
        yield shared


async def _write(log: AnswerEventLog, answer_id: UUID, *events: AnswerEvent) -> None:
    for event in events:
        await log.append(answer_id, event)


async def _read(log: AnswerEventLog, answer_id: UUID, after: int = 0) -> list[Numbered]:
    return await _rest(log.follow(answer_id, after))


async def _rest(followed: AsyncIterator[Numbered]) -> list[Numbered]:
    async with asyncio.timeout(HANG_SECONDS):
        return [numbered async for numbered in followed]


async def _first(followed: AsyncIterator[Numbered], count: int) -> list[Numbered]:
    async with asyncio.timeout(HANG_SECONDS):
        return [await anext(followed) for _ in range(count)]


def _pieces(count: int) -> list[AnswerEvent]:
    return [AnswerDelta(f"é{number} ") for number in range(count)]


async def test_a_reader_gets_every_event_in_order_whenever_it_comes(log: AnswerEventLog) -> None:
    answer_id, events = uuid4(), [STARTED, *_pieces(3), FINISHED]
    assert await log.open(answer_id)
    early = asyncio.create_task(_read(log, answer_id))
    await _write(log, answer_id, *events[:2])
    between = log.follow(answer_id, 0)
    begun = await _first(between, 2)
    await _write(log, answer_id, *events[2:])

    expected = [Numbered(number, event) for number, event in enumerate(events, 1)]
    assert await early == [*begun, *await _rest(between)] == await _read(log, answer_id) == expected
    assert await _read(log, answer_id, after=3) == expected[3:]
    assert await _read(log, answer_id, after=len(events)) == []


async def test_an_answer_has_one_writer(log: AnswerEventLog) -> None:
    answer_id = uuid4()

    assert await log.open(answer_id)
    assert not await log.open(answer_id)
    await _write(log, answer_id, FINISHED)
    assert not await log.open(answer_id), "nor is it begun again once it is over"


async def test_what_is_known_of_an_answer(log: AnswerEventLog) -> None:
    unknown, finished, failed = uuid4(), uuid4(), uuid4()
    for answer_id, end in ((finished, FINISHED), (failed, FAILURE)):
        await log.open(answer_id)
        assert await log.knows(answer_id)
        await _write(log, answer_id, end)

    assert [await log.knows(answer_id) for answer_id in (unknown, finished, failed)] == [False, True, True]
    assert [await log.failed(answer_id) for answer_id in (unknown, finished, failed)] == [False, False, True]


async def test_a_reader_far_behind_gets_pieces_together_and_loses_none(log: AnswerEventLog) -> None:
    answer_id, pieces = uuid4(), _pieces(10 * BACKLOG)
    await log.open(answer_id)
    await _write(log, answer_id, *pieces, FINISHED)
    await asyncio.sleep(2 * LATE_SECONDS)

    read = await _read(log, answer_id)

    assert len(read) < len(pieces)
    texts = "".join(numbered.event.text for numbered in read if isinstance(numbered.event, AnswerDelta))
    assert texts == "".join(piece.text for piece in pieces if isinstance(piece, AnswerDelta))
    assert read[-1] == Numbered(len(pieces) + 1, FINISHED)


async def test_old_answers_make_room() -> None:
    log = MemoryAnswerEventLog(kept_seconds=1000, max_answers=3)
    answers = [uuid4() for _ in range(5)]
    for answer_id in answers:
        await log.open(answer_id)
        await log.append(answer_id, FINISHED)

    assert [await log.knows(answer_id) for answer_id in answers] == [False, False, True, True, True]


@pytest.fixture
async def processes(redis_url: str) -> AsyncIterator[tuple[RedisAnswerEventLog, RedisAnswerEventLog]]:
    """The logs of two processes that share a Redis."""
    async with process(redis_url) as here, process(redis_url) as there:
        yield here, there


async def test_an_answer_is_followed_from_another_process(
    processes: tuple[RedisAnswerEventLog, RedisAnswerEventLog],
) -> None:
    here, there = processes
    answer_id, events = uuid4(), [STARTED, *_pieces(3), FINISHED]
    await here.open(answer_id)
    await _write(here, answer_id, *events[:2])
    assert await there.knows(answer_id)
    assert not await there.open(answer_id)
    whole, end = there.follow(answer_id, 0), there.follow(answer_id, 1)
    begun = [*await _first(whole, 2), *await _first(end, 1)]
    await _write(here, answer_id, *events[2:])

    expected = [Numbered(number, event) for number, event in enumerate(events, 1)]
    assert [*begun[:2], *await _rest(whole)] == expected
    assert [*begun[2:], *await _rest(end)] == expected[1:]


async def test_a_process_that_dies_leaves_an_interrupted_answer_that_can_be_begun_again(
    redis_url: str,
) -> None:
    answer_id = uuid4()
    async with process(redis_url, alive_seconds=1.0) as here, process(redis_url, alive_seconds=1.0) as there:
        await here.open(answer_id)
        await _write(here, answer_id, STARTED, *_pieces(1))
        followed = there.follow(answer_id, 0)
        await _first(followed, 2)

        await here.close()

        assert [numbered.event for numbered in await _rest(followed)] == [INTERRUPTED]
    async with process(redis_url) as third:
        assert not await third.knows(answer_id)
        assert await third.open(answer_id)
        await _write(third, answer_id, STARTED, FINISHED)
        assert [numbered.sequence for numbered in await _read(third, answer_id)] == [1, 2]


async def test_a_stop_reaches_the_process_that_writes(
    processes: tuple[RedisAnswerEventLog, RedisAnswerEventLog], redis_url: str
) -> None:
    here, there = processes
    answer_id = uuid4()
    await here.open(answer_id)

    async def first_asked() -> UUID:
        return await anext(here.stops())

    asked = asyncio.create_task(first_asked())
    async with Redis.from_url(redis_url) as operator:

        async def is_listened_to() -> bool:
            return bool((await operator.pubsub_numsub(STOPS))[0][1])

        await until_seen(is_listened_to, "the process that writes listens for stops")

    assert await there.request_stop(answer_id)

    assert await asyncio.wait_for(asked, HANG_SECONDS) == answer_id
    assert not await there.request_stop(uuid4())


@pytest.mark.parametrize("written", ["[]", "no JSON", '["delta"]', '["summary", "of a newer version"]'])
async def test_an_event_of_another_version_ends_the_answer_for_readers_of_this_one(
    processes: tuple[RedisAnswerEventLog, RedisAnswerEventLog], redis_url: str, written: str
) -> None:
    here, there = processes
    answer_id = uuid4()
    await here.open(answer_id)
    await _write(here, answer_id, STARTED)
    async with Redis.from_url(redis_url) as newer:
        await newer.xadd(f"monitora:answer:{answer_id.hex}", {"event": written})

    assert await there.knows(answer_id)
    assert not await there.failed(answer_id)
    assert [numbered.event for numbered in await _read(there, answer_id)] == [STARTED, INTERRUPTED]


async def test_nothing_stays_in_redis_for_ever(redis_url: str) -> None:
    answer_id = uuid4()
    async with process(redis_url, kept_seconds=100) as log:
        await log.open(answer_id)
        await _write(log, answer_id, STARTED)

    async with Redis.from_url(redis_url) as operator:
        kept = [await operator.ttl(key) async for key in operator.scan_iter(f"monitora:answer:{answer_id.hex}*")]
    assert len(kept) == 2
    assert all(0 < seconds <= 100 for seconds in kept), kept


async def test_a_redis_that_hangs_costs_an_answer_one_time_out_and_its_other_readers_the_rest(redis_url: str) -> None:
    timeout = 1.0
    answer_id, pieces = uuid4(), _pieces(300)
    async with (
        process(redis_url, timeout_seconds=timeout, alive_seconds=0.5) as here,
        process(redis_url, alive_seconds=0.5) as there,
        Redis.from_url(redis_url) as operator,
    ):
        await here.open(answer_id)
        await _write(here, answer_id, STARTED, *pieces[:3])

        await operator.client_pause(60_000, all=False)
        async with asyncio.timeout(timeout * len(pieces) / 2):
            await _write(here, answer_id, *pieces[3:], FINISHED)
        await operator.client_unpause()

        assert [numbered.event for numbered in await _read(here, answer_id)][-1] == FINISHED
        on_the_other = [numbered.event for numbered in await _read(there, answer_id)]
        assert on_the_other == [STARTED, *pieces[:3], INTERRUPTED], "no gap"


async def test_a_redis_that_hangs_is_not_waited_for_by_readers(tmp_path: Path) -> None:
    answer_id = uuid4()
    with running_redis(tmp_path) as (url, server):
        async with process(url) as here, process(url, alive_seconds=0.5) as there:
            await here.open(answer_id)
            await _write(here, answer_id, STARTED)
            followed = there.follow(answer_id, 0)
            await _first(followed, 1)

            server.send_signal(signal.SIGSTOP)

            assert [numbered.event for numbered in await _rest(followed)] == [INTERRUPTED]
            assert await there.open(uuid4()), "and answers begin"


async def test_without_redis_a_process_serves_what_it_writes_itself() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        nobody = probe.getsockname()[1]
    async with process(f"redis://127.0.0.1:{nobody}/0") as log:
        answer_id = uuid4()

        assert await log.open(answer_id)
        assert not await log.open(answer_id)
        await _write(log, answer_id, STARTED, FINISHED)

        assert [numbered.event for numbered in await _read(log, answer_id)] == [STARTED, FINISHED]
        assert not await log.request_stop(uuid4())
