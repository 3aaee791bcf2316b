"""A reader that costs little: it takes frames as they come and counts what is in them, and parses no JSON."""

import asyncio
import base64
import json
import os
import re
import struct
import time
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

CHAT = "subscription ($input: ChatInput!) { chat(input: $input) { __typename sequence ... on AnswerDelta { text } } }"
MADE = re.compile(rb"\d{10}\.\d{6}")
"""The moment a token was made, which is its text."""


@dataclass
class Load:
    """What the readers saw. `delays` are in seconds, from a token's making to its arrival."""

    frames: int = 0
    delays: list[float] = field(default_factory=list)
    began: float = 0.0
    ended: float = 0.0

    @property
    def rate(self) -> float:
        """Tokens a second, from the start signal to the last token."""
        return len(self.delays) / (self.ended - self.began)

    def delay(self, share: float) -> float:
        """Return a quantile of the delays, in milliseconds."""
        return sorted(self.delays)[int(len(self.delays) * share)] * 1000


class Reader(asyncio.Protocol):
    """One socket that asks a question, or none, by the ordinary protocol."""

    def __init__(self, path: str, token: str, question: str | None, load: Load) -> None:
        self._path, self._token, self._question, self._load = path, token, question, load
        self._buffer = b""
        self._is_open = False
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.asked: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        transport.write(
            f"GET {self._path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}\r\n"
            "Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        arrived = time.time()
        data = self._buffer + data
        if not self._is_open:
            head, found, rest = data.partition(b"\r\n\r\n")
            if not found:
                self._buffer = data
                return
            assert b" 101 " in head, head
            self._is_open, data = True, rest
            self._send({"type": "connection_init", "payload": {"authorization": f"Bearer {self._token}"}})
        place = 0
        while (frame := _frame(data, place)) is not None:
            start, place = frame
            self._take(data[start:place], arrived)
        self._buffer = data[place:]

    def connection_lost(self, exc: Exception | None) -> None:
        for future in (self.ready, self.asked, self.done):
            if not future.done():
                future.set_exception(exc or ConnectionError("the server closed the socket"))
                future.exception()

    def _take(self, text: bytes, arrived: float) -> None:
        if b"AnswerDelta" in text:
            self._load.frames += 1
            self._load.delays += [arrived - float(made) for made in MADE.findall(text)]
            self._load.ended = arrived
        elif b'"connection_ack"' in text:
            if self._question:
                variables = {"input": {"content": self._question, "clientMessageId": str(uuid4())}}
                self._send({"id": "1", "type": "subscribe", "payload": {"query": CHAT, "variables": variables}})
            self.ready.set_result(None)
        elif b"AnswerStarted" in text:
            self.asked.set_result(None)
        elif b'"complete"' in text:
            self.done.set_result(None)
        elif b'"error"' in text or b"AnswerFailed" in text:
            raise AssertionError(text)

    def _send(self, message: dict[str, Any]) -> None:
        payload = json.dumps(message).encode()
        # Masked by zeros: what the client writes is not what is measured.
        self.transport.write(struct.pack("!BBH4x", 0x81, 0x80 | 126, len(payload)) + payload)


def _frame(data: bytes, place: int) -> tuple[int, int] | None:
    """Return where a frame's payload starts and ends, or None when it is not whole yet."""
    if len(data) < place + 2:
        return None
    size, start = data[place + 1], place + 2
    for marker, width in ((126, 2), (127, 8)):
        if size == marker:
            size, start = int.from_bytes(data[start : start + width]), start + width
            break
    return (start, start + size) if start + size <= len(data) else None
