"""A bus per workspace: what is published to it reaches everyone who subscribes to it."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Hashable
from typing import Any, Generic, Protocol, Self, TypeVar
from uuid import UUID

MAX_UNREAD = 1_000
"""Notes held for a reader who takes none; the oldest make room."""


class Event(Protocol):
    """Something to tell. Of two events with one key, a reader who has read neither gets the newer alone."""

    @property
    def workspace_id(self) -> UUID:
        """Whose readers it is for."""
        ...

    @property
    def key(self) -> Hashable:
        """What it is about."""
        ...

    def as_json(self) -> dict[str, Any]:
        """Return what another process needs to make it anew."""
        ...

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        """Read what `as_json` wrote."""
        ...


Published = TypeVar("Published", bound=Event)


class EventBus(Protocol[Published]):
    """Tells readers what happens. A slow reader misses what was overtaken, never the last word on a thing."""

    async def publish(self, event: Published) -> None:
        """Tell everyone who subscribes to the workspace."""
        ...

    def subscribe(
        self, workspace_id: UUID, present: Callable[[], Awaitable[list[Published]]]
    ) -> AsyncGenerator[Published, None]:
        """Yield how things stand now, as `present` reads them, then what is published, without end."""
        ...


class MemoryEventBus(Generic[Published]):
    """The bus of a single process."""

    def __init__(self) -> None:
        self._readers: dict[UUID, set[_Reader[Published]]] = {}

    async def publish(self, event: Published) -> None:
        """Tell everyone who subscribes to the workspace."""
        for reader in self._readers.get(event.workspace_id, ()):
            reader.publish(event)

    async def subscribe(
        self, workspace_id: UUID, present: Callable[[], Awaitable[list[Published]]]
    ) -> AsyncGenerator[Published, None]:
        """Yield how things stand now, as `present` reads them, then what is published, without end."""
        reader: _Reader[Published] = _Reader()
        self._readers.setdefault(workspace_id, set()).add(reader)
        try:
            # Read after the reader is known: what happens meanwhile is published to it and is newer.
            for event in await present():
                reader.begin(event)
            while True:
                yield await reader.next()
        finally:
            self._readers[workspace_id].discard(reader)
            if not self._readers[workspace_id]:
                del self._readers[workspace_id]


class _Reader(Generic[Published]):
    """Holds what one reader has not read: at most one event a key, and at most `MAX_UNREAD`."""

    def __init__(self) -> None:
        self._unread: dict[Hashable, Published] = {}
        self._published = asyncio.Event()

    def publish(self, event: Published) -> None:
        self._unread[event.key] = event
        if len(self._unread) > MAX_UNREAD:
            del self._unread[next(iter(self._unread))]
        self._published.set()

    def begin(self, event: Published) -> None:
        self._unread.setdefault(event.key, event)

    async def next(self) -> Published:
        while not self._unread:
            self._published.clear()
            await self._published.wait()
        return self._unread.pop(next(iter(self._unread)))
