"""The generation of answers: it belongs to the server, not to a socket. Readers follow the log it writes."""

import asyncio
import time
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import structlog

from core.errors import ErrorCode
from core.events import EventBus
from core.telemetry import span
from data.engine import Database, IntegrityError
from rag import metrics
from rag.answers import cache
from rag.answers.citations import Source
from rag.answers.conversation_events import ActivityKind, ConversationEvent
from rag.answers.event_log import AnswerEventLog
from rag.answers.events import INTERRUPTED, TOKENS_SPENT, AnswerDelta, AnswerFailed, AnswerFinished, AnswerStarted
from rag.answers.record import AnswerContext, AnswerDraft, Question, read_answer_context, store_answer, version
from rag.models import spans
from rag.models.protocols import ChatModel, Completion, ModelError, Prompt
from rag.retrieval.retriever import Retrieval, Retriever
from rag.text.language import detect

logger = structlog.get_logger(__name__)

TURN_SECONDS = 0.002
"""How long a model's tokens may be taken without letting others have their turn."""
STOPPED = "stopped"
"""The finish reason of an answer that its reader stopped."""


@dataclass(slots=True)
class RunningAnswer:
    """An answer under way: what was produced so far, and the task that reads the model, once there is one.

    Times are those of `time.monotonic`, in seconds.
    """

    draft: AnswerDraft = field(default_factory=AnswerDraft)
    began: float = field(default_factory=time.monotonic)
    first_token: float | None = None
    reading: asyncio.Task[None] | None = None
    stopped: bool = False


class _TokensSpent(Exception):
    """The workspace used its model tokens of the day."""


