"""From a stored file to indexed chunks: a job in the background, whose steps are stored and can be followed."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

import numpy as np
import structlog

from core.errors import ErrorCode
from core.events import EventBus
from core.telemetry import span
from data.engine import Database, Session
from data.models import Document, DocumentChunk, DocumentStatus, IngestionStage
from data.queries import documents as queries
from rag import metrics
from rag.ingestion.chunk import Chunk, indexed_text
from rag.ingestion.chunking import chunk
from rag.ingestion.events import IngestionEvent
from rag.models.protocols import Embedder, ModelError, Vectors
from rag.parsing import FileType, UnreadableDocument, parse_as
from rag.parsing.document import ParsedDocument
from rag.sources.storage import FileStorage, StoredFileMissing

logger = structlog.get_logger(__name__)

EMBEDDED_AT_ONCE = 64
"""Chunks a call of the embedder; progress moves after each."""
JOBS_AT_ONCE = 2
JUST_FINISHED = timedelta(minutes=1)
"""How long after its end a document is told to readers who come late."""
MAX_PRESENT = 500
"""Documents a late reader is told about at most."""
FRACTIONS = {
    IngestionStage.QUEUED: 0.0,
    IngestionStage.PARSING: 0.05,
    IngestionStage.CHUNKING: 0.2,
    IngestionStage.EMBEDDING: 0.3,
    IngestionStage.STORING: 0.95,
    IngestionStage.DONE: 1.0,
}
"""How far a document is when a stage begins. Embedding is where the time goes."""


@dataclass(frozen=True, slots=True)
class _Failure:
    """Why a document could not be indexed, for the row and for a person."""

    code: ErrorCode
    message: str


class Ingestion:
    """Indexes the documents that wait, a few at a time. What a stop leaves unfinished, the next start takes up."""

    def __init__(
        self,
        database: Database,
        storage: FileStorage,
        embedder: Embedder,
        events: EventBus[IngestionEvent],
        *,
        abandoned_after: timedelta = timedelta(0),
    ) -> None:
        """Prepare to work. `abandoned_after` is how long a document under way must have stood still to be taken up.

        Zero is for a single process: what is under way when it starts is under way nowhere.
        """
        self._database = database
        self._storage = storage
        self._embedder = embedder
        self._abandoned_after = abandoned_after
        self.events = events
        self._waiting: asyncio.Queue[UUID] = asyncio.Queue()
        self._workers: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to work on what is queued."""
        self._workers = [asyncio.create_task(self._work()) for _ in range(JOBS_AT_ONCE)]

    async def resume(self) -> None:
        """Queue what an earlier process left unfinished, and what another embedder's vectors stand for."""
        for document_id in await self._database.write(self._requeue):
            self._waiting.put_nowait(document_id)

    async def close(self) -> None:
        """Stop working. Documents under way are taken up at the next start."""
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)

    async def enqueue(self, document_id: UUID) -> None:
        """Queue a document that is stored as pending."""
        self._waiting.put_nowait(document_id)

    @property
    def queued(self) -> int:
        """How many documents wait."""
        return self._waiting.qsize()

    async def finish(self) -> None:
        """Wait until nothing is queued or under way."""
        await self._waiting.join()

    async def follow(self, workspace_id: UUID) -> AsyncGenerator[IngestionEvent, None]:
        """Yield where each document of a workspace stands that is unfinished or just was, then every change, endlessly.

        A reader who comes right after an upload may come after its end: it must not wait for what has happened.
        """

        async def present() -> list[IngestionEvent]:
            documents = await self._database.read(
                lambda session: queries.find_unfinished(session, workspace_id, JUST_FINISHED, MAX_PRESENT)
            )
            return [_progress(document) for document in documents]

        async for step in self.events.subscribe(workspace_id, present):
            yield step

    async def _work(self) -> None:
        while True:
            document_id = await self._waiting.get()
            try:
                with span("ingestion", {"monitora.document.id": str(document_id)}), metrics.DOCUMENT_SECONDS.time():
                    await self._ingest(document_id)
            except Exception:
                logger.exception("ingestion_failed", document_id=str(document_id))
                await self._fail(document_id, _Failure(ErrorCode.INTERNAL, "Indexing failed unexpectedly: try again."))
            finally:
                self._waiting.task_done()

    async def _ingest(self, document_id: UUID) -> None:
        document = await self._database.write(lambda session: queries.claim_document(session, document_id))
        if document is None:
            return
        try:
            await self._step(document, IngestionStage.PARSING)
            content = await self._storage.read(document.file_path)
            parsed = await asyncio.to_thread(parse_as, FileType(document.file_type), document.name, content)
            await self._step(document, IngestionStage.CHUNKING)
            chunks = await asyncio.to_thread(chunk, parsed)
            if not chunks:
                raise UnreadableDocument(ErrorCode.FILE_WITHOUT_TEXT, "The file holds no text that could be searched.")
            vectors = await self._embed(document, parsed, chunks)
        except (UnreadableDocument, ModelError) as error:
            await self._fail(document_id, _Failure(error.code, error.message))
        except StoredFileMissing:
            await self._fail(
                document_id, _Failure(ErrorCode.FILE_UNREADABLE, "The stored file is gone: upload it again.")
            )
        else:
            await self._step(document, IngestionStage.STORING)
            await self._store(document, parsed, chunks, vectors)

    async def _embed(self, document: Document, parsed: ParsedDocument, chunks: list[Chunk]) -> Vectors:
        texts = [indexed_text(document.name, chunk) for chunk in chunks]
        batches = []
        begin, end = FRACTIONS[IngestionStage.EMBEDDING], FRACTIONS[IngestionStage.STORING]
        for first in range(0, len(texts), EMBEDDED_AT_ONCE):
            await self._step(document, IngestionStage.EMBEDDING, begin + (end - begin) * first / len(texts))
            batches.append(await self._embedder.embed_passages(texts[first : first + EMBEDDED_AT_ONCE]))
        return np.concatenate(batches)

    async def _step(self, document: Document, stage: IngestionStage, fraction: float | None = None) -> None:
        reached = FRACTIONS[stage] if fraction is None else fraction
        values = {"status": DocumentStatus.PROCESSING, "stage": stage, "progress": reached}
        await self._database.write(lambda session: queries.update_document(session, document.id, values))
        await self.events.publish(
            IngestionEvent(document.id, document.workspace_id, DocumentStatus.PROCESSING, stage, reached)
        )

    async def _store(self, document: Document, parsed: ParsedDocument, chunks: list[Chunk], vectors: Vectors) -> None:
        ready = {
            "status": DocumentStatus.READY,
            "stage": IngestionStage.DONE,
            "progress": 1.0,
            "error": None,
            "error_code": None,
            "is_indexed": True,
            "chunk_count": len(chunks),
            "embedding_model": self._embedder.name,
            "language": parsed.language,
        }
        rows = [
            DocumentChunk(
                id=uuid4(),
                document_id=document.id,
                workspace_id=document.workspace_id,
                chunk_index=chunk.index,
                heading=" › ".join(chunk.heading) or None,
                location=chunk.location,
                content=chunk.content,
                token_count=chunk.token_count,
                embedding=vector,
            )
            for chunk, vector in zip(chunks, vectors, strict=True)
        ]
        if await self._database.write(lambda session: queries.replace_chunks(session, document.id, ready, rows)):
            done = IngestionEvent(document.id, document.workspace_id, DocumentStatus.READY, IngestionStage.DONE, 1.0)
            await self.events.publish(done)
            _tell(document.id, "ready")

    async def _fail(self, document_id: UUID, failure: _Failure) -> None:
        _tell(document_id, "failed", failure.code)
        values = {"status": DocumentStatus.FAILED, "error_code": failure.code, "error": failure.message}
        await self._database.write(lambda session: queries.update_document(session, document_id, values))
        document = await self._database.read(lambda session: queries.find_document(session, document_id))
        if document is not None:
            await self.events.publish(_progress(document))

    async def _requeue(self, session: Session) -> list[UUID]:
        return await queries.requeue_unfinished(session, self._embedder.name, self._abandoned_after)


def _tell(document_id: UUID, outcome: str, code: str | None = None) -> None:
    """Count a document that ended, and say so in the log."""
    metrics.DOCUMENTS.labels(outcome).inc()
    logger.info("document", document_id=str(document_id), outcome=outcome, code=code)


def _progress(document: Document) -> IngestionEvent:
    return IngestionEvent(
        document.id, document.workspace_id, document.status, document.stage, document.progress, document.error
    )
