"""The answer log of several processes: Redis Streams, one stream an answer, its entries numbered as the events are."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any
from uuid import UUID

import structlog
from redis.exceptions import RedisError

from core.errors import ErrorCode
from core.redis import RedisClient, RedisUnavailable
from rag.answers.citations import citation_from_json
from rag.answers.event_log import KEPT_SECONDS, MemoryAnswerEventLog
from rag.answers.events import (
    INTERRUPTED,
    AnswerDelta,
    AnswerEvent,
    AnswerFailed,
    AnswerFinished,
    AnswerStarted,
    Numbered,
)

logger = structlog.get_logger(__name__)

ALIVE_SECONDS = 10
"""How long an answer is believed to be written after its process last said so."""
STOPS = "monitora:stops"
"""The channel on which processes ask each other to stop an answer."""


class RedisAnswerEventLog:
    """Keeps events in Redis and, for the readers of this process, in memory: one copy an answer, not one a reader.

    A writer says every few seconds that it lives. An answer without an end whose writer fell silent was interrupted.
    While Redis is out of reach, each process serves the answers it writes itself. One that Redis missed an event of is
    served by its process alone to its end: the others take it for interrupted, and never see it with a gap.
    """

    def __init__(
        self, redis: RedisClient, *, kept_seconds: float = KEPT_SECONDS, alive_seconds: float = ALIVE_SECONDS
    ) -> None:
        self._redis = redis
        self._kept_seconds = int(kept_seconds)
        self._alive_milliseconds = int(alive_seconds * 1000)
        self._silence_seconds = alive_seconds + redis.timeout_seconds
        self._memory = MemoryAnswerEventLog(kept_seconds=kept_seconds)
        self._tasks: dict[UUID, asyncio.Task[None]] = {}

    async def open(self, answer_id: UUID) -> bool:
        """Begin an answer. False when a process that lives began it, or it has ended."""
        if await self._memory.knows(answer_id):
            return False
        try:
            if await self._is_known(answer_id) or not await self._claim(answer_id):
                return False
            self._tasks[answer_id] = asyncio.create_task(self._say_alive(answer_id))
        except RedisUnavailable:
            # This process alone serves the answer.
            pass
        await self._memory.open(answer_id)
        return True

    async def append(self, answer_id: UUID, event: AnswerEvent) -> int:
        """Add the next event, for this process's readers at once. Redis out of reach costs the others, not these."""
        sequence = await self._memory.append(answer_id, event)
        if answer_id not in self._tasks:
            return sequence
        is_last = isinstance(event, AnswerFinished | AnswerFailed)
        try:
            await self._redis.run(lambda redis: self._share(redis, answer_id, sequence, event))
        except RedisUnavailable:
            # Never a gap: the others take the answer for interrupted, and this process serves it to its end.
            is_last = True
        if is_last and (task := self._tasks.pop(answer_id, None)):
            task.cancel()
        return sequence

    async def knows(self, answer_id: UUID) -> bool:
        """Tell whether the answer is under way in any process, or can still be replayed."""
        if await self._memory.knows(answer_id):
            return True
        with suppress(RedisUnavailable):
            return await self._is_known(answer_id)
        return False

    async def failed(self, answer_id: UUID) -> bool:
        """Tell whether the answer is known to have ended in a failure."""
        if await self._memory.failed(answer_id):
            return True
        with suppress(RedisUnavailable):
            return isinstance(await self._last(answer_id), AnswerFailed)
        return False

    async def follow(self, answer_id: UUID, after: int) -> AsyncIterator[Numbered]:
        """Yield every event after that sequence number, then the new ones as they come."""
        if not await self._memory.knows(answer_id):
            await self._memory.open(answer_id)
            self._tasks[answer_id] = asyncio.create_task(self._copy(answer_id))
        async for numbered in self._memory.follow(answer_id, after):
            yield numbered

    async def request_stop(self, answer_id: UUID) -> bool:
        """Ask the process that writes an answer to stop it. False when none does."""
        with suppress(RedisUnavailable):
            if await self._is_written(answer_id):
                await self._redis.run(lambda redis: redis.publish(STOPS, answer_id.hex))
                return True
        return False

    async def stops(self) -> AsyncIterator[UUID]:
        """Yield the answers that another process asks to stop, without end."""
        while True:
            try:
                async with self._redis.blocking.pubsub() as channel:
                    await channel.subscribe(STOPS)
                    async for message in channel.listen():
                        if message["type"] == "message":
                            yield UUID(hex=message["data"])
            except (RedisError, OSError):
                pass
            await self._redis.pause()

    async def close(self) -> None:
        """Stop what is copied and what says that it lives."""
        tasks = list(self._tasks.values())
        self._tasks.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _claim(self, answer_id: UUID) -> bool:
        """Become the writer of an answer. False when another process is. Raises `RedisUnavailable`."""
        writer, alive = _writer(answer_id), self._alive_milliseconds
        if not await self._redis.run(lambda redis: redis.set(writer, "1", nx=True, px=alive)):
            return False
        await self._redis.run(lambda redis: redis.delete(_stream(answer_id)))
        return True

    async def _share(self, redis: Any, answer_id: UUID, sequence: int, event: AnswerEvent) -> None:
        async with redis.pipeline(transaction=False) as commands:
            commands.xadd(_stream(answer_id), {"event": _text(event)}, id=f"{sequence}-0")
            # Also while it is written: nobody else removes what a killed process leaves.
            commands.expire(_stream(answer_id), self._kept_seconds)
            if isinstance(event, AnswerFinished | AnswerFailed):
                commands.delete(_writer(answer_id))
            await commands.execute()

    async def _say_alive(self, answer_id: UUID) -> None:
        # Looked up each time: under a time-out of the client's own, a cancellation may be lost.
        writer, alive = _writer(answer_id), self._alive_milliseconds
        while answer_id in self._tasks:
            await asyncio.sleep(alive / 3000)
            with suppress(RedisUnavailable):
                await self._redis.run(lambda redis: redis.set(writer, "1", px=alive))

    async def _copy(self, answer_id: UUID) -> None:
        """Copy an answer that another process writes into this one's memory, to its end or its writer's.

        It ends also for the readers here when Redis is out of reach, or holds what another version of the server wrote.
        """
        try:
            async for event in self._written(answer_id):
                await self._memory.append(answer_id, event)
        except (RedisError, OSError, RedisUnavailable):
            await self._memory.append(answer_id, INTERRUPTED)
        except ValueError:
            logger.warning("answer_unreadable", answer_id=str(answer_id))
            await self._memory.append(answer_id, INTERRUPTED)
        finally:
            self._tasks.pop(answer_id, None)

    async def _written(self, answer_id: UUID) -> AsyncIterator[AnswerEvent]:
        """Yield the events of an answer to its end.

        Raises `RedisError`, `TimeoutError`, `RedisUnavailable`, and `ValueError` for events of another version.
        """
        position = "0"
        while answer_id in self._tasks:
            async with asyncio.timeout(self._silence_seconds):
                found = await self._redis.blocking.xread({_stream(answer_id): position}, block=self._alive_milliseconds)
            for _, entries in found or ():
                for position, entry in entries:  # noqa: B007 - where to read on
                    event = _event(entry["event"])
                    yield event
                    if isinstance(event, AnswerFinished | AnswerFailed):
                        return
            if not found and not await self._is_written(answer_id):
                yield INTERRUPTED
                return

    async def _is_known(self, answer_id: UUID) -> bool:
        """Tell whether the answer has ended, or is written by a process that lives. Raises `RedisUnavailable`."""
        is_over = isinstance(await self._last(answer_id), AnswerFinished | AnswerFailed)
        return is_over or await self._is_written(answer_id)

    async def _last(self, answer_id: UUID) -> AnswerEvent | None:
        """Return the last event that can be read, or None. Raises `RedisUnavailable`."""
        entries = await self._redis.run(lambda redis: redis.xrevrange(_stream(answer_id), count=1))
        try:
            return _event(entries[0][1]["event"]) if entries else None
        except ValueError:
            logger.warning("answer_unreadable", answer_id=str(answer_id))
            return None

    async def _is_written(self, answer_id: UUID) -> bool:
        """Tell whether a process that lives writes the answer. Raises `RedisUnavailable`."""
        return bool(await self._redis.run(lambda redis: redis.exists(_writer(answer_id))))


