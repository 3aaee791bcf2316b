"""The HTTP client for what others name: each connection goes to an address that the SSRF guard has judged.

The guard is asked where the connection is opened, so that no redirect, no name that leads elsewhere a moment later and
no kept connection can go around it. TLS and the Host header carry the name. What comes back is bounded in bytes, as it
is sent and as it is unpacked, in headers and in time. Nothing is taken from the environment: no proxy, no certificate;
no cookie is kept.
"""

import asyncio
import zlib
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import Self

import httpcore2

from core.outbound import NotAllowed, SsrfGuard

CONNECT_SECONDS = 10.0
SILENCE_SECONDS = 15.0
"""How long a server may say nothing."""
UNPACKED_AT_ONCE = 256 * 1024
DRAINED_BYTES = 64 * 1024
"""What is read of a body that nobody wants, so that its connection can be used again."""
SUCCESS = range(200, 300)
KEPT_SECONDS = 30.0
"""How long a connection waits for the next request."""


class FetchFault(StrEnum):
    """Why nothing could be fetched."""

    NOT_ALLOWED = "not_allowed"
    """The guard refused the host, or the address is none."""
    NO_CONNECTION = "no_connection"
    """No connection, a connection that broke, or something that does not speak HTTP."""
    TIMEOUT = "timeout"
    TOO_LARGE = "too_large"
    """The body has more bytes than were asked for at most."""
    BROKEN_ENCODING = "broken_encoding"
    """The body cannot be unpacked, or is packed in a way that was not asked for."""


class FetchFailed(Exception):
    """Nothing was fetched, for a reason that was foreseen."""

    def __init__(self, fault: FetchFault, detail: str = "") -> None:
        super().__init__(f"{fault}: {detail}" if detail else fault)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """What a server answered. The names of `headers` are in lower case; of one that is repeated, values are joined."""

    url: str
    status: int
    headers: Mapping[str, str]
    content: bytes = b""


class _GuardedNetwork(httpcore2.AsyncNetworkBackend):
    """Opens connections to the addresses that the guard returns, and to nothing else."""

    def __init__(self, guard: SsrfGuard) -> None:
        self._guard = guard
        self._sockets = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the library's own signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        destination = await self._guard.website(host, port)
        failure: Exception | None = None
        for address in destination.addresses:
            try:
                return await self._sockets.connect_tcp(str(address), port, timeout, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
        raise failure or httpcore2.ConnectError("the name has no address")

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class HttpClient:
    """Fetches from hosts that others name. One connection a host is kept; it follows no redirect by itself."""

    def __init__(self, guard: SsrfGuard, user_agent: str) -> None:
        self._user_agent = user_agent
        self._pool = httpcore2.AsyncConnectionPool(
            # Not from the environment: SSL_CERT_FILE is the operator's for other connections.
            ssl_context=httpcore2.default_ssl_context(_trust_env=False),
            max_connections=4,
            max_keepalive_connections=1,
            keepalive_expiry=KEPT_SECONDS,
            network_backend=_GuardedNetwork(guard),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._pool.aclose()

    async def get(
        self,
        url: str,
        *,
        max_bytes: int,
        seconds: float,
        headers: Mapping[str, str] | None = None,
        packed: bool = True,
    ) -> HttpResponse:
        """Return what a server answers, within `seconds`. The body is read of an answer 2xx alone.

        With `packed`, the body may travel compressed; it is unpacked. `max_bytes` bounds it packed and unpacked.
        Raises `FetchFailed`.
        """
        sent = {
            "User-Agent": self._user_agent,
            "Accept": "text/html,application/xhtml+xml,application/pdf;q=0.9,*/*;q=0.5",
            "Accept-Encoding": "gzip" if packed else "identity",
            **(headers or {}),
        }
        try:
            async with asyncio.timeout(seconds):
                return await self._get(url, sent, max_bytes)
        except NotAllowed as error:
            raise FetchFailed(FetchFault.NOT_ALLOWED, str(error)) from error
        except (TimeoutError, httpcore2.TimeoutException) as error:
            raise FetchFailed(FetchFault.TIMEOUT) from error
        except httpcore2.UnsupportedProtocol as error:
            raise FetchFailed(FetchFault.NOT_ALLOWED, "neither http nor https") from error
        # `ssl` and `h11` have errors that the library lets through.
        except (httpcore2.NetworkError, httpcore2.ProtocolError, OSError, ValueError) as error:
            raise FetchFailed(FetchFault.NO_CONNECTION, type(error).__name__) from error

    async def _get(self, url: str, headers: Mapping[str, str], max_bytes: int) -> HttpResponse:
        timeouts = {"connect": CONNECT_SECONDS, "read": SILENCE_SECONDS, "write": SILENCE_SECONDS}
        extensions = {"timeout": timeouts}
        async with self._pool.stream("GET", url, headers=list(headers.items()), extensions=extensions) as response:
            received = _joined(response.headers)
            if response.status not in SUCCESS:
                with suppress(FetchFailed):
                    async for _ in _bounded(response.aiter_stream(), DRAINED_BYTES):
                        pass
                return HttpResponse(url, response.status, received)
            encoding = received.get("content-encoding", "identity").strip().lower()
            with suppress(ValueError):
                if int(received.get("content-length", "")) > max_bytes:
                    raise FetchFailed(FetchFault.TOO_LARGE)
            content = bytearray()
            async for piece in _unpacked(_bounded(response.aiter_stream(), max_bytes), encoding):
                content += piece
                if len(content) > max_bytes:
                    raise FetchFailed(FetchFault.TOO_LARGE)
            return HttpResponse(url, response.status, received, bytes(content))


def _joined(headers: list[tuple[bytes, bytes]]) -> dict[str, str]:
    joined: dict[str, str] = {}
    for name, value in headers:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        joined[key] = f"{joined[key]}, {text}" if key in joined else text
    return joined


async def _bounded(pieces: AsyncIterator[bytes], max_bytes: int) -> AsyncIterator[bytes]:
    size = 0
    async for piece in pieces:
        size += len(piece)
        if size > max_bytes:
            raise FetchFailed(FetchFault.TOO_LARGE)
        yield piece


async def _unpacked(pieces: AsyncIterator[bytes], encoding: str) -> AsyncIterator[bytes]:
    """Yield the pieces unpacked, a bounded one at a time: a small piece may unpack to a thousand times its size."""
    if encoding in {"identity", ""}:
        async for piece in pieces:
            yield piece
        return
    if encoding not in {"gzip", "x-gzip"}:
        raise FetchFailed(FetchFault.BROKEN_ENCODING, encoding[:40])
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        async for piece in pieces:
            rest = piece
            while rest and not unpacker.eof:
                yield unpacker.decompress(rest, UNPACKED_AT_ONCE)
                rest = unpacker.unconsumed_tail
        while not unpacker.eof and (more := unpacker.decompress(b"", UNPACKED_AT_ONCE)):
            yield more
    except zlib.error as error:
        raise FetchFailed(FetchFault.BROKEN_ENCODING) from error
    if not unpacker.eof:
        raise FetchFailed(FetchFault.BROKEN_ENCODING, "it ends too early")
