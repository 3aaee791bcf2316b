"""Files that are to stand for those of documents: each is kept beside the other until it is read."""

from dataclasses import dataclass

from data.engine import Session
from data.models import Document, Workspace
from data.queries.storage import Amount, Quotas, add_stored, held_bytes


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file in the storage: its key there, its type, its size in bytes, and its SHA-256 in hexadecimal."""

    path: str
    type: str
    size: int
    content_hash: str | None


def file_to_read(document: Document) -> StoredFile:
    """Return the file that the next indexing of a document reads."""
    if document.replacement_path is None:
        return StoredFile(document.file_path, document.file_type, document.file_size, document.content_hash)
    kind, size = document.replacement_type, document.replacement_size
    if kind is None or size is None:
        raise LookupError(f"the replacement of document {document.id} is not described")
    return StoredFile(document.replacement_path, kind, size, document.replacement_hash)


def as_kept(file: StoredFile) -> dict[str, object]:
    """Return the columns of a document that keeps a file, and no other beside it."""
    return {
        "file_path": file.path,
        "file_type": file.type,
        "file_size": file.size,
        "content_hash": file.content_hash,
        **dict.fromkeys(("replacement_path", "replacement_type", "replacement_size", "replacement_hash")),
    }


async def set_replacement(
    session: Session, workspace: Workspace, document: Document, file: StoredFile, quotas: Quotas
) -> str | None:
    """Let a file be read in the place of a document's, and count it. Return the key of one that nothing needs now.

    The unit holds the document: see `data.queries.documents.lock_document`. Raises `QuotaExceeded`.
    """
    unneeded = document.replacement_path
    more = max(document.file_size, file.size) - held_bytes(document)
    await add_stored(session, workspace, Amount(byte_count=more), quotas)
    document.replacement_path, document.replacement_type = file.path, file.type
    document.replacement_size, document.replacement_hash = file.size, file.content_hash
    return unneeded


async def drop_replacement(session: Session, workspace: Workspace, document: Document) -> str | None:
    """Give up the file that was to stand for a document's, and return its key. The unit holds the document."""
    unneeded = document.replacement_path
    more = document.file_size - held_bytes(document)
    await add_stored(session, workspace, Amount(byte_count=more), Quotas())
    document.replacement_path = document.replacement_type = None
    document.replacement_size = document.replacement_hash = None
    return unneeded
