"""How late visitors are answered while files of others are indexed: `python bench/ingestion.py [ROUNDS] [COMMAND]`.

One server, one load: a visitor who asks one question after the other, and `/healthz` every ten milliseconds. In each
round the load runs alone, then beside ordinary files, then beside hostile ones: trust the ratios. Before, how fast the
ordinary files are indexed. `COMMAND` is the `monitora` that serves, for a comparison with another version.
"""

import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from resolvers.rates import RATES  # noqa: E402
from tests.rag.parsing import hostile_files  # noqa: E402
from tests.rag.parsing.pdf_files import make_pdf  # noqa: E402

SECONDS = 12
GARDEN = (
    b"# Hours\nThe garden centre opens at nine and closes at six.\n# Parking\nThere are 200 places behind the house.\n"
)
REGISTER = "mutation ($i: RegisterInput!) { register(input: $i) { ... on Session { accessToken } } }"
CREATE = """mutation ($i: CreateWorkspaceInput!) { createWorkspace(input: $i) {
    ... on CreateWorkspacePayload { workspace { id } } } }"""
KEY = "mutation ($i: CreateApiKeyInput!) { createApiKey(input: $i) { ... on CreateApiKeyPayload { secret } } }"
VISIT = "mutation ($i: StartVisitInput!) { startVisit(input: $i) { ... on Visit { token } } }"
UPLOAD = """mutation ($i: UploadDocumentInput!) { uploadDocument(input: $i) {
    ... on UploadDocumentPayload { document { id } } ... on UserError { code message } } }"""
DELETE = (
    "mutation ($i: DeleteDocumentInput!) { deleteDocument(input: $i) { ... on DeleteDocumentPayload { deletedId } } }"
)
STATUS = "query ($id: ID!) { workspace(id: $id) { documents { nodes { name status } } } }"
CHAT = "subscription ($i: ChatInput!) { chat(input: $i) { __typename } }"


def prose(megabytes: float) -> bytes:
    """Return Markdown of sections of ordinary words."""
    words = ["seed", "soil", "spring", "water", "light", "root", "leaf", "flower", "fruit", "garden", "frost", "shed"]
    lines, size, number = [], 0, 0
    while size < megabytes * 2**20:
        number += 1
        line = " ".join(words[(number * 7 + at * at) % len(words)] for at in range(90))
        lines.append(f"# Section {number}\n{line.capitalize()} {number}.\n")
        size += len(lines[-1])
    return "\n".join(lines).encode()


def pages(count: int) -> bytes:
    """Return a PDF of ordinary pages."""
    text = prose(0.003).decode()
    return make_pdf([f"# Page {number}\n{text}" for number in range(count)])


HOSTILE = {
    "forms.pdf": hostile_files.nested_forms,
    "stream.pdf": hostile_files.shared_stream,
    "rows.html": hostile_files.nested_rows,
    "line.txt": lambda: hostile_files.one_line(25_000_000),
    "nodes.docx": hostile_files.many_nodes,
}
ORDINARY = {"manual.pdf": lambda: pages(300), "handbook.md": lambda: prose(4.5)}


@dataclass
class Load:
    """What the visitor and the health check waited, in seconds."""

    first_tokens: list[float] = field(default_factory=list)
    health: list[float] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"first token p50 {_ms(statistics.median(self.first_tokens))}, p99 {_ms(_p99(self.first_tokens))}"
            f" ({len(self.first_tokens)} questions); /healthz p50 {_ms(statistics.median(self.health))},"
            f" p99 {_ms(_p99(self.health))}, worst {_ms(max(self.health))}"
        )


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"


def _p99(values: list[float]) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * 0.99))]


