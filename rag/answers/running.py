"""An answer while it is made: the question, what is known so far, and what it leaves in the database."""

import asyncio
import time
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from core.clock import now_after
from data.engine import Session
from data.models import Message, MessageRole, MessageTrace, Workspace
from data.queries.conversations import add_message, find_asked_in
from data.queries.response_cache import count_response_hit
from rag.answers import cache
from rag.answers.citations import Citation
from rag.answers.understanding import Understanding
from rag.models.protocols import Completion, Turn
from rag.retrieval.passages import Passage
from rag.text.small_talk import SmallTalkKind

DEFAULT_LANGUAGE = "en"
"""What is spoken where nothing tells."""
WHOLE = "stop"
"""The finish reason of an answer that the model brought to its end."""
STOPPED = "stopped"
"""The finish reason of an answer that its reader stopped."""
HISTORY_MESSAGES = 8
"""Earlier messages given to the model: four exchanges, enough for a follow-up."""
HISTORY_CHARACTERS = 2_000
"""What is kept of each earlier message."""


@dataclass(frozen=True, slots=True)
class Question:
    """A stored message of a user that waits for the answer `answer_id`.

    `asked_again` says that an earlier answer did not satisfy: the cache would only repeat it.
    """

    answer_id: UUID
    message_id: UUID
    conversation_id: UUID
    workspace_id: UUID
    content: str
    asked_again: bool = False


@dataclass(frozen=True, slots=True)
class AnswerContext:
    """What an answer depends on besides documents; the history is oldest first, the tokens are those its day used."""

    asked_at: datetime
    workspace: Workspace
    history: Sequence[Turn]
    tokens_of_the_day: int


@dataclass(slots=True)
class AnswerDraft:
    """An answer while it is made: what the assistant's message will hold.

    `score` is None for small talk, which no document answers. `declined` says that the documents hold no answer.
    """

    text: str = ""
    citations: tuple[Citation, ...] = ()
    score: float | None = 0.0
    response_time_ms: int = 0
    finish_reason: str = WHOLE
    model: str = ""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached: bool = field(default=False)
    small_talk: SmallTalkKind | None = None
    declined: bool = False

    @property
    def is_written(self) -> bool:
        """Whether it was written without a search: taken from the cache, or small talk."""
        return self.cached or self.small_talk is not None

    def complete(self, completion: Completion) -> None:
        """Take over what the model says at its end."""
        self.finish_reason = completion.finish_reason
        self.prompt_tokens += completion.prompt_tokens
        self.completion_tokens += completion.completion_tokens
        self.model = completion.model or self.model

    def repeat(self, answer: cache.CachedAnswer) -> None:
        """Take over an answer given before. It costs no tokens."""
        self.text, self.citations, self.score, self.model = answer.text, answer.citations, answer.score, answer.model
        self.cached = True


@dataclass(slots=True)
class RunningAnswer:
    """An answer under way: what the steps found so far, and the task that reads the model, once there is one.

    `nearest` are the passages found, of which `passages` are those that the model gets; `received` is all that it got.
    `rewritten_question` is what the model made of a follow-up, where it was asked to.
    The cache has a key for what is made from the question alone; None for a follow-up, or a question asked again. Times
    are those of `time.monotonic`, in seconds.
    """

    question: Question
    draft: AnswerDraft = field(default_factory=AnswerDraft)
    context: AnswerContext | None = None
    cache_key: cache.CacheKey | None = None
    understanding: Understanding | None = None
    passages: Sequence[Passage] = ()
    nearest: Sequence[Passage] = ()
    confidence: float | None = None
    rewritten_question: str | None = None
    received: str = ""
    began: float = field(default_factory=time.monotonic)
    first_token: float | None = None
    reading: asyncio.Task[None] | None = None
    stopped: bool = False

    async def until_stopped(self, reading: Coroutine[Any, Any, None]) -> None:
        """Wait for what reads a model, which ends early when the answer is stopped: no database work is in it."""
        self.reading = asyncio.create_task(reading)
        try:
            await self.reading
        except asyncio.CancelledError:
            if not self.stopped:
                self.reading.cancel()
                raise
        finally:
            self.reading = None

    @property
    def known(self) -> AnswerContext:
        """The context, which the first step reads. Raises `RuntimeError` before it did."""
        if self.context is None:
            raise RuntimeError("the context of the answer is not read yet")
        return self.context

    @property
    def understood(self) -> Understanding:
        """What the question asks for, which the first step finds. Raises `RuntimeError` before it did."""
        if self.understanding is None:
            raise RuntimeError("the question is not understood yet")
        return self.understanding

    @property
    def language(self) -> str:
        """The language to answer in: where nothing else tells, that of the passages nearest to the question."""
        nearest = self.nearest[0].language if self.nearest else DEFAULT_LANGUAGE
        return self.understood.language or nearest

    @property
    def can_be_given_again(self) -> bool:
        """Whether the answer is whole, and drawn from passages whose confidence passed the threshold."""
        draft = self.draft
        return draft.finish_reason == WHOLE and bool(self.passages) and bool(draft.text.strip()) and not draft.declined


async def read_answer_context(session: Session, question: Question) -> AnswerContext:
    """Return what the answer to a question depends on, besides the documents."""
    found = await find_asked_in(
        session, question.workspace_id, question.conversation_id, question.message_id, HISTORY_MESSAGES
    )
    turns = [Turn(message.role.value, message.content[:HISTORY_CHARACTERS]) for message in found.earlier]
    return AnswerContext(found.asked_at, found.workspace, turns[::-1], found.tokens_of_the_day)


async def store_answer(session: Session, answer: RunningAnswer, trace: dict[str, Any], kept: timedelta) -> None:
    """Store the assistant's message, how it came about, and what follows from it, in the caller's unit.

    `kept` is how long an answer that may be given again is kept. Raises `IntegrityError` when the conversation is gone.
    """
    question, draft, key = answer.question, answer.draft, answer.cache_key
    await add_message(
        session,
        Message(
            id=question.answer_id,
            conversation_id=question.conversation_id,
            role=MessageRole.ASSISTANT,
            content=draft.text,
            reply_to_id=question.message_id,
            tokens_used=draft.prompt_tokens + draft.completion_tokens,
            response_time_ms=draft.response_time_ms,
            rag_score=draft.score,
            rag_sources=[citation.as_json() for citation in draft.citations],
            details=_details(draft),
            created_at=now_after(answer.known.asked_at),
        ),
        MessageTrace(id=question.answer_id, workspace_id=question.workspace_id, content=trace),
    )
    if key is None:
        return
    if draft.cached:
        await count_response_hit(session, question.workspace_id, key.question_hash)
    elif kept and answer.can_be_given_again:
        given = cache.CachedAnswer(draft.text, draft.citations, draft.score or 0.0, draft.model)
        await cache.keep(session, question.workspace_id, key, question.content, given, kept)


def _details(draft: AnswerDraft) -> dict[str, Any]:
    told = {"small_talk": draft.small_talk} if draft.small_talk else {"declined": True} if draft.declined else {}
    return {
        **told,
        "model": draft.model,
        "finish_reason": draft.finish_reason,
        "cached": draft.cached,
        "prompt_tokens": draft.prompt_tokens,
        "completion_tokens": draft.completion_tokens,
    }
