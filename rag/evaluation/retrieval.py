"""Retrieval measured on a file of questions whose answers are known, through the very path that serves visitors."""

import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid5

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field, ValidationError

from rag.index.memory.workspace_index import WorkspaceIndex
from rag.index.protocol import IndexedChunk, IndexedDocument
from rag.ingestion.chunk import indexed_text
from rag.ingestion.chunking import chunk
from rag.models.protocols import Embedder, Vectors
from rag.parsing.document import Block, ParsedDocument
from rag.retrieval.passages import Passage
from rag.retrieval.ranking import CONFIDENCE_THRESHOLD
from rag.text.language import detect
from rag.text.tokens import count_tokens

MAX_FILE_BYTES = 200_000_000
_PASSAGES = 10
_BETWEEN_PARAGRAPHS = "\n\n"
_NAMESPACE = UUID("6b1c0f0e-6f0e-5d4b-9a53-2f6a4c1d7e10")


class EvaluationFileError(ValueError):
    """The file cannot be evaluated; the message says what to correct in it."""


class Paragraph(BaseModel):
    """A paragraph of the article `title`."""

    id: int | str
    title: str = Field(min_length=1)
    text: str


class AnswerableQuestion(BaseModel):
    """A question, the paragraph that answers it, and its answers as they stand there."""

    q: str = Field(min_length=1)
    pid: int | str
    answers: list[str] = Field(min_length=1)


class EvaluationSet(BaseModel):
    """What is measured on: articles in paragraphs, questions they answer, questions they do not."""

    paragraphs: list[Paragraph] = Field(min_length=1)
    questions: list[AnswerableQuestion] = Field(min_length=1)
    unanswerable: list[str] = []


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What was measured. Shares and recalls are in [0, 1]; those of unanswerable questions are None without any.

    `recall[k]` is the share of questions with a hit among the first k passages, `mrr` the mean of 1 / rank of the first
    hit (0 beyond the tenth), `auc` the area under the ROC curve of the best passage's score, answerable against
    unanswerable. `passage_tokens` is the mean length of the passages found, as `count_tokens` counts: longer ones are
    easier. `answered` and `declined` are the shares of answerable questions at or above the confidence threshold and of
    unanswerable ones below it.
    """

    file: str
    embedder: str
    documents: int
    chunks: int
    questions: int
    unanswerable: int
    passage_tokens: float
    recall: dict[int, float]
    mrr: float
    answered: float
    declined: float | None
    auc: float | None
    embedding_seconds: float
    indexing_seconds: float
    search_milliseconds: float

    def __str__(self) -> str:
        def percent(share: float | None) -> str:
            return "–" if share is None else f"{100 * share:.1f} %"

        rows = [
            ("file", self.file),
            ("embedder", self.embedder),
            ("documents, chunks", f"{self.documents:,}, {self.chunks:,}"),
            ("questions, unanswerable", f"{self.questions:,}, {self.unanswerable:,}"),
            ("tokens a passage", f"{self.passage_tokens:.0f}"),
            *((f"recall@{k}", percent(share)) for k, share in self.recall.items()),
            ("MRR@10", percent(self.mrr)),
            ("AUC", "–" if self.auc is None else f"{self.auc:.3f}"),
            ("answerable, answered", percent(self.answered)),
            ("unanswerable, declined", percent(self.declined)),
            ("embedding", f"{self.embedding_seconds:.2f} s"),
            ("indexing", f"{self.indexing_seconds:.2f} s"),
            ("search, median", f"{self.search_milliseconds:.1f} ms"),
        ]
        return "\n".join(f"{name:<24}{value:>20}" for name, value in rows)


@dataclass(frozen=True, slots=True)
class Article:
    """An article as one document, its chunks, and where chunks and paragraphs lie in its text: (start, end)."""

    document_id: UUID
    parsed: ParsedDocument
    chunks: list[IndexedChunk]
    embedded: list[str]
    spans: list[tuple[int, int]]
    paragraphs: dict[int | str, tuple[int, int]]

    def indexed(self, vectors: Vectors) -> IndexedDocument:
        """Return what the index takes, given the vectors of `embedded`."""
        return IndexedDocument(self.document_id, self.parsed.title, self.parsed.language, self.chunks, vectors)


def read_set(path: Path) -> EvaluationSet:
    """Return the set in `path`. Raises `EvaluationFileError` or `OSError`."""
    if path.stat().st_size > MAX_FILE_BYTES:
        raise EvaluationFileError(f"{path} is larger than {MAX_FILE_BYTES:,} bytes: evaluate a part of it.")
    try:
        content = EvaluationSet.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the file"
        raise EvaluationFileError(f"{path}, {place}: {first['msg']}.") from error
    known = {paragraph.id for paragraph in content.paragraphs}
    for number, question in enumerate(content.questions):
        if question.pid not in known:
            raise EvaluationFileError(f"{path}, questions.{number}.pid: no paragraph has the id {question.pid!r}.")
    return content


def _article(title: str, paragraphs: list[Paragraph]) -> Article:
    spans: dict[int | str, tuple[int, int]] = {}
    blocks: list[Block] = []
    length = 0
    for paragraph in paragraphs:
        content = paragraph.text.strip()
        spans[paragraph.id] = (length, length + len(content))
        if content:
            blocks.append(Block(content))
            length += len(content) + len(_BETWEEN_PARAGRAPHS)
    text = _BETWEEN_PARAGRAPHS.join(block.text for block in blocks)
    parsed = ParsedDocument(title, detect(text), blocks)
    chunks = chunk(parsed)
    places = []
    start = 0
    for piece in chunks:
        start = text.index(piece.content, start)
        places.append((start, start + len(piece.content)))
        start += len(piece.content)
    document_id = uuid5(_NAMESPACE, title)
    return Article(
        document_id,
        parsed,
        [IndexedChunk(uuid5(document_id, str(each.index)), each.index, each.content) for each in chunks],
        [indexed_text(title, each) for each in chunks],
        places,
        spans,
    )


def articles_of(content: EvaluationSet) -> list[Article]:
    """Return each title of the set as one article, chunked."""
    paragraphs = defaultdict(list)
    for paragraph in content.paragraphs:
        paragraphs[paragraph.title].append(paragraph)
    return [_article(title, of_title) for title, of_title in paragraphs.items()]


def is_hit(article: Article, question: AnswerableQuestion, passage: Passage) -> bool:
    """Tell whether a passage holds an answer inside the part of it that is the question's paragraph."""
    if passage.document_id != article.document_id:
        return False
    start, end = article.spans[passage.chunk_index]
    first, last = article.paragraphs[question.pid]
    shared = passage.content[max(first - start, 0) : max(min(last, end) - start, 0)]
    return any(answer in shared for answer in question.answers)


