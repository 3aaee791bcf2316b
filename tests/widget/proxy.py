"""A way to a server that can be cut: what a network does to a visitor's connection."""

import asyncio
from types import TracebackType
from typing import Self


class Proxy:
    """Passes bytes on between 127.0.0.1 and a server, within an `async with` block; `cut` drops every connection.

    What comes after goes to `target`, which may be another server by then; where none answers, nobody is there.
    """

    def __init__(self, target: str) -> None:
        self.host = ""
        self.target = target
        self._listener: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._passing: set[asyncio.Task[None]] = set()

    def cut(self) -> int:
        """Drop the connections there are, without a word to either side, and return how many there were."""
        dropped = len(self._open) // 2
        for writer in self._open:
            writer.transport.abort()
        return dropped

    async def __aenter__(self) -> Self:
        self._listener = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.host = f"127.0.0.1:{self._listener.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, _kind: type[BaseException] | None, _error: object, _trace: TracebackType | None) -> None:
        assert self._listener is not None
        self._listener.close()
        self.cut()
        await asyncio.gather(*self._passing, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await self._head(reader)
            answers, asks = await asyncio.open_connection(*self.target.split(":"))
        except (ConnectionError, asyncio.IncompleteReadError):
            writer.transport.abort()
            return
        asks.write(head)
        for source, destination in ((reader, asks), (answers, writer)):
            task = asyncio.create_task(self._pass(source, destination))
            self._passing.add(task)
            task.add_done_callback(self._passing.discard)

    async def _head(self, _reader: asyncio.StreamReader) -> bytes:
        """Return what the server is sent first of a connection; all that comes after passes as it is."""
        return b""

    async def _pass(self, source: asyncio.StreamReader, destination: asyncio.StreamWriter) -> None:
        self._open.add(destination)
        try:
            while piece := await source.read(65_536):
                destination.write(piece)
                await destination.drain()
        except ConnectionError:
            pass  # cut, as it should be
        finally:
            self._open.discard(destination)
            destination.close()


class ReverseProxy(Proxy):
    """A site of which one path leads to the server, each request in a connection of its own.

    It strips the path, or passes it on. A request outside the path is not answered: `outside` has its line.
    """

    def __init__(self, target: str, path: str, *, strips: bool) -> None:
        super().__init__(target)
        self.outside: list[str] = []
        self._path = path
        self._strips = strips

    @property
    def address(self) -> str:
        """Where a browser finds the server."""
        return f"http://{self.host}{self._path}"

    async def _head(self, reader: asyncio.StreamReader) -> bytes:
        request, *fields = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, target, version = request.split(" ")
        if not f"{target}/".startswith(f"{self._path}/"):
            self.outside.append(request)
            raise ConnectionError("outside")
        if self._strips:
            target = target.removeprefix(self._path) or "/"
        fields = ["connection: close" if field.lower() == "connection: keep-alive" else field for field in fields]
        return "\r\n".join([f"{method} {target} {version}", *fields]).encode("latin-1")
