"""Reads a document in a child process, and believes nothing of what it sends that was not checked."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import IO

from rag.ingestion.chunk import Chunk
from rag.ingestion.reader.channel import Channel
from rag.ingestion.reader.errors import ReaderEnd, ReaderKilled
from rag.ingestion.reader.frames import (
    BATCH_CHUNKS,
    PIECE_BYTES,
    Frame,
    Head,
    decode_chunks,
    decode_head,
    decode_piece,
    decode_vectors,
)
from rag.ingestion.reader.launcher import ChildProcess, ForkServerGone, Launcher
from rag.ingestion.reader.limits import DEFAULT_LIMITS, ReaderLimits
from rag.models.local.embedder import LOCAL_EMBEDDERS
from rag.models.protocols import Vectors
from rag.parsing import FileType
from rag.parsing.document import Attachment

_WORK = "rag.ingestion.reader.child:read_document"


@dataclass(frozen=True, slots=True)
class ReadBatch:
    """At most 64 chunks in reading order, and their vectors where the child embeds."""

    chunks: tuple[Chunk, ...]
    vectors: Vectors | None


class Reading:
    """A document that a child has parsed and cut, and now sends."""

    def __init__(self, head: Head, channel: Channel, dimensions: int | None) -> None:
        """Read on from `channel` after its head; `dimensions` are those of the vectors, if any come."""
        self.title = head.title
        self.language = head.language
        self.chunk_count = head.chunk_count
        self.page_count = head.page_count
        self.warnings = head.warnings
        self.published_at = head.published_at
        self.modified_at = head.modified_at
        self._attachments = head.attachments
        self._channel = channel
        self._dimensions = dimensions

    async def batches(self) -> AsyncIterator[ReadBatch]:
        """Yield all chunks, once. Raises `ReaderKilled`; what was yielded before is to be discarded then."""
        for first in range(0, self.chunk_count, BATCH_CHUNKS):
            count = min(BATCH_CHUNKS, self.chunk_count - first)
            chunks = await self._channel.receive(Frame.CHUNKS, decode_chunks, first, count)
            vectors = None
            if self._dimensions is not None:
                vectors = await self._channel.receive(Frame.VECTORS, decode_vectors, count, self._dimensions)
            yield ReadBatch(chunks, vectors)

    async def attachments(self) -> AsyncIterator[Attachment]:
        """Yield the files that came with the document, once, after all batches. Raises `ReaderKilled`."""
        for name, size in self._attachments:
            pieces = []
            for start in range(0, size, PIECE_BYTES):
                length = min(PIECE_BYTES, size - start)
                pieces.append(await self._channel.receive(Frame.ATTACHMENT, decode_piece, length))
            yield Attachment(name, b"".join(pieces))


class DocumentReader:
    """Starts a child process for each document. Several may be read at once."""

    def __init__(self, *, limits: ReaderLimits = DEFAULT_LIMITS, work: str = _WORK) -> None:
        """Read within `limits`, each document by its own. `work` is what children do, as "module:function"."""
        self._limits = limits
        self._launcher = Launcher(limits, work)

    async def start(self) -> None:
        """Start the process that children are forked from, so that the first document does not wait for it."""
        await self._launcher.start()

    async def close(self) -> None:
        """End that process and its children. Readings under way raise `ReaderKilled`."""
        await self._launcher.close()

    @asynccontextmanager
    async def reading(
        self, file_type: FileType, name: str, file: IO[bytes], *, embedder: str | None
    ) -> AsyncIterator[Reading]:
        """Read `file`, which is open for reading and has a descriptor; its position does not matter.

        Entering waits until the document is parsed and cut. Leaving, also by cancellation, kills the child. `embedder`
        is the name of a local embedder (`LOCAL_EMBEDDERS`), which is applied to `indexed_text` of each chunk.

        Raises `UnreadableDocument` where the file is at fault, `ReaderKilled` where the child did not end its work.
        """
        dimensions = None if embedder is None else LOCAL_EMBEDDERS[embedder].dimensions
        request = {"file_type": file_type.value, "name": name, "embedder": embedder}
        child, channel, head = await self._begin(request, file_type, file)
        try:
            yield Reading(head, channel, dimensions)
        finally:
            child.close()

    async def _begin(
        self, request: dict[str, str | None], file_type: FileType, file: IO[bytes]
    ) -> tuple[ChildProcess, Channel, Head]:
        """Return a child that has cut the document. A fork server that ends meanwhile is replaced once."""
        try:
            return await self._fork(request, file_type, file)
        except ReaderKilled as killed:
            if killed.reason is not ReaderEnd.LOST:
                raise
        return await self._fork(request, file_type, file)

    async def _fork(
        self, request: dict[str, str | None], file_type: FileType, file: IO[bytes]
    ) -> tuple[ChildProcess, Channel, Head]:
        try:
            child = await self._launcher.fork(request, file.fileno())
        except ForkServerGone as error:
            raise ReaderKilled(ReaderEnd.LOST, self._limits) from error
        try:
            channel = Channel(child, self._limits, file_type)
            return child, channel, await channel.receive(Frame.HEAD, decode_head)
        except BaseException:
            child.close()
            raise
