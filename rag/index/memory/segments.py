"""Inverted lists of some documents' chunks: built once, never changed, merged into larger ones."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain
from urllib.parse import urlsplit
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from rag.index.protocol import IndexedDocument
from rag.models.protocols import Vectors
from rag.retrieval.passages import Passage
from rag.text.sentences import sentence_spans
from rag.text.terms import terms

Integers = NDArray[np.int64]

_LAST_SENTENCE = np.iinfo(np.uint16).max
# Two terms are relatives when they share a prefix of this many letters and this part of their letters (Dice).
_RELATIVE_PREFIX = 4
_RELATIVE_CLOSENESS = 0.7


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """The chunks of some documents, a row each, with all that search reads of them.

    `live` says which rows still belong to the workspace; `documents` numbers the document of each row, as `numbers`
    does by id. The terms of row r are `tokens[starts[r]:starts[r + 1]]`, each the position of a term in the sorted
    `vocabulary` ("en:refund"); `sentences` numbers the sentence of each token, 0 for title and headings. The rows that
    hold term t are `posting_rows[posting_starts[t]:posting_starts[t + 1]]`, that many times `posting_counts`.
    """

    passages: list[Passage]
    live: NDArray[np.bool_]
    documents: Integers
    numbers: dict[UUID, int]
    vocabulary: list[str]
    tokens: NDArray[np.int32]
    sentences: NDArray[np.uint16]
    starts: Integers
    posting_starts: Integers
    posting_rows: NDArray[np.int32]
    posting_counts: NDArray[np.float32]
    vectors: Vectors

    @property
    def lengths(self) -> Integers:
        """Number of terms of each row."""
        return np.diff(self.starts)

    def postings(self, term: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Return the rows that hold `term`, live or not, and how many times each."""
        span = slice(self.posting_starts[term], self.posting_starts[term + 1])
        return self.posting_rows[span], self.posting_counts[span]

    def position(self, term: str) -> int | None:
        """Return where `term` stands in the vocabulary, or None."""
        at = bisect_left(self.vocabulary, term)
        return at if at < len(self.vocabulary) and self.vocabulary[at] == term else None

    def relatives(self, term: str) -> list[tuple[int, float]]:
        """Return the (position, closeness below 1) of terms that begin as `term` does: "en:operator" for "en:oper"."""
        stem = term[term.index(":") + 1 :]
        if len(stem) <= _RELATIVE_PREFIX:
            return []
        prefix = term[: len(term) - len(stem) + max(_RELATIVE_PREFIX, min(len(stem) - 3, 6))]
        found = []
        for position in range(bisect_left(self.vocabulary, prefix), len(self.vocabulary)):
            other = self.vocabulary[position]
            if not other.startswith(prefix):
                break
            closeness = _closeness(stem, other[len(term) - len(stem) :])
            if other != term and closeness >= _RELATIVE_CLOSENESS:
                found.append((position, closeness))
        return found

    def without(self, document_id: UUID) -> "Segment":
        """Return the segment with the rows of one document no longer live."""
        if document_id not in self.numbers:
            return self
        return replace(self, live=self.live & (self.documents != self.numbers[document_id]))


def _closeness(one: str, other: str) -> float:
    shared = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        shared += 1
    return 2 * shared / (len(one) + len(other))


