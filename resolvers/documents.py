"""Documents: upload, delete, try again, and follow their progress."""

import asyncio
import os
from collections.abc import AsyncIterator
from functools import partial
from pathlib import PurePath
from typing import BinaryIO
from uuid import UUID, uuid4

from core.errors import ErrorCode, UserError
from data.engine import Session
from data.models import Document, DocumentStatus, IngestionStage, JobKind
from data.queries import documents as queries
from data.queries import storage
from data.queries.jobs import add_job, remove_job, renew_job
from rag.ingestion.events import IngestionEvent
from rag.parsing import FileType, UnreadableDocument, detect_type
from rag.sources.storage import NO_ROOM, is_full
from resolvers.context import Context
from resolvers.errors import NotFound
from resolvers.rates import UPLOAD_PER_ACCOUNT, UPLOAD_PER_ACCOUNT_DAILY
from resolvers.workspaces import access

MAX_NAME_CHARACTERS = 500
PIECE_BYTES = 256 * 1024
"""What is read of a file at once."""


async def upload(context: Context, workspace_id: UUID, file_name: str, file: BinaryIO, name: str | None) -> Document:
    """Store a file, queue it for the index, and return the document as it was stored.

    The file is read in pieces, from its beginning. Raises `UserError` for one that cannot be read, and
    `OperationError`.
    """
    title = _title(name or file_name)
    await _count(context)
    workspace = await context.database.read(lambda session: access.owned(context, session, workspace_id))
    file_type, size = await asyncio.to_thread(_examined, file_name, file, context.policy.max_file_bytes)
    added, quotas = storage.Amount(byte_count=size, document_count=1), context.policy.quotas
    # Before a byte is stored; the unit that stores the document looks again, and counts.
    await context.database.read(lambda session: storage.check_room(session, workspace, added, quotas))
    document_id = uuid4()
    path = await _saved(context, workspace_id, document_id, file)

    async def store(session: Session) -> Document:
        await storage.add_stored(session, await access.owned(context, session, workspace_id), added, quotas)
        document = Document(
            id=document_id,
            workspace_id=workspace_id,
            name=title,
            file_path=path,
            file_type=file_type.value,
            file_size=size,
        )
        queries.add_document(session, document)
        add_job(session, JobKind.INDEX_DOCUMENT, workspace_id, document_id)
        return document

    try:
        document = await context.database.write(store)
    except Exception:
        # Not when the task is cancelled: the unit goes on. The clean-up deletes a file that is left without a row.
        await context.services.storage.delete(path)
        raise
    context.services.jobs.wake()
    return document


async def remove(context: Context, document_id: UUID) -> None:
    """Take a document out of the answers and erase its file and chunks. Raises `OperationError`."""

    async def store(session: Session) -> str:
        document = await access.owned_row(context, session, Document, document_id, "document")
        if not await queries.delete_document(session, document_id):
            raise NotFound("document")
        await storage.take_stored(session, document)
        await remove_job(session, JobKind.INDEX_DOCUMENT, document_id)
        await queries.delete_chunks(session, document_id)
        return document.file_path

    context.staff()
    path = await context.database.write(store)
    context.services.jobs.stop(JobKind.INDEX_DOCUMENT, document_id)
    await context.services.storage.delete(path)


async def cancel(context: Context, document_id: UUID) -> Document:
    """Call off the indexing of a document, at whatever stage, and return it.

    What was searched before is still searched; a document that never was can be tried again. Raises `UserError` when
    it is not under way, and `OperationError`.
    """

    async def store(session: Session) -> Document:
        document = await access.owned_row(context, session, Document, document_id, "document")
        if document.status not in {DocumentStatus.PENDING, DocumentStatus.PROCESSING}:
            message = "Only a document that waits or is processed can be cancelled."
            raise UserError(ErrorCode.DOCUMENT_NOT_UNDER_WAY, message, ["id"])
        await remove_job(session, JobKind.INDEX_DOCUMENT, document_id)
        if document.is_indexed:
            document.status, document.stage, document.progress = DocumentStatus.READY, IngestionStage.DONE, 1.0
        else:
            document.status = DocumentStatus.FAILED
            document.error_code = ErrorCode.DOCUMENT_CANCELLED
            document.error = "The indexing was cancelled: try the document again, or delete it."
        return document

    context.staff()
    document = await context.database.write(store)
    context.services.jobs.stop(JobKind.INDEX_DOCUMENT, document_id)
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
        document.status = DocumentStatus.PENDING
        document.stage = IngestionStage.QUEUED
        document.progress = 0.0
        document.error = document.error_code = None
        await renew_job(session, JobKind.INDEX_DOCUMENT, document.workspace_id, document_id)
        return document

    await _count(context)
    document = await context.database.write(store)
    context.services.jobs.wake()
    return document


async def progress(context: Context, workspace_id: UUID) -> AsyncIterator[IngestionEvent]:
    """Yield where documents stand that are unfinished or just were, then every change. Raises `OperationError`."""
    async for step in access.while_readable(context, workspace_id, context.services.ingestion.follow(workspace_id)):
        yield step


async def _count(context: Context) -> None:
    """Count a document that is to be indexed. Raises `OperationError`."""
    account = context.staff().user_id.hex
    await context.count(UPLOAD_PER_ACCOUNT, account)
    await context.count(UPLOAD_PER_ACCOUNT_DAILY, account)


def _examined(name: str, file: BinaryIO, max_bytes: int) -> tuple[FileType, int]:
    """Return what a file is, by its content, and its size in bytes. Raises `UserError`."""
    size = file.seek(0, os.SEEK_END)
    if size > max_bytes:
        raise UserError(
            ErrorCode.FILE_TOO_LARGE, f"The file is larger than {max_bytes // 2**20} MB: split it.", ["file"]
        )
    file.seek(0)
    if not any(piece.strip() for piece in iter(partial(file.read, PIECE_BYTES), b"")):
        raise UserError(ErrorCode.FILE_EMPTY, "The file is empty: choose one that holds text.", ["file"])
    try:
        return detect_type(name, file), size
    except UnreadableDocument as error:
        raise UserError(error.code, error.message, ["file"]) from error


async def _saved(context: Context, workspace_id: UUID, document_id: UUID, file: BinaryIO) -> str:
    """Store a file whole, or not at all, and return its key. Raises `UserError` when the disk is full."""
    try:
        return await context.services.storage.save(workspace_id, document_id, _pieces(file))
    except OSError as error:
        if not is_full(error):
            raise
        raise UserError(ErrorCode.DISK_FULL, NO_ROOM, ["file"]) from error


async def _pieces(file: BinaryIO) -> AsyncIterator[bytes]:
    file.seek(0)
    while piece := await asyncio.to_thread(file.read, PIECE_BYTES):
        yield piece


def _title(name: str) -> str:
    # The name is shown, never used as a path; what a browser sends may hold one.
    title = PurePath(name.replace("\\", "/")).name.strip()
    title = "".join(character for character in title if character.isprintable())
    if not 1 <= len(title) <= MAX_NAME_CHARACTERS:
        raise UserError(
            ErrorCode.BAD_USER_INPUT, f"A document's name has 1 to {MAX_NAME_CHARACTERS} characters.", ["name"]
        )
    return title
