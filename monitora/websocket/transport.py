"""The websocket's transport: Uvicorn's, which disconnects slow consumers and frames short texts at little cost."""

import asyncio
import struct
from http import HTTPStatus
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState

from monitora.http.connections import DROPPED, Connections, Pace, plain_answer

FINAL_TEXT = 0x81
"""The first byte of an unfragmented text message (RFC 6455, 5.2)."""
SHORT, MEDIUM = 126, 1 << 16
"""The sizes from which a payload's length takes two bytes more, and eight (RFC 6455, 5.2)."""


class SlowConsumerProtocol(WebSocketsSansIOProtocol):
    """A socket that holds at most the transport's buffer (64 kB) for a slow reader, and not for ever.

    Nothing is read from a client that does not take what it is sent: whatever it asks for would be answered.
    """

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._shared = Connections.of(server_state)
        self._pace = Pace(self._shared.bounds)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Go on with a connection that HTTP has just given up: there is room for it."""
        super().connection_made(transport)
        self._shared.open(self, self.client[0] if self.client else None)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the client."""
        self._shared.close(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read what the client sends. HTTP passes on the whole handshake: what is not understood now never will be."""
        super().data_received(data)
        if not self.handshake_initiated and not self.transport.is_closing():
            DROPPED.labels("headers").inc()
            self.close_sent = True
            text = "A header of a websocket's handshake, and its address, have at most 8 kB each."
            self.transport.write(plain_answer(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, text))
            self.transport.close()

    def look(self, now: float) -> None:
        """Cut the connection if its client reads too slowly."""
        if self.writable.is_set() and not self.transport.is_closing():
            self._pace.restart()
        elif self._pace.is_too_slow(now, -self.transport.get_write_buffer_size()):
            DROPPED.labels("answer").inc()
            self.transport.abort()

    def pause_writing(self) -> None:
        """Wait for the reader."""
        super().pause_writing()
        self.transport.pause_reading()

    def resume_writing(self) -> None:
        """Go on."""
        super().resume_writing()
        if not self.read_paused:
            self.transport.resume_reading()

    async def send(self, message: Any) -> None:
        """Send a message of ASGI. Texts, nearly all that is sent, are framed here.

        A lone surrogate, which JSON may smuggle in and UTF-8 cannot encode, goes out as a question mark.
        """
        text = message.get("text")
        if text is None or not self.handshake_complete:
            await super().send(message)
            return
        # Of several that wait for the reader, the first to go on may fill the buffer again.
        while not self.writable.is_set():
            await self.writable.wait()
        if self.close_sent or self.transport.is_closing():
            await super().send(message)
            return
        self.transport.write(_framed(text.encode(errors="replace")))


def _framed(payload: bytes) -> bytes:
    """Return a text as a frame of a server, which masks nothing (RFC 6455, 5.2)."""
    size = len(payload)
    if size < SHORT:
        return bytes((FINAL_TEXT, size)) + payload
    if size < MEDIUM:
        return struct.pack("!BBH", FINAL_TEXT, SHORT, size) + payload
    return struct.pack("!BBQ", FINAL_TEXT, SHORT + 1, size) + payload
