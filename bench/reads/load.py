"""One load on one server: connections that ask again as soon as they are answered, and what the server took for it."""

import asyncio
import time
from dataclasses import dataclass, field
from typing import cast

import httptools

MAX_REQUESTS = 20_000
"""The most that one load asks."""


@dataclass
class Load:
    """What was answered: the latency of each request, and in all how long and how much of the server's processor."""

    expected: bytes
    ends: float
    latencies: list[float] = field(default_factory=list)
    began: float = field(default_factory=time.perf_counter)
    seconds: float = 0.0
    cpu_seconds: float = 0.0

    @property
    def is_over(self) -> bool:
        """Whether nobody asks again."""
        return time.perf_counter() >= self.ends or len(self.latencies) >= MAX_REQUESTS

    @property
    def rate(self) -> float:
        """Requests a second."""
        return len(self.latencies) / self.seconds

    @property
    def cpu(self) -> float:
        """Seconds of the server's processor, of all its threads, for each request."""
        return self.cpu_seconds / len(self.latencies)


class Connection(asyncio.Protocol):
    """A connection that is kept. What it is answered is compared by its length: the texts were compared before."""

    def __init__(self, request: bytes) -> None:
        self.request = request
        self._transport: asyncio.Transport
        self._load: Load | None = None
        self._done: asyncio.Future[None] | None = None
        self._asked = 0.0
        self._pieces: list[bytes] = []
        self._parser = httptools.HttpResponseParser(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def close(self) -> None:
        """Close the connection."""
        self._transport.close()

    async def run(self, load: Load) -> None:
        """Ask until the load is over."""
        self._load, self._done = load, asyncio.get_running_loop().create_future()
        self._ask()
        await self._done

    async def answer(self) -> bytes:
        """Ask once, and return the answer."""
        await self.run(Load(expected=b"", ends=0))
        return b"".join(self._pieces)

    def _ask(self) -> None:
        self._pieces.clear()
        self._asked = time.perf_counter()
        self._transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        self._pieces.append(body)

    def on_message_complete(self) -> None:
        assert self._load is not None
        self._load.latencies.append(time.perf_counter() - self._asked)
        if self._parser.get_status_code() != 200:
            self._end(AssertionError(f"{self._parser.get_status_code()}: {b''.join(self._pieces)[:500]!r}"))
        elif self._load.expected and sum(map(len, self._pieces)) != len(self._load.expected):
            self._end(AssertionError(f"another answer: {b''.join(self._pieces)[:500]!r}"))
        elif self._load.is_over:
            self._end(None)
        else:
            self._ask()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(exc or ConnectionError("the server closed the connection"))

    def _end(self, error: Exception | None) -> None:
        if self._done is None or self._done.done():
            return
        if error is None:
            self._done.set_result(None)
        else:
            self._done.set_exception(error)


async def connected(port: int, request: bytes) -> Connection:
    """Open a connection."""
    connection = Connection(request)
    await asyncio.get_running_loop().create_connection(lambda: connection, "127.0.0.1", port)
    return connection


async def ask(port: int, request: bytes) -> bytes:
    """Return the answer to one request."""
    connection = await connected(port, request)
    try:
        return await connection.answer()
    finally:
        connection.close()


async def run(port: int, pid: int, request: bytes, expected: bytes, connections: int, seconds: float) -> Load:
    """Load a server for so long over so many connections, each with one request at a time."""
    opened = [await connected(port, request) for _ in range(connections)]
    await asyncio.gather(*(connection.answer() for connection in opened))
    before = cpu_of(pid)
    load = Load(expected, ends=time.perf_counter() + seconds)
    await asyncio.gather(*(connection.run(load) for connection in opened))
    load.seconds = time.perf_counter() - load.began
    load.cpu_seconds = cpu_of(pid) - before
    for connection in opened:
        connection.close()
    return load


def cpu_of(pid: int) -> float:
    """Return the processor time of all threads of a process, in seconds: to the nanosecond, by Linux' clock of it."""
    return time.clock_gettime((~pid << 3) | 2)
