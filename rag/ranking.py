"""How well each candidate passage answers a question: a linear re-ranker and a calibrated confidence."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rag.language import LANGUAGES, fold, term, words
from rag.segments import Integers, Segment

Scores = NDArray[np.float64]

# Distinct words of a question that are read; a longer question is a pasted text.
QUESTION_WORDS = 64

_QUANTITY = re.compile(
    r"\bhow (?:many|much|long|old|far|large|big|tall|high|fast|often|deep|heavy|wide)\b|\bwhen\b|\bpercent"
    r"|\b(?:what|which)(?: \w+)? (?:year|date|day|month|century|decade|number|percentage|amount|age|size|price|cost)\b"
    r"|\bcombien\b|\bquand\b|\bpourcentage\b|\bquel age\b"
    r"|\bquel(?:le)?s?(?: \w+){0,3} (?:annees?|date|jour|mois|siecle|decennie|epoque|nombre|taille|superficie"
    r"|population|distance|longueur|hauteur|part|prix|montant|duree|cout)\b"
)
_DIGIT = re.compile(r"\d")
_NUMERALS = frozenset(
    f"{language}:{term(word, language)}"
    for language, numerals in {
        "en": "two three four five six seven eight nine ten eleven twelve twenty half hundred thousand million twice",
        "fr": "deux trois quatre cinq sept huit neuf dix onze douze vingt cent mille million moitie tiers",
    }.items()
    for word in numerals.split()
)


# What is read of a candidate, each about in [0, 1] (`rag.index` and `Evidence` say what they are), with its weight in
# the re-ranker and in the confidence: fitted by bench/fit_ranking.py on the two sets that docs/retrieval.md describes,
# English and French together, so that one set of weights serves both.
_WEIGHTS = {
    "fused": (3.8, 0.0),
    "document": (1.4, 0.0),
    "neighbour": (0.7, 0.0),
    "coverage": (3.1, 0.0),
    "exact": (0.0, 2.0),
    "sentence": (1.7, 0.0),
    "titled": (3.3, 4.0),
    "pairs": (2.3, 1.5),
    "quantity": (1.1, 0.0),
    "dense": (0.0, 6.3),
    "shared": (0.0, 3.0),
    "size": (0.0, -2.0),
}
# Size and bias are set by hand: 86 % of the answerable questions or more pass in every set and size of workspace.
_CONFIDENCE_BIAS = -4.4
FEATURES = tuple(_WEIGHTS)
_RELEVANCE, _CONFIDENCE = np.array(list(_WEIGHTS.values())).T

# An answer whose best passage is less sure than this is none: the assistant says that it does not know.
CONFIDENCE_THRESHOLD = 0.5


def relevance(features: Scores) -> Scores:
    """Return the re-ranker's score of each candidate, of shape (candidates,); only their order means something."""
    scores: Scores = (features @ _RELEVANCE).round(9)
    return scores


def confidence(features: Scores) -> Scores:
    """Return the probability that each candidate is about what is asked, of shape (candidates,)."""
    probabilities: Scores = 1 / (1 + np.exp(-(features @ _CONFIDENCE + _CONFIDENCE_BIAS)))
    return probabilities


@dataclass(frozen=True, slots=True)
class Question:
    """A question as it is compared: `terms[language]` maps the terms it has there, in order, to the words they stem."""

    terms: dict[str, dict[str, str]]
    expects_quantity: bool


def read(question: str) -> Question:
    """Return the terms of `question` in each language: its words may mean something in one and nothing in another."""
    found = list(dict.fromkeys(words(question)))
    terms: dict[str, dict[str, str]] = {}
    for language in LANGUAGES:
        terms[language] = {}
        for word in found:
            if (stem := term(word, language)) is not None and len(terms[language]) < QUESTION_WORDS:
                terms[language].setdefault(f"{language}:{stem}", word)
    return Question(terms, bool(_QUANTITY.search(fold(question))))


@dataclass(frozen=True, slots=True, eq=False)
class Matches:
    """Where candidates hold a question's terms, in reading order, a row each.

    `candidate` and `term` are numbers, `place` tells which terms stand next to each other, `sentence` is 0 for the
    title and headings, `closeness` is 1 for the term itself and less for a relative.
    """

    candidate: Integers
    sentence: Integers
    place: Integers
    term: Integers
    closeness: Scores