def segment_of(documents: Sequence[IndexedDocument]) -> Segment:
    """Read `documents` into a segment. Raises `ValueError` when vectors and chunks do not correspond."""
    passages: list[Passage] = []
    texts: list[list[str]] = []
    sentences: list[int] = []
    for document in documents:
        if len(document.vectors) != len(document.chunks):
            raise ValueError(
                f"The document {document.id} has {len(document.chunks)} chunks and {len(document.vectors)} vectors."
            )
        address = urlsplit(document.url or "").path.replace("/", " ").strip()
        for chunk in document.chunks:
            passages.append(
                Passage(
                    chunk_id=chunk.id,
                    document_id=document.id,
                    document_name=document.name,
                    chunk_index=chunk.index,
                    content=chunk.content,
                    score=0.0,
                    location=chunk.location,
                    places=chunk.places,
                    url=document.url,
                    title=f"{document.title or document.name}\n{chunk.heading or ''}",
                    language=document.language,
                )
            )
            parts = [f"{passages[-1].title}\n{address}"]
            parts += [chunk.content[start:end] for start, end in sentence_spans(chunk.content)]
            text: list[str] = []
            for sentence, part in enumerate(parts):
                found = terms(part, document.language)
                text += [f"{document.language}:{term}" for term in found]
                sentences += [min(sentence, _LAST_SENTENCE)] * len(found)
            texts.append(text)
    vocabulary = sorted(set(chain.from_iterable(texts)))
    position = {term: at for at, term in enumerate(vocabulary)}
    return _assembled(
        passages,
        vocabulary,
        np.fromiter((position[term] for term in chain.from_iterable(texts)), np.int32),
        np.array(sentences, np.uint16),
        np.array([len(text) for text in texts], np.int64),
        _stacked([document.vectors for document in documents if len(document.chunks)]),
    )


def _stacked(vectors: Sequence[Vectors]) -> Vectors:
    """Return all rows, zero for those that have not as many dimensions as others: these are not compared."""
    dimensions = max((rows.shape[1] for rows in vectors), default=0)
    whole = [rows if rows.shape[1] == dimensions else np.zeros((len(rows), dimensions), np.float32) for rows in vectors]
    return np.concatenate(whole).astype(np.float32, copy=False) if whole else np.zeros((0, 0), np.float32)


def merged(segments: Sequence[Segment]) -> Segment:
    """Return one segment of the live rows of `segments`, in their order."""
    kept = [np.repeat(segment.live, segment.lengths) for segment in segments]
    used = [np.unique(segment.tokens[keep]) for segment, keep in zip(segments, kept, strict=True)]
    vocabulary = sorted({segment.vocabulary[at] for segment, ats in zip(segments, used, strict=True) for at in ats})
    position = {term: at for at, term in enumerate(vocabulary)}
    moved = []
    for segment, ats in zip(segments, used, strict=True):
        move = np.zeros(len(segment.vocabulary), np.int32)
        move[ats] = [position[segment.vocabulary[at]] for at in ats]
        moved.append(move)
    return _assembled(
        [segment.passages[row] for segment in segments for row in np.flatnonzero(segment.live)],
        vocabulary,
        np.concatenate([move[segment.tokens[keep]] for segment, keep, move in zip(segments, kept, moved, strict=True)]),
        np.concatenate([segment.sentences[keep] for segment, keep in zip(segments, kept, strict=True)]),
        np.concatenate([segment.lengths[segment.live] for segment in segments]),
        _stacked([segment.vectors[segment.live] for segment in segments if segment.live.any()]),
    )


def _assembled(
    passages: list[Passage],
    vocabulary: list[str],
    tokens: NDArray[np.int32],
    sentences: NDArray[np.uint16],
    lengths: Integers,
    vectors: Vectors,
) -> Segment:
    rows = len(passages)
    numbers: dict[UUID, int] = {}
    documents = [numbers.setdefault(passage.document_id, len(numbers)) for passage in passages]
    keys, counts = np.unique(tokens.astype(np.int64) * rows + np.repeat(np.arange(rows), lengths), return_counts=True)
    return Segment(
        passages=passages,
        live=np.ones(rows, bool),
        documents=np.array(documents, np.int64),
        numbers=numbers,
        vocabulary=vocabulary,
        tokens=tokens,
        sentences=sentences,
        starts=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        posting_starts=np.searchsorted(keys, np.arange(len(vocabulary) + 1) * rows),
        posting_rows=(keys % max(rows, 1)).astype(np.int32),
        posting_counts=counts.astype(np.float32),
        vectors=vectors,
    )
