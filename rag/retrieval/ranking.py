"""How well each candidate passage answers a question: a linear re-ranker and a calibrated confidence."""

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float64]


class Family(Enum):
    """What vectors say beside the words: nothing, how alike words are written, or how alike their meaning is."""

    WORDS = "words"
    LEXICAL = "lexical"
    SEMANTIC = "semantic"


# What is read of a candidate, each about in [0, 1] (`rag.index.memory` says what they are), with its weight in three
# sums of each family (words, lexical, semantic): the order of the passages; whether the passage is about what is asked;
# whether it then answers. Fitted by bench/fit_ranking.py on the sets that docs/retrieval.md describes.
_WEIGHTS = {
    "fused": ((4.2, 0.0, 0.0), (3.1, 0.0, 0.0), (3.3, 0.0, 0.0)),
    "document": ((1.2, 0.0, 0.0), (1.2, 0.0, 0.0), (0.4, 0.0, 0.0)),
    "neighbour": ((0.9, 0.0, 0.0), (0.7, 0.0, 0.0), (0.4, 0.0, 0.0)),
    "coverage": ((2.9, 0.0, 0.0), (2.8, 0.0, 0.0), (1.9, 0.0, 0.0)),
    "exact": ((0.0, 3.2, 0.0), (0.0, 3.0, 0.0), (0.0, 1.8, 0.0)),
    "sentence": ((1.7, 0.0, 0.0), (1.3, 0.0, 0.0), (1.1, 0.0, 0.0)),
    "titled": ((2.8, 3.0, 0.0), (2.7, 2.4, 0.0), (2.4, 3.5, 0.0)),
    "window": ((1.5, 0.0, 0.0), (1.5, 0.0, 0.0), (1.3, 0.0, 0.0)),
    "pairs": ((2.7, 2.5, 0.0), (2.4, 2.2, 0.0), (2.3, 2.1, 0.0)),
    "elsewhere": ((0.0, 0.0, -1.0), (0.0, 0.0, -2.7), (0.0, 0.0, -2.1)),
    "gap": ((0.0, 0.0, -4.2), (0.0, 0.0, -2.8), (0.0, 0.0, -2.1)),
    "name": ((-0.3, -3.8, -3.7), (-0.7, -3.0, -4.6), (-0.1, -3.0, -3.3)),
    "number": ((-2.0, 0.0, -1.4), (-2.9, 0.0, -2.5), (-2.0, 0.0, -3.7)),
    "unmet": ((-0.8, 0.0, -0.6), (-0.9, 0.0, -0.6), (-0.7, 0.0, -0.5)),
    "denied": ((0.0, 0.0, -3.5), (0.0, 0.0, -3.7), (0.0, 0.0, -3.4)),
    "dense": ((0.0, 0.0, 0.0), (3.0, 5.8, 1.6), (9.7, 10.2, 3.5)),
    "shared": ((0.0, 3.1, 0.0), (0.0, 2.8, 0.0), (0.0, 1.6, 0.0)),
    "size": ((0.0, -2.3, 0.0), (0.0, -2.4, 0.0), (0.0, -3.3, 0.0)),
    # Set by hand: what is in no passage cannot be answered, whatever else matches.
    "missing": ((0.0, -40.0, 0.0), (0.0, -40.0, 0.0), (0.0, -40.0, 0.0)),
}
FEATURES = tuple(_WEIGHTS)
"""The names of what is read of a candidate, in the order of its columns."""
CONFIDENCE_THRESHOLD = 0.5
"""An answer whose best passage is less sure than this is none, where a workspace has no threshold of its own."""


@dataclass(frozen=True, slots=True)
class _Scale:
    """What turns the two sums into a probability: the biases of both, then slope and offset of their product's logit.

    The last two make the confidence mean the same in each family: of the questions with a confidence of 0.7, seven
    in ten have an answer, where three of five questions have one.
    """

    about: float
    answers: float
    slope: float
    offset: float


_SCALES = {
    Family.WORDS: _Scale(-4.45, 0.88, 0.71, 1.66),
    Family.LEXICAL: _Scale(-4.91, 0.19, 0.78, 1.73),
    Family.SEMANTIC: _Scale(-4.32, -0.91, 0.76, 1.81),
}
_SUMS = {family: np.array([weights[at] for weights in _WEIGHTS.values()]).T for at, family in enumerate(Family)}
_SMALLEST = 1e-9


def relevance(features: Scores, family: Family) -> Scores:
    """Return the re-ranker's score of each candidate, of shape (candidates,); only their order means something."""
    scores: Scores = (features @ _SUMS[family][0]).round(9)
    return scores


def confidence(features: Scores, family: Family) -> Scores:
    """Return the probability that each candidate answers what is asked, of shape (candidates,).

    It is the product of two, that the passage is about what is asked and that it answers if it is, on a scale that all
    families share.
    """
    scale = _SCALES[family]
    sums = _SUMS[family][1:] @ features.T + np.array([[scale.about], [scale.answers]])
    return calibrated((1 / (1 + np.exp(-sums))).prod(0), scale.slope, scale.offset)


def calibrated(product: Scores, slope: float, offset: float) -> Scores:
    """Return probabilities with their logit multiplied by `slope` and moved by `offset`; zero stays about zero."""
    inside = np.clip(product, _SMALLEST, 1 - _SMALLEST)
    probabilities: Scores = 1 / (1 + np.exp(-(slope * np.log(inside / (1 - inside)) + offset)))
    return probabilities