def matches(terms: Sequence[str], segment: Segment, rows: Integers) -> Matches:
    """Return where the passages at `rows` of `segment` hold `terms` and their relatives."""
    found: dict[int, tuple[int, float]] = {}
    for number, key in enumerate(terms):
        for position, closeness in segment.relatives(key):
            if closeness > found.get(position, (0, 0.0))[1]:
                found[position] = (number, closeness)
    for number, key in enumerate(terms):
        if (exact := segment.position(key)) is not None:
            found[exact] = (number, 1.0)
    lengths = segment.lengths[rows]
    owner = np.repeat(np.arange(len(rows)), lengths)
    place = np.arange(lengths.sum()) + np.repeat(segment.starts[rows] - np.cumsum(lengths) + lengths, lengths)
    tokens = segment.tokens[place]
    at = np.flatnonzero(np.isin(tokens, np.array(list(found), np.int64)))
    values = [found[position] for position in tokens[at].tolist()]
    return Matches(
        owner[at],
        segment.sentences[place[at]].astype(np.int64),
        place[at],
        np.array([number for number, _ in values], np.int64),
        np.array([closeness for _, closeness in values], np.float64),
    )


def quantities(terms: Collection[str], segment: Segment, row: int) -> set[int]:
    """Return the sentences of a passage that hold a number or a numeral which is none of the question's `terms`."""
    span = slice(segment.starts[row], segment.starts[row + 1])
    keys = [segment.vocabulary[token] for token in segment.tokens[span].tolist()]
    return {
        sentence
        for key, sentence in zip(keys, segment.sentences[span].tolist(), strict=True)
        if key not in terms and (key in _NUMERALS or _DIGIT.search(key))
    }


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What speaks for each candidate: float64 of shape (candidates,), each in [0, 1].

    `coverage`: part of the question's idf that the passage holds, relatives counted by their closeness;
    `exact`: the same without relatives; `sentence`: the same of its best sentence; `titled`: of its best sentence
    together with title and headings; `pairs`: part of the question's adjacent terms that the passage holds adjacent and
    in that order; `best`: number of the best sentence.
    """

    coverage: Scores
    exact: Scores
    sentence: Scores
    titled: Scores
    pairs: Scores
    best: Integers


def evidence(found: Matches, idf: Scores, candidates: int) -> Evidence:
    """Weigh matches by the terms' `idf`, of shape (terms,)."""
    total = max(float(idf.sum()), 1e-9)
    held = np.zeros((candidates, len(idf)))
    np.maximum.at(held, (found.candidate, found.term), found.closeness)

    keys, inverse = np.unique(np.stack([found.candidate, found.sentence]), axis=1, return_inverse=True)
    by_sentence = np.zeros((keys.shape[1], len(idf)))
    np.maximum.at(by_sentence, (inverse, found.term), found.closeness)
    of_title = keys[1] == 0
    titles = np.zeros((candidates, len(idf)))
    titles[keys[0][of_title]] = by_sentence[of_title]
    owner, number, body = keys[0][~of_title], keys[1][~of_title], by_sentence[~of_title]
    alone = body @ idf
    sentence, titled, best = np.zeros(candidates), titles @ idf, np.zeros(candidates, np.int64)
    np.maximum.at(sentence, owner, alone)
    np.maximum.at(titled, owner, np.maximum(body, titles[owner]) @ idf)
    leading = alone >= sentence[owner]
    best[owner[leading]] = number[leading]

    pair = np.zeros((candidates, max(len(idf) - 1, 0)))
    follows = np.flatnonzero((np.diff(found.candidate) == 0) & (np.diff(found.place) == 1) & (np.diff(found.term) == 1))
    pair[found.candidate[follows], found.term[follows]] = 1.0
    weight = idf[:-1] + idf[1:]
    return Evidence(
        coverage=held @ idf / total,
        exact=(held == 1.0) @ idf / total,
        sentence=sentence / total,
        titled=titled / total,
        pairs=pair @ weight / max(float(weight.sum()), 1e-9),
        best=best,
    )
