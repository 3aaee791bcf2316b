"""Fits the weights of rag/retrieval/ranking.py on evaluation sets.

    python bench/fit_ranking.py en.json fr.json --near en-near.json [--words] [--picture FILE.svg]

Prints the weights fitted on all questions, and how well weights fitted on four fifths of the articles do on the others,
for the family of the embedder that the settings name, or for words alone. The reliability of the confidence on the
other articles is drawn into a picture.
The re-ranker maximises the likelihood of the candidates that answer (softmax over a question's candidates). The
confidence is a logistic regression of answerable against unanswerable, on the whole set and on small workspaces drawn
from it, so that one threshold serves workspaces of three chunks and of thousands. Its last two numbers are fitted on
the other articles, where three of five questions have an answer, and half of the others are near ones.
"""

import argparse
import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from monitora.composition import models
from monitora.settings.settings import load_settings
from rag.evaluation.sets import AnswerableQuestion, EvaluationSet, is_hit, page, read_set, read_unanswerable
from rag.evaluation.workspace import measured_workspace
from rag.index.memory.workspace_index import Candidates, WorkspaceIndex
from rag.index.protocol import IndexedDocument
from rag.models.protocols import Embedder, Vectors
from rag.parsing import FileType
from rag.retrieval.ranking import FEATURES, Family, calibrated, relevance

Array = NDArray[np.float64]

RELEVANCE = [
    *("fused", "document", "neighbour", "coverage", "sentence", "titled", "window", "pairs", "name", "number", "unmet"),
    "dense",
]
ABOUT = ["exact", "titled", "pairs", "dense", "shared", "name", "size"]
ANSWERS = ["elsewhere", "gap", "name", "number", "unmet", "denied", "dense"]
FOLDS = 5
CANDIDATES = 40
# Three of five questions have an answer: at a confidence of 0.5 nearly all of these are answered.
ANSWERABLE = 0.6
STEPS = 10


@dataclass
class Asked:
    group: str  # the set and the size of the workspace
    fold: int
    answerable: bool
    family: Family
    features: Array  # (candidates, features)
    hits: NDArray[np.bool_]

    def best(self) -> Array:
        best: Array = self.features[np.argmax(relevance(self.features, self.family))]
        return best

    def is_missing(self) -> bool:
        return bool(self.best()[FEATURES.index("missing")])

    def is_near(self) -> bool:
        return self.group.endswith(" near")


def columns(names: list[str]) -> list[int]:
    return [FEATURES.index(name) for name in names]


def part(document: IndexedDocument, size: int) -> IndexedDocument:
    start = random.randrange(len(document.chunks))
    span = slice(start, start + size)
    chunks, vectors = document.chunks[span], document.vectors[span]
    return IndexedDocument(document.id, document.name, document.language, chunks, vectors, document.title)


