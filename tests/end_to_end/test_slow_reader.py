"""A reader that takes nothing costs bounded memory and is disconnected; one that is merely slow gets everything."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from monitora.http.bounds import ConnectionBounds
from monitora.websocket.transport import SlowConsumerProtocol
from tests.support.in_process_server import serving
from tests.support.waiting import HANG_SECONDS

PIECE = "é" * 4_000
MOST_HELD = 2_000
"""Pieces of 8 kB that the transport and two kernels hold between them, at the very most."""


class Source:
    """Streams pieces to whoever connects, and remembers what became of it."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.sent = 0
        self.stalled = asyncio.Event()
        self.gone = asyncio.Event()

    async def serve(self, socket: WebSocket) -> None:
        """Serve a socket."""
        await socket.accept()
        try:
            for _ in range(self.count):
                await socket.send_text(PIECE)
                self.sent += 1
            await socket.close()
        except WebSocketDisconnect:
            self.gone.set()


@asynccontextmanager
async def _serving(source: Source, stall_seconds: float) -> AsyncIterator[str]:
    class Transport(SlowConsumerProtocol):
        """One that tells the source when its reader stalls."""

        def pause_writing(self) -> None:
            super().pause_writing()
            source.stalled.set()

    bounds = ConnectionBounds(stall_seconds=stall_seconds)
    application = Starlette(routes=[WebSocketRoute("/", source.serve)])
    async with serving(application, bounds, websocket=Transport) as server:
        yield f"ws://{server.host}/"


async def test_a_reader_that_takes_nothing_is_let_go() -> None:
    source = Source(count=1_000_000)
    async with _serving(source, stall_seconds=0.3) as address:
        _, writer = await asyncio.open_connection("127.0.0.1", int(address.split(":")[2].strip("/")), limit=1024)
        writer.write(
            b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        )
        await asyncio.wait_for(source.gone.wait(), HANG_SECONDS)

        assert 0 < source.sent < MOST_HELD
        writer.close()


async def test_a_reader_that_is_slow_gets_everything() -> None:
    source = Source(count=MOST_HELD)
    async with (
        _serving(source, stall_seconds=HANG_SECONDS) as address,
        aiohttp.ClientSession() as session,
        session.ws_connect(address) as socket,
    ):
        await asyncio.wait_for(source.stalled.wait(), HANG_SECONDS)
        pieces = [message.data async for message in socket]

    assert pieces == [PIECE] * MOST_HELD
