"""What happens in conversations, as it is streamed."""

from uuid import UUID

import strawberry

from core.errors import ErrorCode
from data import models
from rag.answers.conversation_events import ActivityKind
from schema.conversations.types import Conversation, Message, Source
from schema.readings import link_field


@strawberry.interface(description="Something that happens while an answer is made. The last is a finish or a failure.")
class AnswerEvent:
    """The interface of events."""

    answer_id: strawberry.ID = strawberry.field(description="The answer, for `answer` and `stopAnswer`.")
    sequence: int = strawberry.field(
        description="The event's number in its answer, from 1; pieces of text sent as one have the last's."
    )


@strawberry.type(description="The documents were searched; the text follows.")
class AnswerStarted(AnswerEvent):
    """The first event."""

    conversation_id: strawberry.Private[UUID]
    message_id: strawberry.Private[UUID]
    conversation: Conversation = link_field(
        Conversation, models.Conversation, "conversation_id", "The conversation, new or not.", what="conversation"
    )
    message: Message = link_field(
        Message, models.Message, "message_id", "The question, as it is stored.", what="message"
    )
    sources: list[Source] = strawberry.field(description="What the answer will be drawn from, best first.")


@strawberry.type(description="A piece of the answer's text, to be appended to what came before.")
class AnswerDelta(AnswerEvent):
    """A piece of text."""

    text: str = strawberry.field(description="The piece; never empty.")


@strawberry.type(description="The answer is complete and stored.")
class AnswerFinished(AnswerEvent):
    """The last event of an answer that ended well."""

    message_id: strawberry.Private[UUID]
    message: Message = link_field(Message, models.Message, "message_id", "The assistant's message.", what="message")


@strawberry.type(description="There is no answer.")
class AnswerFailed(AnswerEvent):
    """The last event of an answer that did not."""

    code: ErrorCode = strawberry.field(description="Why, for programs.")
    text: str = strawberry.field(description="Why and what to do, for people.")
    retryable: bool = strawberry.field(description="Whether sending the same message again may work.")


@strawberry.type(description="Something that happened in a conversation.")
class ConversationActivity:
    """An event of `conversationActivity`; its fields are read off a `ConversationEvent`."""

    kind: ActivityKind = strawberry.field(description="What happened.")
    conversation: Conversation | None = link_field(
        Conversation,
        models.Conversation,
        "conversation_id",
        "Where it happened; null when the conversation was deleted meanwhile.",
    )
    message: Message | None = link_field(
        Message,
        models.Message,
        "message_id",
        "The message it is about, as it is now; null when it was deleted meanwhile.",
    )
