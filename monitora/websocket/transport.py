"""The websocket's transport: Uvicorn's, which disconnects slow consumers and frames short texts at little cost."""

import asyncio
import struct
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

STALL_SECONDS = 20.0
"""How long a reader may leave the transport's buffer full before it is disconnected."""
FINAL_TEXT = 0x81
"""The first byte of an unfragmented text message (RFC 6455, 5.2)."""
SHORT, MEDIUM = 126, 1 << 16
"""The sizes from which a payload's length takes two bytes more, and eight (RFC 6455, 5.2)."""


class SlowConsumerProtocol(WebSocketsSansIOProtocol):
    """A socket that holds at most the transport's buffer (64 kB) for a slow reader, and not for ever.

    Nothing is read from a client that does not take what it is sent: whatever it asks for would be answered.
    """

    stall_seconds = STALL_SECONDS
    _stall: asyncio.TimerHandle | None = None

    def pause_writing(self) -> None:
        """Wait for the reader, for a while."""
        super().pause_writing()
        self.transport.pause_reading()
        self._stall = self.loop.call_later(self.stall_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """Go on."""
        super().resume_writing()
        self._forget_stall()
        if not self.read_paused:
            self.transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._forget_stall()
        super().connection_lost(exc)

    async def send(self, message: Any) -> None:
        """Send a message of ASGI. Texts, nearly all that is sent, are framed here.

        A lone surrogate, which JSON may smuggle in and UTF-8 cannot encode, goes out as a question mark.
        """
        text = message.get("text")
        if text is None or not self.handshake_complete or self.close_sent or self.transport.is_closing():
            await super().send(message)
            return
        self.transport.write(_framed(text.encode(errors="replace")))
        if not self.writable.is_set():
            await self.writable.wait()

    def _forget_stall(self) -> None:
        if self._stall is not None:
            self._stall.cancel()
            self._stall = None


def _framed(payload: bytes) -> bytes:
    """Return a text as a frame of a server, which masks nothing (RFC 6455, 5.2)."""
    size = len(payload)
    if size < SHORT:
        return bytes((FINAL_TEXT, size)) + payload
    if size < MEDIUM:
        return struct.pack("!BBH", FINAL_TEXT, SHORT, size) + payload
    return struct.pack("!BBQ", FINAL_TEXT, SHORT + 1, size) + payload
