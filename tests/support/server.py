"""A server of the tests: the real command, in a process of its own, on a port of its own."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from monitora.settings.settings import variable_of
from resolvers.rates import RATES
from tests.support.waiting import HANG_SECONDS, wait_until

COMMAND = str(Path(sys.executable).parent / "monitora")


@dataclass(frozen=True)
class Server:
    """Where a server is reached, and the environment its commands run in."""

    host: str
    environment: dict[str, str]
    process: subprocess.Popen[bytes]

    @property
    def http(self) -> str:
        """The address of the graph over HTTP."""
        return f"http://{self.host}/graphql"

    @property
    def origin(self) -> str:
        """The origin of the server's own pages, whose visits every workspace opens."""
        return f"http://{self.host}"

    @property
    def websocket(self) -> str:
        """The address of the graph over the websocket."""
        return f"ws://{self.host}/graphql"

    def run(self, *arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
        """Run a command of `monitora` beside the server, and return what it printed."""
        return monitora(self.environment, *arguments, given=given)


def monitora(environment: dict[str, str], *arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    """Run a command of `monitora` to its end."""
    return subprocess.run(
        [COMMAND, *arguments],
        env=_environment(environment),
        input=given,
        capture_output=True,
        text=True,
        check=False,
        timeout=HANG_SECONDS,
    )


@contextmanager
def running(folder: Path, **settings: str) -> Iterator[Server]:
    """Start a server on a folder, wait until it answers, and stop it at the end as a service manager would.

    The tests are one address that does the work of many: nothing has a rate but what `settings` says.
    """
    no_rates = {variable_of(rate): "" for rate in RATES}
    environment = {"MONITORA_DATA_DIR": str(folder), **no_rates, **settings}
    port = _free_port()
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [COMMAND, "serve", "--port", str(port)], env=_environment(environment), stdout=log, stderr=log
        )
        try:
            _wait_until_healthy(process, f"http://127.0.0.1:{port}/healthz", folder / "server.log")
            yield Server(f"127.0.0.1:{port}", environment, process)
        finally:
            process.terminate()
            process.wait(HANG_SECONDS)


def _environment(settings: dict[str, str]) -> dict[str, str]:
    inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {**inherited, **settings}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_healthy(process: subprocess.Popen[bytes], address: str, log: Path) -> None:
    def is_healthy() -> bool:
        assert process.poll() is None, f"the server ended: {log.read_text()}"
        try:
            with urlopen(address, timeout=HANG_SECONDS):
                return True
        except (URLError, ConnectionError):
            return False

    wait_until(is_healthy, "the server answers")
