"""How many connections a process takes, in all, from one address, and of one client behind a proxy."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from monitora.http.bounds import ConnectionBounds
from tests.support.in_process_server import InProcessServer, serving
from tests.support.server import running
from tests.support.waiting import HANG_SECONDS, closed_with, until

BOUND = 3
THIS_MACHINE = "127.0.0.1"


async def _hello(_request: Request) -> Response:
    return PlainTextResponse("hello")


async def _echo(socket: WebSocket) -> None:
    await socket.accept()
    async for text in socket.iter_text():
        await socket.send_text(text)


APPLICATION = Starlette(routes=[Route("/", _hello), WebSocketRoute("/socket", _echo)])


def _bounds(*, connections: int = 100, an_address: int = 100) -> ConnectionBounds:
    return ConnectionBounds(connections, an_address, header_seconds=HANG_SECONDS, keep_alive_seconds=HANG_SECONDS)


async def _status(server: InProcessServer, headers: Mapping[str, str] | None = None) -> int:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://{server.host}/", headers=headers) as response,
    ):
        return response.status


@asynccontextmanager
async def _idle(server: InProcessServer, count: int) -> AsyncIterator[list[asyncio.StreamReader]]:
    """Hold connections on which nothing is sent."""
    before = len(server.state.connections)
    opened = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(count)]
    await until(lambda: len(server.state.connections) == before + count, "the server has the connections")
    try:
        yield [reader for reader, _ in opened]
    finally:
        for _, writer in opened:
            writer.transport.abort()
        await until(lambda: len(server.state.connections) == before, "the server forgets the connections")


@asynccontextmanager
async def _sockets(
    server: InProcessServer, count: int, headers: Mapping[str, str] | None = None
) -> AsyncIterator[list[aiohttp.ClientWebSocketResponse]]:
    """Hold websockets."""
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession())
        address = f"ws://{server.host}/socket"
        yield [await stack.enter_async_context(session.ws_connect(address, headers=headers)) for _ in range(count)]


async def test_beyond_the_bound_of_the_process_a_connection_is_answered_503_and_closed() -> None:
    async with serving(APPLICATION, _bounds(connections=BOUND)) as server:
        async with _idle(server, BOUND):
            assert await _status(server) == 503
        assert await _status(server) == 200


async def test_beyond_the_bound_of_an_address_a_connection_is_answered_429_and_closed() -> None:
    async with serving(APPLICATION, _bounds(an_address=BOUND)) as server:
        async with _idle(server, BOUND):
            assert await _status(server) == 429
        assert await _status(server) == 200


async def test_a_websocket_is_one_of_the_connections_of_its_address() -> None:
    async with serving(APPLICATION, _bounds(an_address=BOUND)) as server:
        async with _sockets(server, BOUND) as sockets:
            assert await _status(server) == 429
            await sockets[0].send_str("still open")
            assert await sockets[0].receive_str() == "still open"
        await until(lambda: not server.state.connections, "the server forgets the sockets")
        assert await _status(server) == 200


@pytest.mark.parametrize(
    "long", [("/socket?" + "x" * 10_000, ""), ("/socket", "x" * 10_000)], ids=["address", "header"]
)
async def test_a_handshake_that_the_websocket_does_not_take_is_refused_and_closed(long: tuple[str, str]) -> None:
    path, header = long
    async with serving(APPLICATION, _bounds()) as server, aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.WSServerHandshakeError, match="431"):
            await session.ws_connect(f"ws://{server.host}{path}", headers={"X-Long": header})
        await until(lambda: not server.state.connections, "the server forgets the connection")


async def test_a_socket_on_which_nobody_introduces_themselves_is_closed(tmp_path: Path) -> None:
    with running(tmp_path, MONITORA_HEADER_SECONDS="0.2") as server:
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(server.websocket, protocols=["graphql-transport-ws"]) as socket,
        ):
            assert await closed_with(socket) == 4408


async def test_the_connections_of_a_proxy_are_as_many_as_its_clients_need() -> None:
    bounds = _bounds(an_address=BOUND)
    async with serving(APPLICATION, bounds, proxies=THIS_MACHINE) as server, _idle(server, 2 * BOUND):
        assert await _status(server) == 200


@pytest.mark.parametrize(
    ("busy", "same", "other"),
    [
        ("198.51.100.7", "198.51.100.7", "198.51.100.8"),
        ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", "2001:db8:0:2::1"),
        ("::ffff:198.51.100.7", "198.51.100.7", "198.51.100.8"),
    ],
    ids=["IPv4", "an IPv6 network", "IPv4 within IPv6"],
)
async def test_behind_a_proxy_each_client_has_a_bound_of_its_own(busy: str, same: str, other: str) -> None:
    async with serving(APPLICATION, _bounds(an_address=BOUND), proxies=THIS_MACHINE) as server:
        async with _sockets(server, BOUND, {"X-Forwarded-For": busy}):
            assert await _status(server, {"X-Forwarded-For": same}) == 429
            assert await _status(server, {"X-Forwarded-For": other}) == 200
            with pytest.raises(aiohttp.WSServerHandshakeError, match="429"):
                async with _sockets(server, 1, {"X-Forwarded-For": same}):
                    pass

        await until(lambda: not server.state.connections, "the server forgets the sockets")
        assert await _status(server, {"X-Forwarded-For": same}) == 200


async def test_who_is_no_proxy_is_counted_by_its_own_address_whatever_it_claims() -> None:
    async with serving(APPLICATION, _bounds(an_address=BOUND)) as server, _idle(server, BOUND):
        assert await _status(server, {"X-Forwarded-For": "198.51.100.8"}) == 429


async def test_a_crowd_is_refused_and_the_clients_that_are_connected_go_on() -> None:
    async with serving(APPLICATION, _bounds(connections=20)) as server, _sockets(server, 10) as sockets:
        crowd = await asyncio.gather(*(asyncio.open_connection("127.0.0.1", server.port) for _ in range(100)))

        for socket in sockets:
            await socket.send_str("still served")
            assert await socket.receive_str() == "still served"

        for _, writer in crowd:
            writer.transport.abort()
        await until(lambda: len(server.state.connections) == 10, "the crowd is gone")


LIMITED = """
import resource, sys
from monitora.http.descriptors import allow_connections

soft, hard, wanted = map(int, sys.argv[1:])
resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
print(allow_connections(wanted), resource.getrlimit(resource.RLIMIT_NOFILE)[0])
"""


@pytest.mark.parametrize(
    ("soft", "hard", "wanted", "connections", "descriptors"),
    [
        (1_024, 4_096, 500, 500, 1_024),
        (1_024, 4_096, 2_000, 2_000, 2_256),
        (1_024, 1_024, 2_000, 768, 1_024),
        (200, 200, 2_000, 100, 200),
    ],
    ids=["as it is", "the limit is raised", "the bound is lowered", "where there are few"],
)
def test_there_are_never_more_connections_than_descriptors(
    soft: int, hard: int, wanted: int, connections: int, descriptors: int
) -> None:
    arguments = [sys.executable, "-c", LIMITED, str(soft), str(hard), str(wanted)]

    printed = subprocess.run(arguments, capture_output=True, text=True, check=True, timeout=HANG_SECONDS).stdout

    assert printed.split() == [str(connections), str(descriptors)]
