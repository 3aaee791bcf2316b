"""Documents on their way to the index, and as the index reads them."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any, cast
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import CursorResult, Row, delete, exists, func, insert, select, true, union_all, update

from core.clock import now
from core.errors import ErrorCode
from data.engine import Session
from data.models import Document, DocumentChunk, DocumentStatus, IngestionStage, Job, JobKind, StorageUsage
from data.queries.jobs import add_job, renew_jobs
from data.queries.vectors import delete_vectors

State = tuple[object, ...]
"""What tells that a document's searched chunks changed: their version, their number and what embedded them."""
ChunkRow = Row[UUID, int, str | None, str | None, list[list[Any]] | None, str, NDArray[np.float32]]
"""A searched chunk: id, chunk_index, heading, location, places, content, embedding."""
CHUNKS_AT_ONCE = 100
WAITING: Mapping[str, object] = {
    "status": DocumentStatus.PENDING,
    "stage": IngestionStage.QUEUED,
    "progress": 0.0,
    "error": None,
    "error_code": None,
}
"""What is true of a document that waits for the index."""

_SEARCHED = (
    DocumentChunk.id,
    DocumentChunk.chunk_index,
    DocumentChunk.heading,
    DocumentChunk.location,
    DocumentChunk.places,
    DocumentChunk.content,
    DocumentChunk.embedding,
)


def add_document(session: Session, document: Document) -> None:
    """Store a document, at the end of the unit."""
    session.add(document)


async def find_document(session: Session, document_id: UUID) -> Document | None:
    """Return a document, deleted or not."""
    return await session.get(Document, document_id)


async def lock_document(session: Session, document_id: UUID) -> Document | None:
    """Return a document as it is now, if it is not deleted, and let no other unit change it before this one ends."""
    row = select(Document).where(Document.id == document_id, Document.deleted_at.is_(None))
    row = row.with_hint(Document, "WITH (UPDLOCK)", "mssql")
    return await session.scalar(row.execution_options(populate_existing=True))


async def update_document(session: Session, document_id: UUID, values: Mapping[str, object]) -> bool:
    """Set columns of a document that is not deleted. False when there is none."""
    stored = update(Document).where(Document.id == document_id, Document.deleted_at.is_(None)).values(values)
    result = await session.execute(stored.execution_options(synchronize_session=False))
    return cast("CursorResult[Any]", result).rowcount == 1


async def add_chunks(session: Session, rows: Sequence[Mapping[str, object]]) -> None:
    """Store chunks, as values of `DocumentChunk`'s columns: entities cost several times as much."""
    await session.execute(insert(DocumentChunk.__table__), rows)  # type: ignore[arg-type]


async def delete_other_versions(session: Session, document_id: UUID, version: int, at_most: int) -> int:
    """Delete chunks of a document that are of another version, and return how many."""
    await delete_vectors(session, document_id, but_version=version)
    others = (
        select(DocumentChunk.id)
        .where(DocumentChunk.document_id == document_id, DocumentChunk.version != version)
        .limit(at_most)
    )
    deleted = delete(DocumentChunk).where(DocumentChunk.id.in_(others))
    result = await session.execute(deleted.execution_options(synchronize_session=False))
    return cast("CursorResult[Any]", result).rowcount


async def delete_document(session: Session, document_id: UUID) -> bool:
    """Mark a document as deleted. False when it is already: of two requests at once one deletes it."""
    gone = {"deleted_at": now(), "is_indexed": False, "chunk_count": 0}
    return await change_searched(session, document_id, gone)


async def find_stored_paths(session: Session, document_ids: Collection[UUID]) -> set[str]:
    """Return the keys of the files of those of some documents that are not deleted."""
    rows = select(Document.file_path, Document.replacement_path)
    stored = await session.execute(rows.where(Document.id.in_(document_ids), Document.deleted_at.is_(None)))
    return {path for paths in stored for path in paths if path is not None}


async def find_newest_paths(session: Session, at_most: int) -> list[str]:
    """Return the keys of the files of the newest documents that are not deleted, of all workspaces."""
    rows = select(Document.file_path).where(Document.deleted_at.is_(None))
    return list(await session.scalars(rows.order_by(Document.created_at.desc()).limit(at_most)))


async def delete_chunks(session: Session, document_id: UUID) -> None:
    """Delete the chunks of a document, and their vectors."""
    await session.execute(delete(DocumentChunk).where(DocumentChunk.document_id == document_id))
    await delete_vectors(session, document_id)


async def add_missing_jobs(session: Session, at_most: int) -> int:
    """Store jobs for documents that wait for one, and return how many."""
    unfinished = Document.status.in_([DocumentStatus.PENDING, DocumentStatus.PROCESSING])
    job = exists().where(Job.kind == JobKind.INDEX_DOCUMENT, Job.subject_id == Document.id)
    rows = await session.execute(
        select(Document.id, Document.workspace_id)
        .where(Document.deleted_at.is_(None), unfinished, ~job)
        .order_by(Document.created_at)
        .limit(at_most)
    )
    found = rows.all()
    for document_id, workspace_id in found:
        add_job(session, JobKind.INDEX_DOCUMENT, workspace_id, document_id)
    return len(found)


