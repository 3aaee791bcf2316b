"""A Redis that hangs, is killed and comes back, under a server that shares its answers through it."""

import signal
from pathlib import Path
from uuid import uuid4

import aiohttp

from tests.end_to_end.test_main_job import CHAT
from tests.end_to_end.test_stops import visitor_of
from tests.support.client import FrontEnd
from tests.support.mistral_server import MistralServer
from tests.support.redis_server import running_redis
from tests.support.server import Server, running
from tests.support.waiting import until_seen, wait_until

RATES = {"MONITORA_RATE_MESSAGE_PER_VISITOR": "100/minute", "MONITORA_RATE_MESSAGE_PER_ADDRESS": "100/minute"}


async def _is_ready(server: Server) -> bool:
    async with aiohttp.ClientSession() as session, session.get(f"http://{server.host}/readyz") as found:
        return found.status == 200


async def _answered(visitor: FrontEnd) -> list[str]:
    said = {"content": f"What is Monitora? ({uuid4().hex})", "clientMessageId": str(uuid4())}
    return [event["chat"]["__typename"] async for event in visitor.stream(CHAT, input=said)]


def _warnings(folder: Path) -> list[str]:
    lines = (folder / "server.log").read_text().splitlines()
    return [word for line in lines for word in line.split() if word in {"redis_unavailable", "redis_available"}]


async def test_answers_go_on_while_redis_hangs_and_the_server_notices_once(
    sample: Path, tmp_path: Path, mistral_server: MistralServer
) -> None:
    with running_redis(tmp_path) as (url, redis):
        settings = {"MISTRAL_SERVER_URL": mistral_server.url, "MONITORA_REDIS_URL": url, **RATES}
        with running(sample, **settings) as server:
            visitor = await visitor_of(server)
            assert (await _answered(visitor))[-1] == "AnswerFinished"

            redis.send_signal(signal.SIGSTOP)
            answers = [await _answered(visitor) for _ in range(5)]
            assert [answer[0] for answer in answers] == ["AnswerStarted"] * 5
            assert [answer[-1] for answer in answers] == ["AnswerFinished"] * 5
            assert not await _is_ready(server)
            assert _warnings(sample) == ["redis_unavailable"], "one time-out, not one for each use"

            redis.send_signal(signal.SIGCONT)
            wait_until(lambda: _warnings(sample) == ["redis_unavailable", "redis_available"], "Redis is back")
            await until_seen(lambda: _is_ready(server), "the server is ready")
            assert (await _answered(visitor))[-1] == "AnswerFinished"
            redis.send_signal(signal.SIGSTOP)
        # The server stops although Redis hangs: its end was waited for.


async def test_answers_go_on_while_redis_is_killed_and_when_another_takes_its_place(
    sample: Path, tmp_path: Path, mistral_server: MistralServer
) -> None:
    with running_redis(tmp_path) as (url, redis):
        settings = {"MISTRAL_SERVER_URL": mistral_server.url, "MONITORA_REDIS_URL": url, **RATES}
        with running(sample, **settings) as server:
            visitor = await visitor_of(server)
            assert (await _answered(visitor))[-1] == "AnswerFinished"

            redis.kill()
            redis.wait()
            assert (await _answered(visitor))[-1] == "AnswerFinished"
            assert not await _is_ready(server)

            # An empty Redis on the same port: what it held of answers and rates is gone, and nobody needs it.
            with running_redis(tmp_path, port=int(url.rpartition(":")[2].partition("/")[0])):
                await until_seen(lambda: _is_ready(server), "the server is ready")
                assert (await _answered(visitor))[-1] == "AnswerFinished"


async def test_a_server_starts_while_redis_hangs(sample: Path, tmp_path: Path, mistral_server: MistralServer) -> None:
    with running_redis(tmp_path) as (url, redis):
        redis.send_signal(signal.SIGSTOP)
        with running(sample, MISTRAL_SERVER_URL=mistral_server.url, MONITORA_REDIS_URL=url, **RATES) as server:
            assert (await _answered(await visitor_of(server)))[-1] == "AnswerFinished"
