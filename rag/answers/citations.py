"""Citations: what an answer rests on, as it is stored beside the answer and shown under it.

The stored value of a citation names its kind, but for a document's, the first that there was.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from rag.answers.links import link_to
from rag.retrieval.passages import Passage
from rag.text.sentences import sentence_spans
from rag.text.terms import terms

EXCERPT_CHARACTERS = 600
"""What a reader needs to recognise a passage; the whole stays in the document."""


@dataclass(frozen=True, slots=True)
class DocumentCitation:
    """A passage an answer was drawn from. `score` is in [0, 1]; `location` is where to find it in the document.

    `number` is how the answer cites it: "[2]".
    """

    document_id: UUID
    document_name: str
    chunk_index: int
    excerpt: str
    score: float
    location: str | None
    url: str | None = None
    number: int = 0

    @classmethod
    def of(cls, passage: Passage, question: str, number: int) -> "DocumentCitation":
        """Return what is kept of a passage that answers a question.

        Where the passage goes over several pages, the citation names the one of the sentence that says most of what
        is asked.
        """
        excerpt = passage.content
        if len(excerpt) > EXCERPT_CHARACTERS:
            excerpt = excerpt[:EXCERPT_CHARACTERS].rsplit(" ", 1)[0] + " …"
        return cls(
            document_id=passage.document_id,
            document_name=passage.document_name,
            chunk_index=passage.chunk_index,
            excerpt=excerpt,
            score=round(passage.score, 4),
            number=number,
            location=_location(passage, question),
            url=None if passage.url is None else link_to(passage.url, _heading(passage), passage.content),
        )

    def as_json(self) -> dict[str, Any]:
        """Return the value kept in `messages.rag_sources`."""
        return {**asdict(self), "document_id": self.document_id.hex}


def _heading(passage: Passage) -> str:
    return passage.title.partition("\n")[2]


def _location(passage: Passage, question: str) -> str | None:
    if not passage.places:
        return passage.location
    asked = set(terms(question, passage.language))
    content = passage.content
    held = [
        (len(asked.intersection(terms(content[start:end], passage.language))), start)
        for start, end in sentence_spans(content)
    ]
    most, start = max(held, key=lambda each: (each[0], -each[1]), default=(0, 0))
    if not most:
        return passage.location
    return next(
        place for offset, place in reversed(passage.places) if offset <= start or offset == passage.places[0][0]
    )


Citation = DocumentCitation
"""What an answer may rest on: a passage of a document. Another kind of evidence is a member of this union."""

DOCUMENT = "document"


def stored_citations(values: Sequence[dict[str, Any]] | None) -> list[Citation]:
    """Return the citations of a message as they are stored. Raises `ValueError` as `citation_from_json` does."""
    return [citation_from_json(value, number) for number, value in enumerate(values or (), 1)]


def citation_from_json(value: dict[str, Any], number: int = 0) -> Citation:
    """Read what `as_json` wrote. Raises `ValueError` for a kind of another version of the server.

    What an earlier version wrote says no number: it is `number`, that of its place.
    """
    kind = value.get("kind", DOCUMENT)
    if kind != DOCUMENT:
        raise ValueError(f"no citation of this version: {kind!r}")
    return DocumentCitation(**{"number": number, **value, "document_id": UUID(value["document_id"])})
