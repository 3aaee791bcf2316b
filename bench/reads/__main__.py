"""Compares reads: `python -m bench.reads [--rounds N] [--only PEER …] [--without-token-check]`, or `make bench-reads`.

One server process each on one processor, the client on another, all on one file in a temporary folder. In each round
each server is asked for each operation, one right after the other: trust the ratios of one run.
"""

import argparse
import asyncio
import json
import os
import tempfile
from pathlib import Path

import uvloop

from bench.reads import load
from bench.reads.fixture import fill
from bench.reads.measure import Comparison, Loads, request_of
from bench.reads.operations import Call
from bench.reads.servers import PEERS, Server, monitora, monitora_server, peers
from bench.reads.table import aims, table
from data.models.base import global_id
from monitora.settings.data_folder import DATABASE

REGISTER = """mutation { register(input: { email: "bench@example.com", password: "a bench in the garden" }) {
  ... on Session { accessToken } } }"""
SECONDS = 0.8
"""How long one load lasts: 32 loads a round, so that 12 rounds end in six minutes."""


async def prepare(folder: Path, address: str, pid: int) -> tuple[Server, str, str]:
    """Make an account and its rows. Return Monitora with them, the account's token and the workspace's key."""
    anonymous = monitora_server(address, pid, "")
    answer = await load.ask(anonymous.port, request_of(anonymous, Call("/graphql", {"query": REGISTER}), ""))
    token = json.loads(answer)["data"]["register"]["accessToken"]
    key = await fill(f"sqlite:///{folder / DATABASE}")
    return monitora_server(address, pid, global_id("Workspace", key)), token, key.hex


async def compare(servers: list[Server], token: str, rounds: int) -> Loads:
    """Check that all answer alike, then measure."""
    comparison = Comparison(servers, token)
    await comparison.compare_answers()
    await comparison.warm_up()

    def report(number: int) -> None:
        print(f"round {number + 1} of {rounds}", flush=True)

    return await comparison.measure(rounds, SECONDS, report)


def pin(servers: list[Server]) -> str:
    """Put the servers on one processor and this client on another, and say so."""
    processors = sorted(os.sched_getaffinity(0))
    if len(processors) == 1:
        return "client and servers share the one processor"
    for server in servers:
        for thread in Path(f"/proc/{server.pid}/task").iterdir():
            os.sched_setaffinity(int(thread.name), {processors[0]})
    os.sched_setaffinity(0, {processors[1]})
    return "the servers on one processor, the client on another"


def chosen(words: list[str]) -> list[str]:
    """Return the peers whose names contain one of the words; all without a word. Raises `SystemExit`."""
    found = [name for name in PEERS if not words or any(word.casefold() in name.casefold() for word in words)]
    if not found:
        raise SystemExit(f"No peer is called {' or '.join(words)}: there are {', '.join(PEERS)}.")
    return found


def rounds_of(text: str) -> int:
    """Read a number of rounds. Raises `ArgumentTypeError`."""
    if not text.isdecimal() or not 1 <= int(text) <= 100:
        raise argparse.ArgumentTypeError("write a number from 1 to 100, such as 12")
    return int(text)


def main() -> None:
    """Start the servers, measure, print the table and stop them."""
    parser = argparse.ArgumentParser(prog="python -m bench.reads")
    parser.add_argument("--rounds", type=rounds_of, default=12, metavar="N", help="1 to 100")
    parser.add_argument("--only", nargs="+", default=[], metavar="PEER", help="a part of its name, such as fastapi")
    parser.add_argument("--without-token-check", action="store_true", help="let the peers trust whoever asks")
    options = parser.parse_args()
    names = chosen(options.only)
    with (
        tempfile.TemporaryDirectory() as data,
        monitora(Path(data)) as (address, pid),
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        ours, token, key = runner.run(prepare(Path(data), address, pid))
        with peers(Path(data), names, key, is_open=options.without_token_check) as started:
            servers = [ours, *started]
            print(f"{options.rounds} rounds of {SECONDS} s a load; {pin(servers)}.")
            loads = runner.run(compare(servers, token, options.rounds))
    print("\n".join(["", *table(loads), "", *aims(loads)]))


if __name__ == "__main__":
    main()
