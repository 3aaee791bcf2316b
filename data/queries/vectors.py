"""Vectors of documents by embedders other than the one that indexed them, and which embedder searches a workspace."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, CursorResult, delete, exists, func, insert, or_, select, true, update

from core.clock import now
from data.engine import Session
from data.models import Document, DocumentChunk, DocumentVectors, Job, JobKind, JobStatus, StorageUsage
from data.queries.jobs import add_job

Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class ToEmbed:
    """A searched document that lacks vectors: the first `embedded` of its chunks have them."""

    document_id: UUID
    name: str
    title: str | None
    version: int
    chunk_count: int
    embedded: int


async def find_searched(session: Session, workspace_id: UUID) -> tuple[int, str | None]:
    """Return the number of a workspace's index, which never comes back, and the embedder that searches it.

    Without one, nothing has been indexed yet.
    """
    found = select(StorageUsage.index_version, StorageUsage.embedder).where(StorageUsage.workspace_id == workspace_id)
    row = (await session.execute(found)).one_or_none()
    return (0, None) if row is None else (row.index_version, row.embedder)


async def find_to_embed(session: Session, workspace_id: UUID, embedder: str, at_most: int) -> list[ToEmbed]:
    """Return searched documents of a workspace whose chunks do not all have vectors of an embedder."""
    embedded = func.coalesce(func.sum(DocumentVectors.chunk_count), 0)
    columns = (Document.id, Document.name, Document.title, Document.chunk_version, Document.chunk_count)
    rows = await session.execute(
        select(*columns, embedded)
        .outerjoin(DocumentVectors, _of_document(embedder))
        .where(Document.workspace_id == workspace_id, *_embedded_by_other(embedder))
        .group_by(*columns)
        .having(embedded < Document.chunk_count)
        .order_by(Document.id)
        .limit(at_most)
    )
    return [ToEmbed(*row) for row in rows]


async def find_progress(session: Session, workspace_id: UUID, embedder: str) -> tuple[int, int]:
    """Return how many of a workspace's searched chunks have vectors of an embedder, and how many there are."""
    searched = (Document.workspace_id == workspace_id, Document.is_indexed == true(), Document.deleted_at.is_(None))
    count = func.coalesce(func.sum(Document.chunk_count), 0)
    total = await session.scalar(select(count).where(*searched))
    own = await session.scalar(select(count).where(*searched, Document.embedding_model == embedder))
    added = select(func.coalesce(func.sum(DocumentVectors.chunk_count), 0)).join(Document, _of_document(embedder))
    more = await session.scalar(added.where(Document.workspace_id == workspace_id, *_embedded_by_other(embedder)))
    return int(own or 0) + int(more or 0), int(total or 0)


async def find_texts(
    session: Session, document_id: UUID, version: int, first: int, at_most: int
) -> list[tuple[str | None, str]]:
    """Return the heading and content of chunks of a document, in order."""
    rows = await session.execute(
        select(DocumentChunk.heading, DocumentChunk.content)
        .where(
            DocumentChunk.document_id == document_id,
            DocumentChunk.version == version,
            DocumentChunk.chunk_index >= first,
        )
        .order_by(DocumentChunk.chunk_index)
        .limit(at_most)
    )
    return [(heading, content) for heading, content in rows]


async def add_vectors(session: Session, rows: Sequence[dict[str, object]]) -> None:
    """Store vectors, as values of `DocumentVectors`' columns."""
    await session.execute(insert(DocumentVectors), rows)


async def find_vectors(session: Session, document: Document, embedder: str) -> Vectors | None:
    """Return the vectors of a document's searched chunks by another embedder, or None where some are missing."""
    rows = await session.execute(
        select(DocumentVectors.chunk_count, DocumentVectors.vectors)
        .where(
            DocumentVectors.document_id == document.id,
            DocumentVectors.embedder == embedder,
            DocumentVectors.chunk_version == document.chunk_version,
        )
        .order_by(DocumentVectors.first_chunk)
    )
    parts = [vectors.reshape(count, -1) for count, vectors in rows]
    if sum(map(len, parts)) != document.chunk_count or len({part.shape[1] for part in parts}) != 1:
        return None
    return np.concatenate(parts)


async def note_progress(session: Session, workspace_id: UUID, progress: float | None) -> None:
    """Note how far a workspace is on its way to another embedder; None when it is not on one."""
    await _set(session, workspace_id, {"embedding_progress": progress})


