"""HTTP by Uvicorn, with bounds on the size of headers and on the time that a client takes to send and to read."""

import asyncio
import socket
from contextlib import suppress
from enum import Enum
from http import HTTPStatus
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.utils import get_remote_addr
from uvicorn.server import ServerState

from monitora.http.connections import DROPPED, TOO_MANY, Connections, Pace, plain_answer

MAX_HEADER_BYTES = 32 * 1024
"""The address and the headers of a request: four times what web servers commonly take in one line."""
MAX_HEADERS = 100
MAX_UNSENT_BYTES = 32 * 1024
"""What the system holds of an answer and has not sent: a reader that takes nothing costs no more memory there.

By itself Linux holds up to 4 MB, and says only after a third of it that the reader goes on."""


class Receiving(Enum):
    """What the client is expected to send next."""

    REQUEST = "request"
    HEADERS = "headers"
    BODY = "body"


class TooManyHeaders(Exception):
    """A request has more headers, or longer ones, than are read."""


class BoundedHttpProtocol(HttpToolsProtocol):
    """A connection whose client is cut when it stalls: in the headers, in a body, in reading the answer, or at rest.

    Time counts only while the client is waited for: not while an answer is made, nor while nobody reads its body.
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
        self._receiving = Receiving.HEADERS
        self._since = self.loop.time()
        self._received_bytes = self._header_bytes = self._header_count = self._body_bytes = 0
        self._body_pace, self._answer_pace = Pace(self._shared.bounds), Pace(self._shared.bounds)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Serve a client, or refuse it at once where there is no room."""
        peer = get_remote_addr(transport)
        refusal = self._shared.open(self, peer[0] if peer else None)
        if refusal is not None:
            status = HTTPStatus.TOO_MANY_REQUESTS if refusal == TOO_MANY else HTTPStatus.SERVICE_UNAVAILABLE
            transport.set_protocol(asyncio.Protocol())
            transport.write(plain_answer(status, refusal))
            transport.close()
            return
        bound_unsent(transport)
        super().connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the client."""
        self._shared.close(self)
        super().connection_lost(exc)

    def handle_websocket_upgrade(self) -> None:
        """Leave the connection to the websocket's protocol, which counts it from here on."""
        self._shared.close(self)
        super().handle_websocket_upgrade()

    def look(self, now: float) -> None:
        """Cut the connection if its client has passed a bound."""
        bounds, is_answering = self._shared.bounds, self.cycle is not None and not self.cycle.response_complete
        if self.transport.is_closing() or self.flow.write_paused:
            # Nothing is written now: what is left to send only becomes less, by what the client takes.
            if self._answer_pace.is_too_slow(now, -self.transport.get_write_buffer_size()):
                self._cut("answer")
            return
        self._answer_pace.restart()
        if self._receiving is Receiving.BODY:
            self._look_at_body(now, is_answering=is_answering)
        elif is_answering:
            self._since = now
        elif self._receiving is Receiving.HEADERS and now - self._since > bounds.header_seconds:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT, "headers", "The headers of the request took too long.")
        elif self._receiving is Receiving.REQUEST and now - self._since > bounds.keep_alive_seconds:
            self.transport.close()

    def _look_at_body(self, now: float, *, is_answering: bool) -> None:
        if not is_answering and now - self._since > self._shared.bounds.stall_seconds:
            # Who was answered before the end of a body has had time to read the answer.
            self._cut("body")
        elif self.flow.read_paused:
            self._body_pace.restart()
        elif self._body_pace.is_too_slow(now, self._body_bytes):
            self._refuse(HTTPStatus.REQUEST_TIMEOUT, "body", "The body of the request came too slowly.")

    def _refuse(self, status: HTTPStatus, bound: str, text: str) -> None:
        """Answer the request that is being read, and close. Cut where an answer to it, or to one before, has begun."""
        cycle = self.cycle
        is_earlier = self._receiving is not Receiving.BODY
        if cycle is not None and not cycle.response_complete and (cycle.response_started or is_earlier):
            self._cut(bound)
            return
        DROPPED.labels(bound).inc()
        # Browsers open connections that they do not use: those are asked nothing, and are told nothing.
        if self._received_bytes:
            self.transport.write(plain_answer(status, text))
        self.transport.close()

    def _cut(self, bound: str) -> None:
        DROPPED.labels(bound).inc()
        self.transport.abort()

    # What the parser reports.

    def data_received(self, data: bytes) -> None:
        """Read what the client sends. Headers without an end are refused at their bound."""
        if self._receiving is not Receiving.BODY:
            self._received_bytes += len(data)
        super().data_received(data)
        # The parser reports a header at its end.
        if self._has_endless_header() and not self.transport.is_closing():
            self.send_400_response("")

    def on_message_begin(self) -> None:
        """Begin a request."""
        self._receiving, self._since = Receiving.HEADERS, self.loop.time()
        self._header_bytes = self._header_count = self._body_bytes = 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """Add to the address of the request. Raises `TooManyHeaders`."""
        self._count_header(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Add a header. Raises `TooManyHeaders`."""
        self._header_count += 1
        self._count_header(len(name) + len(value))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Begin the body, which may be empty."""
        self._receiving = Receiving.BODY
        self._body_pace.restart()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Add to the body."""
        self._body_bytes += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """End the request."""
        self._receiving, self._since, self._received_bytes = Receiving.REQUEST, self.loop.time(), 0
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """End the answer: from now on the client is waited for."""
        self._since = self.loop.time()
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP, or has too much before its body, and close."""
        if self._header_count > MAX_HEADERS or self._header_bytes > MAX_HEADER_BYTES or self._has_endless_header():
            status = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
            text = f"A request has at most {MAX_HEADERS} headers, of {MAX_HEADER_BYTES} bytes with its address."
            self._refuse(status, "headers", text)
        else:
            super().send_400_response(msg)

    def _count_header(self, size: int) -> None:
        self._header_bytes += size
        if self._header_bytes > MAX_HEADER_BYTES or self._header_count > MAX_HEADERS:
            raise TooManyHeaders

    def _has_endless_header(self) -> bool:
        return self._receiving is Receiving.HEADERS and self._received_bytes > MAX_HEADER_BYTES


def bound_unsent(transport: asyncio.Transport) -> None:
    """Let the system hold little of what it has not sent, where it can be told to."""
    connected = transport.get_extra_info("socket")
    if hasattr(socket, "TCP_NOTSENT_LOWAT") and connected is not None:
        with suppress(OSError):
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, MAX_UNSENT_BYTES)
