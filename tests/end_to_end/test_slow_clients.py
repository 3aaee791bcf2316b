"""HTTP clients that stall are cut; those that are merely slow get everything, and others are served meanwhile."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from monitora.http.bounds import ConnectionBounds
from monitora.http.protocol import MAX_HEADER_BYTES, MAX_HEADERS
from tests.support.in_process_server import InProcessServer, serving
from tests.support.waiting import HANG_SECONDS, until

SMALL_BUFFER = 4_096
"""What the system takes for a client that does not read: little, so that the server soon notices."""
LARGE = 4_000_000
PIECE = b"x" * 8_192
MOST_SENT = 1_000_000
"""What the buffers of the server and of the two systems hold between them, at the very most."""
WELL_BELOW = 50
"""A least rate, in bytes a second, that a slow client of these tests is far above also on a busy machine."""

STRICT = ConnectionBounds(header_seconds=0.3, stall_seconds=0.3, keep_alive_seconds=0.3)
PATIENT_WITH_RATES = ConnectionBounds(stall_seconds=1, least_bytes_per_second=WELL_BELOW)


@dataclass
class Site:
    """The application of the tests, which remembers what became of its requests."""

    sent: int = 0
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    def application(self) -> Starlette:
        """Return the application."""
        return Starlette(
            routes=[
                Route("/", _hello, methods=["GET", "POST"]),
                Route("/length", self._length, methods=["POST"]),
                Route("/large", _large),
                Route("/endless", self._endless),
                Route("/work", _work),
            ]
        )

    async def _length(self, request: Request) -> Response:
        try:
            return PlainTextResponse(str(len(await request.body())))
        except ClientDisconnect:
            self.ended.set()
            raise

    async def _endless(self, _request: Request) -> Response:
        return StreamingResponse(self._pieces())

    async def _pieces(self) -> AsyncIterator[bytes]:
        try:
            while True:
                yield PIECE
                self.sent += len(PIECE)
                await asyncio.sleep(0)
        finally:
            self.ended.set()


async def _hello(_request: Request) -> Response:
    return PlainTextResponse("hello")


async def _large(_request: Request) -> Response:
    return Response(b"x" * LARGE)


async def _work(_request: Request) -> Response:
    """Answer later than clients may stall."""
    await asyncio.sleep(3 * STRICT.header_seconds)
    return PlainTextResponse("done")


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.fixture
async def server(site: Site) -> AsyncIterator[InProcessServer]:
    """A server that waits for nobody for long."""
    async with serving(site.application(), STRICT) as server:
        yield server


@dataclass
class Client:
    """A raw connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def send(self, *lines: str, body: bytes = b"") -> None:
        """Send the lines of a request, and an empty one behind them."""
        self.writer.write("\r\n".join([*lines, "", ""]).encode() + body)

    async def rest(self) -> bytes:
        """Read to the end that the server makes."""
        async with asyncio.timeout(HANG_SECONDS):
            try:
                return await self.reader.read()
            except ConnectionResetError:
                return b""

    async def status(self) -> int:
        """Read the answer's status, and what comes after up to the end."""
        return int((await self.rest()).split(b" ")[1])

    async def trickle(self, piece: bytes) -> None:
        """Send a piece again and again, far more often than a time-out, until the server cuts the connection."""
        async with asyncio.timeout(HANG_SECONDS):
            while not self.reader.at_eof() and self.reader.exception() is None and not self.writer.is_closing():
                self.writer.write(piece)
                await asyncio.sleep(0.01)


@asynccontextmanager
async def connected(server: InProcessServer, *, takes_little: bool = False) -> AsyncIterator[Client]:
    """Connect to a server. With `takes_little`, nearly nothing is read that was not asked for."""
    connection = socket.socket()
    if takes_little:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER)
    connection.setblocking(False)
    await asyncio.get_running_loop().sock_connect(connection, ("127.0.0.1", server.port))
    reader, writer = await asyncio.open_connection(sock=connection, limit=SMALL_BUFFER if takes_little else 2**16)
    try:
        yield Client(reader, writer)
    finally:
        writer.transport.abort()


HALF_A_HEADER = b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Half"
HALF_A_HANDSHAKE = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-Web"
HALF_A_BODY = b"POST /length HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nhalf"
HALF_A_CHUNK = b"POST /length HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n100\r\nhalf"


@pytest.mark.parametrize("sent", [HALF_A_HEADER, HALF_A_HANDSHAKE, HALF_A_BODY, HALF_A_CHUNK])
async def test_who_sends_half_a_request_is_told_and_closed(server: InProcessServer, sent: bytes) -> None:
    async with connected(server) as client:
        client.writer.write(sent)

        assert await client.status() == 408
    await until(lambda: not server.state.connections, "the server forgets the connection")


