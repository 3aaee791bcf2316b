"""What happens while an answer is made. The last event is a finish or a failure.

Events are numbered from 1. A reader who is behind gets several pieces of text as one, with the number of the last.
"""

from dataclasses import dataclass
from uuid import UUID

from core.errors import ErrorCode
from rag.answers.citations import Citation


@dataclass(frozen=True, slots=True)
class AnswerStarted:
    """Retrieval is over: what the answer will be drawn from. `message_id` is the question's."""

    conversation_id: UUID
    message_id: UUID
    sources: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class AnswerDelta:
    """A piece of the text, to be appended to what came before."""

    text: str


@dataclass(frozen=True, slots=True)
class AnswerFinished:
    """The answer is stored as a message."""

    message_id: UUID


@dataclass(frozen=True, slots=True)
class AnswerFailed:
    """No answer was stored. `text` is for a person; `retryable` says whether sending again may work."""

    code: ErrorCode
    text: str
    retryable: bool


INTERRUPTED = AnswerFailed(
    ErrorCode.ANSWER_INTERRUPTED, "The answer was interrupted before its end. Ask for it again.", retryable=True
)
"""What is told of an answer that no process is writing and that was never stored."""

TOKENS_SPENT = AnswerFailed(
    ErrorCode.DAILY_TOKENS_SPENT,
    "This assistant has used up its words of the day. The message is kept: try again after midnight UTC.",
    retryable=True,
)
"""What is told when the workspace's model tokens of the day (UTC) are used up."""

DATABASE_AWAY = AnswerFailed(
    ErrorCode.DATABASE_UNAVAILABLE,
    "The answer could not be stored: the database cannot be used at the moment. Ask for it again.",
    retryable=True,
)
"""What is told when the database is locked, full, read-only or away."""

UNFORESEEN = AnswerFailed(
    ErrorCode.INTERNAL, "The answer failed for an unexpected reason. Ask for it again.", retryable=True
)
"""What is told of any other fault; the log says which."""

AnswerEvent = AnswerStarted | AnswerDelta | AnswerFinished | AnswerFailed


@dataclass(frozen=True, slots=True)
class Numbered:
    """An event and its place in the answer, from 1."""

    sequence: int
    event: AnswerEvent
