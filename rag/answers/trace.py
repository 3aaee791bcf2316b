"""How an answer came about: what was understood, what was found, and what the model received, word for word.

It is kept beside the answer, for the people who look after the assistant.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any
from uuid import UUID

from rag.answers.running import RunningAnswer
from rag.retrieval.passages import Passage

MAX_PROMPT_BYTES = 64_000
"""What is kept of a prompt, in UTF-8: more than most prompts with ten passages."""
MAX_PASSAGE_BYTES = 8_000
"""What is kept of each passage that the model received."""


@dataclass(frozen=True, slots=True)
class TracedPassage:
    """A passage that was found: `rank` counts from 1. `lexical_score` is BM25's, `dense_score` the cosine.

    `content` is its text as the model received it; None where it did not. `number` is how an answer cites it; None
    likewise.
    """

    rank: int
    number: int | None
    document_id: UUID
    document_name: str
    chunk_index: int
    location: str | None
    score: float
    lexical_score: float
    dense_score: float
    content: str | None


@dataclass(frozen=True, slots=True)
class AnswerTrace:
    """How an answer came about.

    `search_query` is what the documents were searched for: the question, with what it leaves out where it follows up.
    `rewritten_question` is what the model made of a follow-up. There are neither `candidates` nor a `prompt` where
    nothing was searched: for small talk, and for an answer of the cache. `is_cut` says that a text was too long to be
    kept whole.
    """

    language: str
    small_talk: str | None
    follow_up: bool
    search_query: str
    rewritten_question: str | None
    confidence: float | None
    candidates: tuple[TracedPassage, ...]
    prompt: str | None
    model: str
    cached: bool
    is_cut: bool

    @property
    def passages(self) -> tuple[TracedPassage, ...]:
        """The candidates that the model received, in its order."""
        return tuple(each for each in self.candidates if each.content is not None)

    def as_json(self) -> dict[str, Any]:
        """Return the value kept in `message_traces.content`."""
        value = asdict(self)
        for candidate in value["candidates"]:
            candidate["document_id"] = candidate["document_id"].hex
        return value


def trace_of(answer: RunningAnswer) -> AnswerTrace:
    """Return how a written answer came about."""
    draft, understood = answer.draft, answer.understood
    whole = list(_candidates(answer.passages, answer.nearest))
    kept = tuple(_bounded(candidate) for candidate in whole)
    prompt = _cut(answer.received, MAX_PROMPT_BYTES)
    return AnswerTrace(
        language=answer.language,
        small_talk=draft.small_talk,
        follow_up=understood.is_follow_up,
        search_query=understood.search_query,
        rewritten_question=answer.rewritten_question,
        confidence=answer.confidence,
        candidates=kept,
        prompt=prompt or None,
        model=draft.model,
        cached=draft.cached,
        is_cut=prompt != answer.received or kept != tuple(whole),
    )


def trace_from_json(value: dict[str, Any]) -> AnswerTrace:
    """Read what `as_json` wrote."""
    candidates = (TracedPassage(**{**each, "document_id": UUID(each["document_id"])}) for each in value["candidates"])
    return AnswerTrace(**{**value, "candidates": tuple(candidates)})


def _candidates(received: Iterable[Passage], nearest: Iterable[Passage]) -> Iterable[TracedPassage]:
    numbered = {passage.chunk_id: (number, passage) for number, passage in enumerate(received, 1)}
    for rank, passage in enumerate(nearest, 1):
        number, given = numbered.get(passage.chunk_id, (None, None))
        yield TracedPassage(
            rank=rank,
            number=number,
            document_id=passage.document_id,
            document_name=passage.document_name,
            chunk_index=passage.chunk_index,
            location=passage.location,
            score=round(passage.score, 4),
            lexical_score=round(passage.lexical, 4),
            dense_score=round(passage.dense, 4),
            content=None if given is None else given.whole,
        )


def _bounded(candidate: TracedPassage) -> TracedPassage:
    content = candidate.content
    return candidate if content is None else replace(candidate, content=_cut(content, MAX_PASSAGE_BYTES))


def _cut(text: str, limit: int) -> str:
    encoded = text.encode("utf-8", "surrogatepass")
    return text if len(encoded) <= limit else encoded[:limit].decode("utf-8", "ignore")