class Asking:
    """Asks the questions of a set in its workspace, and in small ones drawn from it."""

    def __init__(
        self,
        name: str,
        content: EvaluationSet,
        documents: Sequence[IndexedDocument],
        embedder: Embedder,
        family: Family,
    ) -> None:
        self.name = name
        self.embedder = embedder
        self.family = family
        self.vectors: dict[str, Vectors] = {}
        self.content = content
        self.documents = documents
        self.paragraphs = {paragraph.id: paragraph for paragraph in content.paragraphs}
        self.article = {title: number for number, title in enumerate(content.articles())}
        self.asked: list[Asked] = []
        self.near: list[tuple[str, int, UUID]] = []

    def owner(self, question: AnswerableQuestion) -> int:
        return self.article[self.paragraphs[question.pid].title]

    def is_hit(self, question: AnswerableQuestion, content: str) -> bool:
        return is_hit(question, self.paragraphs[question.pid], content)

    async def ask(
        self, index: WorkspaceIndex, text: str, fold: int, group: str, question: AnswerableQuestion | None = None
    ) -> Candidates:
        if text not in self.vectors:
            is_alone = self.family is Family.WORDS
            self.vectors[text] = np.zeros(0, np.float32) if is_alone else await self.embedder.embed_question(text)
        found = index.candidates(text, self.vectors[text])
        hits = np.zeros(len(found.rows), bool)
        if question:
            passages = [index.passage(row) for row in found.rows.tolist()]
            article = self.documents[self.owner(question)].id
            hits = np.array([each.document_id == article and self.is_hit(question, each.content) for each in passages])
        self.asked.append(Asked(f"{self.name} {group}", fold, question is not None, found.family, found.features, hits))
        return found

    async def ask_whole(self, near: list[str]) -> None:
        whole = WorkspaceIndex.of(self.documents, self.embedder.weight, self.family)
        for question in self.content.questions:
            await self.ask(whole, question.q, self.owner(question) % FOLDS, "all", question)
        for number, text in enumerate(self.content.unanswerable):
            await self.ask(whole, text, number % FOLDS, "all")
        for number, text in enumerate(near):
            found = await self.ask(whole, text, number % FOLDS, "all near")
            best = whole.passage(int(found.rows[np.argmax(relevance(found.features, found.family))]))
            self.near.append((text, number % FOLDS, best.chunk_id))

    async def ask_small(self) -> None:
        questions = self.content.questions
        for group, count, size, trials in (
            ("3 chunks", 3, 1, 40),
            ("36 chunks", 6, 6, 30),
            ("10 articles", 10, 999, 15),
        ):
            for _ in range(trials):
                chosen = random.sample(range(len(self.documents)), count)
                parts = {number: part(self.documents[number], size) for number in chosen}
                index = WorkspaceIndex.of(list(parts.values()), self.embedder.weight, self.family)
                inside = [each for each in questions if self.holds(parts, each)]
                outside = [each for each in questions if self.owner(each) not in parts]
                for each in random.sample(inside, min(12, len(inside))):
                    await self.ask(index, each.q, self.owner(each) % FOLDS, group, each)
                for each in random.sample(outside, 12):
                    await self.ask(index, each.q, self.owner(each) % FOLDS, group)
                chunks = {chunk.id for drawn in parts.values() for chunk in drawn.chunks}
                close = [(text, fold) for text, fold, chunk in self.near if chunk in chunks]
                for text, fold in random.sample(close, min(12, len(close))):
                    await self.ask(index, text, fold, f"{group} near")

    def holds(self, parts: dict[int, IndexedDocument], question: AnswerableQuestion) -> bool:
        """Whether the part drawn of the question's article holds the answer in its paragraph."""
        drawn = parts.get(self.owner(question))
        return drawn is not None and any(self.is_hit(question, chunk.content) for chunk in drawn.chunks)


async def ask_all(path: Path, near: list[str], embedder: Embedder, family: Family) -> list[Asked]:
    content = read_set(path)
    pages = {title: (page(title, paragraphs), FileType.HTML) for title, paragraphs in content.articles().items()}
    async with measured_workspace(pages, embedder) as workspace:
        documents = await workspace.retriever.documents(list(workspace.documents.values()))
    asking = Asking(path.stem, content, documents, embedder, family)
    await asking.ask_whole(near)
    await asking.ask_small()
    return asking.asked


def fit_relevance(asked: list[Asked]) -> Array:
    rows = [each for each in asked if each.hits.any()]
    features = np.zeros((len(rows), CANDIDATES, len(RELEVANCE)))
    hits = np.zeros((len(rows), CANDIDATES))
    absent = np.ones((len(rows), CANDIDATES), bool)
    for number, each in enumerate(rows):
        features[number, : len(each.hits)] = each.features[:, columns(RELEVANCE)]
        hits[number, : len(each.hits)] = each.hits
        absent[number, : len(each.hits)] = False
    scale = features.reshape(-1, len(RELEVANCE)).std(0) + 1e-9
    features = features / scale
    weights = np.zeros(len(RELEVANCE))
    momentum = np.zeros_like(weights)
    for _ in range(600):
        scores = np.where(absent, -np.inf, features @ weights)
        chances = np.exp(scores - scores.max(1, keepdims=True))
        chances /= chances.sum(1, keepdims=True)
        wanted = chances * hits
        wanted /= np.maximum(wanted.sum(1, keepdims=True), 1e-12)
        gradient = np.einsum("qc,qcf->f", chances - wanted, features) / len(rows) + 0.02 * weights
        momentum = 0.9 * momentum + gradient
        weights -= 0.1 * momentum
    return weights / scale


def fit_logistic(asked: list[Asked], names: list[str]) -> Array:
    """Fit answerable against unanswerable; the last of the weights is the bias."""
    features = np.stack([np.append(each.best()[columns(names)], 1.0) for each in asked])
    answerable = np.array([each.answerable for each in asked])
    # Each kind of workspace counts alike, and the whole sets twice; so do answerable and unanswerable.
    groups = np.array([f"{each.group} {each.answerable}" for each in asked])
    share = {group: (2 if " all " in group else 1) / (groups == group).sum() for group in set(groups)}
    counted = np.array([share[group] for group in groups])
    for side in (True, False):
        counted[answerable == side] *= 1_000 / counted[answerable == side].sum()
    weights = np.zeros(features.shape[1])
    ridge = 0.3 * np.diag([1.0] * len(names) + [0.0])
    for _ in range(30):
        chance = 1 / (1 + np.exp(-features @ weights))
        curvature = (features * (counted * chance * (1 - chance))[:, None]).T @ features + ridge + 1e-9
        weights -= np.linalg.solve(curvature, features.T @ (counted * (chance - answerable)) + ridge @ weights)
    return weights


