"""Answers streamed by Mistral, or by any server that speaks its API (vLLM, llama.cpp, Ollama)."""

import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from core.errors import ErrorCode
from data.models.workspaces import DEFAULT_MODEL
from rag.answers.prompt import Message, messages, rewriting_messages
from rag.models import spans
from rag.models.mistral.connection import (
    MAX_NAME_CHARACTERS,
    Connection,
    RetryPolicy,
    UnknownModel,
    ask,
    unknown_model,
    within,
)
from rag.models.mistral.failures import model_errors
from rag.models.protocols import Completion, ModelError, Prompt, Rewriting, Token

if TYPE_CHECKING:
    from mistralai.client.models import CompletionChunk, CompletionEvent, UsageInfo
    from mistralai.client.utils.eventstreaming import EventStreamAsync


CHAT_RETRY_POLICY = RetryPolicy()
"""A visitor waits."""


# The specification's default, `mistral-small`, and its relatives are families: the server wants one of their versions.
_FAMILIES = frozenset({"mistral-small", "mistral-medium", "mistral-large", "ministral-3b", "ministral-8b", "codestral"})


MAX_ANSWER_CHARACTERS = 100_000
"""Longest answer, for a server that does not keep to the tokens it was allowed: 25 characters a token at the most."""
MAX_COUNTED_TOKENS = 10_000_000
"""Most tokens believed of one call: a count is stored and added up."""

_FINISH_REASONS = {"stop": "stop", "length": "length", "model_length": "length"}


REWRITING_SECONDS = 3.0
"""How long a question may take to be rewritten: its visitor waits for that and for the answer."""


@dataclass(frozen=True, slots=True)
class _Call:
    """What a model is asked."""

    model: str
    messages: list[Message]
    temperature: float
    max_tokens: int


class MistralChat:
    """Answers streamed by a chat model: the prompt's, or `model` where the prompt has the default of workspaces."""

    provider = spans.MISTRAL

    def __init__(
        self,
        api_key: str | None,
        *,
        server_url: str | None = None,
        model: str | None = None,
        retry_policy: RetryPolicy = CHAT_RETRY_POLICY,
        rewriting_seconds: float = REWRITING_SECONDS,
    ) -> None:
        """Prepare to ask the server at `server_url`, or Mistral's own. Nothing is sent before the first question.

        `rewriting_seconds` is how long a question may take to be rewritten.

        Raises `ValueError` without a key for Mistral's own server.
        """
        self.name = model or "mistral"
        self._model = model
        self._connection = Connection(api_key, server_url, retry_policy.connect)
        self._retry_policy = retry_policy
        self._rewriting_seconds = rewriting_seconds

    async def aclose(self) -> None:
        """Close the connections to the server."""
        await self._connection.aclose()

    async def probe(self) -> None:
        """Return when the server answers. Raises `ModelError`, whose message tells nothing that the server said."""
        await self._connection.probe()

    async def unknown_model(self) -> UnknownModel | None:
        """Return the default model if the server does not know it. Raises `ModelError`."""
        return unknown_model(self._served_name(DEFAULT_MODEL), await self._connection.models())

    def received(self, prompt: Prompt) -> str:
        """Return the messages that are sent, each under its role."""
        return "\n\n".join(f"### {message['role']}\n{message['content']}" for message in messages(prompt))

    async def stream(self, prompt: Prompt) -> AsyncIterator[Token | Completion]:
        """Yield the answer's tokens, then one `Completion`; closing the iterator closes the request.

        Failures are tried again only before the first token: after it, the visitor would read the answer twice.
        A server that does not count tokens gives 0 prompt tokens, and as many completion tokens as pieces of text.

        Raises `ModelError`, possibly after some tokens.
        """
        call = _Call(prompt.model, messages(prompt), prompt.temperature, prompt.max_tokens)
        async for piece in self._stream(call, self._retry_policy):
            yield piece

    async def rewrite(self, request: Rewriting) -> tuple[str, Completion]:
        """Return what the model writes in the seconds that it has, and its end; it is asked once.

        Raises `ModelError`.
        """
        call = _Call(request.model, rewriting_messages(request), 0.0, request.max_tokens)
        text = ""
        pieces = self._stream(call, replace(self._retry_policy, attempts=1))
        async with within(self._rewriting_seconds, "The model did not rewrite the question in time."), aclosing(pieces):
            async for piece in pieces:
                if isinstance(piece, Completion):
                    return text, piece
                text += piece.text
        raise ModelError(ErrorCode.MODEL_INTERRUPTED, "The model's answer ended too early.", retryable=True)

    async def _stream(self, call: "_Call", retry_policy: RetryPolicy) -> AsyncGenerator[Token | Completion, None]:
        events, first = await ask(lambda: self._begin(call), retry_policy)
        answer = _Answer(call.model)
        chunk: CompletionChunk | None = first
        deadline = time.monotonic() + retry_policy.answer
        try:
            while chunk is not None:
                for text in answer.read(chunk):
                    yield Token(text)
                chunk = None if answer.is_whole() else await self._next(events, answer, deadline)
        finally:
            await _close(events)
        yield answer.completion()

    def _served_name(self, model: str) -> str:
        """Return the operator's model for the default, or a family's present model on Mistral's own server."""
        if self._model and model == DEFAULT_MODEL:
            return self._model
        return f"{model}-latest" if self._connection.is_mistrals_own and model in _FAMILIES else model

    async def _begin(self, call: "_Call") -> "tuple[EventStreamAsync[CompletionEvent], CompletionChunk]":
        """Send the prompt and read up to the first chunk that says something."""
        sdk = await self._connection.sdk()
        events = await sdk.chat.stream_async(
            model=self._served_name(call.model),
            messages=cast("list[Any]", call.messages),
            temperature=call.temperature,
            max_tokens=call.max_tokens,
        )
        try:
            async for event in events:
                if any(_texts(event.data)) or _finish_reason(event.data):
                    return events, event.data
        except BaseException:
            await _close(events)
            raise
        raise ModelError(
            ErrorCode.MODEL_INTERRUPTED, "The model's answer has nothing in it. Ask again.", retryable=True
        )

    async def _next(
        self, events: "EventStreamAsync[CompletionEvent]", answer: "_Answer", deadline: float
    ) -> "CompletionChunk | None":
        """Return the next chunk, or None after the last. What fails behind the end of an answer does not matter."""
        silence = "The model stopped in the middle of its answer. Ask again."
        patience = min(self._retry_policy.between_tokens, deadline - time.monotonic())
        try:
            with model_errors():
                async with within(patience, silence):
                    event: CompletionEvent = await anext(events)
                    return event.data
        except StopAsyncIteration:
            return None
        except ModelError:
            if answer.finish_reason:
                return None
            raise


