"""Files that came with a mail, stored as documents of their own."""

import asyncio
import hashlib
import io
from collections.abc import AsyncIterable
from dataclasses import dataclass
from uuid import UUID, uuid4

from core.errors import QuotaExceeded
from data.engine import Session
from data.models import Document
from data.queries import documents as queries
from data.queries.storage import Quotas
from rag.parsing import FileType, UnreadableDocument, detect_type
from rag.parsing.document import Attachment
from rag.sources import documents
from rag.sources.storage import FileStorage


@dataclass(frozen=True, slots=True)
class _Stored:
    """An attachment whose file is stored."""

    id: UUID
    name: str
    path: str
    type: FileType
    size: int
    content_hash: str


class BroughtFiles:
    """The files that came with one document. `warnings` tell which of them cannot be read, a sentence each."""

    def __init__(self, storage: FileStorage, document: Document) -> None:
        """Bring the files of `document` into `storage`."""
        self.warnings: list[str] = []
        self._storage = storage
        self._document = document
        self._stored: list[_Stored] = []
        self._unneeded: list[str] = []

    async def bring(self, attachments: AsyncIterable[Attachment]) -> None:
        """Store the files of the attachments that can be read."""
        async for attachment in attachments:
            try:
                kind = await asyncio.to_thread(detect_type, attachment.name, io.BytesIO(attachment.content))
            except UnreadableDocument as refusal:
                self.warnings.append(f"The attachment “{attachment.name}” is not read. {refusal.message}")
                continue
            key = uuid4()
            path = await self._storage.save(self._document.workspace_id, key, attachment.content)
            digest = hashlib.sha256(attachment.content).hexdigest()
            self._stored.append(_Stored(key, attachment.name, path, kind, len(attachment.content), digest))

    async def add(self, session: Session, quotas: Quotas) -> list[str]:
        """Store a document for each file that the workspace does not hold yet; return all warnings.

        A mail that is read again brings nothing twice.
        """
        self._unneeded = []
        warnings = list(self.warnings)
        for stored in self._stored:
            workspace_id = self._document.workspace_id
            if await queries.find_same_content(session, workspace_id, stored.content_hash) is not None:
                self._unneeded.append(stored.path)
                continue
            try:
                await documents.add(session, _document(workspace_id, stored), quotas)
            except QuotaExceeded as error:
                self._unneeded.append(stored.path)
                warnings.append(f"The attachment “{stored.name}” is not stored. {error.message}")
        return warnings

    async def clean_up(self, *, all_files: bool = False) -> None:
        """Delete the files that no document names."""
        for path in [stored.path for stored in self._stored] if all_files else self._unneeded:
            await self._storage.delete(path)


def _document(workspace_id: UUID, stored: _Stored) -> Document:
    return Document(
        id=stored.id,
        workspace_id=workspace_id,
        name=stored.name,
        file_path=stored.path,
        file_type=stored.type.value,
        file_size=stored.size,
        content_hash=stored.content_hash,
    )
