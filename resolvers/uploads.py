"""What becomes a document: a file that is uploaded, a text that is written in, a file in the place of another."""

import asyncio
import hashlib
import io
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from pathlib import PurePath
from typing import BinaryIO, TypeVar
from uuid import UUID, uuid4

from core.errors import ErrorCode, QuotaExceeded, UserError
from data.engine import Session, Work
from data.models import Document, DocumentOrigin, JobKind, Workspace
from data.queries import documents as queries
from data.queries import storage
from data.queries.accounts import lock_account
from data.queries.jobs import add_job
from data.queries.replacements import StoredFile, set_replacement
from rag.parsing import FileType, UnreadableDocument, detect_type
from rag.sources.storage import NO_ROOM, is_full
from resolvers.context import Context
from resolvers.documents import count_to_index, delete_files, held
from resolvers.workspaces import access

Result = TypeVar("Result")
MAX_NAME_CHARACTERS = 500
MAX_TEXT_CHARACTERS = 50_000
"""The longest text that is written in: some 15 printed pages."""
PIECE_BYTES = 256 * 1024
"""What is read of a file at once."""


class DuplicateDocument(UserError):
    """A document of the workspace has the same content. `document_id` is its key."""

    def __init__(self, document: Document, path: str) -> None:
        message = (
            f"The workspace holds this content already, as “{document.name}”: use that document, or allow duplicates."
        )
        super().__init__(ErrorCode.DUPLICATE_DOCUMENT, message, [path])
        self.document_id = document.id


