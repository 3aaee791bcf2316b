"""The way to a customer's database: to the checked address alone, and with a limit of bytes.

A driver resolves names by itself and takes a result of any size into memory. Here it connects to a port of this
machine, behind which each byte goes to the address that the SSRF guard has judged, until there were too many.
"""

import asyncio
import contextlib
import ssl
from collections.abc import Callable

from core.outbound import Destination
from rag.databases.connectors.protocol import DEFAULT_LIMITS, DatabaseFailure, FailureReason, TlsMode

HOST = "127.0.0.1"
MAX_CONNECTIONS = 3
"""One that reads, and others that cancel it."""
CONNECT_SECONDS = 5.0
_PIECE = 64 * 1024
_WIRE_FACTOR = 8
"""How many bytes may come for each that is kept: names, types and the protocol's own are among them."""


class Relay:
    """Passes bytes between a driver and one address."""

    def __init__(self, destination: Destination, max_bytes: int | None = None) -> None:
        """Prepare the way to `destination`. It is cut after `max_bytes` of the database's, some 2 MB by default."""
        self._destination = destination
        self._left = max_bytes or DEFAULT_LIMITS.cell_bytes * _WIRE_FACTOR
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._count = 0
        self.is_exceeded = False

    async def open(self) -> int:
        """Return the port for the driver. Raises `DatabaseFailure` where the database cannot be reached."""
        await self._close(await self._reach())  # the driver would only say that its connection ended
        self._server = await asyncio.start_server(self._accept, HOST, 0)
        return int(self._server.sockets[0].getsockname()[1])

    async def _reach(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        for address in self._destination.addresses:
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(CONNECT_SECONDS):
                    return await asyncio.open_connection(str(address), self._destination.port)
        raise DatabaseFailure(FailureReason.UNREACHABLE)

    @staticmethod
    async def _close(streams: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> None:
        streams[1].close()
        with contextlib.suppress(OSError):
            await streams[1].wait_closed()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._count += 1
        self._writers.add(writer)
        try:
            if self._count > MAX_CONNECTIONS:
                return
            their_reader, their_writer = await self._reach()
            self._writers.add(their_writer)
            for task in (
                asyncio.create_task(self._pass(reader, their_writer, lambda _: True)),
                asyncio.create_task(self._pass(their_reader, writer, self._may_pass)),
            ):
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
        except DatabaseFailure:
            writer.close()
        finally:
            if self._count > MAX_CONNECTIONS:
                writer.close()

    def failure(self, error: Exception, reason_of: Callable[[Exception], FailureReason]) -> DatabaseFailure:
        """Return an error of a read as one that may be shown. `reason_of` knows the driver's own errors."""
        if isinstance(error, DatabaseFailure):
            return error
        if self.is_exceeded:
            return DatabaseFailure(FailureReason.TOO_LARGE)
        if isinstance(error, TimeoutError):
            return DatabaseFailure(FailureReason.TOO_SLOW)
        return DatabaseFailure(reason_of(error))

    def _may_pass(self, size: int) -> bool:
        self._left -= size
        self.is_exceeded = self._left < 0
        return not self.is_exceeded

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, may_pass: Callable[[int], bool]
    ) -> None:
        try:
            with contextlib.suppress(OSError):
                while (piece := await reader.read(_PIECE)) and may_pass(len(piece)):
                    writer.write(piece)
                    await writer.drain()
        finally:
            writer.close()

    async def close(self) -> None:
        """Cut all connections."""
        server, self._server = self._server, None
        if server is not None:
            server.close()
        for writer in self._writers:
            writer.transport.abort()
        await asyncio.gather(*self._tasks, *(each.wait_closed() for each in self._writers), return_exceptions=True)


class _NamedContext(ssl.SSLContext):
    """A TLS context that checks the certificate of one name, whatever a driver has connected to."""

    server_name = ""

    def wrap_bio(
        self,
        incoming: ssl.MemoryBIO,
        outgoing: ssl.MemoryBIO,
        server_side: bool = False,
        server_hostname: str | bytes | None = None,
        session: ssl.SSLSession | None = None,
    ) -> ssl.SSLObject:
        """Wrap a connection to the server of `server_name`."""
        return super().wrap_bio(incoming, outgoing, server_side, self.server_name, session)


def tls_context(mode: TlsMode, host: str, authorities: str | None = None) -> ssl.SSLContext | None:
    """Return the TLS context of a connection to `host`; None without TLS.

    `authorities` is a file of certificates that are trusted instead of the system's.
    """
    if mode is TlsMode.OFF:
        return None
    context = _NamedContext(ssl.PROTOCOL_TLS_CLIENT)
    context.server_name = host
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if mode is TlsMode.ENCRYPTED:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif authorities is None:
        context.load_default_certs()
    else:
        context.load_verify_locations(authorities)
    return context
