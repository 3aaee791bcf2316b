"""Where documents stand on their way to the index, as readers in this process follow it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from data.models import DocumentStatus, IngestionStage


@dataclass(frozen=True, slots=True)
class Progress:
    """One step of a document. `fraction` runs from 0 to 1; `error` says why it failed."""

    document_id: UUID
    workspace_id: UUID
    status: DocumentStatus
    stage: IngestionStage
    fraction: float
    error: str | None = None


class ProgressBoard:
    """Tells readers the latest step of each document. A slow reader misses steps in between, never the last."""

    def __init__(self) -> None:
        self._readers: dict[UUID, set[_Reader]] = {}

    def post(self, step: Progress) -> None:
        """Tell everyone who follows the workspace."""
        for reader in self._readers.get(step.workspace_id, ()):
            reader.post(step)

    async def follow(
        self, workspace_id: UUID, present: Callable[[], Awaitable[list[Progress]]]
    ) -> AsyncIterator[Progress]:
        """Yield where documents stand now, as `present` reads it, then every change, without end."""
        reader = _Reader()
        self._readers.setdefault(workspace_id, set()).add(reader)
        try:
            # Read after the reader is known: what happens meanwhile is posted to it and is newer.
            for step in await present():
                reader.begin(step)
            while True:
                yield await reader.next()
        finally:
            self._readers[workspace_id].discard(reader)
            if not self._readers[workspace_id]:
                del self._readers[workspace_id]


class _Reader:
    """Holds at most one step a document: what is not read yet is replaced by what is newer."""

    def __init__(self) -> None:
        self._steps: dict[UUID, Progress] = {}
        self._posted = asyncio.Event()

    def post(self, step: Progress) -> None:
        self._steps[step.document_id] = step
        self._posted.set()

    def begin(self, step: Progress) -> None:
        self._steps.setdefault(step.document_id, step)

    async def next(self) -> Progress:
        while not self._steps:
            self._posted.clear()
            await self._posted.wait()
        return self._steps.pop(next(iter(self._steps)))
