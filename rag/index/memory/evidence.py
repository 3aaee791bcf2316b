"""What the passages of a segment say for themselves: where they hold a question's terms, and how much that is worth."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rag.index.memory.segments import Integers, Segment
from rag.index.memory.vocabulary import Concept
from rag.retrieval.ranking import Scores


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


def matches(concepts: Sequence[Mapping[str, float]], segment: Segment, rows: Integers) -> Matches:
    """Return where the passages at `rows` of `segment` hold the terms of each concept, and relatives of these."""
    relatives: dict[int, tuple[int, float]] = {}
    found: dict[int, dict[int, float]] = defaultdict(dict)
    for number, keys in enumerate(concepts):
        for key, worth in keys.items():
            if (exact := segment.position(key)) is not None:
                found[exact][number] = max(worth, found[exact].get(number, 0.0))
            if worth == 1.0:
                for position, closeness in segment.relatives(key):
                    if closeness > relatives.get(position, (0, 0.0))[1]:
                        relatives[position] = (number, closeness)
    for position, (number, closeness) in relatives.items():
        if position not in found:
            found[position][number] = closeness
    lengths = segment.lengths[rows]
    owner = np.repeat(np.arange(len(rows)), lengths)
    place = np.arange(lengths.sum()) + np.repeat(segment.starts[rows] - np.cumsum(lengths) + lengths, lengths)
    tokens = segment.tokens[place]
    at = np.flatnonzero(np.isin(tokens, np.array(list(found), np.int64)))
    values = [found[position] for position in tokens[at].tolist()]
    at = np.repeat(at, [len(value) for value in values])
    return Matches(
        owner[at],
        segment.sentences[place[at]].astype(np.int64),
        place[at],
        np.array([number for value in values for number in value], np.int64),
        np.array([closeness for value in values for closeness in value.values()], np.float64),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What speaks for each candidate: float64 of shape (candidates,), each in [0, 1].

    `coverage`: part of the question's idf that the passage holds, relatives counted by their closeness;
    `exact`: the same without relatives; `sentence`: the same of its best sentence; `titled`: of its best sentence
    together with title and headings; `window`: of its best two adjacent sentences together with these; `pairs`: part of
    the question's adjacent terms that the passage holds adjacent and in that order; `elsewhere`: part of the idf
    that only other sentences hold; `gap`: part of the idf of the rarest term that the best window lacks;
    `name` and `number`: part of the idf that is of names, or of numbers, which the best window lacks; `best`: number of
    the best sentence. A question of one term has no pairs: its rarity counts in their place.
    """

    coverage: Scores
    exact: Scores
    sentence: Scores
    titled: Scores
    window: Scores
    pairs: Scores
    elsewhere: Scores
    gap: Scores
    name: Scores
    number: Scores
    best: Integers


def evidence(found: Matches, concepts: Sequence[Concept], idf: Scores, candidates: int, rarest: float) -> Evidence:
    """Weigh matches by the concepts' `idf`, of shape (concepts,); `rarest` is that of a word met nowhere."""
    total = max(float(idf.sum()), 1e-9)
    held = np.zeros((candidates, len(idf)))
    np.maximum.at(held, (found.candidate, found.term), found.closeness)

    keys, inverse = np.unique(np.stack([found.candidate, found.sentence]), axis=1, return_inverse=True)
    by_sentence = np.zeros((keys.shape[1], len(idf)))
    np.maximum.at(by_sentence, (inverse.reshape(-1), found.term), found.closeness)
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

    windows = np.maximum(body, titles[owner])
    follows = np.flatnonzero((np.diff(owner) == 0) & (np.diff(number) == 1))
    windows[follows] = np.maximum(windows[follows], body[follows + 1])
    worth = windows @ idf
    window, in_window = titles @ idf, titles.copy()
    for at in np.argsort(worth, kind="stable"):
        if worth[at] >= window[owner[at]]:
            window[owner[at]], in_window[owner[at]] = worth[at], windows[at]
    lacking = (1 - in_window) * idf

    pair = np.zeros((candidates, max(len(idf) - 1, 0)))
    together = np.diff(found.candidate) == 0
    follows = np.flatnonzero(together & (np.diff(found.place) == 1) & (np.diff(found.term) == 1))
    pair[found.candidate[follows], found.term[follows]] = 1.0
    weight = idf[:-1] + idf[1:]
    coverage = held @ idf / total
    weighed = max(float(weight.sum()), 1e-9)
    return Evidence(
        coverage=coverage,
        exact=(held == 1.0) @ idf / total,
        sentence=sentence / total,
        titled=titled / total,
        window=window / total,
        pairs=pair @ weight / weighed if len(weight) else titled / rarest,
        elsewhere=np.clip(coverage - window / total, 0, 1),
        gap=lacking.max(1, initial=0.0) / total,
        name=lacking @ np.array([float(concept.is_name) for concept in concepts]) / total,
        number=lacking @ np.array([float(concept.is_number) for concept in concepts]) / total,
        best=best,
    )
