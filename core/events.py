"""A board per workspace: what is posted to it reaches everyone who follows it."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Hashable
from typing import Any, Generic, Protocol, Self, TypeVar
from uuid import UUID

MAX_UNREAD = 1_000
"""Notes held for a reader who takes none; the oldest make room."""


class Note(Protocol):
    """Something to tell. Of two notes with one key, a reader who has read neither gets the newer alone."""

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


Posted = TypeVar("Posted", bound=Note)


class Board(Protocol[Posted]):
    """Tells readers what happens. A slow reader misses what was overtaken, never the last word on a thing."""

    async def post(self, note: Posted) -> None:
        """Tell everyone who follows the workspace."""
        ...

    def follow(
        self, workspace_id: UUID, present: Callable[[], Awaitable[list[Posted]]]
    ) -> AsyncGenerator[Posted, None]:
        """Yield how things stand now, as `present` reads them, then what is posted, without end."""
        ...


class MemoryBoard(Generic[Posted]):
    """The board of a single process."""

    def __init__(self) -> None:
        self._readers: dict[UUID, set[_Reader[Posted]]] = {}

    async def post(self, note: Posted) -> None:
        """Tell everyone who follows the workspace."""
        for reader in self._readers.get(note.workspace_id, ()):
            reader.post(note)

    async def follow(
        self, workspace_id: UUID, present: Callable[[], Awaitable[list[Posted]]]
    ) -> AsyncGenerator[Posted, None]:
        """Yield how things stand now, as `present` reads them, then what is posted, without end."""
        reader: _Reader[Posted] = _Reader()
        self._readers.setdefault(workspace_id, set()).add(reader)
        try:
            # Read after the reader is known: what happens meanwhile is posted to it and is newer.
            for note in await present():
                reader.begin(note)
            while True:
                yield await reader.next()
        finally:
            self._readers[workspace_id].discard(reader)
            if not self._readers[workspace_id]:
                del self._readers[workspace_id]


class _Reader(Generic[Posted]):
    """Holds what one reader has not read: at most one note a key, and at most `MAX_UNREAD`."""

    def __init__(self) -> None:
        self._unread: dict[Hashable, Posted] = {}
        self._posted = asyncio.Event()

    def post(self, note: Posted) -> None:
        self._unread[note.key] = note
        if len(self._unread) > MAX_UNREAD:
            del self._unread[next(iter(self._unread))]
        self._posted.set()

    def begin(self, note: Posted) -> None:
        self._unread.setdefault(note.key, note)

    async def next(self) -> Posted:
        while not self._unread:
            self._posted.clear()
            await self._posted.wait()
        return self._unread.pop(next(iter(self._unread)))