def fit_confidence(asked: list[Asked]) -> tuple[Array, Array]:
    """Fit both factors of the confidence; what asks for something missing is decided without them."""
    asked = [each for each in asked if not each.is_missing()]
    close = {each.group.split()[0] for each in asked if each.is_near()}
    about = fit_logistic([each for each in asked if not each.is_near()], ABOUT)
    near = [each for each in asked if each.group.split()[0] in close and (each.answerable or each.is_near())]
    answers = fit_logistic(near, ANSWERS) if near else np.zeros(len(ANSWERS) + 1)
    return about, answers


def chance(asked: Asked, about: Array, answers: Array) -> float:
    """Return the confidence in the best passage."""
    if asked.is_missing():
        return 0.0
    sums = [np.append(asked.best()[columns(names)], 1.0) @ w for names, w in ((ABOUT, about), (ANSWERS, answers))]
    return float(np.prod(1 / (1 + np.exp(-np.array(sums)))))


def report_relevance(asked: list[Asked]) -> None:
    whole = [each for each in asked if each.answerable and each.group.endswith(" all")]
    ranks: dict[str, list[float]] = {}
    for fold in range(FOLDS):
        weights = fit_relevance([each for each in whole if each.fold != fold])
        for each in whole:
            if each.fold == fold:
                order = np.argsort(-(each.features[:, columns(RELEVANCE)] @ weights), kind="stable")
                hits = np.flatnonzero(each.hits[order])
                ranks.setdefault(each.group, []).append(hits[0] + 1 if len(hits) else np.inf)
    for group, values in ranks.items():
        shares = " / ".join(f"{100 * np.mean(np.array(values) <= k):.1f}" for k in (1, 5, 10))
        print(f"{group:<16} recall@1 / 5 / 10 on other articles: {shares}")
    print("order", dict(zip(RELEVANCE, fit_relevance(whole).round(1).tolist(), strict=True)))


def report_confidence(asked: list[Asked], picture: Path | None) -> None:
    scores: dict[tuple[str, bool], list[float]] = {}
    for fold in range(FOLDS):
        about, answers = fit_confidence([each for each in asked if each.fold != fold])
        for each in asked:
            if each.fold == fold:
                scores.setdefault((each.group, each.answerable), []).append(chance(each, about, answers))
    groups = {key: np.array(values) for key, values in scores.items()}
    slope, offset = fit_scale(groups)
    groups = {key: calibrated(values, slope, offset) for key, values in groups.items()}
    for group in sorted({group for group, _ in groups}):
        known, unknown = groups[group.removesuffix(" near"), True], groups.get((group, False))
        if unknown is None:
            continue
        area = ((known[:, None] > unknown).mean() + (known[:, None] >= unknown).mean()) / 2
        at = {share: (unknown < np.quantile(known, 1 - share)).mean() for share in (0.95, 0.92, 0.9)}
        print(
            f"{group:<22} AUC {area:.3f}, answered {(known >= 0.5).mean():.2f}, declined {(unknown < 0.5).mean():.2f};"
        )
        print(" " * 23 + ", ".join(f"{declined:.2f} declined where {share} answered" for share, declined in at.items()))
    steps = reliability(groups)
    for middle, answerable, share in steps:
        print(f"confidence {middle:.2f}: {100 * answerable:.0f} % answerable, {100 * share:.0f} % of all")
    if picture:
        picture.write_text(drawn(steps, asked[0].family), encoding="utf-8")
    about, answers = fit_confidence(asked)
    print("about", dict(zip([*ABOUT, "bias"], about.round(2).tolist(), strict=True)))
    print("answers", dict(zip([*ANSWERS, "bias"], answers.round(2).tolist(), strict=True)))
    print(f"scale {slope:.2f}, {offset:.2f}")


def counted(groups: dict[tuple[str, bool], Array]) -> tuple[Array, Array, Array]:
    """Return confidences, which of them are of answerable questions, and how much each counts: each group alike."""
    values, answerable, counts = [], [], []
    for (group, is_answerable), scores in groups.items():
        other = f"{group.removesuffix(' near')} near"
        halved = not is_answerable and ((other, False) in groups) and ((group.removesuffix(" near"), False) in groups)
        share = ANSWERABLE if is_answerable else (1 - ANSWERABLE) / (2 if halved else 1)
        values.append(scores)
        answerable.append(np.full(len(scores), is_answerable))
        counts.append(np.full(len(scores), share / len(scores)))
    return np.concatenate(values), np.concatenate(answerable), np.concatenate(counts)