async def _close(events: "EventStreamAsync[CompletionEvent]") -> None:
    """Close the request now, and the generator that reads it, which would otherwise wait for the garbage collector."""
    await events.generator.aclose()
    await events.response.aclose()


def _texts(chunk: "CompletionChunk") -> Iterator[str]:
    """Yield the pieces of text in a chunk; what a model thinks aloud is no part of its answer."""
    for choice in chunk.choices[:1]:
        content = choice.delta.content
        if isinstance(content, str):
            yield content
        elif isinstance(content, list):
            yield from (piece.text for piece in content if piece.type == "text")


def _finish_reason(chunk: "CompletionChunk") -> str:
    return next((str(choice.finish_reason) for choice in chunk.choices if choice.finish_reason), "")


class _Answer:
    """What is known of an answer while it streams."""

    def __init__(self, model: str) -> None:
        self.finish_reason = ""
        self._model = model
        self._usage: UsageInfo | None = None
        self._pieces = 0
        self._room = MAX_ANSWER_CHARACTERS

    def read(self, chunk: "CompletionChunk") -> Iterator[str]:
        """Take what a chunk tells, and yield its text. Raises `ModelError` when the model says that it failed.

        An answer that is too long ends at its bound.
        """
        self.finish_reason = self.finish_reason or _finish_reason(chunk)
        self._model = _name(chunk.model) or self._model
        self._usage = chunk.usage or self._usage
        for text in filter(None, _texts(chunk)):
            self._pieces += 1
            kept = text[: max(self._room, 0)]
            self._room -= len(text)
            if kept:
                yield kept
        if self._room < 0:
            self.finish_reason = "length"
        if self.finish_reason == "error":
            raise ModelError(ErrorCode.MODEL_INTERRUPTED, "The model failed in its answer. Ask again.", retryable=True)

    def is_whole(self) -> bool:
        """Tell whether nothing more is to come: some servers count tokens in a chunk after the last."""
        return self._room < 0 or (bool(self.finish_reason) and self._usage is not None)

    def completion(self) -> Completion:
        """Return the end of the answer. Raises `ModelError` if it never came."""
        if not self.finish_reason:
            message = "The model's answer ended too early. Ask again."
            raise ModelError(ErrorCode.MODEL_INTERRUPTED, message, retryable=True)
        usage = self._usage
        return Completion(
            finish_reason=_FINISH_REASONS.get(self.finish_reason, "other"),
            prompt_tokens=counted(usage.prompt_tokens) if usage else 0,
            completion_tokens=counted(usage.completion_tokens) if usage else self._pieces,
            model=self._model,
        )


def counted(tokens: int | None) -> int:
    """Return a number of tokens as it may be added up, whatever a server says."""
    return min(max(tokens or 0, 0), MAX_COUNTED_TOKENS)


def _name(model: str) -> str:
    """Return the name of a model as it may be stored and logged."""
    return "".join(filter(str.isprintable, model[:MAX_NAME_CHARACTERS]))
