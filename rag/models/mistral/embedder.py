"""Texts embedded by Mistral, or by any server that speaks `/v1/embeddings` (vLLM, llama.cpp, Ollama, TEI)."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
from pydantic import BaseModel, ValidationError

from core.errors import ErrorCode
from rag.models import spans
from rag.models.mistral.chat import counted
from rag.models.mistral.connection import Connection, RetryPolicy, UnknownModel, ask, unknown_model
from rag.models.mistral.failures import CHAT_SERVER, ServerVariables
from rag.models.protocols import ModelError, Vectors
from rag.retrieval.ranking import Family

QUESTION_RETRY_POLICY = RetryPolicy(reply=10.0, attempts=2)
"""A visitor waits, and words alone find most of what vectors do."""

INDEXING_RETRY_POLICY = RetryPolicy(reply=180.0, attempts=8, first_pause=1.0, longest_pause=60.0)
"""Nobody waits at a screen for a document to be embedded, and a large one meets the server's rate limit."""

MAX_BATCH_CHARACTERS = 24_000
"""Bounds of one embedding request. Mistral takes 16,384 tokens; two characters a token is fewer than any prose has."""

MAX_TEXT_CHARACTERS = 12_000
"""What is embedded of one text; chunks are ten times shorter. Mistral takes 8,192 tokens."""

MISTRAL_EMBED = "mistral-embed"
_KNOWN_DIMENSIONS = {MISTRAL_EMBED: 1024}
MAX_DIMENSIONS = 8_192
"""Longest vector that is stored; the models of 2026 give 4,096 numbers at most."""


@dataclass(frozen=True, slots=True)
class EmbeddingOptions:
    """How a server is asked for vectors.

    `dimensions` are asked of it; None takes what the model gives. The prefixes stand before each question and each
    passage: some models want them. `input_type` tells the server which of the two a text is, where it puts the prefixes
    itself. `batch` are texts of one request, `at_once` requests for passages at a time.
    """

    dimensions: int | None = None
    query_prefix: str = ""
    passage_prefix: str = ""
    input_type: bool = False
    batch: int = 64
    at_once: int = 2


