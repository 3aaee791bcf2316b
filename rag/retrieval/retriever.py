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
from data.queries.vectors import find_searched, find_vectors
from rag.index.memory.workspace_index import WorkspaceIndex
from rag.index.protocol import IndexedChunk, IndexedDocument, SearchIndex
from rag.models.protocols import Embedder, Vectors
from rag.parsing.document import Places
from rag.retrieval.passages import Passage
from rag.retrieval.question_embedders import QuestionEmbedders
from rag.retrieval.ranking import CONFIDENCE_THRESHOLD
from rag.retrieval.sections import CONTEXT_TOKENS, joined

PASSAGES = 5
"""Passages an answer is drawn from at most: about 1,000 tokens."""
RELATIVE_SCORE = 0.4
"""A passage whose score is below this part of the best one's is left out: it would be noise among the sources."""
CANDIDATES = 10
"""Passages that are told of, whether an answer is drawn from them or not."""
MAX_CHUNKS_HELD = 400_000
"""Chunks held in memory over all workspaces, some 4 kB each; the workspaces asked longest ago make room."""


@dataclass(frozen=True, slots=True)
class Retrieval:
    """What was found. `confidence`, in [0, 1], is how likely the documents answer the question.

    There are no passages when it is below the threshold: the assistant then says that it does not know. `nearest` are
    the `CANDIDATES` nearest to the `query`, or more, best first, whether they answer it or not.
    """

    query: str
    passages: tuple[Passage, ...]
    confidence: float
    nearest: tuple[Passage, ...] = ()


@dataclass(slots=True)
class _Held:
    """A workspace's index as last read, whose vectors it holds, its number, and the state of the documents in it."""

    index: SearchIndex
    embedder: str
    version: int | None = None
    states: dict[UUID, queries.State] = field(default_factory=dict)
    refreshing: asyncio.Lock = field(default_factory=asyncio.Lock)


class Retriever:
    """Searches workspaces. What other processes index is seen at the next question: the database is asked each time."""

    def __init__(self, database: Database, embedder: Embedder, others: Sequence[Embedder] = ()) -> None:
        """Search with an embedder, and with others in the workspaces that are not embedded by it yet."""
        self._database = database
        self._embedder = embedder
        self._embedders = QuestionEmbedders([embedder, *others])
        self._held: OrderedDict[UUID, _Held] = OrderedDict()

    async def version(self, workspace_id: UUID) -> str:
        """Return a text that changes whenever the searched documents do, or how they are searched."""
        version, searched_by = await self._database.read(lambda session: find_searched(session, workspace_id))
        name = searched_by or self._embedder.name
        how = (self._embedders.weight(name), self._embedders.answers(name))
        search = (name, *how, PASSAGES, RELATIVE_SCORE, CONFIDENCE_THRESHOLD, CONTEXT_TOKENS)
        return " ".join(str(value) for value in (version, *search))

    async def search(
        self, workspace_id: UUID, question: str, *, limit: int = PASSAGES, threshold: float = CONFIDENCE_THRESHOLD
    ) -> Retrieval:
        """Return the passages that best answer a question, best first, at most `limit`.

        There are none where the confidence is below `threshold`.
        """
        attributes = {"gen_ai.operation.name": "retrieval", "gen_ai.data_source.id": str(workspace_id)}
        with span("retrieval", attributes) as current:
            index, name = await self._current(workspace_id)
            found = Retrieval(question, (), 0.0)
            if len(index):
                vector = await self._embedders.embed(name, question)
                found = await asyncio.to_thread(_retrieval, index, question, vector, limit, threshold)
            current.set_attribute("monitora.retrieval.passages", len(found.passages))
            current.set_attribute("monitora.retrieval.confidence", found.confidence)
            return found

    async def rank(self, workspace_id: UUID, question: str, limit: int) -> list[Passage]:
        """Return the `limit` passages that come nearest to a question, best first, whether they answer it or not."""
        index, name = await self._current(workspace_id)
        if not len(index):
            return []
        vector = await self._embedders.embed(name, question)
        return await asyncio.to_thread(index.search, question, vector, limit)

    async def _current(self, workspace_id: UUID) -> tuple[SearchIndex, str]:
        """Return the index of a workspace as the database has it now, and the embedder whose vectors it holds."""
        held = self._held.setdefault(workspace_id, self._empty(self._embedder.name))
        self._held.move_to_end(workspace_id)
        async with held.refreshing:
            version, searched_by, states = await self._database.read(
                lambda session: _state(session, workspace_id, held.version)
            )
            if states is not None:
                name = searched_by or self._embedder.name
                before = held if held.embedder == name else self._empty(name)
                changed = [key for key, state in states.items() if before.states.get(key) != state]
                gone = [key for key in before.states if key not in states]
                documents = await self.documents(changed, name)
                held.index = await asyncio.to_thread(_next, before.index, documents, gone)
                held.embedder, held.version, held.states = name, version, states
                self._make_room()
            # Together: what is held may be of another embedder by the time that the question has its vector.
            return held.index, held.embedder

    def _empty(self, embedder: str) -> _Held:
        family = self._embedders.family(embedder)
        return _Held(WorkspaceIndex(self._embedders.weight(embedder), family=family), embedder)

    async def documents(self, document_ids: list[UUID], embedder: str | None = None) -> list[IndexedDocument]:
        """Return documents as the index takes them, with an embedder's vectors; deleted ones are left out."""
        name = embedder or self._embedder.name
        found = await self._database.read(lambda session: _read(session, document_ids, name))
        return await asyncio.to_thread(lambda: [_indexed(*each) for each in found])

    def _make_room(self) -> None:
        total = sum(len(held.index) for held in self._held.values())
        while total > MAX_CHUNKS_HELD and len(self._held) > 1:
            _, dropped = self._held.popitem(last=False)
            total -= len(dropped.index)