def fit_scale(groups: dict[tuple[str, bool], Array]) -> tuple[float, float]:
    """Return the slope and offset that make the confidence a probability (Platt, 1999)."""
    values, answerable, counts = counted(groups)
    inside = np.clip(values, 1e-5, 1 - 1e-5)
    known = values > 0  # what is missing has its confidence without them
    logits = np.stack([np.log(inside / (1 - inside)), np.ones(len(inside))], axis=1)[known]
    answerable, counts = answerable[known], counts[known] / counts[known].sum()
    scale = np.array([1.0, 0.0])
    # Half a step of Newton's method each time: a whole one overshoots where most chances are near 0 or 1.
    for _ in range(100):
        chances = 1 / (1 + np.exp(-logits @ scale))
        curvature = (logits * (counts * chances * (1 - chances))[:, None]).T @ logits
        scale -= 0.5 * np.linalg.solve(curvature + 1e-6 * np.eye(2), logits.T @ (counts * (chances - answerable)))
    return float(scale[0]), float(scale[1])


def reliability(groups: dict[tuple[str, bool], Array]) -> list[tuple[float, float, float]]:
    """Return the mean confidence of each tenth of the scale, the part that is answerable, and its share of all."""
    values, answerable, counts = counted(groups)
    counts = counts / counts.sum()
    steps = np.minimum((values * STEPS).astype(int), STEPS - 1)
    found = []
    for step in range(STEPS):
        inside = steps == step
        if share := counts[inside].sum():
            mean = (values[inside] * counts[inside]).sum() / share
            found.append((float(mean), float((answerable[inside] * counts[inside]).sum() / share), float(share)))
    return found


def drawn(steps: list[tuple[float, float, float]], family: Family) -> str:
    """Return a picture of the reliability: which part is answerable by the confidence; large marks are of many."""
    size, edge = 300, 45

    def at(x: float, y: float) -> tuple[float, float]:
        return edge + x * size, edge + (1 - y) * size

    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in (at(mean, part) for mean, part, _ in steps))
    marks = "".join(
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{2 + 14 * share**0.5:.1f}"/>'
        for (x, y), share in ((at(mean, part), share) for mean, part, share in steps)
    )
    numbers = "".join(
        f'<text x="{at(value, 0)[0]}" y="{edge + size + 16}" text-anchor="middle">{value}</text>'
        f'<text x="{edge - 6}" y="{at(0, value)[1] + 4}" text-anchor="end">{value}</text>'
        for value in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
    )
    whole = size + 2 * edge
    box = f'viewBox="0 0 {whole} {whole}" font-family="sans-serif" font-size="11"'
    return f"""<svg xmlns="http://www.w3.org/2000/svg" {box}>
<rect width="{whole}" height="{whole}" fill="#fff"/>
<rect x="{edge}" y="{edge}" width="{size}" height="{size}" fill="none" stroke="#999"/>
<line x1="{edge}" y1="{edge + size}" x2="{edge + size}" y2="{edge}" stroke="#999" stroke-dasharray="4 4"/>
<polyline points="{line}" fill="none" stroke="#1d6fb8" stroke-width="1.5"/>
<g fill="#1d6fb8" fill-opacity="0.6">{marks}</g>
{numbers}
<text x="{edge + size / 2}" y="{edge + size + 34}" text-anchor="middle">confidence ({family.value} vectors)</text>
<text x="14" y="{edge + size / 2}" text-anchor="middle" transform="rotate(-90 14 {edge + size / 2})">answerable</text>
</svg>
"""


async def asked_of(paths: list[Path], near: list[str], *, is_alone: bool) -> list[Asked]:
    async with models(load_settings()) as (_, embedder):
        family = Family.WORDS if is_alone else embedder.family
        found = [await ask_all(path, near if path == paths[0] else [], embedder, family) for path in paths]
    return [each for of_set in found for each in of_set]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="+", type=Path)
    parser.add_argument("--near", type=Path, help="questions about the paragraphs of the first set that answer none")
    parser.add_argument("--words", action="store_true", help="without vectors")
    parser.add_argument("--picture", type=Path, help="where the reliability is drawn")
    given = parser.parse_args()
    random.seed(1)
    near = read_unanswerable(given.near) if given.near else []
    asked = asyncio.run(asked_of(given.sets, near, is_alone=given.words))
    report_relevance(asked)
    report_confidence(asked, given.picture)


if __name__ == "__main__":
    main()
