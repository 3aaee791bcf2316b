"""Counting uses in the process, in Redis for several processes, and in the process again when Redis is gone."""

import asyncio
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import cast
from uuid import uuid4

import pytest
from limits.aio.storage import MemoryStorage

from core.rate_limits import RateLimiter, RateLimitStatus, parsed
from core.redis import RedisClient
from resolvers.rates import MESSAGE_PER_VISITOR, VISIT_PER_KEY
from tests.support.redis_server import running_redis


def _limiter(text: str, redis: RedisClient | None = None) -> RateLimiter:
    limit = parsed(text)
    assert limit is not None
    return RateLimiter({MESSAGE_PER_VISITOR.name: limit}, redis)


@asynccontextmanager
async def process(text: str, url: str, **options: float) -> AsyncIterator[RateLimiter]:
    """The limiter of a process of its own, which counts in Redis."""
    async with RedisClient(url, **options) as redis:
        limiter = _limiter(text, redis)
        yield limiter
        await limiter.close()


async def _count(limiter: RateLimiter, caller: str) -> RateLimitStatus:
    status = await limiter.count(MESSAGE_PER_VISITOR, caller)
    assert status is not None
    return status


@pytest.fixture(params=["memory", "redis"])
async def one_a_second(request: pytest.FixtureRequest) -> AsyncIterator[RateLimiter]:
    """A limiter that allows two uses a second."""
    if request.param == "redis":
        async with process("2/second", request.getfixturevalue("redis_url")) as limiter:
            yield limiter
        return
    limiter = _limiter("2/second")
    yield limiter
    await limiter.close()


async def test_uses_beyond_the_rate_are_refused_until_the_moment_that_is_told(one_a_second: RateLimiter) -> None:
    caller = uuid4().hex

    first = await _count(one_a_second, caller)
    second = await _count(one_a_second, caller)
    third = await _count(one_a_second, caller)

    assert [one.is_refused for one in (first, second, third)] == [False, False, True]
    assert [one.remaining for one in (first, second, third)] == [1, 0, 0]
    assert (third.quota, third.window_seconds) == (2, 1)
    await asyncio.sleep((third.frees_at - datetime.now(UTC)).total_seconds() + 0.01)
    assert not (await _count(one_a_second, caller)).is_refused


async def test_callers_do_not_count_for_each_other(one_a_second: RateLimiter) -> None:
    one, other = uuid4().hex, uuid4().hex
    for _ in range(3):
        await _count(one_a_second, one)

    assert (await _count(one_a_second, other)).remaining == 1


async def test_what_has_no_limit_is_not_counted(one_a_second: RateLimiter) -> None:
    assert await one_a_second.count(VISIT_PER_KEY, "key") is None


async def test_a_refused_use_does_not_make_the_wait_longer() -> None:
    limiter = _limiter("1/minute")
    await _count(limiter, "caller")

    waits = {(await _count(limiter, "caller")).frees_at for _ in range(5)}

    assert len(waits) == 1
    await limiter.close()


async def test_processes_with_one_redis_count_together(redis_url: str) -> None:
    with_both = uuid4().hex

    async with process("2/minute", redis_url) as one, process("2/minute", redis_url) as other:
        refused = [(await _count(limiter, with_both)).is_refused for limiter in (one, other, one, other)]

    assert refused == [False, False, True, True]


async def test_uses_that_left_their_window_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.rate_limits.SWEPT_EVERY", 0.01)
    limiter = _limiter("5/second")
    storage = cast("MemoryStorage", limiter._own.storage)
    for caller in range(50):
        await _count(limiter, str(caller))
    assert len(storage.events) == 50

    async with asyncio.timeout(10):
        while storage.events:  # noqa: ASYNC110 - the sweep tells nobody
            await asyncio.sleep(0.05)

    await limiter.close()


@pytest.fixture
def redis_to_stop(tmp_path: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A Redis server that a test may stop, with its address."""
    with running_redis(tmp_path) as (url, server):
        yield url, server
        # One that hangs does not hear that it is to end.
        server.send_signal(signal.SIGCONT)


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGSTOP], ids=["stopped", "hangs"])
async def test_without_redis_each_process_counts_by_itself(
    redis_to_stop: tuple[str, subprocess.Popen[bytes]], end: signal.Signals
) -> None:
    url, server = redis_to_stop
    async with (
        process("2/minute", url, timeout_seconds=0.2) as one,
        process("2/minute", url, timeout_seconds=0.2) as other,
    ):
        assert [(await _count(limiter, "caller")).is_refused for limiter in (one, other, one)] == [False, False, True]

        server.send_signal(end)
        if end is signal.SIGTERM:
            await asyncio.to_thread(server.wait, 30)

        for limiter in (one, other):
            assert [(await _count(limiter, "caller")).is_refused for _ in range(3)] == [False, False, True]


async def test_redis_counts_again_once_it_is_back(redis_to_stop: tuple[str, subprocess.Popen[bytes]]) -> None:
    url, server = redis_to_stop
    caller = uuid4().hex
    async with process("2/minute", url, timeout_seconds=0.2, probed_every_seconds=0.05) as limiter:
        await _count(limiter, caller)
        server.send_signal(signal.SIGSTOP)
        await _count(limiter, caller)

        server.send_signal(signal.SIGCONT)

        async with asyncio.timeout(30):
            while not (await _count(limiter, caller)).is_refused:  # noqa: ASYNC110 - until Redis counts again
                await asyncio.sleep(0.01)
