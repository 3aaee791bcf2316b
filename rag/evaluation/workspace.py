"""A workspace of its own to measure in: documents come into it, and are searched, as those of a server are."""

import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

from core.events import MemoryEventBus
from data.engine import Database, Session
from data.jobs.runner import Jobs
from data.migrations import migrate
from data.models import AppUser, Document, DocumentStatus, JobKind, Profile
from data.queries import documents as queries
from data.queries.jobs import add_job
from data.queries.storage import Quotas
from data.queries.workspaces import add_workspace
from rag.evaluation.sets import EvaluationFileError
from rag.ingestion.pipeline import Ingestion
from rag.ingestion.reader import DocumentReader
from rag.models.protocols import Embedder
from rag.parsing import FileType
from rag.parsing.formats import BY_TYPE
from rag.retrieval.retriever import Retriever
from rag.sources.storage import FileStorage

_JOBS_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class MeasuredWorkspace:
    """A workspace with its documents indexed. `documents` are their ids by title."""

    id: UUID
    database: Database
    documents: Mapping[str, UUID]
    chunks: int
    retriever: Retriever


@asynccontextmanager
async def measured_workspace(
    contents: Mapping[str, tuple[bytes, FileType]], embedder: Embedder
) -> AsyncIterator[MeasuredWorkspace]:
    """Index files, by title, in a temporary database, and delete it afterwards.

    Raises `EvaluationFileError` for a file that cannot be indexed.
    """
    with tempfile.TemporaryDirectory(prefix="monitora-eval-") as name:
        folder = Path(name)
        database, storage, reader = Database(f"sqlite:///{folder / 'eval.db'}"), FileStorage(folder), DocumentReader()
        # One workspace has half of the slots.
        jobs = Jobs(database, slots=2 * _JOBS_AT_ONCE, alone=True)
        jobs.handle(JobKind.INDEX_DOCUMENT, Ingestion(database, storage, reader, embedder, MemoryEventBus(), Quotas()))
        try:
            await migrate(database)
            workspace_id = await database.write(_add_workspace)
            documents = {
                title: await _add_document(database, storage, workspace_id, *content)
                for title, content in contents.items()
            }
            jobs.start()
            await jobs.finish()
            chunks = await database.read(lambda session: _count_chunks(session, documents))
            yield MeasuredWorkspace(workspace_id, database, documents, chunks, Retriever(database, embedder))
        finally:
            await jobs.close()
            await reader.close()
            await database.close()


async def _add_workspace(session: Session) -> UUID:
    user = AppUser(id=uuid4(), email="eval@monitora.example", password_hash="", password_salt="")
    session.add(user)
    await session.flush()
    session.add(Profile(id=user.id))
    await session.flush()
    return await add_workspace(session, user.id, {"name": "Evaluation"})


async def _add_document(
    database: Database, storage: FileStorage, workspace_id: UUID, content: bytes, file_type: FileType
) -> UUID:
    document_id = uuid4()
    path = await storage.save(workspace_id, document_id, content)

    async def store(session: Session) -> None:
        document = Document(
            id=document_id,
            workspace_id=workspace_id,
            # As a file is called: what the page calls itself must be found in the page.
            name=f"{len(content)}{BY_TYPE[file_type].extensions[0]}",
            file_path=path,
            file_type=file_type.value,
            file_size=len(content),
        )
        queries.add_document(session, document)
        add_job(session, JobKind.INDEX_DOCUMENT, workspace_id, document_id)

    await database.write(store)
    return document_id


async def _count_chunks(session: Session, documents: Mapping[str, UUID]) -> int:
    count = 0
    for title, document_id in documents.items():
        document = await queries.find_document(session, document_id)
        if document is None or document.status is not DocumentStatus.READY:
            raise EvaluationFileError(f"The article {title!r} could not be indexed: {document and document.error}")
        count += document.chunk_count
    return count