async def find_unfinished(
    session: Session, workspace_id: UUID, just_finished: timedelta, at_most: int
) -> list[Document]:
    """Return documents of a workspace that are unfinished, oldest first, and those that ended within `just_finished`.

    Of each kind `at_most`, found by an index of its own: what a workspace has finished before is not looked at.
    """
    there = (Document.workspace_id == workspace_id, Document.deleted_at.is_(None))
    found: list[Document] = []
    for status in (DocumentStatus.PROCESSING, DocumentStatus.PENDING):
        unfinished = select(Document).where(*there, Document.status == status)
        found += await session.scalars(unfinished.order_by(Document.created_at, Document.id).limit(at_most))
    ended = Document.status.in_([DocumentStatus.READY, DocumentStatus.FAILED])
    changed = select(Document).where(*there, Document.updated_at > now() - just_finished, ended)
    found += await session.scalars(changed.order_by(Document.updated_at.desc()).limit(at_most))
    return sorted(found, key=lambda document: document.created_at)


async def find_failed(session: Session, workspace_id: UUID, after: UUID | None, at_most: int) -> Sequence[UUID]:
    """Return the keys that follow another of the documents of a workspace that failed and that nobody cancelled."""
    failed = select(Document.id).where(
        Document.workspace_id == workspace_id,
        Document.deleted_at.is_(None),
        Document.status == DocumentStatus.FAILED,
        func.coalesce(Document.error_code, "") != ErrorCode.DOCUMENT_CANCELLED.value,
    )
    if after is not None:
        failed = failed.where(Document.id > after)
    return (await session.scalars(failed.order_by(Document.id).limit(at_most))).all()


async def queue_again(session: Session, workspace_id: UUID, document_ids: Sequence[UUID]) -> None:
    """Let documents of a workspace wait for the index from the beginning, some hundred at most."""
    waiting = update(Document).where(Document.id.in_(document_ids), Document.deleted_at.is_(None))
    await session.execute(waiting.values(WAITING).execution_options(synchronize_session=False))
    await renew_jobs(session, JobKind.INDEX_DOCUMENT, workspace_id, document_ids)


async def find_same_content(session: Session, workspace_id: UUID, content_hash: str) -> Document | None:
    """Return a document of a workspace whose file, or the one that is to stand for it, has this content; the oldest."""
    there = (Document.workspace_id == workspace_id, Document.deleted_at.is_(None))
    # One select a column: each goes by an index of its own.
    keys = union_all(
        *(
            select(Document.id).where(*there, column == content_hash)
            for column in (Document.content_hash, Document.replacement_hash)
        )
    )
    same = select(Document).where(Document.id.in_(keys))
    return await session.scalar(same.order_by(Document.created_at, Document.id).limit(1))


async def change_searched(session: Session, document_id: UUID, values: Mapping[str, object]) -> bool:
    """Set columns of a document that say what of it is searched. False when it is deleted.

    Whoever changes what is searched does so here: an index is read again when its number has changed. What embeds the
    first document of a workspace searches it.
    """
    if not await update_document(session, document_id, values):
        return False
    moved: dict[str, Any] = {"index_version": StorageUsage.index_version + 1}
    if embedder := values.get("embedding_model"):
        moved["embedder"] = func.coalesce(StorageUsage.embedder, embedder)
    workspace_id = select(Document.workspace_id).where(Document.id == document_id).scalar_subquery()
    await session.execute(
        update(StorageUsage)
        .where(StorageUsage.workspace_id == workspace_id)
        .values(moved)
        .execution_options(synchronize_session=False)
    )
    return True


async def find_states(session: Session, workspace_id: UUID) -> dict[UUID, State]:
    """Return the state of each searched document of a workspace."""
    rows = await session.execute(
        select(Document.id, Document.chunk_version, Document.chunk_count, Document.embedding_model).where(
            Document.workspace_id == workspace_id, Document.is_indexed == true(), Document.deleted_at.is_(None)
        )
    )
    return {key: tuple(state) for key, *state in rows}


async def find_with_chunks(
    session: Session, document_ids: Collection[UUID]
) -> AsyncIterator[tuple[Document, list[ChunkRow]]]:
    """Yield documents with the chunks that are searched, in order.

    Rows are read `CHUNKS_AT_ONCE` at a time, and as rows, since entities cost several times as much: between two
    reads the event loop is free for others. A document that was deleted meanwhile is left out.
    """
    for document_id in document_ids:
        document = await session.get(Document, document_id)
        if document is None:
            continue
        chunks: list[ChunkRow] = []
        while True:
            rows = await session.execute(
                select(*_SEARCHED)
                .where(
                    DocumentChunk.document_id == document_id,
                    DocumentChunk.version == document.chunk_version,
                    DocumentChunk.chunk_index >= len(chunks),
                )
                .order_by(DocumentChunk.chunk_index)
                .limit(CHUNKS_AT_ONCE)
            )
            page = rows.all()
            chunks += page
            if len(page) < CHUNKS_AT_ONCE:
                break
        yield document, chunks