class MistralEmbedder:
    """Texts embedded by a server's model, which is taken for one of meanings (docs/retrieval.md)."""

    weight = 1.0
    family = Family.SEMANTIC

    def __init__(
        self,
        api_key: str | None,
        *,
        server_url: str | None = None,
        model: str = MISTRAL_EMBED,
        options: EmbeddingOptions | None = None,
        variables: ServerVariables = CHAT_SERVER,
        retry_policy: RetryPolicy = QUESTION_RETRY_POLICY,
        indexing_retry_policy: RetryPolicy = INDEXING_RETRY_POLICY,
    ) -> None:
        """Prepare to ask the server at `server_url`, or Mistral's own.

        Raises `ValueError` without a key for Mistral's own server.
        """
        self._options = options or EmbeddingOptions()
        self._model = model
        self.name = _identity(model, self._options)
        # Where it is not known before, the first vectors tell it: a model has one length.
        self.dimensions = self._options.dimensions or _KNOWN_DIMENSIONS.get(model)
        self._connection = Connection(api_key, server_url, retry_policy.connect, variables)
        self._retry_policy = retry_policy
        self._indexing_patience = indexing_retry_policy
        # A question does not wait behind the passages of documents.
        self._room = asyncio.Semaphore(self._options.at_once)

    async def aclose(self) -> None:
        """Close the connections to the server."""
        await self._connection.aclose()

    async def unknown_model(self) -> UnknownModel | None:
        """Return the model if the server does not know it. Raises `ModelError`."""
        return unknown_model(self._model, await self._connection.models())

    async def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Return float32 of shape (len(texts), dimensions), rows of unit length, zero for a blank text.

        Raises `ModelError`; several requests are made for many texts, one after the other.
        """
        found: list[tuple[list[int], Vectors]] = []
        for batch in _batches(texts, self._options.batch):
            cut = [self._options.passage_prefix + texts[position][:MAX_TEXT_CHARACTERS] for position in batch]
            async with self._room:
                vectors = await self._embed(cut, "passage", self._indexing_patience)
            if not vectors.any():
                raise self._refused("nothing but zeros")
            found.append((batch, vectors))
        all_vectors = np.zeros((len(texts), self.dimensions or 0), dtype=np.float32)
        for batch, vectors in found:
            all_vectors[batch] = vectors
        return all_vectors

    async def embed_question(self, text: str) -> Vectors:
        """Return float32 of shape (dimensions,), of unit length, zero for a blank text. Raises `ModelError`."""
        if not text.strip():
            return np.zeros(self.dimensions or 0, dtype=np.float32)
        asked = self._options.query_prefix + text[:MAX_TEXT_CHARACTERS]
        vectors: Vectors = (await self._embed([asked], "query", self._retry_policy))[0]
        return vectors

    async def _embed(self, texts: list[str], kind: str, retry_policy: RetryPolicy) -> Vectors:
        body: dict[str, object] = {"model": self._model, "input": texts}
        if self._options.dimensions is not None:
            body["output_dimension" if self._connection.is_mistrals_own else "dimensions"] = self._options.dimensions
        if self._options.input_type:
            body["input_type"] = kind
        with spans.embeddings(self._model, len(texts), self.dimensions) as call:
            content = await ask(lambda: self._connection.post("/v1/embeddings", body), retry_policy)
            vectors, tokens = await asyncio.to_thread(self._read, content, len(texts))
            spans.embedded(call, counted(tokens))
        if self.dimensions is None:
            self.dimensions = vectors.shape[1]
        elif vectors.shape[1] != self.dimensions:
            raise self._refused(f"vectors of {vectors.shape[1]} numbers, and {self.dimensions} are expected")
        return vectors

    def _read(self, content: bytes, count: int) -> tuple[Vectors, int]:
        """Return the vectors in the order of the texts, scaled to unit length, and the tokens that were counted.

        Raises `ModelError` for anything else.
        """
        try:
            response = _Response.model_validate_json(content)
        except ValidationError as error:
            raise self._refused("an answer that holds no vectors") from error
        rows = response.data
        if all(row.index is not None for row in rows):
            rows = sorted(rows, key=lambda row: row.index or 0)
            if [row.index for row in rows] != list(range(len(rows))):
                raise self._refused("vectors of texts that it was not asked for")
        sizes = sorted({len(row.embedding) for row in rows})
        if len(rows) != count or len(sizes) != 1 or not 0 < sizes[0] <= MAX_DIMENSIONS:
            raise self._refused(f"{len(rows)} vectors of {sizes} numbers for {count} texts")
        numbers = np.array([row.embedding for row in rows], dtype=np.float64)
        if not np.isfinite(numbers).all():
            raise self._refused("vectors with numbers that are not finite")
        # Divided twice: the square of a large number may be none.
        numbers /= np.maximum(np.abs(numbers).max(axis=1, keepdims=True), np.finfo(np.float64).tiny)
        lengths = np.linalg.norm(numbers, axis=1, keepdims=True)
        unit = np.divide(numbers, lengths, out=np.zeros_like(numbers), where=lengths > 0).astype(np.float32)
        return unit, response.usage.prompt_tokens or 0 if response.usage else 0

    def _refused(self, gave: str) -> ModelError:
        message = f"The model {self._model} gave {gave}. Check the name of the embedding model and its server."
        return ModelError(ErrorCode.MODEL_REFUSED, message, retryable=False)


class _Row(BaseModel):
    embedding: list[float]
    index: int | None = None


class _Usage(BaseModel):
    prompt_tokens: int | None = None


class _Response(BaseModel):
    data: list[_Row]
    usage: _Usage | None = None


def _identity(model: str, options: EmbeddingOptions) -> str:
    """Return the name of the space: the model, with what else its passages' vectors depend on."""
    name = model
    if options.dimensions is not None:
        name += f" {options.dimensions}"
    if options.input_type:
        name += " typed"
    if options.passage_prefix:
        name += f" {sha256(options.passage_prefix.encode()).hexdigest()[:8]}"
    return name


def _batches(texts: Sequence[str], at_most: int) -> Iterator[list[int]]:
    """Yield the positions of the texts that are not blank, in batches bounded by count and by characters."""
    batch: list[int] = []
    characters = 0
    for position, text in enumerate(texts):
        if not text.strip():
            continue
        size = min(len(text), MAX_TEXT_CHARACTERS)
        if batch and (len(batch) == at_most or characters + size > MAX_BATCH_CHARACTERS):
            yield batch
            batch, characters = [], 0
        batch.append(position)
        characters += size
    if batch:
        yield batch
