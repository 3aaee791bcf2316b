"""The steps of an answer: each takes what is known of it and adds to it."""

import asyncio
import re
import time
from dataclasses import replace
from datetime import timedelta
from typing import Protocol

from data.engine import Database, IntegrityError
from rag import metrics
from rag.answers import cache
from rag.answers.citations import DocumentCitation
from rag.answers.event_log import AnswerEventLog
from rag.answers.events import AnswerDelta, AnswerStarted
from rag.answers.running import STOPPED, RunningAnswer, read_answer_context, store_answer
from rag.answers.trace import trace_of
from rag.answers.understanding import understand
from rag.answers.wording import no_answer_text, says_unknown, small_talk_text, suggestions_text
from rag.models import spans
from rag.models.protocols import ChatModel, Completion, Prompt
from rag.retrieval.ranking import CONFIDENCE_THRESHOLD
from rag.retrieval.retriever import PASSAGES, Retrieval, Retriever

OWN_WORDS = "monitora"
"""The model named beside a reply that no model wrote."""
UNANSWERED = 0.0
"""The confidence of an answer which says that the documents hold none."""
SUGGESTED = 0.05
"""A document whose best passage is nearer than this is offered where nothing answers."""
_CITED = re.compile(r"\[(\d{1,2})\]")
TURN_SECONDS = 0.002
"""How long a model's tokens may be taken without letting others have their turn."""


class DailyTokensSpent(Exception):
    """The workspace used its model tokens of the day."""


class AnswerStep(Protocol):
    """One step. What the steps before it found is in the answer; what it finds, it puts there."""

    async def __call__(self, answer: RunningAnswer) -> None:
        """Take the answer one step further. Raises `ModelError`, `DailyTokensSpent`, `IntegrityError`."""
        ...


class ReadContext:
    """Reads what the answer depends on, and finds what is asked and under which key the answer is cached.

    What depends on a conversation has no key.
    """

    def __init__(self, database: Database, retriever: Retriever, chat_model: ChatModel) -> None:
        self._database = database
        self._retriever = retriever
        self._chat_model = chat_model

    async def __call__(self, answer: RunningAnswer) -> None:
        """Put the context and the key into the answer."""
        question = answer.question
        answer.context = context = await self._database.read(lambda session: read_answer_context(session, question))
        locale = (context.workspace.widget_settings or {}).get("locale")
        answer.understanding = understand(question.content, context.history, locale)
        if context.history or question.asked_again or answer.understanding.small_talk:
            return
        documents = await self._retriever.version(question.workspace_id)
        workspace = answer.context.workspace.updated_at.isoformat()
        answer.cache_key = cache.cache_key(_prompt(answer), workspace, documents, self._chat_model.name)


class ReplyToSmallTalk:
    """Replies to greetings, thanks and questions about the assistant itself, which no document answers."""

    def __init__(self, event_log: AnswerEventLog) -> None:
        self._event_log = event_log

    async def __call__(self, answer: RunningAnswer) -> None:
        """Write the reply, unless the message asks something."""
        said, draft = answer.understood.small_talk, answer.draft
        if said is None:
            return
        draft.small_talk, draft.score, draft.model = said.kind, None, OWN_WORDS
        draft.text = small_talk_text(said.kind, answer.language, answer.known.workspace)
        await announce(self._event_log, answer)
        await self._event_log.append(answer.question.answer_id, AnswerDelta(draft.text))


class RepeatCached:
    """Takes over an answer that was given before to the same question."""

    def __init__(self, database: Database, event_log: AnswerEventLog) -> None:
        self._database = database
        self._event_log = event_log

    async def __call__(self, answer: RunningAnswer) -> None:
        """Write the answer from the cache, if it is there."""
        question, key = answer.question, answer.cache_key
        if key is None:
            return
        cached = await self._database.read(lambda session: cache.find(session, question.workspace_id, key))
        metrics.CACHE_LOOKUPS.labels("hit" if cached else "miss").inc()
        if cached is None:
            return
        answer.draft.repeat(cached)
        await announce(self._event_log, answer)
        for line in cached.text.splitlines(keepends=True):
            await self._event_log.append(question.answer_id, AnswerDelta(line))


class CheckBudget:
    """Refuses a new answer to a workspace that used its model tokens of the day. None is no bound."""

    def __init__(self, daily_tokens: int | None) -> None:
        self._daily_tokens = daily_tokens

    async def __call__(self, answer: RunningAnswer) -> None:
        """Raise `DailyTokensSpent` when the budget is used up. An answer from the cache costs nothing."""
        budget = self._daily_tokens
        if not answer.draft.is_written and budget is not None and answer.known.tokens_of_the_day >= budget:
            raise DailyTokensSpent