def _retrieval(index: SearchIndex, question: str, vector: Vectors, limit: int, threshold: float) -> Retrieval:
    """Return what an answer is drawn from. It looks at all documents of the index: not for the event loop."""
    nearest = index.search(question, vector, max(limit, CANDIDATES))
    found = nearest[:limit]
    confidence = max((passage.score for passage in found), default=0.0)
    kept = [each for each in found if confidence >= threshold and each.score >= RELATIVE_SCORE * confidence]
    return Retrieval(question, tuple(joined(kept, index.find)), confidence, tuple(nearest))


def _indexed(document: Document, rows: Sequence[queries.ChunkRow], vectors: Vectors) -> IndexedDocument:
    chunks = [
        IndexedChunk(row.id, row.chunk_index, row.content, row.heading, row.location, _places(row.places))
        for row in rows
    ]
    language = document.language or "en"
    return IndexedDocument(document.id, document.name, language, chunks, vectors, document.title, document.url)


def _next(index: SearchIndex, documents: list[IndexedDocument], gone: list[UUID]) -> SearchIndex:
    for document_id in gone:
        index = index.without_document(document_id)
    return index.with_documents(documents)


def _places(stored: list[list[Any]] | None) -> Places:
    return tuple((int(offset), str(place)) for offset, place in stored or ())


async def _state(
    session: Session, workspace_id: UUID, known: int | None
) -> tuple[int, str | None, dict[UUID, queries.State] | None]:
    """Return the number of a workspace's index and its embedder, and the state of its documents for a new number."""
    version, embedder = await find_searched(session, workspace_id)
    # The number first: what changes between the two statements is found with the next question.
    return version, embedder, None if version == known else await queries.find_states(session, workspace_id)


async def _read(
    session: Session, document_ids: list[UUID], embedder: str
) -> list[tuple[Document, list[queries.ChunkRow], Vectors]]:
    return [
        (document, rows, await _vectors(session, document, rows, embedder))
        async for document, rows in queries.find_with_chunks(session, document_ids)
    ]


async def _vectors(session: Session, document: Document, rows: Sequence[queries.ChunkRow], embedder: str) -> Vectors:
    """Return the vectors of chunks by an embedder, without dimensions where there are none: the words alone count."""
    if document.embedding_model == embedder:
        own = [row.embedding for row in rows]
        return np.stack(own) if len({len(vector) for vector in own}) == 1 else np.zeros((len(rows), 0), np.float32)
    found = await find_vectors(session, document, embedder)
    return np.zeros((len(rows), 0), np.float32) if found is None or len(found) != len(rows) else found
