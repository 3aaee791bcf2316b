"""How well each candidate passage answers a question: a linear re-ranker and a calibrated confidence."""

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float64]


# What is read of a candidate, each about in [0, 1] (`rag.index.memory` says what they are), with its weight in the
# re-ranker and in the confidence: fitted by bench/fit_ranking.py on the two sets that docs/retrieval.md describes,
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
    "kind": (1.1, 0.0),
    "unmet": (0.0, 0.0),
    "window": (0.0, 0.0),
    "near": (0.0, 0.0),
    "gap": (0.0, 0.0),
    "named": (0.0, 0.0),
    "negated": (0.0, 0.0),
    "code": (0.0, -12.0),
    "stranger": (0.0, -12.0),
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
