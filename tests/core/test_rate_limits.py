"""Counting uses in the process, in Redis for several processes, and in the process again when Redis is gone."""

import asyncio
import signal
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from core.rate_limits import RateLimiter, RateLimitStatus, parsed
from core.redis import RedisClient
from resolvers.rates import MESSAGE_PER_VISITOR, VISIT_PER_KEY
from tests.support.redis_server import running_redis
from tests.support.waiting import HANG_SECONDS, until_seen


def _limiter(text: str, redis: RedisClient | None = None) -> RateLimiter:
    limit = parsed(text)
    assert limit is not None
    return RateLimiter({MESSAGE_PER_VISITOR.name: limit}, redis)


@asynccontextmanager
async def process(text: str, url: str, **options: float) -> AsyncIterator[RateLimiter]:
    """The limiter of a process of its own, which counts in Redis, or by itself where there is none."""
    async with RedisClient(url, **options) if url else nullcontext() as redis:
        limiter = _limiter(text, redis)
        yield limiter


async def _count(limiter: RateLimiter, caller: str) -> RateLimitStatus:
    status = await limiter.count(MESSAGE_PER_VISITOR, caller)
    assert status is not None
    return status


Opened = Callable[[str], AbstractAsyncContextManager[RateLimiter]]


@pytest.fixture(params=["memory", "redis"])
def allowing(request: pytest.FixtureRequest) -> Opened:
    """Opens a limiter of either kind, which allows what it is told."""
    url = request.getfixturevalue("redis_url") if request.param == "redis" else ""
    return lambda text: process(text, url)


async def test_uses_beyond_the_rate_are_refused(allowing: Opened) -> None:
    caller = uuid4().hex

    async with allowing("2/minute") as limiter:
        first, second, third = [await _count(limiter, caller) for _ in range(3)]

    assert [one.is_refused for one in (first, second, third)] == [False, False, True]
    assert [one.remaining for one in (first, second, third)] == [1, 0, 0]
    assert (third.quota, third.window_seconds) == (2, 60)


async def test_a_use_is_allowed_again_at_the_moment_that_the_refusal_tells(allowing: Opened) -> None:
    caller = uuid4().hex

    async with allowing("2/second") as limiter, asyncio.timeout(HANG_SECONDS):
        while not (refused := await _count(limiter, caller)).is_refused:
            pass
        await asyncio.sleep((refused.frees_at - datetime.now(UTC)).total_seconds() + 0.01)

        assert not (await _count(limiter, caller)).is_refused


async def test_callers_do_not_count_for_each_other(allowing: Opened) -> None:
    one, other = uuid4().hex, uuid4().hex

    async with allowing("2/minute") as limiter:
        for _ in range(3):
            await _count(limiter, one)

        assert (await _count(limiter, other)).remaining == 1


async def test_what_has_no_limit_is_not_counted(allowing: Opened) -> None:
    async with allowing("2/minute") as limiter:
        assert await limiter.count(VISIT_PER_KEY, "key") is None


async def test_a_refused_use_does_not_make_the_wait_longer() -> None:
    limiter = _limiter("1/minute")
    await _count(limiter, "caller")

    first, *_, last = [await _count(limiter, "caller") for _ in range(5)]

    assert abs(last.frees_at - first.frees_at) < timedelta(seconds=1)
    assert last.frees_at < datetime.now(UTC) + timedelta(minutes=1)


async def test_processes_with_one_redis_count_together(redis_url: str) -> None:
    with_both = uuid4().hex

    async with process("2/minute", redis_url) as one, process("2/minute", redis_url) as other:
        refused = [(await _count(limiter, with_both)).is_refused for limiter in (one, other, one, other)]

    assert refused == [False, False, True, True]


async def test_uses_that_left_their_window_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.rate_limits.SWEPT_EVERY", 0.01)
    limiter = _limiter("5/second")
    for caller in range(50):
        await _count(limiter, str(caller))

    await asyncio.sleep(1.1)
    await _count(limiter, "somebody else")

    assert len(limiter._own) == 1


@pytest.fixture
def redis_to_stop(tmp_path: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A Redis server that a test may stop, with its address."""
    with running_redis(tmp_path) as (url, server):
        yield url, server


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGSTOP], ids=["stopped", "hangs"])
async def test_without_redis_each_process_counts_by_itself(
    redis_to_stop: tuple[str, subprocess.Popen[bytes]], end: signal.Signals
) -> None:
    url, server = redis_to_stop
    async with process("2/minute", url) as one, process("2/minute", url) as other:
        assert [(await _count(limiter, "caller")).is_refused for limiter in (one, other, one)] == [False, False, True]

        server.send_signal(end)
        if end is signal.SIGTERM:
            await asyncio.to_thread(server.wait, HANG_SECONDS)

        for limiter in (one, other):
            assert [(await _count(limiter, "caller")).is_refused for _ in range(3)] == [False, False, True]


async def test_redis_counts_again_once_it_is_back(redis_to_stop: tuple[str, subprocess.Popen[bytes]]) -> None:
    url, server = redis_to_stop
    caller = uuid4().hex
    async with process("2/minute", url, probed_every_seconds=0.05) as limiter:
        await _count(limiter, caller)
        server.send_signal(signal.SIGSTOP)
        await _count(limiter, caller)

        server.send_signal(signal.SIGCONT)

        async def is_refused() -> bool:
            return (await _count(limiter, caller)).is_refused

        await until_seen(is_refused, "Redis counts again")
