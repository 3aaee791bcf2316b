"""Retrieval measured on a file of questions whose answers are known, through the very path that serves visitors."""

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rag.evaluation.sets import EvaluationSet, is_hit, page, read_set, read_unanswerable
from rag.evaluation.workspace import MeasuredWorkspace, measured_workspace
from rag.models.protocols import Embedder
from rag.parsing import FileType
from rag.retrieval.ranking import CONFIDENCE_THRESHOLD
from rag.text.tokens import count_tokens

_PASSAGES = 10
_ANSWERED = (0.95, 0.92, 0.90)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What was measured. Shares and recalls are in [0, 1]; those of unanswerable questions are None without any.

    `recall[k]` is the share of questions with a hit among the first k passages, `mrr` the mean of 1 / rank of the first
    hit (0 beyond the tenth), `auc` the area under the ROC curve of the best passage's score, answerable against
    unanswerable. `passage_tokens` is the mean length of the passages found, as `count_tokens` counts: longer ones are
    easier. `answered` and `declined` are the shares of answerable questions at or above the confidence threshold and of
    unanswerable ones below it. `declined_where_answered[share]` is the share of unanswerable questions declined by the
    threshold that answers that share of the answerable ones.
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
    declined_where_answered: dict[float, float]
    auc: float | None
    ingestion_seconds: float
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
            *(
                (f"declined, {100 * share:.0f} % answered", percent(declined))
                for share, declined in self.declined_where_answered.items()
            ),
            ("ingestion", f"{self.ingestion_seconds:.1f} s"),
            ("search, median", f"{self.search_milliseconds:.1f} ms"),
        ]
        return "\n".join(f"{name:<24}{value:>20}" for name, value in rows)


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


async def _ask(workspace: MeasuredWorkspace, content: EvaluationSet) -> _Asked:
    paragraphs = {paragraph.id: paragraph for paragraph in content.paragraphs}
    ranks, confidences, tokens, seconds = [], [], [], []
    for question in content.questions:
        began = time.perf_counter()
        found = await workspace.retriever.rank(workspace.id, question.q, _PASSAGES)
        seconds.append(time.perf_counter() - began)
        paragraph = paragraphs[question.pid]
        article = workspace.documents[paragraph.title]
        hits = (each.document_id == article and is_hit(question, paragraph, each.content) for each in found)
        ranks.append(next((float(rank) for rank, hit in enumerate(hits, 1) if hit), np.inf))
        confidences.append(found[0].score if found else 0.0)
        tokens += [count_tokens(passage.content) for passage in found]
    length = float(np.mean(tokens)) if tokens else 0.0
    return _Asked(np.array(ranks), np.array(confidences), length, float(np.median(seconds)))


async def _confidences(workspace: MeasuredWorkspace, asked: list[str]) -> NDArray[np.float64]:
    found = [await workspace.retriever.rank(workspace.id, question, 1) for question in asked]
    return np.array([passages[0].score if passages else 0.0 for passages in found])


async def evaluate(path: Path, embedder: Embedder, other_unanswerable: Path | None = None) -> Evaluation:
    """Measure retrieval on JSON of "paragraphs" (id, title, text), "questions" (q, pid, answers), "unanswerable".

    Each title is one document, a page of its paragraphs in order, which is read, stored and searched as the server
    does it. The "unanswerable" questions of another file are asked in the place of its own, if there is one.

    Raises `EvaluationFileError`, `OSError` or `ModelError`.
    """
    content = read_set(path)
    no_answer = content.unanswerable if other_unanswerable is None else read_unanswerable(other_unanswerable)
    pages = {title: (page(title, paragraphs), FileType.HTML) for title, paragraphs in content.articles().items()}
    began = time.perf_counter()
    async with measured_workspace(pages, embedder) as workspace:
        ingested = time.perf_counter()
        await workspace.retriever.rank(workspace.id, content.questions[0].q, 1)
        asked = await _ask(workspace, content)
        unanswerable = await _confidences(workspace, no_answer)
    return Evaluation(
        file=path.name,
        embedder=embedder.name,
        documents=len(workspace.documents),
        chunks=workspace.chunks,
        questions=len(asked.ranks),
        unanswerable=len(unanswerable),
        passage_tokens=asked.passage_tokens,
        recall={k: float((asked.ranks <= k).mean()) for k in (1, 5, 10)},
        mrr=float((1 / asked.ranks).mean()),
        answered=float((asked.confidences >= CONFIDENCE_THRESHOLD).mean()),
        declined=float((unanswerable < CONFIDENCE_THRESHOLD).mean()) if len(unanswerable) else None,
        declined_where_answered={
            share: float((unanswerable < np.quantile(asked.confidences, 1 - share)).mean())
            for share in (_ANSWERED if len(unanswerable) else ())
        },
        auc=_area_under_curve(asked.confidences, unanswerable) if len(unanswerable) else None,
        ingestion_seconds=ingested - began,
        search_milliseconds=1000 * asked.seconds,
    )
