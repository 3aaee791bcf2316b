"""The orchestration of answers: an answer belongs to the server, not to a socket. Readers follow the log it writes."""

import asyncio
import time
from datetime import timedelta
from uuid import UUID

import structlog

from core.errors import ErrorCode
from core.events import EventBus
from core.telemetry import span
from data.engine import Database, IntegrityError, is_unavailable
from rag import metrics
from rag.answers.conversation_events import ActivityKind, ConversationEvent
from rag.answers.event_log import AnswerEventLog
from rag.answers.events import (
    DATABASE_AWAY,
    INTERRUPTED,
    TOKENS_SPENT,
    UNFORESEEN,
    AnswerFailed,
    AnswerFinished,
)
from rag.answers.rewriting import RewriteFollowUp
from rag.answers.running import STOPPED, AnswerDraft, Question, RunningAnswer
from rag.answers.steps import (
    AnswerStep,
    CheckBudget,
    DailyTokensSpent,
    FindEvidence,
    KeepCited,
    ReadContext,
    RepeatCached,
    ReplyToSmallTalk,
    StoreAnswer,
    WriteAnswer,
)
from rag.models.protocols import ChatModel, ModelError, Rewriter
from rag.retrieval.retriever import Retriever

logger = structlog.get_logger(__name__)


class Answers:
    """Makes answers, each by its own task, step by step, and writes what happens to the log.

    The steps are the specification's: the user's message is stored before `begin`; then retrieval, the prompt (system
    prompt, context, history, message), the model, the assistant's message with its tokens, time, score and sources, and
    the cache. Triggers move the counters.

    A workspace that used `daily_tokens` of the model since midnight (UTC) gets no further answer but from the cache.
    The tokens are known when an answer is stored: what is under way at that moment ends, and may exceed them.
    """

    def __init__(
        self,
        database: Database,
        event_log: AnswerEventLog,
        retriever: Retriever,
        chat_model: ChatModel,
        events: EventBus[ConversationEvent],
        *,
        cache_lifetime: timedelta,
        daily_tokens: int | None = None,
        rewriter: Rewriter | None = None,
        rewriting_model: str = "",
    ) -> None:
        """Prepare the steps. `daily_tokens` of None is no bound; without a `rewriter` no follow-up is rewritten."""
        self.chat_model = chat_model
        self.retriever = retriever
        self.event_log = event_log
        self.events = events
        self._steps: tuple[AnswerStep, ...] = (
            ReadContext(database, retriever, chat_model),
            ReplyToSmallTalk(event_log),
            RepeatCached(database, event_log),
            CheckBudget(daily_tokens),
            RewriteFollowUp(rewriter, rewriting_model),
            FindEvidence(retriever, event_log),
            WriteAnswer(chat_model, event_log),
            KeepCited(),
            StoreAnswer(database, cache_lifetime),
        )
        self._running: dict[UUID, RunningAnswer] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_closing = False
        self._listening: asyncio.Task[None] | None = None

    async def begin(self, question: Question) -> None:
        """Start answering, unless this answer was started before. A server that stops fails it at once."""
        if not await self.event_log.open(question.answer_id):
            return
        if self._is_closing:
            await self.event_log.append(question.answer_id, INTERRUPTED)
            return
        answer = self._running[question.answer_id] = RunningAnswer(question)
        task = asyncio.create_task(self._run(answer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def publish(self, event: ConversationEvent) -> None:
        """Tell the team. What they follow is read from the database too: a failure here fails nobody's answer."""
        try:
            await self.events.publish(event)
        except Exception:
            logger.exception("event_not_published", workspace=str(event.workspace_id))

    async def stop(self, answer_id: UUID) -> bool:
        """End an answer early, on whichever process it runs, and keep what was produced. False when none writes it."""
        return self._stop_here(answer_id) or await self.event_log.request_stop(answer_id)

    @property
    def running(self) -> int:
        """How many answers are under way here."""
        return len(self._running)

    @property
    def is_closing(self) -> bool:
        """Whether new answers are refused, for the server stops."""
        return self._is_closing

    def listen(self) -> None:
        """Begin to stop answers that other processes ask to stop."""
        self._listening = asyncio.create_task(self.event_log.relay_stops(self._stop_here))

    async def close(self, grace: timedelta) -> None:
        """Refuse new answers and let those under way end within the grace period; those that do not are interrupted."""
        self._is_closing = True
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=grace.total_seconds())
            while late:
                # Asked again: on Python 3.11, Redis' client may lose a cancellation.
                for task in late:
                    task.cancel()
                _, late = await asyncio.wait(late, timeout=1)
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)

    def _stop_here(self, answer_id: UUID) -> bool:
        answer = self._running.get(answer_id)
        if answer is None:
            return False
        answer.stopped = True
        if answer.reading is not None:
            answer.reading.cancel()
        return True

    async def _run(self, answer: RunningAnswer) -> None:
        answer_id = answer.question.answer_id
        try:
            with span("answer", {"monitora.answer.id": str(answer_id)}):
                await self._make(answer)
        except ModelError as error:
            await self._fail(answer, AnswerFailed(error.code, error.message, error.retryable))
        except DailyTokensSpent:
            await self._fail(answer, TOKENS_SPENT)
        except asyncio.CancelledError:
            await self._fail(answer, INTERRUPTED)
            raise
        except IntegrityError:
            gone = "The conversation was deleted while it was answered."
            await self._fail(answer, AnswerFailed(ErrorCode.NOT_FOUND, gone, retryable=False))
        except Exception as error:
            logger.exception("answer_failed", answer_id=str(answer_id))
            await self._fail(answer, DATABASE_AWAY if is_unavailable(error) else UNFORESEEN)
        else:
            _tell(answer)
        finally:
            del self._running[answer_id]

    async def _make(self, answer: RunningAnswer) -> None:
        for step in self._steps:
            await step(answer)
        question = answer.question
        await self.event_log.append(question.answer_id, AnswerFinished(question.answer_id))
        added = ActivityKind.MESSAGE_ADDED
        await self.publish(
            ConversationEvent(added, question.workspace_id, question.conversation_id, question.answer_id)
        )

    async def _fail(self, answer: RunningAnswer, failure: AnswerFailed) -> None:
        await self.event_log.append(answer.question.answer_id, failure)
        _tell(answer, failure)


