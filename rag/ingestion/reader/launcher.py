"""The server's side of the fork server: started, asked for children, and replaced when it is gone."""

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import structlog

from rag.ingestion.reader.fork_server import LENGTH, READY
from rag.ingestion.reader.limits import ReaderLimits

logger = structlog.get_logger(__name__)

_PROGRAM = "import sys; sys.path[:] = sys.argv[4:]; from rag.ingestion.reader.fork_server import main; main()"
_KEPT = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
"""The variables a child's libraries may be found by. No other crosses."""
_ENVIRONMENT = {"LANG": "C.UTF-8", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
"""One thread: a process with several cannot be forked safely."""
_START_SECONDS = 60
_STOP_SECONDS = 5
_MAX_END_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Exit:
    """How a child ended. `status` is its exit code, or a signal's number below zero.

    `resident_bytes` is the most memory it had beyond what it began with.
    """

    status: int
    cpu_seconds: float
    resident_bytes: int


class ForkServerGone(ConnectionError):
    """The fork server ended, or does not start."""


class ChildProcess:
    """A child that was forked for a document. It lives no longer than this object is open."""

    def __init__(self, results: socket.socket, leash: socket.socket) -> None:
        """Hold the server's ends of the child's two sockets."""
        self._results = results
        self._leash = leash

    async def read(self, size: int) -> bytes:
        """Return exactly `size` bytes of what the child sends. Raises `EOFError` where it ended before."""
        loop = asyncio.get_running_loop()
        buffer = bytearray(size)
        view = memoryview(buffer)
        while view:
            try:
                received = await loop.sock_recv_into(self._results, view)
            except ConnectionError as error:
                raise EOFError from error
            if not received:
                raise EOFError
            view = view[received:]
        return bytes(buffer)

    async def ended(self) -> Exit:
        """Wait until the child has ended. Raises `ForkServerGone`."""
        loop = asyncio.get_running_loop()
        try:
            told = await loop.sock_recv(self._leash, _MAX_END_BYTES)
        except ConnectionError as error:
            raise ForkServerGone from error
        if not told:
            raise ForkServerGone
        return Exit(**json.loads(told))

    def kill(self) -> None:
        """Kill the child. How it ended can still be asked."""
        with contextlib.suppress(OSError):  # the fork server is gone, and the child with it
            self._leash.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Kill the child, if it still runs, and forget it."""
        self._results.close()
        self._leash.close()


class Launcher:
    """Starts the fork server when it is first needed, and again when it is gone."""

    def __init__(self, limits: ReaderLimits, work: str) -> None:
        """Prepare to start. `work` is what children do, as "module:function"."""
        self._arguments = [json.dumps(asdict(limits)), work]
        self._starting = asyncio.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None

    @property
    def pid(self) -> int | None:
        """The fork server's number, while one was started."""
        return self._process.pid if self._process else None

    async def start(self) -> socket.socket:
        """Start the fork server, unless it runs, and return its socket. Raises `ForkServerGone` where it cannot be."""
        async with self._starting:
            if self._control is not None and self._process is not None and self._process.poll() is None:
                return self._control
            if self._process is not None:
                logger.warning("reader_replaced", code=self._process.returncode)
                await self.close()
            return await self._start()

    async def fork(self, request: Mapping[str, Any], file: int) -> ChildProcess:
        """Return a child that works on the open file `file`. Raises `ForkServerGone`."""
        control = await self.start()
        payload = json.dumps(request).encode()
        results, child_results = socket.socketpair()
        leash, child_leash = socket.socketpair()
        child = ChildProcess(results, leash)
        try:
            results.setblocking(False)
            leash.setblocking(False)
            descriptors = [file, child_results.fileno(), child_leash.fileno()]
            socket.send_fds(control, [LENGTH.pack(len(payload)), payload], descriptors)
        except OSError as error:
            child.close()
            raise ForkServerGone from error
        finally:
            child_results.close()
            child_leash.close()
        return child

    async def close(self) -> None:
        """End the fork server and its children. It is started again if a child is asked for."""
        process, control = self._process, self._control
        self._process = self._control = None
        if control is not None:
            control.close()
        if process is not None:
            await asyncio.to_thread(_reap, process)

    async def _start(self) -> socket.socket:
        control, theirs = socket.socketpair()
        control.setblocking(False)
        self._control = control
        with theirs:
            self._process = await asyncio.to_thread(_run, theirs.fileno(), self._arguments)
        try:
            async with asyncio.timeout(_START_SECONDS):
                ready = await asyncio.get_running_loop().sock_recv(control, len(READY))
        except (TimeoutError, ConnectionError) as error:
            raise ForkServerGone from error
        if ready != READY:
            raise ForkServerGone
        return control


def _run(control: int, arguments: list[str]) -> subprocess.Popen[bytes]:
    environment = _ENVIRONMENT | {name: os.environ[name] for name in _KEPT if name in os.environ}
    # Isolated: no variable and no file beside the program changes what it imports. In a group of its own: what a
    # terminal sends to the server's group does not reach it.
    return subprocess.Popen(  # noqa: S603 - our own program, with our own arguments
        [sys.executable, "-I", "-c", _PROGRAM, str(control), *arguments, *sys.path],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        pass_fds=[control],
        env=environment,
        cwd="/",
        process_group=0,
    )


def _reap(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
