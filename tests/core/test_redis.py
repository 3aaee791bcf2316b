"""The client of Redis: what uses it waits once for a Redis that is away, and the log says so once."""

import asyncio
import signal
import socket
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from core.redis import RedisClient, RedisUnavailable
from tests.support.redis_server import running_redis
from tests.support.waiting import until


async def test_a_redis_that_hangs_costs_one_time_out_for_all_that_use_it(tmp_path: Path) -> None:
    with running_redis(tmp_path) as (url, server):
        async with RedisClient(url, probed_every_seconds=0.05) as client:
            await client.run(lambda redis: redis.set("key", "value"))
            server.send_signal(signal.SIGSTOP)
            with pytest.raises(RedisUnavailable):
                await client.run(lambda redis: redis.get("key"))

            async with asyncio.timeout(50 * client.timeout_seconds):
                for _ in range(100):
                    with pytest.raises(RedisUnavailable):
                        await client.run(lambda redis: redis.get("key"))

            server.send_signal(signal.SIGCONT)
            await until(lambda: client.is_available, "Redis is back")
            assert await client.run(lambda redis: redis.get("key")) == "value"


async def test_the_log_says_once_that_redis_is_away_and_once_that_it_is_back(tmp_path: Path) -> None:
    with running_redis(tmp_path) as (url, server):
        async with RedisClient(url, probed_every_seconds=0.02) as client:
            await client.ping()
            with capture_logs() as lines:
                server.send_signal(signal.SIGSTOP)
                for _ in range(10):
                    with pytest.raises(RedisUnavailable):
                        await client.run(lambda redis: redis.get("key"))
                server.send_signal(signal.SIGCONT)
                await until(lambda: client.is_available, "Redis is back")

    assert [line["event"] for line in lines] == ["redis_unavailable", "redis_available"]


async def test_a_look_at_a_redis_that_is_away_is_logged_once_however_often_somebody_looks(tmp_path: Path) -> None:
    with running_redis(tmp_path) as (url, server):
        async with RedisClient(url, timeout_seconds=0.2, probed_every_seconds=60) as client:
            server.send_signal(signal.SIGSTOP)
            with capture_logs() as lines:
                for _ in range(3):
                    with pytest.raises(RedisUnavailable):
                        await client.ping()
            server.send_signal(signal.SIGCONT)

    assert [line["event"] for line in lines] == ["redis_unavailable"]


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
