"""The index of one workspace, in memory: immutable versions that answer which passages match a question."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

import numpy as np

from rag.index.memory.answer_signs import answer_signs
from rag.index.memory.evidence import evidence, matches
from rag.index.memory.segments import Integers, Segment, merged, segment_of
from rag.index.memory.vocabulary import Meaning, Vocabulary
from rag.index.protocol import IndexedDocument
from rag.models.protocols import Vectors
from rag.retrieval.duplicates import distinct
from rag.retrieval.passages import Passage
from rag.retrieval.query import Question, analyse_question
from rag.retrieval.ranking import FEATURES, Family, Scores, confidence, relevance
from rag.text.stop_words import LANGUAGES

# Okapi BM25 (Robertson and Zaragoza, 2009), with the constants usual for short passages.
_K1 = 0.9
_B = 0.4
# Scores are scaled between the best and the last of this many.
_SCALED_OVER = 100
# Passages that the re-ranker reads.
_CANDIDATES = 40
# A document's score is the mean of its best chunks, this many.
_DOCUMENT_CHUNKS = 3
# The larger a workspace, the more of a question some passage holds by chance; not known beyond the sets measured.
_FITTED_CHUNKS = 1_500
# A median needs some passages.
_FEWEST_COMPARED = 3
_HIGHEST_USUAL = 0.99
# What is read of the candidates' terms.
_TERM_FEATURES = ("coverage", "exact", "sentence", "titled", "window", "pairs", "elsewhere", "gap", "name", "number")
# What is known of words before any chunk is read, counted in chunks, each word in one of them: the frequencies of a few
# chunks alone would say that whatever they do not mention is rare.
_PRIOR_CHUNKS = 100


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Rows of an index, and what speaks for each: `features` has shape (rows, len(FEATURES)).

    `family` says by which weights they are summed, `lexical` is the BM25 score of each row, `dense` the cosine.
    """

    rows: Integers
    features: Scores
    family: Family
    lexical: Scores
    dense: Scores


def scaled(scores: Scores) -> Scores:
    """Return `scores` min-max scaled over their top 100, clipped to [0, 1]; zeros where all are equal."""
    # Mostly zeros otherwise, which take partition five times as long.
    positive = scores[scores > 0]
    top = positive if len(positive) >= _SCALED_OVER else scores
    last = max(len(top) - _SCALED_OVER, 0)
    high, low = scores.max(), np.partition(top, last)[last]
    return np.clip((scores - low) / (high - low), 0, 1) if high > low else np.zeros_like(scores)


