"""Retrieval: the index of each workspace, kept in step with the database, and the search in it."""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import numpy as np

from core.telemetry import span
from data.engine import Database, Session
from data.models import Document
from data.queries import documents as queries
from rag.index.memory.workspace_index import WorkspaceIndex
from rag.index.protocol import IndexedChunk, IndexedDocument, SearchIndex
from rag.models.protocols import Embedder
from rag.parsing.document import Places
from rag.retrieval.passages import Passage
from rag.retrieval.ranking import CONFIDENCE_THRESHOLD

PASSAGES = 5
"""Passages an answer is drawn from at most: about 1,000 tokens."""
RELATIVE_SCORE = 0.4
"""A passage whose score is below this part of the best one's is left out: it would be noise among the sources."""
MAX_CHUNKS_HELD = 400_000
"""Chunks held in memory over all workspaces, some 4 kB each; the workspaces asked longest ago make room."""


@dataclass(frozen=True, slots=True)
class Retrieval:
    """What was found. `confidence`, in [0, 1], is how likely the documents answer the question.

    There are no passages when it is below the threshold: the assistant then says that it does not know. `nearest` are
    the passages nearest to the question, best first, whether they answer it or not.
    """

    passages: tuple[Passage, ...]
    confidence: float
    nearest: tuple[Passage, ...] = ()


@dataclass(slots=True)
class _Held:
    """A workspace's index as last read, its number, and the state of the documents in it."""

    index: SearchIndex
    version: int | None = None
    states: dict[UUID, queries.State] = field(default_factory=dict)
    refreshing: asyncio.Lock = field(default_factory=asyncio.Lock)


class Retriever:
    """Searches workspaces. What other processes index is seen at the next question: the database is asked each time."""

    def __init__(self, database: Database, embedder: Embedder, empty_index: SearchIndex | None = None) -> None:
        """Search in versions of `empty_index`; by default it is held in memory."""
        self._database = database
        self._embedder = embedder
        self._empty_index = WorkspaceIndex(embedder.weight) if empty_index is None else empty_index
        self._held: OrderedDict[UUID, _Held] = OrderedDict()

    async def version(self, workspace_id: UUID) -> str:
        """Return a text that changes whenever the searched documents do, or how they are searched."""
        version = await self._database.read(lambda session: queries.find_index_version(session, workspace_id))
        search = (self._embedder.name, self._embedder.weight, PASSAGES, RELATIVE_SCORE, CONFIDENCE_THRESHOLD)
        return " ".join(str(value) for value in (version, *search))

    async def search(
        self, workspace_id: UUID, question: str, *, limit: int = PASSAGES, threshold: float = CONFIDENCE_THRESHOLD
    ) -> Retrieval:
        """Return the passages that best answer a question, best first, at most `limit`.

        There are none where the confidence is below `threshold`.

        Raises `ModelError`.
        """
        attributes = {"gen_ai.operation.name": "retrieval", "gen_ai.data_source.id": str(workspace_id)}
        with span("retrieval", attributes) as current:
            found = await self.rank(workspace_id, question, limit)
            confidence = max((passage.score for passage in found), default=0.0)
            kept = tuple(
                each for each in found if confidence >= threshold and each.score >= RELATIVE_SCORE * confidence
            )
            current.set_attribute("monitora.retrieval.passages", len(kept))
            current.set_attribute("monitora.retrieval.confidence", confidence)
            return Retrieval(kept, confidence, tuple(found))

    async def rank(self, workspace_id: UUID, question: str, limit: int) -> list[Passage]:
        """Return the `limit` passages that come nearest to a question, best first, whether they answer it or not.

        Raises `ModelError`.
        """
        index = await self._index(workspace_id)
        if not len(index):
            return []
        vector = await self._embedder.embed_question(question)
        return await asyncio.to_thread(index.search, question, vector, limit)

    async def _index(self, workspace_id: UUID) -> SearchIndex:
        held = self._held.setdefault(workspace_id, _Held(self._empty_index))
        self._held.move_to_end(workspace_id)
        async with held.refreshing:
            version, states = await self._database.read(lambda session: _state(session, workspace_id, held.version))
            if states is not None:
                changed = [key for key, state in states.items() if held.states.get(key) != state]
                gone = [key for key in held.states if key not in states]
                documents = await self.documents(changed)
                held.index = await asyncio.to_thread(_next, held.index, documents, gone)
                held.version, held.states = version, states
                self._make_room()
        return held.index

    async def documents(self, document_ids: list[UUID]) -> list[IndexedDocument]:
        """Return documents as the index takes them, those left out that are deleted."""
        found = await self._database.read(lambda session: _read(session, document_ids))
        return await asyncio.to_thread(lambda: [self._indexed(document, rows) for document, rows in found])

    def _indexed(self, document: Document, rows: Sequence[queries.ChunkRow]) -> IndexedDocument:
        # Vectors of another embedder lie in another space: until the document is embedded again, its words alone count.
        vectors = np.zeros((len(rows), 0), np.float32)
        if rows and document.embedding_model == self._embedder.name:
            vectors = np.stack([row.embedding for row in rows])
        chunks = [
            IndexedChunk(row.id, row.chunk_index, row.content, row.heading, row.location, _places(row.places))
            for row in rows
        ]
        language = document.language or "en"
        return IndexedDocument(document.id, document.name, language, chunks, vectors, document.title, document.url)

    def _make_room(self) -> None:
        total = sum(len(held.index) for held in self._held.values())
        while total > MAX_CHUNKS_HELD and len(self._held) > 1:
            _, dropped = self._held.popitem(last=False)
            total -= len(dropped.index)


def _next(index: SearchIndex, documents: list[IndexedDocument], gone: list[UUID]) -> SearchIndex:
    for document_id in gone:
        index = index.without_document(document_id)
    return index.with_documents(documents)


def _places(stored: list[list[Any]] | None) -> Places:
    return tuple((int(offset), str(place)) for offset, place in stored or ())


async def _state(
    session: Session, workspace_id: UUID, known: int | None
) -> tuple[int, dict[UUID, queries.State] | None]:
    """Return the number of a workspace's index, and the state of its documents unless the number is known."""
    version = await queries.find_index_version(session, workspace_id)
    # The number first: what changes between the two statements is found with the next question.
    return version, None if version == known else await queries.find_states(session, workspace_id)


async def _read(session: Session, document_ids: list[UUID]) -> list[tuple[Document, list[queries.ChunkRow]]]:
    return [found async for found in queries.find_with_chunks(session, document_ids)]
