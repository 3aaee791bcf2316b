"""The bus of several processes: a Redis stream that each of them reads, for its own readers."""

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

from core.events import MemoryEventBus, Published

logger = structlog.get_logger(__name__)

KEPT_EVENTS = 1_000
"""Notes held for a process whose connection was lost for a while; the oldest make room."""
READ_SECONDS = 10.0
"""How long Redis waits for a event before it answers that there is none."""
RETRY_SECONDS = 1.0
"""How long to wait before Redis is asked again that was out of reach."""


class RedisEventBus(Generic[Published]):
    """Posts to the readers of this process at once, and to those of others through Redis.

    A stream and not a channel: what was published while a connection was lost is read when it is back. While Redis
    is out of reach, each process tells its readers what happens in it.
    """

    def __init__(self, url: str, kind: type[Published], *, retry_seconds: float = RETRY_SECONDS) -> None:
        # Typed for bytes and texts at once; ours are texts. Tried twice: the connection may have been lost unnoticed.
        self._redis: Any = Redis.from_url(url, decode_responses=True, retry=Retry(NoBackoff(), 1))
        # For what waits until something happens: under a time-out of its own, a cancellation may be lost.
        self._waiting: Any = Redis.from_url(url, decode_responses=True, socket_timeout=None)
        self._kind = kind
        self._stream = f"monitora:bus:{kind.__name__.lower()}"
        self._process = uuid4().hex
        self._retry_seconds = retry_seconds
        self._here: MemoryEventBus[Published] = MemoryEventBus()

    async def __aenter__(self) -> Self:
        """Begin to read what other processes publish."""
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

    async def publish(self, event: Published) -> None:
        """Tell everyone who subscribes to the workspace."""
        await self._here.publish(event)
        entry = {"process": self._process, "event": json.dumps(event.as_json(), ensure_ascii=False)}
        with suppress(RedisError):
            await self._redis.xadd(self._stream, entry, maxlen=KEPT_EVENTS, approximate=True)

    def subscribe(
        self, workspace_id: UUID, present: Callable[[], Awaitable[list[Published]]]
    ) -> AsyncGenerator[Published, None]:
        """Yield how things stand now, as `present` reads them, then what is published, without end."""
        return self._here.subscribe(workspace_id, present)

    async def _copy(self) -> None:
        """Post here what other processes publish from now on."""
        position = ""
        while True:
            try:
                position = position or await self._last()
                found = await self._waiting.xread({self._stream: position}, block=int(READ_SECONDS * 1000))
                for _, entries in found or ():
                    for position, entry in entries:  # noqa: B007 - where to read on
                        await self._take(entry)
            except RedisError:
                logger.warning("event_bus_unreachable", stream=self._stream)
                await asyncio.sleep(self._retry_seconds)

    async def _last(self) -> str:
        entries = await self._waiting.xrevrange(self._stream, count=1)
        return str(entries[0][0]) if entries else "0-0"

    async def _take(self, entry: dict[str, str]) -> None:
        if entry.get("process") == self._process:
            return
        try:
            event = self._kind.from_json(json.loads(entry["event"]))
        except (KeyError, TypeError, ValueError):
            # Another version of the server may know other events: they are not for this one.
            logger.warning("event_unreadable", stream=self._stream)
            return
        await self._here.publish(event)