@dataclass(frozen=True, slots=True, eq=False)
class WorkspaceIndex:
    """One version of a workspace's index.

    `dense_weight` and `family` are the embedder's.

    Nothing in a version ever changes: any thread may search it while the next one is made from it, and whoever holds
    the current version swaps it by one assignment. Making versions of one workspace is for one writer at a time.
    Versions share their segments: adding a document reads that document alone, then merges it with segments up to twice
    its size, so that there are at most about log2(chunks) of them.
    """

    dense_weight: float
    segments: tuple[Segment, ...] = ()
    family: Family = Family.LEXICAL

    @classmethod
    def of(
        cls, documents: Sequence[IndexedDocument], dense_weight: float, family: Family = Family.LEXICAL
    ) -> "WorkspaceIndex":
        """Read a whole workspace at once. Raises `ValueError` when vectors and chunks do not correspond."""
        segment = segment_of(documents)
        return cls(dense_weight, (segment,) if segment.passages else (), family)

    def __len__(self) -> int:
        return sum(int(segment.live.sum()) for segment in self.segments)

    def with_documents(self, documents: Sequence[IndexedDocument]) -> "WorkspaceIndex":
        """Return the next version, in which documents are new or stand for what had their ids. Raises `ValueError`."""
        if not len(self):
            return WorkspaceIndex.of(documents, self.dense_weight, self.family)
        index = self
        for document in documents:
            index = index.with_document(document)
        return index

    def with_document(self, document: IndexedDocument) -> "WorkspaceIndex":
        """Return the next version, in which `document` is new or stands for what had its id. Raises `ValueError`."""
        added = segment_of([document])
        segments = list(self.without_document(document.id).segments)
        while segments and added.passages and segments[-1].live.sum() <= 2 * len(added.passages):
            added = merged([segments.pop(), added])
        return replace(self, segments=(*segments, added) if added.passages else tuple(segments))

    def without_document(self, document_id: UUID) -> "WorkspaceIndex":
        """Return the next version, in which no chunk of that document is left."""
        kept = (segment.without(document_id) for segment in self.segments)
        return replace(
            self,
            segments=tuple(
                segment if 2 * segment.live.sum() > len(segment.passages) else merged([segment])
                for segment in kept
                if segment.live.any()
            ),
        )

    def search(self, question: str, vector: Vectors, limit: int) -> list[Passage]:
        """Return the `limit` passages that best answer `question`, best first, each with its confidence as score.

        They are 40 at most, fewer only where the workspace has fewer that differ. `vector` is the
        question's embedding, of shape (dimensions,); without dimensions, words alone are compared.
        """
        found = self.candidates(question, vector)
        passages = [
            replace(self.passage(row), lexical=lexical, dense=dense)
            for row, lexical, dense in zip(
                found.rows.tolist(), found.lexical.tolist(), found.dense.tolist(), strict=True
            )
        ]
        order, sure = relevance(found.features, found.family), confidence(found.features, found.family)
        ranked = sorted(
            zip(order.tolist(), sure.tolist(), passages, strict=True),
            key=lambda each: (-each[0], each[2].document_name, each[2].chunk_index),
        )
        return distinct((replace(passage, score=score) for _, score, passage in ranked), limit)

    def candidates(self, question: str, vector: Vectors) -> Candidates:
        """Return the passages whose lexical and dense scores together are highest, with what speaks for each."""
        if not len(self):
            nothing = np.zeros(0)
            return Candidates(np.zeros(0, np.int64), np.zeros((0, len(FEATURES))), self.family, nothing, nothing)
        live = np.flatnonzero(np.concatenate([segment.live for segment in self.segments]))
        asked = analyse_question(question)
        meaning = Vocabulary(self.segments).meaning(asked)
        lexical = self._lexical(meaning)
        dense = self._dense(vector)
        fused = np.zeros(len(lexical))
        fused[live] = (scaled(lexical[live]) + self.dense_weight * scaled(dense[live])) / (1 + self.dense_weight)
        rows = live[np.argsort(-fused[live], kind="stable")[:_CANDIDATES]]
        columns = self._evidence(asked, meaning, rows)
        columns["fused"] = fused[rows]
        columns["dense"] = self._likeness(dense, live)[rows]
        columns["size"] = np.full(len(rows), min(np.log(len(self)) / np.log(_FITTED_CHUNKS), 1))
        columns["document"] = self._documents(lexical)[rows]
        columns["neighbour"] = self._neighbours(lexical)[rows]
        features = np.stack([columns[name] for name in FEATURES], axis=1)
        return Candidates(rows, features, self._family_for(vector), lexical[rows], dense[rows])

    def find(self, document_id: UUID, chunk_index: int) -> Passage | None:
        """Return the passage of a document that has this place in it, without a score, or None."""
        for segment in self.segments:
            if (number := segment.numbers.get(document_id)) is None:
                continue
            rows = np.flatnonzero(segment.live & (segment.documents == number))
            found = (segment.passages[row] for row in rows.tolist())
            passage = next((each for each in found if each.chunk_index == chunk_index), None)
            if passage is not None:
                return passage
        return None

    def passage(self, row: int) -> Passage:
        """Return the passage at `row`, without a score. Raises `IndexError`."""
        for first, segment in self._offsets():
            if row < first + len(segment.passages):
                return segment.passages[row - first]
        raise IndexError(row)

    def _offsets(self) -> Iterator[tuple[int, Segment]]:
        first = 0
        for segment in self.segments:
            yield first, segment
            first += len(segment.passages)

    def _lexical(self, meaning: Meaning) -> Scores:
        """Return the BM25 score of every row, live or not."""
        size = len(self)
        total = sum(int(segment.lengths[segment.live].sum()) for segment in self.segments)
        scores = []
        for segment in self.segments:
            score = np.zeros(len(segment.passages))
            norms = _K1 * (1 - _B + _B * segment.lengths * (size / max(total, 1)))
            for concept in meaning.concepts:
                idf = concept.weight * np.log1p((size - concept.frequency + 0.5) / (concept.frequency + 0.5))
                for key, worth in ((key, worth) for keys in concept.keys.values() for key, worth in keys.items()):
                    if (term := segment.position(key)) is not None:
                        rows, counts = segment.postings(term)
                        score[rows] += worth * idf * (_K1 + 1) * counts / (counts + norms[rows])
            scores.append(score * segment.live)
        return np.concatenate(scores)

    def _dense(self, vector: Vectors) -> Scores:
        """Return the cosine of every row with the question's vector, zero where their dimensions differ."""
        cosines = [
            segment.vectors @ vector if len(vector) == segment.vectors.shape[1] else np.zeros(len(segment.passages))
            for segment in self.segments
        ]
        # Rounded, because a product over more rows may add in another order.
        return np.concatenate(cosines).astype(np.float64).round(5)

    def _family_for(self, vector: Vectors) -> Family:
        """Return the weights for a question: those of words alone where it is compared with no vector, or with few."""
        compared = any(len(vector) == segment.vectors.shape[1] for segment in self.segments) and len(vector) > 0
        few = self.family is Family.SEMANTIC and len(self) < _FEWEST_COMPARED
        return self.family if compared and not few else Family.WORDS

    def _likeness(self, dense: Scores, live: Integers) -> Scores:
        """Return in [0, 1] how like the question each row is.

        Cosines of semantic vectors lie in a narrow band, another for each model: what counts is how far a row is above
        the median of the workspace.
        """
        usual = 0.0
        if self.family is Family.SEMANTIC:
            middle = (len(live) - 1) // 2
            usual = min(float(np.partition(dense[live], middle)[middle]), _HIGHEST_USUAL)
        return np.clip((dense - usual) / (1 - usual), 0, 1)

    def _documents(self, lexical: Scores) -> Scores:
        """Return, for each row, the mean score of its document's best chunks, as part of the best document's."""
        numbers: Integers = np.concatenate([segment.documents + first for first, segment in self._offsets()])
        best: dict[int, list[float]] = defaultdict(list)
        for row in np.argsort(-lexical, kind="stable")[: 2 * _SCALED_OVER].tolist():
            if len(scores := best[int(numbers[row])]) < _DOCUMENT_CHUNKS:
                scores.append(float(lexical[row]))
        means = np.zeros(int(numbers.max()) + 1)
        for number, scores in best.items():
            means[number] = sum(scores) / _DOCUMENT_CHUNKS
        parts: Scores = means / max(float(means.max()), 1e-9)
        return parts[numbers]

    def _neighbours(self, lexical: Scores) -> Scores:
        """Return, for each row, the better score of the chunks before and after it, as part of the best score."""
        numbers: Integers = np.concatenate([segment.documents + first for first, segment in self._offsets()])
        together = numbers[1:] == numbers[:-1]
        nearby = np.zeros(len(lexical))
        nearby[1:] = lexical[:-1] * together
        nearby[:-1] = np.maximum(nearby[:-1], lexical[1:] * together)
        parts: Scores = nearby / max(float(lexical.max()), 1e-9)
        return parts

    def _evidence(self, asked: Question, meaning: Meaning, rows: Integers) -> dict[str, Scores]:
        """Read the candidates at `rows`, those of each language with the question's terms in it."""
        languages = np.array([self.passage(row).language for row in rows.tolist()])
        columns = {name: np.zeros(len(rows)) for name in FEATURES}
        columns["missing"] += bool(meaning.missing)
        known = len(self) + _PRIOR_CHUNKS
        for language in LANGUAGES:
            concepts = [concept for concept in meaning.concepts if language in concept.keys]
            idf = np.array([concept.weight * max(np.log(known / (concept.frequency + 1)), 0.0) for concept in concepts])
            keys = [concept.keys[language] for concept in concepts]
            for first, segment in self._offsets():
                chosen = np.flatnonzero(
                    (languages == language) & (rows >= first) & (rows < first + len(segment.passages))
                )
                found = matches(keys, segment, rows[chosen] - first)
                seen = evidence(found, concepts, idf, len(chosen), float(np.log(known)))
                for name in _TERM_FEATURES:
                    columns[name][chosen] = getattr(seen, name)
                # How much the passage shares with the question, counted in words met nowhere else.
                columns["shared"][chosen] = np.log1p(seen.coverage * idf.sum() / np.log(known))
                texts = [segment.passages[row] for row in (rows[chosen] - first).tolist()]
                for at, passage, best in zip(chosen.tolist(), texts, seen.best.tolist(), strict=True):
                    columns["unmet"][at], columns["denied"][at] = answer_signs(asked, passage.content, best)
        return columns