@pytest.mark.parametrize(
    ("begun", "piece"),
    [
        (b"GET / HTTP/1.1\r\n", b"X-More: 1\r\n"),
        (b"GET / HTTP/1.1\r\nX-Long: ", b"x"),
        (b"", b"\r\n"),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", b"\r\n"),
        (b"POST /length HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n", b"x"),
        (b"POST /length HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        (b"POST /length HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1;", b"x"),
        (b"POST / HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n", b"x" * 1_000),
    ],
    ids=[
        "headers",
        "a header without an end",
        "empty lines",
        "empty lines after an answer",
        "a body",
        "chunks",
        "a chunk's size without an end",
        "a body after its answer",
    ],
)
async def test_who_sends_piece_by_piece_is_cut_as_well(server: InProcessServer, begun: bytes, piece: bytes) -> None:
    async with connected(server) as client:
        client.writer.write(begun)
        reading = asyncio.create_task(client.rest())

        await client.trickle(piece)

        await reading
    await until(lambda: not server.state.connections, "the server forgets the connection")


async def test_who_asks_nothing_is_closed_without_a_word(server: InProcessServer) -> None:
    async with connected(server) as client:
        assert await client.rest() == b""


async def test_who_asked_once_is_closed_after_a_rest(server: InProcessServer) -> None:
    async with connected(server) as client:
        client.send("GET / HTTP/1.1", "Host: localhost")

        assert (await client.rest()).endswith(b"hello")


async def test_the_time_that_an_answer_takes_to_make_is_nobody_s_fault(server: InProcessServer) -> None:
    async with connected(server) as client:
        client.send("GET /work HTTP/1.1", "Host: localhost")

        assert (await client.rest()).endswith(b"done")


async def test_a_body_that_ends_early_frees_the_operation_that_reads_it(server: InProcessServer, site: Site) -> None:
    async with connected(server) as client:
        client.writer.write(HALF_A_BODY)

        await asyncio.wait_for(site.ended.wait(), HANG_SECONDS)


async def test_a_reader_that_takes_nothing_of_a_stream_costs_little_and_is_cut(
    server: InProcessServer, site: Site
) -> None:
    async with connected(server, takes_little=True) as client:
        client.send("GET /endless HTTP/1.1", "Host: localhost")

        await asyncio.wait_for(site.ended.wait(), HANG_SECONDS)

        assert 0 < site.sent < MOST_SENT


@pytest.mark.parametrize("connection", ["keep-alive", "close"])
async def test_a_reader_that_takes_nothing_of_one_answer_is_cut(server: InProcessServer, connection: str) -> None:
    async with connected(server, takes_little=True) as client:
        client.send("GET /large HTTP/1.1", "Host: localhost", f"Connection: {connection}")
        await until(lambda: bool(server.state.connections), "the server has the connection")

        await until(lambda: not server.state.connections, "the server cuts the connection")

        assert len(await client.rest()) < LARGE


async def test_a_slow_upload_passes() -> None:
    pieces = 30
    async with serving(Site().application(), PATIENT_WITH_RATES) as server, connected(server) as client:
        client.send("POST /length HTTP/1.1", "Connection: close", f"Content-Length: {pieces * 2 * WELL_BELOW}")
        for _ in range(pieces):
            client.writer.write(b"x" * 2 * WELL_BELOW)
            await asyncio.sleep(0.1)

        assert (await client.rest()).endswith(str(pieces * 2 * WELL_BELOW).encode())


async def test_a_slow_reader_gets_the_whole_answer() -> None:
    bounds, received = PATIENT_WITH_RATES, 0
    async with serving(Site().application(), bounds) as server, connected(server, takes_little=True) as client:
        client.send("GET /large HTTP/1.1", "Connection: close")
        started = asyncio.get_running_loop().time()
        while piece := await client.reader.read(LARGE // 400):
            received += len(piece)
            if asyncio.get_running_loop().time() - started < 3 * bounds.stall_seconds:
                await asyncio.sleep(0.02)

        assert received > LARGE


@pytest.mark.parametrize(
    "head",
    [
        "GET / HTTP/1.1\r\n" + "X-Many: 1\r\n" * (MAX_HEADERS + 2),
        f"GET / HTTP/1.1\r\nX-Long: {'x' * MAX_HEADER_BYTES}\r\n",
        f"GET /{'x' * MAX_HEADER_BYTES} HTTP/1.1\r\n",
    ],
    ids=["many", "long", "a long address"],
)
@pytest.mark.parametrize("end", ["\r\n", ""], ids=["with an end", "without an end"])
async def test_too_many_headers_are_refused(server: InProcessServer, head: str, end: str) -> None:
    async with connected(server) as client:
        client.writer.write(head.encode() + end.encode())

        assert await client.status() == 431


async def test_a_header_without_an_end_is_refused_at_the_bound() -> None:
    async with serving(Site().application()) as server, connected(server) as client:
        client.writer.write(b"GET / HTTP/1.1\r\nX-Long: ")
        reading = asyncio.create_task(client.status())

        await client.trickle(b"x" * 4_096)

        assert await reading == 431


async def test_stalled_clients_keep_nobody_from_being_answered(site: Site) -> None:
    async with serving(site.application()) as server:
        stalled = [HALF_A_HEADER, HALF_A_BODY, HALF_A_HANDSHAKE, b"\x16\x03\x01\x02\x00\x01\x00"] * 20
        openings = [connected(server) for _ in stalled]
        clients = [await opening.__aenter__() for opening in openings]
        for client, sent in zip(clients, stalled, strict=True):
            client.writer.write(sent)

        async with connected(server) as visitor:
            visitor.send("GET / HTTP/1.1", "Connection: close")
            assert await visitor.status() == 200

        for opening in openings:
            await opening.__aexit__(None, None, None)


async def test_what_is_no_http_is_refused_at_once(server: InProcessServer) -> None:
    async with connected(server) as client:
        client.writer.write(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")

        assert await client.status() == 400
