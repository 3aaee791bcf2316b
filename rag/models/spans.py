"""Spans of calls to models, by OpenTelemetry's conventions for generative AI: which model, how many tokens, no text.

https://github.com/open-telemetry/semantic-conventions-genai, docs/gen-ai: client-inference.md, client-embeddings.md
"""

from contextlib import AbstractContextManager

from opentelemetry.trace import Span, SpanKind
from opentelemetry.util.types import AttributeValue

from core.telemetry import span
from rag.metrics import MODEL_TOKENS
from rag.models.protocols import Completion, Prompt, Rewriting

MISTRAL = "mistral_ai"
"""The conventions' name of Mistral."""


def chat(provider: str, prompt: Prompt) -> AbstractContextManager[Span]:
    """Return the span of an answer's call."""
    attributes: dict[str, AttributeValue] = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": provider,
        "gen_ai.request.model": prompt.model,
        "gen_ai.request.stream": True,
        "gen_ai.request.temperature": prompt.temperature,
        "gen_ai.request.max_tokens": prompt.max_tokens,
    }
    return span(f"chat {prompt.model}", attributes, kind=SpanKind.CLIENT)


def rewriting(provider: str, request: Rewriting) -> AbstractContextManager[Span]:
    """Return the span of a call that rewrites a question."""
    attributes: dict[str, AttributeValue] = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": provider,
        "gen_ai.request.model": request.model,
        "gen_ai.request.max_tokens": request.max_tokens,
    }
    return span(f"rewrite {request.model}", attributes, kind=SpanKind.CLIENT)


def first_token(call: Span, seconds: float) -> None:
    """Note how long the model took to its first piece of text."""
    call.set_attribute("gen_ai.response.time_to_first_chunk", seconds)


def completed(call: Span, completion: Completion) -> None:
    """Note what the model said at its end, and count its tokens."""
    MODEL_TOKENS.labels("chat", "input").inc(completion.prompt_tokens)
    MODEL_TOKENS.labels("chat", "output").inc(completion.completion_tokens)
    call.set_attribute("gen_ai.response.model", completion.model)
    call.set_attribute("gen_ai.response.finish_reasons", [completion.finish_reason])
    call.set_attribute("gen_ai.usage.input_tokens", completion.prompt_tokens)
    call.set_attribute("gen_ai.usage.output_tokens", completion.completion_tokens)


def embeddings(model: str, texts: int, dimensions: int | None) -> AbstractContextManager[Span]:
    """Return the span of a call that embeds texts; what a model's first vectors are long is not known before."""
    attributes: dict[str, AttributeValue] = {
        "gen_ai.operation.name": "embeddings",
        "gen_ai.provider.name": MISTRAL,
        "gen_ai.request.model": model,
        "monitora.embeddings.texts": texts,
    }
    if dimensions is not None:
        attributes["gen_ai.embeddings.dimension.count"] = dimensions
    return span(f"embeddings {model}", attributes, kind=SpanKind.CLIENT)


def embedded(call: Span, tokens: int) -> None:
    """Note how many tokens were read."""
    MODEL_TOKENS.labels("embeddings", "input").inc(tokens)
    call.set_attribute("gen_ai.usage.input_tokens", tokens)
