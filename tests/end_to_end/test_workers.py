"""`MONITORA_WORKERS`: several processes behind one port."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

from tests.end_to_end.test_main_job import CHAT
from tests.end_to_end.test_stops import visitor_of
from tests.end_to_end.test_two_processes import ANSWER
from tests.support.server import Server, monitora, running
from tests.support.waiting import HANG_SECONDS, until

WORKERS = """
import sys
from monitora.listening import listen
from monitora.settings.settings import Settings
from monitora.workers import Workers
settings = Settings(data_dir=sys.argv[1], redis_url=sys.argv[2], workers=2)
sys.exit(0 if Workers(settings, listen("127.0.0.1", 0, command="")).run() else 3)
"""


def workers(folder: Path) -> list[int]:
    """Return the workers that were started, in order, as the log tells."""
    return [int(number) for number in re.findall(r"worker_started\s+worker=(\d+)", (folder / "server.log").read_text())]


def is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


async def asked(server: Server) -> list[str]:
    """Ask as a new visitor, and read the answer again on other connections: each may be another worker's."""
    visitor = await visitor_of(server)
    said = {"content": "How do I add a document?", "clientMessageId": str(uuid4())}
    events = [event["chat"] async for event in visitor.stream(CHAT, input=said)]
    texts = [events[-1]["message"]["content"]]
    for _ in range(4):
        again = [event["answer"] async for event in visitor.stream(ANSWER, id=events[0]["answerId"], after=0)]
        texts.append(again[-1]["message"]["content"])
    return texts


async def test_workers_share_answers_and_one_that_dies_is_replaced(tmp_path: Path, redis_url: str) -> None:
    assert monitora({"MONITORA_DATA_DIR": str(tmp_path)}, "demo", "--prepare-only").returncode == 0

    with running(tmp_path, MONITORA_WORKERS="2", MONITORA_REDIS_URL=redis_url) as server:
        await until(lambda: len(workers(tmp_path)) == 2, "both workers are started")
        first, second = workers(tmp_path)
        assert len(set(await asked(server))) == 1

        os.kill(first, signal.SIGKILL)
        await until(lambda: len(workers(tmp_path)) == 3, "the dead worker is replaced")
        assert len(set(await asked(server))) == 1
        assert is_alive(second)

    assert not any(map(is_alive, workers(tmp_path))), "a stop ends all of them"


async def test_workers_end_when_their_parent_is_killed(tmp_path: Path, redis_url: str) -> None:
    assert monitora({"MONITORA_DATA_DIR": str(tmp_path)}, "migrate").returncode == 0

    with running(tmp_path, MONITORA_WORKERS="2", MONITORA_REDIS_URL=redis_url) as server:
        await until(lambda: len(workers(tmp_path)) == 2, "both workers are started")
        server.process.kill()
        await until(lambda: not any(map(is_alive, workers(tmp_path))), "no worker is left behind")


def test_several_workers_without_redis_are_refused(tmp_path: Path) -> None:
    refused = monitora({"MONITORA_DATA_DIR": str(tmp_path), "MONITORA_WORKERS": "2"}, "serve")

    assert refused.returncode == 1
    assert "MONITORA_WORKERS: several processes share answers under way through Redis" in refused.stderr


def test_metrics_of_several_workers_are_refused(tmp_path: Path) -> None:
    several = {"MONITORA_WORKERS": "2", "MONITORA_REDIS_URL": "redis://127.0.0.1", "MONITORA_METRICS_TOKEN": "x" * 16}
    refused = monitora({"MONITORA_DATA_DIR": str(tmp_path), **several}, "serve")

    assert refused.returncode == 1
    assert "MONITORA_METRICS_TOKEN: each process counts for itself" in refused.stderr


def test_a_worker_that_cannot_start_stops_the_server(tmp_path: Path, redis_url: str) -> None:
    (tmp_path / "monitora.db").mkdir()

    # The commands look at the database before they start workers.
    refused = subprocess.run(
        [sys.executable, "-c", WORKERS, str(tmp_path), redis_url],
        capture_output=True,
        text=True,
        check=False,
        timeout=HANG_SECONDS,
    )

    assert refused.returncode == 3, refused.stderr
    assert "worker_ended" in refused.stdout
