"""A website on 127.0.0.1, made by a test: pages, redirects, and whatever else a server may answer.

    with WebsiteServer() as site:
        site.put("/", "<p>Welcome <a href='/opening'>Opening hours</a></p>")
        site.replies["/old"] = Reply(301, headers={"location": "/"})
        ...  # crawl site.url
        assert site.asked["/"] == 1

It runs in a thread of its own, so that it serves the test's process and any other. A page has an ETag of its content,
and is not sent again to who names it.
"""

import asyncio
import hashlib
import ssl
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Self

from tests.support.waiting import HANG_SECONDS


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked: `path` has the query, `headers` have names in lower case."""

    path: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer. It is sent `drip` bytes at a time, where that is not 0, with `pause` seconds before each.

    `raw` is sent instead of everything else, and the connection is closed.
    """

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    pause: float = 0.0
    drip: int = 0
    raw: bytes | None = None


Answer = Reply | Callable[[Request], Reply | None]


class WebsiteServer:
    """The server: `replies` by path, then `fallback`, then 404."""

    def __init__(self, host: str = "127.0.0.1", certificate: ssl.SSLContext | None = None) -> None:
        self._certificate = certificate
        self.host = host
        self.port = 0
        self.replies: dict[str, Answer] = {}
        self.fallback: Callable[[Request], Reply | None] = lambda _request: None
        self.requests: list[Request] = []
        self.asked: Counter[str] = Counter()
        self.open_connections = 0
        self.most_connections = 0
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="website", daemon=True)
        self._stop: asyncio.Event | None = None

    @property
    def url(self) -> str:
        """The address of the start page."""
        return f"http{'s' if self._certificate else ''}://{self.host}:{self.port}/"

    def put(self, path: str, markup: str | bytes, *, kind: str = "text/html; charset=utf-8", **headers: str) -> None:
        """Serve a page under a path, in the place of what was there."""
        body = markup.encode() if isinstance(markup, str) else markup
        tag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        named = {"content-type": kind, "etag": tag, **{name.replace("_", "-"): text for name, text in headers.items()}}

        def answer(request: Request) -> Reply:
            if request.headers.get("if-none-match") == tag:
                return Reply(304, headers={"etag": tag})
            return Reply(200, body, named)

        self.replies[path] = answer

    def forget_requests(self) -> None:
        """Count requests from now on."""
        self.requests.clear()
        self.asked.clear()

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(HANG_SECONDS)
        return self

    def __exit__(self, *_: object) -> None:
        assert self._stop is not None
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(HANG_SECONDS)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        self._stop = asyncio.Event()
        tasks: set[asyncio.Task[None]] = set()

        def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.ensure_future(self._talk(reader, writer))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

        server = await asyncio.start_server(connected, self.host, self.port, ssl=self._certificate)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open_connections += 1
        self.most_connections = max(self.most_connections, self.open_connections)
        try:
            while await self._answered(reader, writer):
                pass
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self.open_connections -= 1
            writer.close()

    async def _answered(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer one request, and tell whether another may follow."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        lines = [line.partition(":") for line in head[1:] if line]
        request = Request(head[0].split(" ")[1], {name.lower(): value.strip() for name, _, value in lines})
        self.requests.append(request)
        self.asked[request.path] += 1
        answer = self.replies.get(request.path)
        reply = (answer(request) if callable(answer) else answer) or self.fallback(request) or Reply(404, b"not here")
        if reply.raw is not None:
            writer.write(reply.raw)
            await writer.drain()
            return False
        named = {"content-type": "text/html; charset=utf-8", "content-length": str(len(reply.body)), **reply.headers}
        if reply.status == HTTPStatus.NOT_MODIFIED:
            named.pop("content-length")
        fields = "".join(f"{name}: {value}\r\n" for name, value in named.items())
        await asyncio.sleep(0 if reply.drip else reply.pause)
        writer.write(f"HTTP/1.1 {reply.status} Said\r\n{fields}\r\n".encode("latin-1"))
        step = reply.drip or max(len(reply.body), 1)
        for start in range(0, len(reply.body), step):
            writer.write(reply.body[start : start + step])
            await writer.drain()
            await asyncio.sleep(reply.pause if reply.drip else 0)
        await writer.drain()
        return True