def _stream(answer_id: UUID) -> str:
    return f"monitora:answer:{answer_id.hex}"


def _writer(answer_id: UUID) -> str:
    return f"monitora:answer:{answer_id.hex}:writer"


def _text(event: AnswerEvent) -> str:
    match event:
        case AnswerStarted(conversation_id, message_id, sources):
            value: list[Any] = [
                "started",
                conversation_id.hex,
                message_id.hex,
                [source.as_json() for source in sources],
            ]
        case AnswerDelta(text):
            value = ["delta", text]
        case AnswerFinished(message_id):
            value = ["finished", message_id.hex]
        case AnswerFailed(code, text, retryable):
            value = ["failed", code, text, retryable]
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _event(text: str) -> AnswerEvent:
    """Return the event that a text of `_text` says. Raises `ValueError` for one of another version's."""
    try:
        match json.loads(text):
            case ["started", conversation_id, message_id, sources]:
                found = tuple(citation_from_json(source) for source in sources)
                return AnswerStarted(UUID(hex=conversation_id), UUID(hex=message_id), found)
            case ["delta", piece]:
                return AnswerDelta(piece)
            case ["finished", message_id]:
                return AnswerFinished(UUID(hex=message_id))
            case ["failed", code, reason, retryable]:
                return AnswerFailed(ErrorCode(code), reason, retryable)
            case unknown:
                raise ValueError(f"no event of an answer: {str(unknown)[:100]}")
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError("no event of an answer") from error
