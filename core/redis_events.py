"""The board of several processes: a Redis stream that each of them reads, for its own readers."""

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress
from types import TracebackType
from typing import Any, Generic, Self
from uuid import UUID, uuid4

import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from core.events import MemoryBoard, Posted

log = structlog.get_logger(__name__)

KEPT_NOTES = 1_000
"""Notes held for a process whose connection was lost for a while; the oldest make room."""
READ_SECONDS = 10.0
"""How long Redis waits for a note before it answers that there is none."""
RETRY_SECONDS = 1.0
"""How long to wait before Redis is asked again that was out of reach."""


class RedisBoard(Generic[Posted]):
    """Posts to the readers of this process at once, and to those of others through Redis.

    A stream and not a channel: what was posted while a connection was lost is read when it is back. While Redis is out
    of reach, each process tells its readers what happens in it.
    """

    def __init__(self, url: str, kind: type[Posted], *, retry_seconds: float = RETRY_SECONDS) -> None:
        # Typed for bytes and texts at once; ours are texts. Tried twice: the connection may have been lost unnoticed.
        self._redis: Any = Redis.from_url(url, decode_responses=True, retry=Retry(NoBackoff(), 1))
        # For what waits until something happens: under a time-out of the client's own, a cancellation may be lost.
        self._waiting: Any = Redis.from_url(url, decode_responses=True, socket_timeout=None)
        self._kind = kind
        self._stream = f"monitora:board:{kind.__name__.lower()}"
        self._process = uuid4().hex
        self._retry_seconds = retry_seconds
        self._here: MemoryBoard[Posted] = MemoryBoard()

    async def __aenter__(self) -> Self:
        """Begin to read what other processes post."""
        self._copying = asyncio.create_task(self._copy())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        self._copying.cancel()
        await asyncio.gather(self._copying, return_exceptions=True)
        await self._waiting.aclose()
        await self._redis.aclose()

    async def post(self, note: Posted) -> None:
        """Tell everyone who follows the workspace."""
        await self._here.post(note)
        entry = {"process": self._process, "note": json.dumps(note.as_json(), ensure_ascii=False)}
        with suppress(RedisError):
            await self._redis.xadd(self._stream, entry, maxlen=KEPT_NOTES, approximate=True)

    def follow(
        self, workspace_id: UUID, present: Callable[[], Awaitable[list[Posted]]]
    ) -> AsyncGenerator[Posted, None]:
        """Yield how things stand now, as `present` reads them, then what is posted, without end."""
        return self._here.follow(workspace_id, present)

    async def _copy(self) -> None:
        """Post here what other processes post from now on."""
        position = ""
        while True:
            try:
                position = position or await self._last()
                found = await self._waiting.xread({self._stream: position}, block=int(READ_SECONDS * 1000))
                for _, entries in found or ():
                    for position, entry in entries:  # noqa: B007 - where to read on
                        await self._take(entry)
            except RedisError:
                log.warning("board_unreachable", board=self._stream)
                await asyncio.sleep(self._retry_seconds)

    async def _last(self) -> str:
        entries = await self._waiting.xrevrange(self._stream, count=1)
        return str(entries[0][0]) if entries else "0-0"

    async def _take(self, entry: dict[str, str]) -> None:
        if entry.get("process") == self._process:
            return
        try:
            note = self._kind.from_json(json.loads(entry["note"]))
        except (KeyError, TypeError, ValueError):
            # Another version of the server may know other notes: they are not for this one.
            log.warning("note_unreadable", board=self._stream)
            return
        await self._here.post(note)
