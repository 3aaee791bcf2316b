"""Documents: delete, cancel, try again, and follow their progress."""

from collections.abc import AsyncIterator
from uuid import UUID

from core.errors import ErrorCode, UserError
from data.engine import Session
from data.models import Document, DocumentStatus, IngestionStage, JobKind
from data.queries import documents as queries
from data.queries import storage
from data.queries.jobs import remove_job
from data.queries.replacements import drop_replacement
from rag.ingestion.events import IngestionEvent
from rag.parsing import FileType
from rag.parsing.formats import BY_TYPE
from resolvers.context import Context
from resolvers.errors import NotFound
from resolvers.rates import UPLOAD_PER_ACCOUNT, UPLOAD_PER_ACCOUNT_DAILY
from resolvers.workspaces import access

RETRIED_AT_ONCE = 500
"""Documents that one unit queues again."""


async def remove(context: Context, document_id: UUID) -> None:
    """Take a document out of the answers and erase its file and chunks. Raises `OperationError`."""

    async def store(session: Session) -> list[str | None]:
        document = await held(context, session, document_id)
        if not await queries.delete_document(session, document_id):
            raise NotFound("document")
        await storage.take_stored(session, document)
        await queries.delete_chunks(session, document_id)
        return [document.file_path, document.replacement_path]

    context.staff()
    paths = await context.database.write(store)
    context.services.jobs.stop(JobKind.INDEX_DOCUMENT, document_id)
    await delete_files(context, *paths)


async def cancel(context: Context, document_id: UUID) -> Document:
    """Call off the indexing of a document, at whatever stage, and return it.

    What was searched before is still searched, and a file that was to stand for its own is given up; a document that
    never was searched can be tried again. Raises `UserError` when there is nothing to call off, and `OperationError`.
    """

    async def store(session: Session) -> tuple[Document, str | None]:
        document = await held(context, session, document_id)
        is_under_way = document.status in {DocumentStatus.PENDING, DocumentStatus.PROCESSING}
        if not is_under_way and document.replacement_path is None:
            message = "Only a document that waits or is processed can be cancelled."
            raise UserError(ErrorCode.DOCUMENT_NOT_UNDER_WAY, message, ["id"])
        workspace = await access.owned(context, session, document.workspace_id)
        unneeded = await drop_replacement(session, workspace, document)
        if document.is_indexed:
            document.status, document.stage, document.progress = DocumentStatus.READY, IngestionStage.DONE, 1.0
            document.error = document.error_code = None
        else:
            document.status = DocumentStatus.FAILED
            document.error_code = ErrorCode.DOCUMENT_CANCELLED
            document.error = "The indexing was cancelled: try the document again, or delete it."
        return document, unneeded

    context.staff()
    document, unneeded = await context.database.write(store)
    context.services.jobs.stop(JobKind.INDEX_DOCUMENT, document_id)
    await delete_files(context, unneeded)
    await context.services.ingestion.tell(document_id)
    return document


async def retry(context: Context, document_id: UUID) -> Document:
    """Queue a document again that failed, and return it.

    Raises `UserError` when it did not fail, and `OperationError`.
    """

    async def store(session: Session) -> Document:
        document = await access.owned_row(context, session, Document, document_id, "document")
        if document.status is not DocumentStatus.FAILED:
            raise UserError(ErrorCode.DOCUMENT_NOT_FAILED, "Only a document that failed can be tried again.", ["id"])
        await queries.queue_again(session, document.workspace_id, [document_id])
        return await queries.lock_document(session, document_id) or document

    await count_to_index(context)
    document = await context.database.write(store)
    context.services.jobs.wake()
    return document


async def retry_failed(context: Context, workspace_id: UUID) -> int:
    """Queue each document of a workspace again that failed, but for those that somebody cancelled; return how many.

    Each once: one that fails again meanwhile waits for the next call. Raises `OperationError`.
    """

    async def store(session: Session) -> list[UUID]:
        await access.owned(context, session, workspace_id)
        failed = list(await queries.find_failed(session, workspace_id, after, RETRIED_AT_ONCE))
        if failed:
            await queries.queue_again(session, workspace_id, failed)
        return failed

    await count_to_index(context)
    after, count = None, 0
    while queued := await context.database.write(store):
        after, count = queued[-1], count + len(queued)
        context.services.jobs.wake()
    return count


async def readable(context: Context, document_id: UUID) -> Document:
    """Return a document that the account may read. Raises `OperationError`."""
    context.staff()
    document = await context.loaders.row(Document, document_id)
    if document is None:
        raise NotFound("document")
    context.workspace_id = document.workspace_id
    return document


def file_name(document: Document) -> str:
    """Return the name under which a document's file is saved: with an ending that says what it is."""
    endings = BY_TYPE[FileType(document.file_type)].extensions if document.file_type in set(FileType) else ()
    known = not endings or document.name.lower().endswith(tuple(filter(None, endings)))
    return document.name if known else f"{document.name}{endings[0]}"


async def progress(context: Context, workspace_id: UUID) -> AsyncIterator[IngestionEvent]:
    """Yield where documents stand that are unfinished or just were, then every change. Raises `OperationError`."""
    async for step in access.while_readable(context, workspace_id, context.services.ingestion.follow(workspace_id)):
        yield step


async def count_to_index(context: Context) -> None:
    """Count a document that is to be indexed. Raises `OperationError`."""
    account = context.staff().user_id.hex
    await context.count(UPLOAD_PER_ACCOUNT, account)
    await context.count(UPLOAD_PER_ACCOUNT_DAILY, account)


async def held(context: Context, session: Session, document_id: UUID) -> Document:
    """Return, inside a unit, a document that the account may change, as it is now and held until the unit ends.

    Whatever was being done for the index is called off. Raises `OperationError`.
    """
    await access.owned_row(context, session, Document, document_id, "document")
    # The job first: a worker that is about to change the document holds its job, and then asks for the document.
    await remove_job(session, JobKind.INDEX_DOCUMENT, document_id)
    document = await queries.lock_document(session, document_id)
    if document is None:
        raise NotFound("document")
    return document


async def delete_files(context: Context, *paths: str | None) -> None:
    """Delete stored files that nothing needs any more."""
    for path in paths:
        if path is not None:
            await context.services.storage.delete(path)
