"""Documents on their way to the index, and as the index reads them."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import CursorResult, and_, case, delete, func, or_, select, true, update

from core.clock import now
from data.engine import Session
from data.models import Document, DocumentChunk, DocumentStatus, IngestionStage

State = tuple[datetime, int]
"""What tells that a document changed: when it last did, and how many chunks it has."""


def add_document(session: Session, document: Document) -> None:
    """Store a document, at the end of the unit."""
    session.add(document)


async def find_document(session: Session, document_id: UUID) -> Document | None:
    """Return a document, deleted or not."""
    return await session.get(Document, document_id)


async def claim_document(session: Session, document_id: UUID) -> Document | None:
    """Take a pending document on, or return None: it was deleted, or another worker has it."""
    claimed = await session.execute(
        update(Document)
        .where(Document.id == document_id, Document.status == DocumentStatus.PENDING, Document.deleted_at.is_(None))
        .values(status=DocumentStatus.PROCESSING)
    )
    if cast("CursorResult[Any]", claimed).rowcount != 1:
        return None
    return await session.get(Document, document_id)


async def update_document(session: Session, document_id: UUID, values: Mapping[str, object]) -> bool:
    """Set columns of a document that is not deleted. False when there is none."""
    rows = select(Document).where(Document.id == document_id, Document.deleted_at.is_(None))
    if await session.scalar(rows) is None:
        return False
    await session.execute(update(Document).where(Document.id == document_id).values(values))
    return True


async def replace_chunks(
    session: Session, document_id: UUID, values: Mapping[str, object], chunks: Sequence[DocumentChunk]
) -> bool:
    """Put the chunks of a document in the place of those it had. False when the document was deleted."""
    # Set first: a document deleted meanwhile is not brought back.
    if not await update_document(session, document_id, values):
        return False
    await delete_chunks(session, document_id)
    session.add_all(chunks)
    return True


async def delete_chunks(session: Session, document_id: UUID) -> None:
    """Delete the chunks of a document."""
    await session.execute(delete(DocumentChunk).where(DocumentChunk.document_id == document_id))


async def requeue_unfinished(session: Session, embedder: str, abandoned_after: timedelta) -> list[UUID]:
    """Make pending what nobody works on, and what another embedder's vectors stand for; return the keys, oldest first.

    A document under way that stood still for `abandoned_after` is taken for one that nobody works on.
    """
    embedded_by_other_model = (Document.is_indexed == true()) & (Document.embedding_model != embedder)
    abandoned = (Document.status == DocumentStatus.PROCESSING) & (Document.updated_at <= now() - abandoned_after)
    waiting = Document.status == DocumentStatus.PENDING
    found = await session.scalars(
        select(Document)
        .where(Document.deleted_at.is_(None), or_(embedded_by_other_model, abandoned, waiting))
        .order_by(Document.created_at)
    )
    documents = list(found)
    for document in documents:
        document.status = DocumentStatus.PENDING
        document.stage = IngestionStage.QUEUED
        document.progress = 0.0
    return [document.id for document in documents]


async def find_unfinished(
    session: Session, workspace_id: UUID, just_finished: timedelta, at_most: int
) -> list[Document]:
    """Return the documents of a workspace that are unfinished, or changed within `just_finished`, oldest first."""
    unfinished = Document.status.in_([DocumentStatus.PENDING, DocumentStatus.PROCESSING])
    changed = Document.updated_at > now() - just_finished
    found = await session.scalars(
        select(Document)
        .where(Document.workspace_id == workspace_id, Document.deleted_at.is_(None), or_(unfinished, changed))
        .order_by(Document.created_at)
        .limit(at_most)
    )
    return list(found)


async def find_index_version(session: Session, workspace_id: UUID) -> tuple[object, ...]:
    """Return values that change whenever the searched documents of a workspace do, and do not come back.

    Deleted documents count too: without them, what was searched before an upload and after its deletion would be one.
    """
    is_searched = and_(Document.is_indexed == true(), Document.deleted_at.is_(None))
    was_searched = or_(Document.is_indexed == true(), Document.deleted_at.is_not(None))
    statement = select(
        func.count(),
        func.sum(case((is_searched, 1), else_=0)),
        func.sum(case((is_searched, Document.chunk_count), else_=0)),
        func.max(case((was_searched, Document.updated_at))),
    ).where(Document.workspace_id == workspace_id)
    return tuple((await session.execute(statement)).one())


async def find_states(session: Session, workspace_id: UUID) -> dict[UUID, State]:
    """Return the state of each searched document of a workspace."""
    rows = await session.execute(
        select(Document.id, Document.updated_at, Document.chunk_count).where(
            Document.workspace_id == workspace_id, Document.is_indexed == true(), Document.deleted_at.is_(None)
        )
    )
    return {key: (updated_at, chunks) for key, updated_at, chunks in rows}


async def find_with_chunks(
    session: Session, document_ids: Collection[UUID]
) -> list[tuple[Document, Sequence[DocumentChunk]]]:
    """Return documents with their chunks in order, a document a statement: keys stay few and memory small."""
    found = []
    for document_id in document_ids:
        document = await session.get_one(Document, document_id)
        chunks = await session.scalars(
            select(DocumentChunk).where(DocumentChunk.document_id == document_id).order_by(DocumentChunk.chunk_index)
        )
        found.append((document, chunks.all()))
    return found