async def switch(session: Session, workspace_id: UUID, embedder: str) -> bool:
    """Let an embedder search a workspace from the end of the unit on. False when documents lack its vectors."""
    if await find_to_embed(session, workspace_id, embedder, 1):
        return False
    moved = {"embedder": embedder, "embedder_since": now(), "embedding_progress": None}
    await _set(session, workspace_id, moved | {"index_version": StorageUsage.index_version + 1})
    return True


async def add_embedding_jobs(session: Session, embedder: str, subject_of: Callable[[UUID], UUID]) -> int:
    """Store jobs for the workspaces that an embedder does not search yet, or whose documents lack its vectors.

    Jobs that are dead, or that lead to another embedder, go. Returns how many were stored.
    """
    other = select(StorageUsage.workspace_id).where(StorageUsage.embedder != embedder)
    part = exists().where(_of_document(embedder))
    lacking = select(Document.workspace_id).where(*_embedded_by_other(embedder), ~part).distinct()
    wanted = {subject_of(key): key for key in [*await session.scalars(other), *await session.scalars(lacking)]}
    known: set[UUID] = set()
    for job_id, subject_id, status in await session.execute(
        select(Job.id, Job.subject_id, Job.status).where(Job.kind == JobKind.EMBED_WORKSPACE)
    ):
        if subject_id in wanted and status is not JobStatus.DEAD:
            known.add(subject_id)
        else:
            await session.execute(delete(Job).where(Job.id == job_id))
    for subject_id in wanted.keys() - known:
        add_job(session, JobKind.EMBED_WORKSPACE, wanted[subject_id], subject_id)
    return len(wanted.keys() - known)


async def delete_vectors(session: Session, document_id: UUID, but_version: int | None = None) -> None:
    """Delete vectors of a document: all, or those of other versions of its chunks."""
    of_document = delete(DocumentVectors).where(DocumentVectors.document_id == document_id)
    if but_version is not None:
        of_document = of_document.where(DocumentVectors.chunk_version != but_version)
    await session.execute(of_document.execution_options(synchronize_session=False))


async def delete_unused_vectors(session: Session, before: datetime, kept: Collection[str]) -> int:
    """Delete vectors that were made before a moment, and have searched no workspace since; return how many rows.

    Those of the embedders that are `kept` stay.
    """
    another = exists().where(
        StorageUsage.workspace_id == DocumentVectors.workspace_id,
        StorageUsage.embedder != DocumentVectors.embedder,
        StorageUsage.embedder_since < before,
    )
    unused = delete(DocumentVectors).where(
        DocumentVectors.created_at < before, DocumentVectors.embedder.not_in(kept), another
    )
    result = await session.execute(unused.execution_options(synchronize_session=False))
    return cast("CursorResult[Any]", result).rowcount


async def find_unused_own_vectors(
    session: Session, before: datetime, kept: Collection[str], at_most: int
) -> Sequence[UUID]:
    """Return documents whose chunks hold vectors that have searched nothing since a moment."""
    another = exists().where(
        StorageUsage.workspace_id == Document.workspace_id,
        StorageUsage.embedder != Document.embedding_model,
        StorageUsage.embedder_since < before,
    )
    found = select(Document.id).where(Document.embedding_model.not_in(kept), Document.is_indexed == true(), another)
    return (await session.scalars(found.order_by(Document.id).limit(at_most))).all()


async def empty_own_vectors(session: Session, document_id: UUID) -> None:
    """Leave the chunks of a document without the vectors that they were indexed with."""
    chunks = update(DocumentChunk).where(DocumentChunk.document_id == document_id)
    await session.execute(chunks.values(embedding=np.zeros(0, np.float32)).execution_options(synchronize_session=False))
    emptied = update(Document).where(Document.id == document_id).values(embedding_model=None)
    await session.execute(emptied.execution_options(synchronize_session=False))


def _of_document(embedder: str) -> ColumnElement[bool]:
    """Join vectors of an embedder with the document whose searched chunks they are of."""
    return (
        (DocumentVectors.document_id == Document.id)
        & (DocumentVectors.embedder == embedder)
        & (DocumentVectors.chunk_version == Document.chunk_version)
    )


def _embedded_by_other(embedder: str) -> tuple[ColumnElement[bool], ...]:
    other = or_(Document.embedding_model.is_(None), Document.embedding_model != embedder)
    return Document.is_indexed == true(), Document.deleted_at.is_(None), Document.chunk_count > 0, other


async def _set(session: Session, workspace_id: UUID, values: dict[str, object]) -> None:
    stored = update(StorageUsage).where(StorageUsage.workspace_id == workspace_id).values(values)
    await session.execute(stored.execution_options(synchronize_session=False))
