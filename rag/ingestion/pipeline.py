"""From a stored file to indexed chunks: a job, whose steps are stored and can be followed."""

from collections.abc import AsyncGenerator
from contextlib import suppress
from datetime import timedelta
from uuid import UUID, uuid4

import structlog

from core.errors import ErrorCode, MonitoraError
from core.events import EventBus
from core.telemetry import span
from data.engine import Database, Session
from data.jobs.job import RunningJob, WorkerKilled
from data.models import Document, DocumentOrigin, DocumentStatus, IngestionStage
from data.queries import documents as queries
from data.queries.replacements import as_kept, file_to_read
from data.queries.storage import Quotas, count_read
from rag import metrics
from rag.ingestion.attachments import BroughtFiles
from rag.ingestion.chunk import indexed_text, stored_heading
from rag.ingestion.events import IngestionEvent
from rag.ingestion.reader import DocumentReader, ReadBatch, ReaderKilled, Reading
from rag.models.local.embedder import LOCAL_EMBEDDERS
from rag.models.protocols import Embedder, Vectors
from rag.parsing import FileType, UnreadableDocument
from rag.sources.storage import FileStorage, StoredFileMissing

logger = structlog.get_logger(__name__)

STORED_AT_ONCE = 500
"""Jobs that one unit stores, and chunks that one unit deletes."""
STILL_SEARCHED = "What was read of the document before is still searched."
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


