"""Retrieval: the index of each workspace, kept in step with the database, and the search in it."""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import numpy as np
from sqlalchemy import func, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from core.telemetry import span
from data.engine import Database
from data.models import Document, DocumentChunk
from rag.index.memory.segments import IndexedChunk, IndexedDocument
from rag.index.memory.workspace_index import WorkspaceIndex
from rag.models.protocols import Embedder
from rag.retrieval.passages import Passage
from rag.retrieval.ranking import CONFIDENCE_THRESHOLD

PASSAGES = 5
"""Passages an answer is drawn from at most: about 1,000 tokens."""
RELATIVE_SCORE = 0.4
"""A passage whose score is below this part of the best one's is left out: it would be noise among the sources."""
MAX_CHUNKS_HELD = 400_000
"""Chunks held in memory over all workspaces, some 4 kB each; the workspaces asked longest ago make room."""

State = tuple[datetime, int]
"""What tells that a document changed: when it last did, and how many chunks it has."""


@dataclass(frozen=True, slots=True)
class Retrieval:
    """What was found. `confidence`, in [0, 1], is how likely the documents answer the question.

    There are no passages when it is below the threshold: the assistant then says that it does not know.
    """

    passages: tuple[Passage, ...]
    confidence: float


@dataclass(slots=True)
class _Held:
    """A workspace's index as last read, and the state of the documents in it."""

    index: WorkspaceIndex
    states: dict[UUID, State] = field(default_factory=dict)
    refreshing: asyncio.Lock = field(default_factory=asyncio.Lock)


class Retriever:
    """Searches workspaces. What other processes index is seen at the next question: the database is asked each time."""

    def __init__(self, database: Database, embedder: Embedder) -> None:
        self._database = database
        self._embedder = embedder
        self._held: OrderedDict[UUID, _Held] = OrderedDict()

    async def version(self, workspace_id: UUID) -> str:
        """Return a text that changes whenever the searched documents do."""
        statement = select(func.count(), func.max(Document.updated_at), func.sum(Document.chunk_count)).where(
            Document.workspace_id == workspace_id, (Document.is_indexed == true()), Document.deleted_at.is_(None)
        )
        row = await self._database.read(lambda session: _first(session, statement))
        return " ".join(str(value) for value in (*row, self._embedder.name))

    async def search(self, workspace_id: UUID, question: str) -> Retrieval:
        """Return the passages that best answer a question, best first. Raises `ModelError`."""
        attributes = {"gen_ai.operation.name": "retrieval", "gen_ai.data_source.id": str(workspace_id)}
        with span("retrieval", attributes) as current:
            retrieval = await self._search(workspace_id, question)
            current.set_attribute("monitora.retrieval.passages", len(retrieval.passages))
            current.set_attribute("monitora.retrieval.confidence", retrieval.confidence)
            return retrieval

    async def _search(self, workspace_id: UUID, question: str) -> Retrieval:
        index = await self._index(workspace_id)
        if not len(index):
            return Retrieval((), 0.0)
        vector = await self._embedder.embed_question(question)
        found = await asyncio.to_thread(index.search, question, vector, PASSAGES)
        confidence = max((passage.score for passage in found), default=0.0)
        if confidence < CONFIDENCE_THRESHOLD:
            return Retrieval((), confidence)
        return Retrieval(
            tuple(passage for passage in found if passage.score >= RELATIVE_SCORE * confidence), confidence
        )

    async def _index(self, workspace_id: UUID) -> WorkspaceIndex:
        held = self._held.setdefault(workspace_id, _Held(WorkspaceIndex(self._embedder.weight)))
        self._held.move_to_end(workspace_id)
        async with held.refreshing:
            states = await self._database.read(lambda session: _states(session, workspace_id))
            if states != held.states:
                changed = [key for key, state in states.items() if held.states.get(key) != state]
                gone = [key for key in held.states if key not in states]
                documents = await self._database.read(lambda session: _documents(session, changed, self._embedder))
                held.index = await asyncio.to_thread(_next, held.index, documents, gone)
                held.states = states
                self._make_room()
        return held.index

    def _make_room(self) -> None:
        total = sum(len(held.index) for held in self._held.values())
        while total > MAX_CHUNKS_HELD and len(self._held) > 1:
            _, dropped = self._held.popitem(last=False)
            total -= len(dropped.index)


def _next(index: WorkspaceIndex, documents: list[IndexedDocument], gone: list[UUID]) -> WorkspaceIndex:
    for document_id in gone:
        index = index.without_document(document_id)
    if not len(index):
        return WorkspaceIndex.of(documents, index.dense_weight)
    for document in documents:
        index = index.with_document(document)
    return index


async def _states(session: AsyncSession, workspace_id: UUID) -> dict[UUID, State]:
    rows = await session.execute(
        select(Document.id, Document.updated_at, Document.chunk_count).where(
            Document.workspace_id == workspace_id, (Document.is_indexed == true()), Document.deleted_at.is_(None)
        )
    )
    return {key: (updated_at, chunks) for key, updated_at, chunks in rows}


async def _documents(session: AsyncSession, keys: list[UUID], embedder: Embedder) -> list[IndexedDocument]:
    """Read documents with their chunks, one at a time: keys stay few a statement and memory small."""
    return [await _document(session, key, embedder) for key in keys]


async def _document(session: AsyncSession, key: UUID, embedder: Embedder) -> IndexedDocument:
    document = await session.get_one(Document, key)
    rows = (
        await session.scalars(
            select(DocumentChunk).where(DocumentChunk.document_id == key).order_by(DocumentChunk.chunk_index)
        )
    ).all()
    # Vectors of another embedder lie in another space: until the document is embedded again, its words alone count.
    same_space = document.embedding_model == embedder.name
    vectors = np.zeros((len(rows), embedder.dimensions), np.float32)
    if same_space and rows:
        vectors = np.stack([row.embedding for row in rows])
    chunks = [
        IndexedChunk(
            id=row.id,
            index=row.chunk_index,
            content=row.content,
            heading=row.heading,
            location=row.location,
        )
        for row in rows
    ]
    return IndexedDocument(document.id, document.name, document.language or "en", chunks, vectors)


async def _first(session: AsyncSession, statement: object) -> tuple[object, ...]:
    return tuple((await session.execute(statement)).one())  # type: ignore[call-overload]