@dataclass(frozen=True, slots=True)
class _Brought:
    """A file as it was brought, with what it is. `path` is the field of the input that holds it."""

    file: BinaryIO
    type: FileType
    size: int
    content_hash: str
    path: str
    may_be_duplicate: bool

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yield the file from its beginning."""
        self.file.seek(0)
        while piece := await asyncio.to_thread(self.file.read, PIECE_BYTES):
            yield piece

    async def check(self, session: Session, workspace_id: UUID) -> None:
        """Raise `DuplicateDocument` when the workspace holds the same content.

        A unit that then stores it holds the lock of the account: no other stores the same meanwhile.
        """
        if self.may_be_duplicate:
            return
        if (same := await queries.find_same_content(session, workspace_id, self.content_hash)) is not None:
            raise DuplicateDocument(same, self.path)


async def upload(
    context: Context,
    workspace_id: UUID,
    file_name: str,
    file: BinaryIO,
    name: str | None,
    *,
    url: str | None = None,
    allow_duplicate: bool = False,
) -> Document:
    """Store a file, queue it for the index, and return the document as it was stored.

    The file is read in pieces, from its beginning. `url` is where a page was fetched. Raises `UserError` for one that
    cannot be read or is there already, and `OperationError`.
    """
    shown = _printable("name", PurePath((name or file_name).replace("\\", "/")).name)
    await count_to_index(context)
    workspace = await context.database.read(lambda session: access.owned(context, session, workspace_id))
    brought = await _examined(context, file_name, file, allow_duplicate=allow_duplicate)
    origin = DocumentOrigin.UPLOAD if url is None else DocumentOrigin.PAGE
    return await _added(context, workspace, shown, origin, brought, url)


async def add_text(
    context: Context, workspace_id: UUID, title: str, content: str, *, allow_duplicate: bool = False
) -> Document:
    """Store a text as a Markdown file under its title, as `upload` does a file.

    Raises `UserError` and `OperationError`.
    """
    title = _printable("title", title)
    if not content.strip() or len(content) > MAX_TEXT_CHARACTERS:
        message = f"A text has 1 to {MAX_TEXT_CHARACTERS:,} characters: write one, or upload a file."
        raise UserError(ErrorCode.BAD_USER_INPUT, message, ["content"])
    await count_to_index(context)
    workspace = await context.database.read(lambda session: access.owned(context, session, workspace_id))
    # The mark at the end closes the heading, so that a title may end with one. JSON can spell what UTF-8 cannot.
    text = f"# {title} #\n\n{content}\n".encode(errors="replace")
    digest = hashlib.sha256(text).hexdigest()
    brought = _Brought(io.BytesIO(text), FileType.MARKDOWN, len(text), digest, "content", allow_duplicate)
    return await _added(context, workspace, title, DocumentOrigin.TEXT, brought)


async def replace(
    context: Context, document_id: UUID, file_name: str, file: BinaryIO, *, allow_duplicate: bool = False
) -> Document:
    """Store a file that is to stand for a document's, queue it for the index, and return the document.

    The document is searched as it was until the new file is read, and stays so when that fails. Raises `UserError` as
    `upload` does, and `OperationError`.
    """
    await count_to_index(context)
    quotas = context.policy.quotas

    async def owned(session: Session) -> Document:
        return await access.owned_row(context, session, Document, document_id, "document")

    async def check(session: Session) -> None:
        await brought.check(session, document.workspace_id)
        workspace = await access.owned(context, session, document.workspace_id)
        more = max(brought.size - storage.held_bytes(document), 0)
        await storage.check_room(session, workspace, storage.Amount(byte_count=more), quotas)

    async def store(session: Session) -> tuple[Document, str | None]:
        now_held = await held(context, session, document_id)
        workspace = await access.owned(context, session, now_held.workspace_id)
        await lock_account(session, workspace.user_id)
        await brought.check(session, workspace.id)
        unneeded = await set_replacement(session, workspace, now_held, stored, quotas)
        for name, value in queries.WAITING.items():
            setattr(now_held, name, value)
        add_job(session, JobKind.INDEX_DOCUMENT, now_held.workspace_id, document_id)
        return now_held, unneeded

    document = await context.database.read(owned)
    brought = await _examined(context, file_name, file, allow_duplicate=allow_duplicate)
    await context.database.read(check)
    stored = await _saved(context, document.workspace_id, document_id, brought)
    document, unneeded = await _written(context, stored, store)
    await delete_files(context, unneeded)
    return document


async def _added(
    context: Context,
    workspace: Workspace,
    name: str,
    origin: DocumentOrigin,
    brought: _Brought,
    url: str | None = None,
) -> Document:
    """Store what was brought as a document of its own. Raises `UserError`, and `OperationError`."""
    added, quotas = storage.Amount(byte_count=brought.size, document_count=1), context.policy.quotas

    async def check(session: Session) -> None:
        await brought.check(session, workspace.id)
        await storage.check_room(session, workspace, added, quotas)

    async def store(session: Session) -> Document:
        owned = await access.owned(context, session, workspace.id)
        await storage.add_stored(session, owned, added, quotas)
        await brought.check(session, workspace.id)
        document = Document(
            id=document_id,
            workspace_id=workspace.id,
            origin=origin,
            name=name,
            url=url,
            file_path=stored.path,
            file_type=stored.type,
            file_size=stored.size,
            content_hash=stored.content_hash,
        )
        queries.add_document(session, document)
        add_job(session, JobKind.INDEX_DOCUMENT, workspace.id, document_id)
        return document

    document_id = uuid4()
    try:
        # Before a byte is stored; the unit that stores the document looks again, and counts.
        await context.database.read(check)
        stored = await _saved(context, workspace.id, document_id, brought)
        return await _written(context, stored, store)
    except QuotaExceeded as error:
        error.path = [brought.path]
        raise


async def _examined(context: Context, name: str, file: BinaryIO, *, allow_duplicate: bool) -> _Brought:
    """Look through a file that was uploaded. Raises `UserError` when it cannot be read."""
    return await asyncio.to_thread(_look_through, name, file, context.policy.max_file_bytes, allow_duplicate)


def _look_through(name: str, file: BinaryIO, max_bytes: int, may_be_duplicate: bool) -> _Brought:
    size = file.seek(0, os.SEEK_END)
    if size > max_bytes:
        raise UserError(
            ErrorCode.FILE_TOO_LARGE, f"The file is larger than {max_bytes // 2**20} MB: split it.", ["file"]
        )
    file.seek(0)
    digest, is_blank = hashlib.sha256(), True
    for piece in iter(partial(file.read, PIECE_BYTES), b""):
        digest.update(piece)
        is_blank = is_blank and not piece.strip()
    if is_blank:
        raise UserError(ErrorCode.FILE_EMPTY, "The file is empty: choose one that holds text.", ["file"])
    try:
        kind = detect_type(name, file)
    except UnreadableDocument as error:
        raise UserError(error.code, error.message, ["file"]) from error
    return _Brought(file, kind, size, digest.hexdigest(), "file", may_be_duplicate)


async def _saved(context: Context, workspace_id: UUID, document_id: UUID, brought: _Brought) -> StoredFile:
    """Store a file whole, or not at all. Raises `UserError` when the disk is full."""
    try:
        path = await context.services.storage.save(workspace_id, document_id, brought.pieces())
    except OSError as error:
        if not is_full(error):
            raise
        raise UserError(ErrorCode.DISK_FULL, NO_ROOM, [brought.path]) from error
    return StoredFile(path, brought.type.value, brought.size, brought.content_hash)


async def _written(context: Context, stored: StoredFile, store: Work[Result]) -> Result:
    """Run the unit that names a stored file, and let the index begin. Without the unit the file goes."""
    try:
        result = await context.database.write(store)
    except Exception:
        # Not when the task is cancelled: the unit goes on. The clean-up deletes a file that is left without a row.
        await context.services.storage.delete(stored.path)
        raise
    context.services.jobs.wake()
    return result


def _printable(field: str, name: str) -> str:
    # The name is shown, never used as a path; what a browser sends may hold one.
    name = "".join(character for character in name.strip() if character.isprintable())
    if not 1 <= len(name) <= MAX_NAME_CHARACTERS:
        raise UserError(
            ErrorCode.BAD_USER_INPUT, f"A document's {field} has 1 to {MAX_NAME_CHARACTERS} characters.", [field]
        )
    return name
