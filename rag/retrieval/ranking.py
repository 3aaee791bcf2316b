"""How well each candidate passage answers a question: a linear re-ranker and a calibrated confidence."""

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float64]


# What is read of a candidate, each about in [0, 1] (`rag.index.memory` says what they are), with its weight in three
# sums: the order of the passages; whether the passage is about what is asked; whether it then answers. Fitted by
# bench/fit_ranking.py on the sets that docs/retrieval.md describes, all languages together.
_WEIGHTS = {
    "fused": (3.2, 0.0, 0.0),
    "document": (1.4, 0.0, 0.0),
    "neighbour": (0.7, 0.0, 0.0),
    "coverage": (2.4, 0.0, 0.0),
    "exact": (0.0, 3.3, 0.0),
    "sentence": (1.4, 0.0, 0.0),
    "titled": (2.8, 2.7, 0.0),
    "window": (1.2, 0.0, 0.0),
    "pairs": (2.4, 2.0, 0.0),
    "elsewhere": (0.0, 0.0, -1.7),
    "gap": (0.0, 0.0, -2.3),
    "name": (-2.6, -2.8, -3.5),
    "number": (-2.8, 0.0, -3.1),
    "unmet": (-0.8, 0.0, -0.6),
    "denied": (0.0, 0.0, -3.9),
    "dense": (2.4, 6.6, 1.9),
    "shared": (0.0, 2.6, 0.0),
    "size": (0.0, -2.3, 0.0),
    # Set by hand: what is in no passage cannot be answered, whatever else matches.
    "missing": (0.0, -12.0, 0.0),
}
# Set by hand above what is fitted, which weighs a wrong answer and a wrong refusal alike.
_BIASES = np.array([[-3.5], [1.8]])


FEATURES = tuple(_WEIGHTS)
"""The names of what is read of a candidate, in the order of its columns."""
_RELEVANCE, *_CONFIDENCE = np.array(list(_WEIGHTS.values())).T
CONFIDENCE_THRESHOLD = 0.5
"""An answer whose best passage is less sure than this is none, where a workspace has no threshold of its own."""


def relevance(features: Scores) -> Scores:
    """Return the re-ranker's score of each candidate, of shape (candidates,); only their order means something."""
    scores: Scores = (features @ _RELEVANCE).round(9)
    return scores


def confidence(features: Scores) -> Scores:
    """Return the probability that each candidate answers what is asked, of shape (candidates,).

    It is the product of two: that the passage is about what is asked, and that it answers if it is.
    """
    probabilities: Scores = (1 / (1 + np.exp(-(np.array(_CONFIDENCE) @ features.T + _BIASES)))).prod(0)
    return probabilities
