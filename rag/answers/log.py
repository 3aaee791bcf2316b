"""The answer log: where a generation writes its events, and from where any number of readers follow them."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from rag.answers.events import AnswerEvent, AnswerFailed, AnswerFinished, Numbered

KEPT_SECONDS = 600.0
"""How long a finished answer can be replayed; afterwards the stored message is read instead."""
MAX_ANSWERS = 10_000
"""Answers kept at most; the oldest finished ones make room."""


class AnswerLog(Protocol):
    """Keeps the events of answers under way, for a time."""

    async def open(self, answer_id: UUID) -> bool:
        """Begin an answer. False when it was begun before: its writer is another."""
        ...

    async def append(self, answer_id: UUID, event: AnswerEvent) -> int:
        """Add the next event and return its sequence number."""
        ...

    async def knows(self, answer_id: UUID) -> bool:
        """Tell whether the answer is under way or can still be replayed."""
        ...

    async def failed(self, answer_id: UUID) -> bool:
        """Tell whether the answer is known to have ended in a failure."""
        ...

    def follow(self, answer_id: UUID, after: int) -> AsyncIterator[Numbered]:
        """Yield every event after that sequence number, then the new ones as they come, to the last."""
        ...


@dataclass(slots=True)
class _Answer:
    events: list[AnswerEvent] = field(default_factory=list)
    # Replaced at each event: one future wakes every reader, and a reader holds no queue of its own.
    changed: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    ended_at: float | None = None

    @property
    def ended(self) -> bool:
        return self.ended_at is not None


class MemoryAnswerLog:
    """The answer log of a single process."""

    def __init__(self, *, kept_seconds: float = KEPT_SECONDS, max_answers: int = MAX_ANSWERS) -> None:
        self._kept_seconds = kept_seconds
        self._max_answers = max_answers
        self._answers: dict[UUID, _Answer] = {}

    async def open(self, answer_id: UUID) -> bool:
        """Begin an answer. False when it was begun before."""
        if answer_id in self._answers:
            return False
        self._forget_old()
        self._answers[answer_id] = _Answer()
        return True

    async def append(self, answer_id: UUID, event: AnswerEvent) -> int:
        """Add the next event and wake the readers."""
        answer = self._answers[answer_id]
        answer.events.append(event)
        if isinstance(event, AnswerFinished | AnswerFailed):
            answer.ended_at = time.monotonic()
        changed, answer.changed = answer.changed, asyncio.get_running_loop().create_future()
        changed.set_result(None)
        return len(answer.events)

    async def knows(self, answer_id: UUID) -> bool:
        """Tell whether the answer is under way or can still be replayed."""
        return answer_id in self._answers

    async def failed(self, answer_id: UUID) -> bool:
        """Tell whether the answer is known to have ended in a failure."""
        answer = self._answers.get(answer_id)
        return answer is not None and bool(answer.events) and isinstance(answer.events[-1], AnswerFailed)

    async def follow(self, answer_id: UUID, after: int) -> AsyncIterator[Numbered]:
        """Yield every event after that sequence number, then the new ones as they come."""
        answer = self._answers[answer_id]
        sequence = after
        while True:
            while sequence < len(answer.events):
                sequence += 1
                yield Numbered(sequence, answer.events[sequence - 1])
            if answer.ended:
                return
            # Shielded: a reader that goes away must not cancel the future the others wait for.
            await asyncio.shield(answer.changed)

    def _forget_old(self) -> None:
        deadline = time.monotonic() - self._kept_seconds
        ended = [(key, answer.ended_at) for key, answer in self._answers.items() if answer.ended_at is not None]
        surplus = len(self._answers) - self._max_answers + 1
        for place, (key, ended_at) in enumerate(sorted(ended, key=lambda item: item[1])):
            if ended_at < deadline or place < surplus:
                del self._answers[key]