class Ingestion:
    """Indexes documents, a job each.

    The file is read in a process of its own. Its chunks come in batches and are embedded and stored a batch a unit, as
    the document's next version; when all are stored, one unit makes that version the one that is searched, and a file
    that was to stand for the document's the one that is kept. Until then all is as it was before.
    """

    def __init__(
        self,
        database: Database,
        storage: FileStorage,
        reader: DocumentReader,
        embedder: Embedder,
        events: EventBus[IngestionEvent],
        quotas: Quotas,
    ) -> None:
        self._database = database
        self._storage = storage
        self._reader = reader
        self._embedder = embedder
        # What needs no network is done where the file is read, away from the event loop.
        self._embeds_there = embedder.name if embedder.name in LOCAL_EMBEDDERS else None
        self._quotas = quotas
        self.events = events

    @property
    def embedder(self) -> str:
        """The name of what embeds new documents."""
        return self._embedder.name

    async def resume(self) -> None:
        """Store jobs for documents that wait and have none: those of an earlier version."""
        while await self._database.write(lambda session: queries.add_missing_jobs(session, STORED_AT_ONCE)):
            pass

    async def run(self, job: RunningJob) -> None:
        """Index a document. Raises `WorkerKilled`, `LeaseLost`, `UnreadableDocument`, `ModelError`."""
        with span("ingestion", {"monitora.document.id": str(job.subject_id)}), metrics.DOCUMENT_SECONDS.time():
            document = await self._database.read(lambda session: queries.find_document(session, job.subject_id))
            if document is None or document.deleted_at is not None:
                await self._database.write(job.end)
                return
            try:
                if job.progress < 1.0:
                    await self._index(job, document)
                await self._drop_other_versions(job, document)
                await self._database.write(job.end)
            except StoredFileMissing as error:
                message = "The stored file is gone: upload it again."
                raise UnreadableDocument(ErrorCode.FILE_UNREADABLE, message) from error
            except ReaderKilled as error:
                raise WorkerKilled(error.code, error.message) from error

    async def bury(self, session: Session, job: RunningJob, error: MonitoraError) -> None:
        """Note on the document why it failed. What was searched before is still searched."""
        document, message = await queries.find_document(session, job.subject_id), error.message
        if document is not None and document.is_indexed:
            message = f"{message} {STILL_SEARCHED}"
        values = {"status": DocumentStatus.FAILED, "error_code": error.code, "error": message}
        await queries.update_document(session, job.subject_id, values)

    async def tell_dead(self, job: RunningJob, error: MonitoraError) -> None:
        """Tell the readers that the document failed."""
        _tell(job.subject_id, "failed", error.code)
        await self.tell(job.subject_id)

    async def tell(self, document_id: UUID) -> None:
        """Tell the readers where a document stands."""
        document = await self._database.read(lambda session: queries.find_document(session, document_id))
        if document is not None:
            await self.events.publish(_progress(document))

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

    async def _index(self, job: RunningJob, document: Document) -> None:
        await self._step(job, document, IngestionStage.PARSING)
        await self._drop_other_versions(job, document)
        to_read = file_to_read(document)
        with await self._storage.open(to_read.path) as file:
            async with self._reader.reading(
                FileType(to_read.type), document.name, file, embedder=self._embeds_there
            ) as reading:
                await self._step(job, document, IngestionStage.CHUNKING)
                await self._store(job, document, reading)
                files = BroughtFiles(self._storage, document)
                await files.bring(reading.attachments())
        await self._search(job, document, reading, files)

    async def _store(self, job: RunningJob, document: Document, reading: Reading) -> None:
        """Store the chunks as a version that is not searched yet."""
        begin, end = FRACTIONS[IngestionStage.EMBEDDING], FRACTIONS[IngestionStage.STORING]
        stored = 0
        async for batch in reading.batches():
            rows = _rows(document, batch, await self._vectors(reading.title or document.name, batch))
            stored += len(rows)
            reached = begin + (end - begin) * stored / reading.chunk_count
            await self._step(job, document, IngestionStage.EMBEDDING, reached, rows)

    async def _vectors(self, title: str, batch: ReadBatch) -> Vectors:
        if batch.vectors is not None:
            return batch.vectors
        return await self._embedder.embed_passages([indexed_text(title, chunk) for chunk in batch.chunks])

    async def _search(self, job: RunningJob, document: Document, reading: Reading, files: BroughtFiles) -> None:
        """Let the version that was stored be searched in the place of the one before, and store the files it brought.

        What is left of the job then is to delete the other one, also when a later attempt comes to it.
        """
        await self._step(job, document, IngestionStage.STORING)
        document.chunk_version += 1
        kept, before = file_to_read(document), document.file_path
        ready = as_kept(kept) | {
            "status": DocumentStatus.READY,
            "stage": IngestionStage.DONE,
            "progress": 1.0,
            "error": None,
            "error_code": None,
            "is_indexed": True,
            "chunk_count": reading.chunk_count,
            "chunk_version": document.chunk_version,
            "embedding_model": self._embedder.name,
            "title": document.name if document.origin is DocumentOrigin.TEXT else reading.title or None,
            "language": reading.language,
            "warnings": list(reading.warnings),
            "published_at": reading.published_at,
            "modified_at": reading.modified_at,
        }

        async def store(session: Session) -> bool:
            await job.keep(session, 1.0)
            await count_read(session, document.id, reading.page_count, self._quotas)
            if not await queries.change_searched(session, document.id, ready):
                return False
            if told := await files.add(session, self._quotas):
                await queries.update_document(session, document.id, {"warnings": [*reading.warnings, *told]})
            return True

        is_searched = await self._database.write(store)
        with suppress(OSError):  # the clean-up deletes them then
            await files.clean_up(all_files=not is_searched)
        if is_searched:
            if kept.path != before:
                with suppress(OSError):  # the clean-up deletes it then
                    await self._storage.delete(before)
            done = IngestionEvent(document.id, document.workspace_id, DocumentStatus.READY, IngestionStage.DONE, 1.0)
            await self.events.publish(done)
            _tell(document.id, "ready")

    async def _drop_other_versions(self, job: RunningJob, document: Document) -> None:
        """Delete the chunks that are not searched: of attempts that came to no end, and of the version before."""

        async def drop(session: Session) -> int:
            await job.keep(session)
            return await queries.delete_other_versions(session, document.id, document.chunk_version, STORED_AT_ONCE)

        while await self._database.write(drop) == STORED_AT_ONCE:
            pass

    async def _step(
        self,
        job: RunningJob,
        document: Document,
        stage: IngestionStage,
        fraction: float | None = None,
        rows: list[dict[str, object]] | None = None,
    ) -> None:
        """Note how far a document is, with the chunks that were made on the way there, and tell the readers."""
        reached = FRACTIONS[stage] if fraction is None else fraction
        values = {"status": DocumentStatus.PROCESSING, "stage": stage, "progress": reached}

        async def store(session: Session) -> None:
            await job.keep(session, reached)
            if await queries.update_document(session, document.id, values) and rows:
                await queries.add_chunks(session, rows)

        await self._database.write(store)
        await self.events.publish(
            IngestionEvent(document.id, document.workspace_id, DocumentStatus.PROCESSING, stage, reached)
        )


def _rows(document: Document, batch: ReadBatch, vectors: Vectors) -> list[dict[str, object]]:
    return [
        {
            "id": uuid4(),
            "document_id": document.id,
            "workspace_id": document.workspace_id,
            "version": document.chunk_version + 1,
            "chunk_index": chunk.index,
            "heading": stored_heading(chunk.heading),
            "location": chunk.location,
            "places": [list(place) for place in chunk.places] or None,
            "content": chunk.content,
            "token_count": chunk.token_count,
            "embedding": vector,
        }
        for chunk, vector in zip(batch.chunks, vectors, strict=True)
    ]


def _tell(document_id: UUID, outcome: str, code: str | None = None) -> None:
    """Count a document that ended, and say so in the log."""
    metrics.DOCUMENTS.labels(outcome).inc()
    logger.info("document", document_id=str(document_id), outcome=outcome, code=code)


def _progress(document: Document) -> IngestionEvent:
    return IngestionEvent(
        document.id, document.workspace_id, document.status, document.stage, document.progress, document.error
    )