class Answers:
    """Makes answers, each by its own task, and writes what happens to the log.

    The steps are the specification's: the user's message is stored before `begin`; then retrieval, the prompt (system
    prompt, context, history, message), the model, the assistant's message with its tokens, time, score and sources, and
    the cache. The counters follow by triggers.

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
    ) -> None:
        self.chat_model = chat_model
        self.event_log = event_log
        self.events = events
        self._database = database
        self._retriever = retriever
        self._cache_lifetime = cache_lifetime
        self._daily_tokens = daily_tokens
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
        self._running[question.answer_id] = RunningAnswer()
        task = asyncio.create_task(self._run(question))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

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
        self._listening = asyncio.create_task(self._stop_as_asked())

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
        running = self._running.get(answer_id)
        if running is None:
            return False
        running.stopped = True
        if running.reading is not None:
            running.reading.cancel()
        return True

    async def _stop_as_asked(self) -> None:
        async for answer_id in self.event_log.stops():
            self._stop_here(answer_id)

    async def _run(self, question: Question) -> None:
        running = self._running[question.answer_id]
        try:
            with span("answer", {"monitora.answer.id": str(question.answer_id)}):
                await self._answer(question, running)
        except ModelError as error:
            await self._fail(question, running, AnswerFailed(error.code, error.message, error.retryable))
        except _TokensSpent:
            await self._fail(question, running, TOKENS_SPENT)
        except asyncio.CancelledError:
            await self._fail(question, running, INTERRUPTED)
            raise
        except IntegrityError:
            gone = AnswerFailed(
                ErrorCode.NOT_FOUND, "The conversation was deleted while it was answered.", retryable=False
            )
            await self._fail(question, running, gone)
        except Exception:
            logger.exception("answer_failed", answer_id=str(question.answer_id))
            failure = AnswerFailed(
                ErrorCode.INTERNAL, "The answer failed for an unexpected reason. Try again.", retryable=True
            )
            await self._fail(question, running, failure)
        else:
            _tell(question, running)
        finally:
            del self._running[question.answer_id]

    async def _fail(self, question: Question, running: RunningAnswer, failure: AnswerFailed) -> None:
        await self.event_log.append(question.answer_id, failure)
        _tell(question, running, failure)

    async def _answer(self, question: Question, running: RunningAnswer) -> None:
        answer_context = await self._database.read(lambda session: read_answer_context(session, question))
        documents = await self._retriever.version(question.workspace_id)
        key = cache.question_hash(
            version(answer_context, documents, self.chat_model.name), question.content, answer_context.history
        )
        cached = None
        if not question.asked_again:
            cached = await self._database.read(lambda session: cache.find(session, question.workspace_id, key))
            metrics.CACHE_LOOKUPS.labels("hit" if cached else "miss").inc()
        if cached is None and self._daily_tokens is not None and answer_context.tokens_of_the_day >= self._daily_tokens:
            raise _TokensSpent
        if cached is None:
            await self._generate(question, answer_context, running)
        else:
            await self._repeat(question, cached, running.draft)
        draft = running.draft
        draft.response_time_ms = round((time.monotonic() - running.began) * 1000)
        kept = None if draft.finish_reason == STOPPED or cached else self._cache_lifetime
        await self._database.write(lambda session: store_answer(session, question, draft, key, kept))
        await self.event_log.append(question.answer_id, AnswerFinished(question.answer_id))
        await self.events.publish(
            ConversationEvent(
                ActivityKind.MESSAGE_ADDED, question.workspace_id, question.conversation_id, question.answer_id
            )
        )

    async def _generate(self, question: Question, answer_context: AnswerContext, running: RunningAnswer) -> None:
        retrieval = await self._retrieve(question, answer_context)
        draft = running.draft
        draft.score = retrieval.confidence
        draft.sources = tuple(Source.of(passage) for passage in retrieval.passages)
        prompt = Prompt(
            system=answer_context.workspace.system_prompt or "",
            passages=retrieval.passages,
            history=answer_context.history,
            question=question.content,
            language=detect(question.content),
            model=answer_context.workspace.model,
            temperature=answer_context.workspace.temperature,
            max_tokens=answer_context.workspace.max_tokens,
        )
        await self._announce(question, draft)
        if not running.stopped:
            # Its own task, so that stopping cancels the reading of the model alone: no database work is in it.
            running.reading = asyncio.create_task(self._read_model(question.answer_id, prompt, running))
            try:
                await running.reading
            except asyncio.CancelledError:
                if not running.stopped:
                    running.reading.cancel()
                    raise
        if running.stopped:
            draft.finish_reason = STOPPED

    async def _retrieve(self, question: Question, answer_context: AnswerContext) -> Retrieval:
        retrieval = await self._retriever.search(question.workspace_id, question.content)
        earlier = [turn.content for turn in answer_context.history if turn.role == "user"]
        if retrieval.passages or not earlier:
            return retrieval
        # "And in winter?" means nothing by itself: try again beside the question it follows.
        return await self._retriever.search(question.workspace_id, f"{earlier[-1]} {question.content}")

    async def _read_model(self, answer_id: UUID, prompt: Prompt, running: RunningAnswer) -> None:
        draft = running.draft
        draft.model = self.chat_model.name
        with spans.chat(self.chat_model.provider, prompt) as call:
            turn_began = asked = time.monotonic()
            async for piece in self.chat_model.stream(prompt):
                if isinstance(piece, Completion):
                    draft.complete(piece)
                    spans.completed(call, piece)
                    continue
                if running.first_token is None:
                    running.first_token = time.monotonic()
                    spans.first_token(call, running.first_token - asked)
                draft.text += piece.text
                await self.event_log.append(answer_id, AnswerDelta(piece.text))
                if running.stopped:
                    # The cancellation was lost, as Redis' client may do on Python 3.11.
                    return
                if time.monotonic() - turn_began > TURN_SECONDS:
                    # A model that never waits must not keep the readers from theirs.
                    await asyncio.sleep(0)
                    turn_began = time.monotonic()

    async def _repeat(self, question: Question, cached: cache.CachedAnswer, draft: AnswerDraft) -> None:
        draft.repeat(cached)
        await self._announce(question, draft)
        for line in cached.text.splitlines(keepends=True):
            await self.event_log.append(question.answer_id, AnswerDelta(line))

    async def _announce(self, question: Question, draft: AnswerDraft) -> None:
        started = AnswerStarted(question.conversation_id, question.message_id, draft.sources)
        await self.event_log.append(question.answer_id, started)


def _tell(question: Question, running: RunningAnswer, failure: AnswerFailed | None = None) -> None:
    """Count an answer that ended, and say so in the log: how it went, never what it says."""
    draft = running.draft
    seconds = time.monotonic() - running.began
    first_token = None if running.first_token is None else running.first_token - running.began
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
        sources=len(draft.sources),
        score=round(draft.score, 2),
        model=draft.model,
    )


def _outcome(draft: AnswerDraft, failure: AnswerFailed | None) -> str:
    if failure is not None:
        return "failed"
    if draft.cached:
        return "cached"
    return "stopped" if draft.finish_reason == STOPPED else "generated"
