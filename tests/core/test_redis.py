"""The client of Redis: what uses it waits once for a Redis that is away, and the log says so once."""

import asyncio
import signal
import socket
import time
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from core.redis import RedisClient, RedisUnavailable
from tests.support.redis_server import running_redis


async def _is_back(client: RedisClient) -> None:
    async with asyncio.timeout(30):
        while not client.is_available:  # noqa: ASYNC110 - the circuit tells nobody but the log
            await asyncio.sleep(0.01)


async def test_a_redis_that_hangs_costs_one_time_out_for_all_that_use_it(tmp_path: Path) -> None:
    with running_redis(tmp_path) as (url, server):
        async with RedisClient(url, timeout_seconds=0.5, probed_every_seconds=0.05) as client:
            await client.run(lambda redis: redis.set("key", "value"))
            server.send_signal(signal.SIGSTOP)
            with pytest.raises(RedisUnavailable):
                await client.run(lambda redis: redis.get("key"))

            began = time.monotonic()
            for _ in range(100):
                with pytest.raises(RedisUnavailable):
                    await client.run(lambda redis: redis.get("key"))
            waited = time.monotonic() - began

            server.send_signal(signal.SIGCONT)
            await _is_back(client)
            assert await client.run(lambda redis: redis.get("key")) == "value"
    assert waited < 100 * 0.5, "no command waited for the time-out again"


async def test_the_log_says_once_that_redis_is_away_and_once_that_it_is_back(tmp_path: Path) -> None:
    with running_redis(tmp_path) as (url, server):
        async with RedisClient(url, timeout_seconds=0.2, probed_every_seconds=0.02) as client:
            await client.ping()
            with capture_logs() as lines:
                server.send_signal(signal.SIGSTOP)
                for _ in range(10):
                    with pytest.raises(RedisUnavailable):
                        await client.run(lambda redis: redis.get("key"))
                server.send_signal(signal.SIGCONT)
                await _is_back(client)

    assert [line["event"] for line in lines] == ["redis_unavailable", "redis_available"]


async def test_what_uses_a_redis_that_was_never_there_goes_on(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        nobody = probe.getsockname()[1]

    async with RedisClient(f"redis://127.0.0.1:{nobody}/0") as client:
        with pytest.raises(RedisUnavailable):
            await client.run(lambda redis: redis.get("key"))
        with pytest.raises(RedisUnavailable):
            await client.ping()
        assert not client.is_available
