"""The embedders that questions are embedded by. One that fails costs its vectors, and no answer."""

import time
from collections.abc import Sequence

import numpy as np
import structlog

from rag.models.protocols import Embedder, ModelError, Vectors
from rag.retrieval.ranking import Family

logger = structlog.get_logger(__name__)

PAUSE_SECONDS = 30.0
"""How long an embedder that failed is not asked again: each question would wait for it."""


class QuestionEmbedders:
    """Embeds questions by the embedder that made the vectors of a workspace, where it is there and answers."""

    def __init__(self, embedders: Sequence[Embedder]) -> None:
        self._embedders = {embedder.name: embedder for embedder in reversed(embedders)}
        self._pauses: dict[str, float] = {}
        self._missing: set[str] = set()

    def weight(self, name: str) -> float:
        """Return the share of an embedder's dense score; zero for one that is not there."""
        return self._embedders[name].weight if name in self._embedders else 0.0

    def family(self, name: str) -> Family:
        """Return the family of an embedder; that of words for one that is not there."""
        return self._embedders[name].family if name in self._embedders else Family.WORDS

    def answers(self, name: str) -> bool:
        """Tell whether an embedder is there, and did not just fail."""
        return name in self._embedders and time.monotonic() >= self._pauses.get(name, 0.0)

    async def embed(self, name: str, question: str) -> Vectors:
        """Return a question's vector, without dimensions where there is none: its words alone are then searched."""
        if name not in self._embedders and name not in self._missing:
            self._missing.add(name)
            logger.warning("words_alone", embedder=name, because="No setting leads to this embedder any more.")
        if not self.answers(name):
            return np.zeros(0, np.float32)
        try:
            vector = await self._embedders[name].embed_question(question)
        except ModelError as error:
            if name not in self._pauses:
                logger.warning("words_alone", embedder=name, because=error.message)
            self._pauses[name] = time.monotonic() + PAUSE_SECONDS
            return np.zeros(0, np.float32)
        if self._pauses.pop(name, None) is not None:
            logger.warning("vectors_again", embedder=name)
        return vector
