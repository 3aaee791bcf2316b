"""The answer log: where a generation writes its events, and from where any number of readers follow them."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from rag.answers.events import AnswerDelta, AnswerEvent, AnswerFailed, AnswerFinished, Numbered

KEPT_SECONDS = 600.0
"""How long a finished answer can be replayed; afterwards the stored message is read instead."""
BACKLOG = 32
"""How many events may wait for a reader who still gets them one by one."""
LATE_SECONDS = 0.02
"""How long a piece of text waits for a reader before it may be sent together with others."""
JOINED_CHARACTERS = 4_096
"""How much text a reader that is behind gets at once."""
MAX_ANSWERS = 10_000
"""Answers kept at most; the oldest finished ones make room."""


class AnswerEventLog(Protocol):
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

    async def request_stop(self, answer_id: UUID) -> bool:
        """Ask the other process that writes an answer to stop it. False when none does."""
        ...

    async def relay_stops(self, stop: Callable[[UUID], object]) -> None:
        """Call `stop` with each answer that another process asks this one to stop, without end."""
        ...

    async def close(self) -> None:
        """Let go of what the log holds open."""
        ...


@dataclass(slots=True)
class _Answer:
    events: list[AnswerEvent] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    waiting: list[asyncio.Future[None]] = field(default_factory=list)
    ended_at: float | None = None


class MemoryAnswerEventLog:
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
        answer.times.append(time.monotonic())
        if isinstance(event, AnswerFinished | AnswerFailed):
            answer.ended_at = time.monotonic()
        waiting, answer.waiting = answer.waiting, []
        for reader in waiting:
            if not reader.done():
                reader.set_result(None)
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
                numbered = _next(answer, sequence)
                sequence = numbered.sequence
                yield numbered
            if answer.ended_at is not None:
                return
            reader = asyncio.get_running_loop().create_future()
            answer.waiting.append(reader)
            await reader

    async def request_stop(self, answer_id: UUID) -> bool:
        """There is no other process."""
        return False

    async def relay_stops(self, stop: Callable[[UUID], object]) -> None:
        """There is no other process."""

    async def close(self) -> None:
        """Nothing is held open."""

    def _forget_old(self) -> None:
        deadline = time.monotonic() - self._kept_seconds
        ended = [(key, answer.ended_at) for key, answer in self._answers.items() if answer.ended_at is not None]
        surplus = len(self._answers) - self._max_answers + 1
        for place, (key, ended_at) in enumerate(sorted(ended, key=lambda item: item[1])):
            if ended_at < deadline or place < surplus:
                del self._answers[key]


def _next(answer: _Answer, sequence: int) -> Numbered:
    """Return the event after a sequence number.

    A reader who is behind gets the pieces that wait too long as one, with the number of the last.
    """
    event = answer.events[sequence]
    last = sequence + 1
    if not isinstance(event, AnswerDelta) or len(answer.events) - last <= BACKLOG:
        return Numbered(last, event)
    late = time.monotonic() - LATE_SECONDS
    pieces = [event.text]
    length = len(event.text)
    while answer.times[last] < late and length < JOINED_CHARACTERS and len(answer.events) - last > BACKLOG:
        if not isinstance(piece := answer.events[last], AnswerDelta):
            break
        pieces.append(piece.text)
        length += len(piece.text)
        last += 1
    return Numbered(last, AnswerDelta("".join(pieces)))