def _tell(answer: RunningAnswer, failure: AnswerFailed | None = None) -> None:
    """Count an answer that ended, and log how it went, never what it says."""
    question, draft = answer.question, answer.draft
    seconds = time.monotonic() - answer.began
    first_token = None if answer.first_token is None else answer.first_token - answer.began
    outcome = _outcome(draft, failure)
    metrics.ANSWERS.labels(outcome).inc()
    metrics.ANSWER_SECONDS.observe(seconds)
    if first_token is not None:
        metrics.FIRST_TOKEN_SECONDS.observe(first_token)
    if failure is not None:
        metrics.ANSWER_FAILURES.labels(failure.code).inc()
    logger.info(
        "answer",
        answer_id=str(question.answer_id),
        workspace=str(question.workspace_id),
        outcome=outcome,
        code=None if failure is None else failure.code,
        ms=round(seconds * 1000, 1),
        first_token_ms=None if first_token is None else round(first_token * 1000, 1),
        tokens_in=draft.prompt_tokens,
        tokens_out=draft.completion_tokens,
        sources=len(draft.citations),
        score=None if draft.score is None else round(draft.score, 2),
        model=draft.model,
    )


def _outcome(draft: AnswerDraft, failure: AnswerFailed | None) -> str:
    if failure is not None:
        return "failed"
    if draft.cached:
        return "cached"
    if draft.small_talk:
        return "small_talk"
    return "stopped" if draft.finish_reason == STOPPED else "generated"
