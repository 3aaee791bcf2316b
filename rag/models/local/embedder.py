"""The embedder that needs neither network nor model file: hashed character n-grams, projected by sign."""

import asyncio
import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rag.models.protocols import Vectors
from rag.retrieval.ranking import Family
from rag.text.stop_words import ENGLISH_STOP_WORDS, FRENCH_STOP_WORDS
from rag.text.terms import words

_DIMENSIONS = 1024
_LENGTHS = (3, 4, 5)
_BOUNDARY = " "
# Each n-gram adds ±1 to this many dimensions (a sparse random projection: Kane and Nelson, 2014).
_PROJECTIONS = 4
_STOP_WORDS = ENGLISH_STOP_WORDS | FRENCH_STOP_WORDS

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)


def _mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return `values` hashed by SplitMix64's finaliser (Steele, Lea and Flood, 2014), the same on every platform."""
    values = (values ^ (values >> np.uint64(30))) * _MIX_1
    values = (values ^ (values >> np.uint64(27))) * _MIX_2
    return values ^ (values >> np.uint64(31))


def _embedded(text: str) -> Vectors:
    counts = Counter(word for word in words(text) if word not in _STOP_WORDS)
    if not counts:
        return np.zeros(_DIMENSIONS, np.float32)
    letters = np.frombuffer((_BOUNDARY + _BOUNDARY.join(counts) + _BOUNDARY).encode("utf-32-le"), np.uint32)
    boundary = letters == ord(_BOUNDARY)
    word = np.cumsum(boundary) - 1
    # A word's repetitions count by their logarithm.
    weights = np.array([1 + math.log(count) for count in counts.values()] + [0.0])
    inside = np.cumsum(boundary)
    sums = np.zeros(_DIMENSIONS)
    for length in _LENGTHS:
        windows = len(letters) - length + 1
        if windows <= 0:
            continue
        # A boundary may open or close an n-gram, never lie inside it.
        start = np.flatnonzero(inside[length - 2 : length - 2 + windows] == inside[:windows])
        hashes = np.full(len(start), length, np.uint64)
        for position in range(length):
            hashes = _mixed(hashes * _GOLDEN + letters[start + position])
        weight = weights[word[start]]
        for projection in range(_PROJECTIONS):
            bits = hashes >> np.uint64(16 * projection)
            signs = np.where(bits & np.uint64(_DIMENSIONS), weight, -weight)
            sums += np.bincount((bits & np.uint64(_DIMENSIONS - 1)).astype(np.intp), signs, _DIMENSIONS)
    norm = float(np.linalg.norm(sums))
    return (sums / norm if norm else sums).astype(np.float32)


class LocalEmbedder:
    """Hashed character 3–5-grams of the words that are no stop words, projected to 1,024 dimensions.

    A vector depends on its text alone, never on what else was ingested. Numpy only; no state, so threads may share it.
    """

    name = "local-char-ngrams-1024"
    dimensions = _DIMENSIONS
    weight = 0.3
    family = Family.LEXICAL

    async def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Return float32 of shape (len(texts), 1024); a text without a word gives a zero row."""
        return await asyncio.to_thread(self.embed, texts)

    async def embed_question(self, text: str) -> Vectors:
        """Return float32 of shape (1024,); zero for a text without a word."""
        return _embedded(text)

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return the same as `embed_passages`. Takes CPU."""
        return np.array([_embedded(text) for text in texts], np.float32).reshape(len(texts), _DIMENSIONS)


LOCAL_EMBEDDERS = {LocalEmbedder.name: LocalEmbedder()}
"""The embedders that need neither network nor file, by name: a child process can apply them."""
