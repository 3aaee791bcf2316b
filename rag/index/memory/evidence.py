"""What the passages of a segment say for themselves: where they hold a question's terms, and how much that is worth."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from rag.index.memory.segments import Integers, Segment
from rag.retrieval.ranking import Scores
from rag.text.terms import term

_DIGIT = re.compile(r"\d")


_NUMERALS = frozenset(
    f"{language}:{term(word, language)}"
    for language, numerals in {
        "en": "two three four five six seven eight nine ten eleven twelve twenty half hundred thousand million twice",
        "fr": "deux trois quatre cinq sept huit neuf dix onze douze vingt cent mille million moitie tiers",
    }.items()
    for word in numerals.split()
)


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