class FindEvidence:
    """Searches the documents for what the answer will rest on."""

    def __init__(self, retriever: Retriever, event_log: AnswerEventLog) -> None:
        self._retriever = retriever
        self._event_log = event_log

    async def __call__(self, answer: RunningAnswer) -> None:
        """Put the passages, the citations and the confidence into the answer, and tell the readers."""
        if answer.draft.is_written:
            return
        retrieval = await self._search(answer)
        answer.passages, answer.nearest = retrieval.passages, retrieval.nearest
        answer.draft.score = answer.confidence = retrieval.confidence
        # What was found, it may be by another query than the first.
        answer.understanding = replace(answer.understood, search_query=retrieval.query)
        answer.draft.citations = tuple(
            DocumentCitation.of(passage, retrieval.query, number)
            for number, passage in enumerate(retrieval.passages, 1)
        )
        await announce(self._event_log, answer)

    async def _search(self, answer: RunningAnswer) -> Retrieval:
        queries = [answer.rewritten_question, answer.understood.search_query, answer.understood.second_query]
        first, *others = dict.fromkeys(filter(None, queries))
        found = await self._retrieve(answer, first)
        for query in others:
            if found.passages:
                break
            other = await self._retrieve(answer, query)
            found = other if other.passages else found
        return found

    async def _retrieve(self, answer: RunningAnswer, query: str) -> Retrieval:
        workspace = answer.known.workspace
        threshold = workspace.confidence_threshold
        return await self._retriever.search(
            workspace.id,
            query,
            limit=workspace.max_sources or PASSAGES,
            threshold=CONFIDENCE_THRESHOLD if threshold is None else threshold,
        )


class WriteAnswer:
    """Has the model write, unless the answer came from the cache or was stopped."""

    def __init__(self, chat_model: ChatModel, event_log: AnswerEventLog) -> None:
        self._chat_model = chat_model
        self._event_log = event_log

    async def __call__(self, answer: RunningAnswer) -> None:
        """Append the text to the draft and to the log, piece by piece."""
        if answer.draft.is_written:
            return
        if not answer.stopped:
            prompt = _prompt(answer)
            await answer.until_stopped(self._read(answer, prompt))
            answer.received = self._chat_model.received(prompt)
        if answer.stopped:
            answer.draft.finish_reason = STOPPED

    async def _read(self, answer: RunningAnswer, prompt: Prompt) -> None:
        draft = answer.draft
        draft.model = self._chat_model.name
        with spans.chat(self._chat_model.provider, prompt) as call:
            turn_began = asked = time.monotonic()
            async for piece in self._chat_model.stream(prompt):
                if isinstance(piece, Completion):
                    draft.complete(piece)
                    spans.completed(call, piece)
                    continue
                if answer.first_token is None:
                    answer.first_token = time.monotonic()
                    spans.first_token(call, answer.first_token - asked)
                draft.text += piece.text
                await self._event_log.append(answer.question.answer_id, AnswerDelta(piece.text))
                if answer.stopped:
                    # The cancellation was lost, as Redis' client may do on Python 3.11.
                    return
                if time.monotonic() - turn_began > TURN_SECONDS:
                    # A model that never waits must not keep the readers from theirs.
                    await asyncio.sleep(0)
                    turn_began = time.monotonic()


class KeepCited:
    """Keeps the sources that the answer cites, and recognises an answer that says that the documents hold none."""

    async def __call__(self, answer: RunningAnswer) -> None:
        """Look at what was written."""
        draft = answer.draft
        if draft.is_written or draft.finish_reason == STOPPED:
            return
        cited = {int(number) for number in _CITED.findall(draft.text)}
        no_answer = no_answer_text(answer.language, answer.known.workspace)
        if not cited and says_unknown(draft.text, no_answer):
            draft.declined, draft.score, draft.citations = True, UNANSWERED, ()
        elif cited:
            draft.citations = tuple(each for each in draft.citations if each.number in cited) or draft.citations


class StoreAnswer:
    """Stores the assistant's message with what it cost, and keeps what may be given again for the same question."""

    def __init__(self, database: Database, cache_lifetime: timedelta) -> None:
        self._database = database
        self._cache_lifetime = cache_lifetime

    async def __call__(self, answer: RunningAnswer) -> None:
        """Store the draft. Raises `IntegrityError` when the conversation is gone."""
        draft = answer.draft
        draft.response_time_ms = round((time.monotonic() - answer.began) * 1000)
        trace = trace_of(answer).as_json()
        try:
            await self._database.write(lambda session: store_answer(session, answer, trace, self._cache_lifetime))
        except IntegrityError:
            # Another process kept an answer to the question at the same moment, or the conversation is gone.
            await self._database.write(lambda session: store_answer(session, answer, trace, timedelta(0)))


async def announce(event_log: AnswerEventLog, answer: RunningAnswer) -> None:
    """Tell the readers what the answer rests on."""
    question = answer.question
    started = AnswerStarted(question.conversation_id, question.message_id, answer.draft.citations)
    await event_log.append(question.answer_id, started)


def _prompt(answer: RunningAnswer) -> Prompt:
    workspace, language = answer.known.workspace, answer.language
    near = [passage for passage in answer.nearest if passage.score >= SUGGESTED]
    spoken = [passage for passage in near if passage.language == language] or near
    titles = dict.fromkeys(passage.document_name for passage in spoken)
    return Prompt(
        system=workspace.system_prompt or "",
        passages=answer.passages,
        history=answer.known.history,
        question=answer.question.content,
        language=language,
        model=workspace.model,
        temperature=workspace.temperature,
        max_tokens=workspace.max_tokens,
        no_answer=no_answer_text(language, workspace),
        suggestions=suggestions_text(language, list(titles)),
        search_query=answer.understood.search_query,
    )