@contextmanager
def served(command: str, folder: Path) -> Iterator[str]:
    """Run a server and yield its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    no_rates = {f"MONITORA_RATE_{rate.name.upper()}": "" for rate in RATES}
    environment = os.environ | no_rates | {"MONITORA_DATA_DIR": str(folder), "MONITORA_LOG_LEVEL": "warning"}
    subprocess.run([command, "migrate"], env=environment, check=True, stdout=subprocess.DEVNULL)
    process = subprocess.Popen([command, "serve", "--port", str(port)], env=environment)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


class Client:
    """Somebody with a token at the graph."""

    def __init__(self, session: aiohttp.ClientSession, address: str, token: str = "") -> None:
        self.session, self.address, self.token = session, address, token

    @property
    def headers(self) -> dict[str, str]:
        return {"origin": self.address} | ({"authorization": f"Bearer {self.token}"} if self.token else {})

    async def ask(self, query: str, **variables: Any) -> Any:
        body = {"query": query, "variables": variables}
        async with self.session.post(f"{self.address}/graphql", json=body, headers=self.headers) as response:
            answer = await response.json()
        assert not answer.get("errors"), answer
        return answer["data"]

    async def upload(self, workspace: str, name: str, content: bytes) -> str:
        form = aiohttp.FormData()
        variables = {"i": {"workspaceId": workspace, "file": None}}
        form.add_field("operations", json.dumps({"query": UPLOAD, "variables": variables}))
        form.add_field("map", '{"0": ["variables.i.file"]}')
        form.add_field("0", content, filename=name)
        headers = self.headers | {"graphql-require-preflight": "1"}
        async with self.session.post(f"{self.address}/graphql", data=form, headers=headers) as response:
            answer = await response.json()
        return str(answer["data"]["uploadDocument"]["document"]["id"])

    async def finish(self, workspace: str) -> None:
        """Wait until every document is at its end."""
        while True:
            found = await self.ask(STATUS, id=workspace)
            statuses = {node["status"] for node in found["workspace"]["documents"]["nodes"]}
            if not statuses & {"PENDING", "PROCESSING"}:
                return
            await asyncio.sleep(0.02)


async def shop(session: aiohttp.ClientSession, address: str) -> tuple[Client, str]:
    """Return an owner with a workspace of their own."""
    account = {"email": f"{uuid4().hex}@example.com", "password": "correct horse battery"}
    made = await Client(session, address).ask(REGISTER, i=account)
    owner = Client(session, address, made["register"]["accessToken"])
    created = await owner.ask(CREATE, i={"name": "Shop"})
    return owner, created["createWorkspace"]["workspace"]["id"]


@asynccontextmanager
async def chatting(
    session: aiohttp.ClientSession, address: str, token: str
) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """A visitor's socket, opened."""
    url = f"{address.replace('http', 'ws')}/graphql"
    async with session.ws_connect(url, protocols=["graphql-transport-ws"], origin=address) as socket_:
        await socket_.send_json({"type": "connection_init", "payload": {"authorization": f"Bearer {token}"}})
        await socket_.receive_json()
        yield socket_


async def loaded(session: aiohttp.ClientSession, address: str, token: str) -> Load:
    """Ask one question after the other and look at the health, for a while."""
    load, ends = Load(), time.monotonic() + SECONDS

    async def ask() -> None:
        async with chatting(session, address, token) as socket_:
            while time.monotonic() < ends:
                began, answer = time.perf_counter(), uuid4().hex
                said = {"content": f"When does the garden centre open, {answer}?", "clientMessageId": str(uuid4())}
                payload = {"query": CHAT, "variables": {"i": said}}
                await socket_.send_json({"id": answer, "type": "subscribe", "payload": payload})
                is_first = True
                while (message := await socket_.receive_json())["type"] != "complete":
                    if is_first and message["payload"]["data"]["chat"]["__typename"] == "AnswerDelta":
                        load.first_tokens.append(time.perf_counter() - began)
                        is_first = False
                await asyncio.sleep(0.02)

    async def look() -> None:
        while time.monotonic() < ends:
            began = time.perf_counter()
            async with session.get(f"{address}/healthz") as response:
                await response.read()
            load.health.append(time.perf_counter() - began)
            await asyncio.sleep(0.01)

    await asyncio.gather(ask(), look())
    return load


async def measured(address: str, rounds: int) -> None:
    """Run the rounds, and print what they gave."""
    hostile = {name: make() for name, make in HOSTILE.items()}
    ordinary = {name: make() for name, make in ORDINARY.items()}
    loads: dict[str, Load] = defaultdict(Load)
    async with aiohttp.ClientSession() as session:
        garden, workspace = await shop(session, address)
        await garden.upload(workspace, "garden.md", GARDEN)
        others = [await shop(session, address) for _ in range(2)]
        await garden.finish(workspace)
        key = (await garden.ask(KEY, i={"workspaceId": workspace, "name": "site"}))["createApiKey"]["secret"]
        token = (await Client(session, address).ask(VISIT, i={"apiKey": key}))["startVisit"]["token"]
        await loaded(session, address, token)  # to warm up
        for name, content in ordinary.items():
            owner, theirs = others[0]
            began = time.monotonic()
            await owner.upload(theirs, name, content)
            await owner.finish(theirs)
            seconds = time.monotonic() - began
            print(f"{name}, {len(content) / 2**20:.2f} MB: indexed in {seconds:.1f} s")

        for _ in range(rounds):
            for name, files in (("alone", {}), ("beside ordinary files", ordinary), ("beside hostile files", hostile)):
                uploaded = [
                    (owner, await owner.upload(theirs, name, content))
                    for owner, theirs in others
                    for name, content in files.items()
                ]
                load = await loaded(session, address, token)
                loads[name].first_tokens += load.first_tokens
                loads[name].health += load.health
                print(f"  {name}: {load}", flush=True)
                for owner, document in uploaded:
                    await owner.ask(DELETE, i={"id": document})
        base = loads["alone"]
        for name, load in loads.items():
            ratio = statistics.median(load.first_tokens) / statistics.median(base.first_tokens)
            print(f"{name}: {load}; {ratio:.2f}× of alone at p50")


if __name__ == "__main__":
    _rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    _command = sys.argv[2] if len(sys.argv) > 2 else str(Path(sys.executable).parent / "monitora")
    with tempfile.TemporaryDirectory() as _folder, served(_command, Path(_folder)) as _address:
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", int(_address.rpartition(":")[2]))).close()
                break
            except OSError:
                time.sleep(0.1)
        asyncio.run(measured(_address, _rounds))
