"""The event bus: what is published about a topic reaches everyone who subscribes to it, on every process.

Events belong to the domain that publishes them. Here is what carries them.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Hashable
from contextlib import suppress
from types import TracebackType
from typing import Any, Generic, Protocol, Self, TypeVar
from uuid import uuid4

import structlog
from redis.exceptions import RedisError

from core.redis import RedisClient, RedisUnavailable

logger = structlog.get_logger(__name__)

MAX_UNREAD = 1_000
"""Events held for a subscriber that takes none; the oldest make room."""
KEPT_EVENTS = 1_000
"""Events that Redis holds for a process whose connection was lost for a while; the oldest make room."""
BLOCK_SECONDS = 10.0
"""How long Redis waits for an event before it answers that there is none."""


class Event(Protocol):
    """Something that happened. Of two with one deduplication key, a subscriber that took neither gets the newer."""

    @property
    def topic(self) -> Hashable:
        """Whose subscribers get it: a workspace's, for most kinds."""
        ...

    @property
    def deduplication_key(self) -> Hashable:
        """What it is about."""
        ...

    def as_json(self) -> dict[str, Any]:
        """Return what another process needs to make it again."""
        ...

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        """Read what `as_json` wrote."""
        ...


Published = TypeVar("Published", bound=Event)


class EventBus(Protocol[Published]):
    """Carries events. A slow subscriber misses events that newer ones replaced, never the newest about a thing."""

    @property
    def subscriber_count(self) -> int:
        """How many subscriptions of this process have begun and not ended."""
        ...

    async def publish(self, event: Published) -> None:
        """Hand an event to everyone who subscribes to its topic."""
        ...

    def subscribe(
        self, topic: Hashable, present: Callable[[], Awaitable[list[Published]]]
    ) -> AsyncGenerator[Published, None]:
        """Yield the present state, as `present` reads it, then what is published, without end."""
        ...


class MemoryEventBus(Generic[Published]):
    """The bus of a single process."""

    def __init__(self) -> None:
        self._subscribers: dict[Hashable, set[_Subscriber[Published]]] = {}

    @property
    def subscriber_count(self) -> int:
        """How many subscriptions have begun and not ended."""
        return sum(map(len, self._subscribers.values()))

    async def publish(self, event: Published) -> None:
        """Hand an event to everyone who subscribes to its topic."""
        for subscriber in self._subscribers.get(event.topic, ()):
            subscriber.publish(event)

    async def subscribe(
        self, topic: Hashable, present: Callable[[], Awaitable[list[Published]]]
    ) -> AsyncGenerator[Published, None]:
        """Yield the present state, as `present` reads it, then what is published, without end."""
        subscriber: _Subscriber[Published] = _Subscriber()
        self._subscribers.setdefault(topic, set()).add(subscriber)
        try:
            # Read after the subscription: what is published meanwhile is newer.
            for event in await present():
                subscriber.begin(event)
            while True:
                yield await subscriber.next()
        finally:
            self._subscribers[topic].discard(subscriber)
            if not self._subscribers[topic]:
                del self._subscribers[topic]


class _Subscriber(Generic[Published]):
    """Holds what one subscriber has not read: at most one event a key, and at most `MAX_UNREAD`."""

    def __init__(self) -> None:
        self._unread: dict[Hashable, Published] = {}
        self._published = asyncio.Event()

    def publish(self, event: Published) -> None:
        self._unread[event.deduplication_key] = event
        if len(self._unread) > MAX_UNREAD:
            del self._unread[next(iter(self._unread))]
        self._published.set()

    def begin(self, event: Published) -> None:
        self._unread.setdefault(event.deduplication_key, event)

    async def next(self) -> Published:
        while not self._unread:
            self._published.clear()
            await self._published.wait()
        return self._unread.pop(next(iter(self._unread)))


class RedisEventBus(Generic[Published]):
    """The bus of several processes: subscribers of this process get an event at once, those of others through Redis.

    A stream and not a channel: what was published while a connection was lost is read when it is back. While Redis is
    away, each process carries its own events.
    """

    def __init__(self, redis: RedisClient, kind: type[Published]) -> None:
        """Carry events of one kind, whose name names the stream."""
        self._redis = redis
        self._kind = kind
        self._stream = f"monitora:events:{kind.__name__.lower()}"
        self._process = uuid4().hex
        self._here: MemoryEventBus[Published] = MemoryEventBus()
        self._position = ""

    async def __aenter__(self) -> Self:
        """Begin to read what other processes publish from now on."""
        with suppress(RedisUnavailable):
            self._position = await self._redis.run(self._last)
        self._copying = asyncio.create_task(self._copy())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop reading."""
        self._copying.cancel()
        await asyncio.gather(self._copying, return_exceptions=True)

    @property
    def subscriber_count(self) -> int:
        """How many subscriptions of this process have begun and not ended."""
        return self._here.subscriber_count

    async def publish(self, event: Published) -> None:
        """Hand an event to everyone who subscribes to its topic."""
        await self._here.publish(event)
        entry = {"process": self._process, "event": json.dumps(event.as_json(), ensure_ascii=False)}
        with suppress(RedisUnavailable):
            await self._redis.run(lambda redis: redis.xadd(self._stream, entry, maxlen=KEPT_EVENTS, approximate=True))

    def subscribe(
        self, topic: Hashable, present: Callable[[], Awaitable[list[Published]]]
    ) -> AsyncGenerator[Published, None]:
        """Yield the present state, as `present` reads it, then what is published, without end."""
        return self._here.subscribe(topic, present)

    async def _copy(self) -> None:
        """Publish here what other processes publish."""
        redis = self._redis.blocking
        while True:
            try:
                self._position = self._position or await self._last(redis)
                found = await redis.xread({self._stream: self._position}, block=int(BLOCK_SECONDS * 1000))
                for _, entries in found or ():
                    for self._position, entry in entries:
                        await self._take(entry)
            except (RedisError, OSError):
                await self._redis.pause()

    async def _last(self, redis: Any) -> str:
        entries = await redis.xrevrange(self._stream, count=1)
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
