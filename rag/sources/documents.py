"""Documents that the server stores and erases for a source: the row, its job, and the room that it takes."""

from typing import Any
from uuid import UUID

from data.engine import Session
from data.models import Document, DocumentStatus, IngestionStage, JobKind
from data.queries import documents as queries
from data.queries import storage
from data.queries.jobs import add_job, remove_job, renew_job
from data.queries.storage import Amount, Quotas
from data.queries.workspaces import get_workspace


async def add(session: Session, document: Document, quotas: Quotas) -> None:
    """Store a document whose file is stored, and have it indexed. Raises `QuotaExceeded`."""
    await _count(session, document.workspace_id, Amount(byte_count=document.file_size, document_count=1), quotas)
    queries.add_document(session, document)
    add_job(session, JobKind.INDEX_DOCUMENT, document.workspace_id, document.id)


async def renew(session: Session, document: Document, values: dict[str, Any], quotas: Quotas) -> bool:
    """Have a document indexed again, whose file was stored anew; until then its passages are searched as they are.

    `values` are the columns that changed, `file_size` among them. False when it was deleted. Raises `QuotaExceeded`.
    """
    waiting = {"status": DocumentStatus.PENDING, "stage": IngestionStage.QUEUED, "progress": 0.0}
    if not await queries.update_document(
        session, document.id, {**values, **waiting, "error": None, "error_code": None}
    ):
        return False
    more = values["file_size"] - document.file_size
    await _count(session, document.workspace_id, Amount(byte_count=more), quotas)
    await renew_job(session, JobKind.INDEX_DOCUMENT, document.workspace_id, document.id)
    return True


async def erase(session: Session, document: Document) -> str | None:
    """Take a document out of the index, and return the key of its file; None when it was deleted already."""
    if not await queries.delete_document(session, document.id):
        return None
    await storage.take_stored(session, document)
    await remove_job(session, JobKind.INDEX_DOCUMENT, document.id)
    await queries.delete_chunks(session, document.id)
    return document.file_path


async def _count(session: Session, workspace_id: UUID, added: Amount, quotas: Quotas) -> None:
    workspace = await get_workspace(session, workspace_id)
    if workspace is None:
        raise LookupError(f"workspace {workspace_id} is gone")
    await storage.add_stored(session, workspace, added, quotas)
