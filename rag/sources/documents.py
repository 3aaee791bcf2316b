"""Documents that the server stores and erases for a source: the row, its job, and the room that it takes."""

from collections.abc import Mapping
from uuid import UUID

from data.engine import Session
from data.models import Document, JobKind, Workspace
from data.queries import documents as queries
from data.queries import storage
from data.queries.jobs import add_job, remove_job
from data.queries.replacements import StoredFile, set_replacement
from data.queries.storage import Amount, Quotas
from data.queries.workspaces import get_workspace


async def add(session: Session, document: Document, quotas: Quotas) -> None:
    """Store a document whose file is stored, and have it indexed. Raises `QuotaExceeded`."""
    workspace = await _workspace(session, document.workspace_id)
    await storage.add_stored(session, workspace, Amount(byte_count=document.file_size, document_count=1), quotas)
    queries.add_document(session, document)
    add_job(session, JobKind.INDEX_DOCUMENT, document.workspace_id, document.id)


async def replace(
    session: Session, document_id: UUID, file: StoredFile, values: Mapping[str, object], quotas: Quotas
) -> tuple[bool, str | None]:
    """Let a file that was stored stand for a document's once it is read; until then all is searched as it is.

    `values` are columns that change with it. Return whether the document is still there, and the key of a file that
    nothing needs now. Raises `QuotaExceeded`.
    """
    await remove_job(session, JobKind.INDEX_DOCUMENT, document_id)
    document = await queries.lock_document(session, document_id)
    if document is None:
        return False, None
    workspace = await _workspace(session, document.workspace_id)
    unneeded = await set_replacement(session, workspace, document, file, quotas)
    for name, value in {**queries.WAITING, **values}.items():
        setattr(document, name, value)
    add_job(session, JobKind.INDEX_DOCUMENT, document.workspace_id, document_id)
    return True, unneeded


async def erase(session: Session, document_id: UUID) -> list[str]:
    """Take a document out of the index, and return the keys of its files; none when it was deleted already."""
    await remove_job(session, JobKind.INDEX_DOCUMENT, document_id)
    document = await queries.lock_document(session, document_id)
    if document is None or not await queries.delete_document(session, document_id):
        return []
    await storage.take_stored(session, document)
    await queries.delete_chunks(session, document_id)
    return [path for path in (document.file_path, document.replacement_path) if path is not None]


async def _workspace(session: Session, workspace_id: UUID) -> Workspace:
    workspace = await get_workspace(session, workspace_id)
    if workspace is None:
        raise LookupError(f"workspace {workspace_id} is gone")
    return workspace