def _area_under_curve(answerable: NDArray[np.float64], unanswerable: NDArray[np.float64]) -> float:
    """Return how often an answerable question scores above an unanswerable one, equal scores counting half."""
    ordered = np.sort(unanswerable)
    below = np.searchsorted(ordered, answerable, "left") + np.searchsorted(ordered, answerable, "right")
    return float(below.mean() / 2 / len(ordered))


@dataclass(frozen=True, slots=True)
class _Asked:
    """What asking questions gave: the rank of the first hit (or infinity), confidences, lengths and times."""

    ranks: NDArray[np.float64]
    confidences: NDArray[np.float64]
    passage_tokens: float
    seconds: float


async def _ask(
    index: WorkspaceIndex, embedder: Embedder, articles: list[Article], asked: list[AnswerableQuestion]
) -> _Asked:
    owners = {identifier: article for article in articles for identifier in article.paragraphs}
    ranks, confidences, tokens, seconds = [], [], [], []
    for question in asked:
        vector = await embedder.embed_question(question.q)
        began = time.perf_counter()
        found = index.search(question.q, vector, _PASSAGES)
        seconds.append(time.perf_counter() - began)
        hits = (is_hit(owners[question.pid], question, passage) for passage in found)
        ranks.append(next((float(rank) for rank, hit in enumerate(hits, 1) if hit), np.inf))
        confidences.append(found[0].score if found else 0.0)
        tokens += [count_tokens(passage.content) for passage in found]
    length = float(np.mean(tokens)) if tokens else 0.0
    return _Asked(np.array(ranks), np.array(confidences), length, float(np.median(seconds)))


async def _confidences(index: WorkspaceIndex, embedder: Embedder, asked: list[str]) -> NDArray[np.float64]:
    found = [index.search(question, await embedder.embed_question(question), 1) for question in asked]
    return np.array([passages[0].score if passages else 0.0 for passages in found])


async def evaluate(path: Path, embedder: Embedder) -> Evaluation:
    """Measure retrieval on JSON of "paragraphs" (id, title, text), "questions" (q, pid, answers), "unanswerable".

    Each title is one document, of its paragraphs in order. Raises `EvaluationFileError`, `OSError` or `ModelError`.
    """
    content = read_set(path)
    articles = articles_of(content)

    began = time.perf_counter()
    vectors = [await embedder.embed_passages(article.embedded) for article in articles]
    embedded = time.perf_counter()
    documents = [article.indexed(rows) for article, rows in zip(articles, vectors, strict=True)]
    index = WorkspaceIndex.of(documents, embedder.weight)
    indexed = time.perf_counter()

    asked = await _ask(index, embedder, articles, content.questions)
    unanswerable = await _confidences(index, embedder, content.unanswerable)
    return Evaluation(
        file=path.name,
        embedder=embedder.name,
        documents=len(documents),
        chunks=len(index),
        questions=len(asked.ranks),
        unanswerable=len(unanswerable),
        passage_tokens=asked.passage_tokens,
        recall={k: float((asked.ranks <= k).mean()) for k in (1, 5, 10)},
        mrr=float((1 / asked.ranks).mean()),
        answered=float((asked.confidences >= CONFIDENCE_THRESHOLD).mean()),
        declined=float((unanswerable < CONFIDENCE_THRESHOLD).mean()) if len(unanswerable) else None,
        auc=_area_under_curve(asked.confidences, unanswerable) if len(unanswerable) else None,
        embedding_seconds=embedded - began,
        indexing_seconds=indexed - embedded,
        search_milliseconds=1000 * asked.seconds,
    )
