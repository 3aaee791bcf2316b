"""How many tokens a second reach clients, how late, and what a socket costs: `python bench/sockets.py`.

One server process on one core, one client process. Every figure stands beside the same load on a bare Starlette socket
of the same process, in the same run: trust the ratios.
"""

import asyncio
import json
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import aiohttp

CHAT = "subscription ($input: ChatInput!) { chat(input: $input) { __typename sequence ... on AnswerDelta { text } } }"
VISIT = "mutation ($input: StartVisitInput!) { startVisit(input: $input) { ... on Visit { token } } }"


@dataclass
class Load:
    """What the readers saw. `delays` are in seconds, from a token's making to its arrival."""

    pieces: int = 0
    delays: list[float] = field(default_factory=list)
    seconds: float = 0.0

    def __str__(self) -> str:
        delays = sorted(self.delays)
        late = {share: delays[int(len(delays) * share)] * 1000 for share in (0.5, 0.99)} if delays else {}
        shown = ", ".join(f"p{share * 100:.0f} {value:.1f} ms" for share, value in late.items())
        return f"{self.tokens / self.seconds:>9,.0f} tokens/s in {self.pieces:,} frames   delay {shown}"

    @property
    def tokens(self) -> int:
        """Tokens read, of which several may come in one frame."""
        return len(self.delays)


def note(load: Load, text: str) -> None:
    """Take down the tokens of a frame."""
    arrived = time.time()
    load.pieces += 1
    load.delays.extend(arrived - float(made) for made in text.split())


async def read_graph(session: aiohttp.ClientSession, host: str, token: str, question: str, load: Load) -> None:
    """Ask by the ordinary protocol and read the answer."""
    async with session.ws_connect(f"ws://{host}/graphql", protocols=["graphql-transport-ws"]) as ws:
        await ws.send_json({"type": "connection_init", "payload": {"authorization": f"Bearer {token}"}})
        await ws.receive()
        variables = {"input": {"content": question, "clientMessageId": str(uuid4())}}
        await ws.send_json({"id": "1", "type": "subscribe", "payload": {"query": CHAT, "variables": variables}})
        async for message in ws:
            frame = json.loads(message.data)
            if frame["type"] != "next":
                return
            event = frame["payload"]["data"]["chat"]
            if "text" in event:
                note(load, event["text"])


async def read_bare(session: aiohttp.ClientSession, host: str, question: str, load: Load) -> None:
    """Read the same from a plain socket."""
    async with session.ws_connect(f"ws://{host}/bare", protocols=["graphql-transport-ws"]) as ws:
        await ws.send_str(question)
        async for message in ws:
            frame = json.loads(message.data)
            if frame["type"] != "next":
                return
            note(load, frame["payload"]["data"]["chat"]["text"])


def memory(process: subprocess.Popen[str]) -> int:
    """Return the resident memory of the server, in bytes."""
    pages = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1])
    return pages * 4096


async def measure(host: str, key: str, process: subprocess.Popen[str]) -> None:
    """Run the loads one after the other."""
    connector = aiohttp.TCPConnector(limit=0)
    page = {"origin": f"http://{host}"}
    async with aiohttp.ClientSession(connector=connector, headers=page) as session:
        answer = await session.post(
            f"http://{host}/graphql", json={"query": VISIT, "variables": {"input": {"apiKey": key}}}
        )
        token = (await answer.json())["data"]["startVisit"]["token"]
        for readers, count, rate in ((20, 2_000, 0), (50, 1_000, 0), (200, 250, 50)):
            for name in ("graph", "bare"):
                load = Load()
                question = f"{count} {rate} {uuid4()}"
                started = time.perf_counter()
                jobs = [
                    read_graph(session, host, token, question, load)
                    if name == "graph"
                    else read_bare(session, host, question, load)
                    for _ in range(readers)
                ]
                await asyncio.gather(*jobs)
                load.seconds = time.perf_counter() - started
                print(f"{readers:>4} readers of {count} tokens at {rate or 'full'}/s   {name:<6}{load}", flush=True)
        await idle(session, host, token, process)


async def idle(session: aiohttp.ClientSession, host: str, token: str, process: subprocess.Popen[str]) -> None:
    """Open a thousand sockets that say nothing, and stream to 200 others beside them."""
    before = memory(process)
    sockets = []
    for _ in range(1_000):
        ws = await session.ws_connect(f"ws://{host}/graphql", protocols=["graphql-transport-ws"])
        await ws.send_json({"type": "connection_init", "payload": {"authorization": f"Bearer {token}"}})
        await ws.receive()
        sockets.append(ws)
    print(f"1,000 idle sockets: {(memory(process) - before) / 1_000 / 1024:.1f} kB each")
    load = Load()
    started = time.perf_counter()
    await asyncio.gather(*(read_graph(session, host, token, f"250 50 {uuid4()}", load) for _ in range(200)))
    load.seconds = time.perf_counter() - started
    print(f" 200 readers beside 1,000 idle sockets        graph {load}")
    for ws in sockets:
        await ws.close()


def main() -> None:
    """Start the server, measure, stop it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, str(Path(__file__).with_name("scripted_server.py")), folder, str(port)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            key = process.stdout.readline().strip()
            try:
                while True:
                    with socket.socket() as probe:
                        if probe.connect_ex(("127.0.0.1", port)) == 0:
                            break
                    time.sleep(0.1)
                asyncio.run(measure(f"127.0.0.1:{port}", key, process))
            finally:
                process.terminate()


if __name__ == "__main__":
    main()
