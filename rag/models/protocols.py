"""The two protocols behind which a model provider stands, and the values that cross them."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from core.errors import ErrorCode, MonitoraError
from rag.retrieval.passages import Passage
from rag.retrieval.ranking import Family

Vectors = NDArray[np.float32]


class ModelError(MonitoraError):
    """A model did not answer. `retryable` says whether the same call may work later."""

    def __init__(self, code: ErrorCode, message: str, *, retryable: bool) -> None:
        super().__init__(code, message)
        self.retryable = retryable


@dataclass(frozen=True, slots=True)
class Turn:
    """One earlier message of the conversation."""

    role: Literal["user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """All that an answer is made of, in the specification's order: system prompt, context, history, message.

    `passages` are sorted best first and hold only what passed the confidence threshold: none means that the documents
    do not answer. `temperature` is in [0, 1.5]; `max_tokens` bounds the answer; `language` is the
    question's ("en", "fr"). `no_answer` is what to say where the passages do not answer, and `suggestions` what may
    follow it. `search_query` is the question with what it leaves out.
    """

    system: str
    passages: Sequence[Passage]
    history: Sequence[Turn]
    question: str
    language: str
    model: str
    temperature: float
    max_tokens: int
    no_answer: str = ""
    suggestions: str = ""
    search_query: str = ""


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the answer's text, in order; never empty."""

    text: str


@dataclass(frozen=True, slots=True)
class Completion:
    """The end of an answer, with its tokens as the provider counts them.

    `finish_reason` is "stop", "length", or "other" for a reason of the provider's own, such as a filter.
    """

    finish_reason: str
    prompt_tokens: int
    completion_tokens: int
    model: str = field(default="")


@dataclass(frozen=True, slots=True)
class Rewriting:
    """A question to rewrite so that it stands alone: what the model is told, and the conversation that it ends."""

    instructions: str
    conversation: str
    model: str
    max_tokens: int


@runtime_checkable
class Probed(Protocol):
    """A model behind a server that can be asked whether it answers, at no cost."""

    async def probe(self) -> None:
        """Return when the server answers. Raises `ModelError`, whose message tells nothing that the server said."""
        ...


class ChatModel(Protocol):
    """Streams the text of an answer. `provider` is who runs the model, by the name OpenTelemetry's conventions have."""

    name: str
    provider: str

    def received(self, prompt: Prompt) -> str:
        """Return what the model reads of a prompt, word for word."""
        ...

    def stream(self, prompt: Prompt) -> AsyncIterator[Token | Completion]:
        """Yield tokens, then exactly one `Completion`. Raises `ModelError`, possibly after some tokens."""
        ...


@runtime_checkable
class Rewriter(Protocol):
    """Rewrites questions, in little time. `provider` is as that of a `ChatModel`."""

    provider: str

    async def rewrite(self, request: Rewriting) -> tuple[str, Completion]:
        """Return what the model wrote, and its end. Raises `ModelError`, also when its time is over."""
        ...


class Embedder(Protocol):
    """Turns texts into vectors of one fixed size.

    `name` identifies the vectors' space and is stored with each document: vectors of other names are never compared.
    `weight` is the share of the dense score beside BM25's 1.0, `family` says by which weights passages are ranked.
    """

    name: str
    weight: float
    family: Family

    async def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Return float32 of shape (len(texts), dimensions), each row of unit length (or zero). Raises `ModelError`."""
        ...

    async def embed_question(self, text: str) -> Vectors:
        """Return float32 of shape (dimensions,), of unit length (or zero). Raises `ModelError`."""
        ...
