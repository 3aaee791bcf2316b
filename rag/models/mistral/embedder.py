"""Texts embedded by Mistral, or by any server that speaks its API (vLLM, llama.cpp, Ollama, TEI)."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from core.errors import ErrorCode
from rag.models import spans
from rag.models.mistral.connection import Connection, RetryPolicy, ask
from rag.models.protocols import ModelError, Vectors

if TYPE_CHECKING:
    from mistralai.client.models import EmbeddingResponse
from rag.models.mistral.chat import CHAT_RETRY_POLICY, counted

INDEXING_RETRY_POLICY = RetryPolicy(reply=180.0, attempts=8, first_pause=1.0, longest_pause=60.0)
"""Nobody waits at a screen for a document to be embedded, and a large one meets the server's rate limit."""


MAX_BATCH_TEXTS = 64


MAX_BATCH_CHARACTERS = 24_000
"""Bounds of one embedding request. Mistral takes 16,384 tokens; two characters a token is fewer than any prose has."""


MAX_TEXT_CHARACTERS = 12_000
"""What is embedded of one text; chunks are ten times shorter. Mistral takes 8,192 tokens."""


class MistralEmbedder:
    """Texts embedded by a server's model.

    `weight` is where tuning starts: 1.0, the dense score as much as BM25's. It has yet to be tuned on the evaluation
    questions with this embedder, as that of the local one was.
    """

    weight = 1.0

    def __init__(
        self,
        api_key: str | None,
        *,
        server_url: str | None = None,
        model: str = "mistral-embed",
        dimensions: int = 1024,
        retry_policy: RetryPolicy = CHAT_RETRY_POLICY,
        indexing_retry_policy: RetryPolicy = INDEXING_RETRY_POLICY,
    ) -> None:
        """Prepare to ask the server at `server_url`, or Mistral's own, for vectors of `dimensions` numbers.

        Raises `ValueError` without a key for Mistral's own server.
        """
        self.name = model
        self.dimensions = dimensions
        self._connection = Connection(api_key, server_url, retry_policy.connect)
        self._retry_policy = retry_policy
        self._indexing_patience = indexing_retry_policy

    async def aclose(self) -> None:
        """Close the connections to the server."""
        await self._connection.aclose()

    async def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Return float32 of shape (len(texts), dimensions), rows of unit length, zero for a blank text.

        Raises `ModelError`; several requests are made for many texts, one after the other.
        """
        vectors = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        for batch in _batches(texts):
            cut = [texts[position][:MAX_TEXT_CHARACTERS] for position in batch]
            vectors[batch] = await self._embed(cut, self._indexing_patience)
        return vectors

    async def embed_question(self, text: str) -> Vectors:
        """Return float32 of shape (dimensions,), of unit length, zero for a blank text. Raises `ModelError`."""
        if not text.strip():
            return np.zeros(self.dimensions, dtype=np.float32)
        vectors: Vectors = (await self._embed([text[:MAX_TEXT_CHARACTERS]], self._retry_policy))[0]
        return vectors

    async def _embed(self, texts: list[str], retry_policy: RetryPolicy) -> Vectors:
        sdk = await self._connection.sdk()
        with spans.embeddings(self.name, len(texts), self.dimensions) as call:
            response = await ask(lambda: sdk.embeddings.create_async(model=self.name, inputs=texts), retry_policy)
            spans.embedded(call, counted(response.usage.prompt_tokens))
        return await asyncio.to_thread(self._vectors, response, len(texts))

    def _vectors(self, response: "EmbeddingResponse", count: int) -> Vectors:
        """Return the vectors in the order of the texts, scaled to unit length. Raises `ModelError` for any other."""
        rows = [item.embedding or [] for item in sorted(response.data, key=lambda item: item.index or 0)]
        if len(rows) != count or any(len(row) != self.dimensions for row in rows):
            sizes = sorted({len(row) for row in rows})
            message = (
                f"The model {self.name} gave {len(rows)} vectors of {sizes} numbers for {count} texts; "
                f"{self.dimensions} numbers are expected. Check the name of the embedding model."
            )
            raise ModelError(ErrorCode.MODEL_REFUSED, message, retryable=False)
        vectors = np.nan_to_num(np.array(rows, dtype=np.float32))
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        unit: Vectors = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
        return unit


def _batches(texts: Sequence[str]) -> Iterator[list[int]]:
    """Yield the positions of the texts that are not blank, in batches bounded by count and by characters."""
    batch: list[int] = []
    characters = 0
    for position, text in enumerate(texts):
        if not text.strip():
            continue
        size = min(len(text), MAX_TEXT_CHARACTERS)
        if batch and (len(batch) == MAX_BATCH_TEXTS or characters + size > MAX_BATCH_CHARACTERS):
            yield batch
            batch, characters = [], 0
        batch.append(position)
        characters += size
    if batch:
        yield batch
