"""What a search index of one workspace is to those that use it, whichever engine stands behind it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, Self
from uuid import UUID

from rag.models.protocols import Vectors
from rag.parsing.document import Places
from rag.retrieval.passages import Passage


@dataclass(frozen=True, slots=True)
class IndexedChunk:
    """A chunk as the index takes it. `heading` is its path of headings in one line, or None."""

    id: UUID
    index: int
    content: str
    heading: str | None = None
    location: str | None = None
    places: Places = ()


@dataclass(frozen=True, slots=True, eq=False)
class IndexedDocument:
    """A document as the index takes it: `vectors` is float32 of shape (len(chunks), dimensions).

    Those of a document without vectors have no dimensions: its words alone are searched.

    `title` is what the document calls itself. It is searched with each chunk; `name` is in the place of none.
    `url` is where a page of a website is, whose words are searched likewise.
    """

    id: UUID
    name: str
    language: str
    chunks: Sequence[IndexedChunk]
    vectors: Vectors
    title: str | None = None
    url: str | None = None


class SearchIndex(Protocol):
    """One version of a workspace's index. A version never changes: any thread may search it while the next is made."""

    def __len__(self) -> int:
        """Return how many chunks are searched."""
        ...

    def with_documents(self, documents: Sequence[IndexedDocument]) -> Self:
        """Return the next version, in which the documents are new or stand for what had their ids.

        Raises `ValueError` when vectors and chunks do not correspond.
        """
        ...

    def without_document(self, document_id: UUID) -> Self:
        """Return the next version, in which no chunk of that document is left."""
        ...

    def find(self, document_id: UUID, chunk_index: int) -> Passage | None:
        """Return the passage of a document that has this place in it, without a score, or None."""
        ...

    def search(self, question: str, vector: Vectors, limit: int) -> list[Passage]:
        """Return the `limit` passages that best answer `question`, best first, each with its confidence as score.

        `vector` is the question's embedding, of shape (dimensions,); without dimensions, words alone are compared.
        """
        ...
