"""How many tokens a second reach clients, how late, and what a socket costs: `python bench/sockets.py [RUNS]`.

The same load on Monitora, on a bare Starlette socket of the same process, and on Node's graphql-js with `graphql-ws`,
one after the other in one run: trust the ratios. Each server has one process, and the readers another.
"""

import asyncio
import socket
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import aiohttp
import uvloop
from reader import Load, Reader

HERE = Path(__file__).parent
VISIT = "mutation ($input: StartVisitInput!) { startVisit(input: $input) { ... on Visit { token } } }"
LOADS = ((20, 2_500, 0, 0), (50, 1_000, 0, 0), (200, 250, 50, 0), (200, 250, 50, 800))
"""Readers, tokens of each, tokens a second of each (0: as fast as it goes), and idle sockets beside them."""
SOCKETS = 1_000


@dataclass
class Target:
    """A server under load."""

    name: str
    port: int
    path: str
    process: subprocess.Popen[str]
    token: str = ""

    @property
    def memory(self) -> int:
        """Its resident memory, in bytes."""
        return int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]) * 4096

    async def connect(self, load: Load, question: str | None = None) -> Reader:
        """Open a socket, and ask."""
        made = Reader(self.path, self.token, question, load)
        await asyncio.get_running_loop().create_connection(lambda: made, "127.0.0.1", self.port)
        await made.ready
        return made

    async def begin(self, readers: int) -> float:
        """Let the answers begin once so many are asked for, and return when that was."""
        url = f"http://127.0.0.1:{self.port}/begin/{readers}"
        async with aiohttp.ClientSession() as session, session.get(url) as begun:
            return float(await begun.text())


async def run(target: Target, readers: int, count: int, rate: int, idle: int) -> Load:
    """Connect everybody, let the answers begin once all are asked for, and read to the end."""
    load = Load()
    silent = [await target.connect(load) for _ in range(idle)]
    asked = [await target.connect(load, f"{count} {rate} {uuid4()}") for _ in range(readers)]
    await asyncio.gather(*(reader.asked for reader in asked))
    load.began = await target.begin(readers)
    await asyncio.gather(*(reader.done for reader in asked))
    assert len(load.delays) == readers * count, f"{target.name}: {len(load.delays)} of {readers * count} tokens"
    for reader in [*silent, *asked]:
        reader.transport.close()
    return load


async def beside_questions(target: Target, questions: int) -> tuple[Load, float]:
    """Return what 50 readers at 50 tokens a second saw while questions began at once, and how long that took."""
    load = Load()
    reading = [await target.connect(load, f"400 50 {uuid4()}") for _ in range(50)]
    load.began = await target.begin(len(reading))
    await asyncio.sleep(1)
    asked = await asyncio.gather(*(target.connect(Load(), f"1 0 {uuid4()}") for _ in range(questions)))
    took = await target.begin(questions) - load.began - 1
    await asyncio.gather(*(reader.done for reader in [*reading, *asked]))
    for reader in [*reading, *asked]:
        reader.transport.close()
    return load, took


async def idle_cost(target: Target) -> float:
    """Return what an idle socket takes, in kB."""
    before = target.memory
    opened = [await target.connect(Load()) for _ in range(SOCKETS)]
    await asyncio.sleep(0.5)
    cost = (target.memory - before) / SOCKETS / 1024
    for reader in opened:
        reader.transport.close()
    return cost


async def measure(targets: list[Target], runs: int) -> None:
    """Run the loads one after the other, each on every server in turn, and tell the best and the median."""
    for target in targets:
        if target.path != "/bare":
            print(f"an idle socket of {target.name:<9}{await idle_cost(target):6.1f} kB", flush=True)
    for readers, count, rate, idle in LOADS:
        print(f"{readers} readers of {count} tokens at {rate or 'full'}/s beside {idle} idle", flush=True)
        loads = defaultdict(list)
        for _ in range(runs):
            for target in targets:
                loads[target.name].append(await run(target, readers, count, rate, idle))
        for name, seen in loads.items():
            rates = [load.rate for load in seen]
            delays = [[load.delay(share) for load in seen] for share in (0.5, 0.99)]
            print(
                f"    {name:<9} tokens/s {max(rates):>7,.0f} ({statistics.median(rates):>7,.0f})"
                f"   a frame {sum(len(load.delays) for load in seen) / sum(load.frames for load in seen):5.1f}"
                f"   delay p50 {min(delays[0]):6.1f} ({statistics.median(delays[0]):6.1f}) ms"
                f"   p99 {min(delays[1]):6.1f} ({statistics.median(delays[1]):6.1f}) ms",
                flush=True,
            )


async def measure_questions(target: Target) -> None:
    """Tell what beginning answers costs those under way."""
    for questions in (20, 200):
        load, took = await beside_questions(target, questions)
        print(
            f"50 readers at 50/s while {questions} questions begin, in {took:.1f} s"
            f"   delay p50 {load.delay(0.5):.1f} ms   p99 {load.delay(0.99):.1f} ms   at most {max(load.delays):.2f} s",
            flush=True,
        )


@contextmanager
def started(*command: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start a server; yield it and the first line it prints."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process, process.stdout.readline().strip()
        finally:
            process.terminate()


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def visit(port: int, key: str) -> str:
    """Wait until Monitora answers, and return a visitor's token."""
    origin = f"http://127.0.0.1:{port}"
    async with aiohttp.ClientSession(headers={"origin": origin}) as session:
        for _ in range(200):
            try:
                query = {"query": VISIT, "variables": {"input": {"apiKey": key}}}
                answer = await session.post(f"{origin}/graphql", json=query)
                return str((await answer.json())["data"]["startVisit"]["token"])
            except aiohttp.ClientConnectionError:
                await asyncio.sleep(0.1)
    raise AssertionError("the server does not answer")


async def bench(folder: str, runs: int) -> None:
    """Start the servers, measure, stop them."""
    ours, theirs = free_port(), free_port()
    with (
        started(sys.executable, str(HERE / "scripted_server.py"), folder, str(ours)) as (python, key),
        started("node", str(HERE / "scripted_server.mjs"), str(theirs)) as (node, _),
    ):
        token = await visit(ours, key)
        targets = [
            Target("Monitora", ours, "/graphql", python, token),
            Target("bare", ours, "/bare", python),
            Target("Node", theirs, "/graphql", node),
        ]
        await measure(targets, runs)
        await measure_questions(targets[0])


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as data, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(bench(data, int(sys.argv[1]) if len(sys.argv) > 1 else 3))
