"""Asking and answering: the chat's mutations and streams."""

from collections.abc import AsyncIterator
from typing import Annotated, Any, cast
from uuid import UUID

import strawberry

from core.errors import ErrorCode
from data import models
from rag.answers import events
from rag.answers.events import Numbered
from rag.answers.record import Question
from resolvers import conversations
from resolvers.context import PROBE_SEQUENCE, PROBE_TEXT
from schema.conversations import Conversation, Message, Source
from schema.node import key_of
from schema.operation import Info, shown
from schema.user_errors import InvalidInput, RejectionsAsData


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

    conversation: Conversation = strawberry.field(description="The conversation, new or not.")
    message: Message = strawberry.field(description="The question, as it is stored.")
    sources: list[Source] = strawberry.field(description="What the answer will be drawn from, best first.")


@strawberry.type(description="A piece of the answer's text, to be appended to what came before.")
class AnswerDelta(AnswerEvent):
    """A piece of text."""

    text: str = strawberry.field(description="The piece; never empty.")


@strawberry.type(description="The answer is complete and stored.")
class AnswerFinished(AnswerEvent):
    """The last event of an answer that ended well."""

    message: Message = strawberry.field(description="The assistant's message.")


@strawberry.type(description="There is no answer.")
class AnswerFailed(AnswerEvent):
    """The last event of an answer that did not."""

    code: ErrorCode = strawberry.field(description="Why, for programs.")
    text: str = strawberry.field(description="Why and what to do, for people.")
    retryable: bool = strawberry.field(description="Whether sending the same message again may work.")


@strawberry.input(description="A message to the assistant.")
class SendMessageInput:
    """Input of `sendMessage`."""

    workspace_id: strawberry.ID | None = strawberry.field(
        default=None, description="For staff: the workspace to ask. A visitor's token says it."
    )
    conversation_id: strawberry.ID | None = strawberry.field(
        default=None, description="The conversation to go on with; a new one by default."
    )
    content: str = strawberry.field(description="The text, 1 to 4,000 characters.")
    client_message_id: UUID = strawberry.field(
        description="Made by the client, new for each message: the same one sent again is the same message."
    )

    def as_ask(self) -> conversations.Ask:
        """Return what is said."""
        return conversations.Ask(
            content=self.content,
            client_message_id=self.client_message_id,
            conversation_id=key_of(self.conversation_id, models.Conversation) if self.conversation_id else None,
            workspace_id=key_of(self.workspace_id, models.Workspace) if self.workspace_id else None,
        )


@strawberry.input(description="A message to the assistant, whose answer is streamed at once.")
class ChatInput(SendMessageInput):
    """Input of `chat`."""


@strawberry.type(description="The message is stored and its answer begun.")
class SendMessagePayload:
    """Result of `sendMessage` and `regenerateAnswer`."""

    conversation: Conversation = strawberry.field(description="The conversation, new or not.")
    message: Message = strawberry.field(description="The question, as it is stored.")
    answer_id: strawberry.ID = strawberry.field(description="The answer to follow with `answer`.")


@strawberry.input(description="An answer under way.")
class StopAnswerInput:
    """Input of `stopAnswer`."""

    answer_id: strawberry.ID = strawberry.field(description="The answer.")


@strawberry.type(description="The answer ends; what was written is kept.")
class StopAnswerPayload:
    """Result of `stopAnswer`."""

    answer_id: strawberry.ID = strawberry.field(description="The answer.")


@strawberry.input(description="A message to answer again.")
class RegenerateAnswerInput:
    """Input of `regenerateAnswer`."""

    message_id: strawberry.ID = strawberry.field(description="The question, or one of its answers.")


@strawberry.input(description="A rating.")
class RateMessageInput:
    """Input of `rateMessage`."""

    message_id: strawberry.ID = strawberry.field(description="The answer.")
    feedback: int | None = strawberry.field(default=None, description="-1, 0 or 1; null takes the rating back.")
    comment: str | None = strawberry.field(
        default=None, description="At most 2,000 characters; left as it is by default."
    )


@strawberry.type(description="The message, as it is now.")
class MessagePayload:
    """Result of `rateMessage` and `resolveMessage`."""

    message: Message = strawberry.field(description="The message.")


@strawberry.input(description="A message the team dealt with.")
class ResolveMessageInput:
    """Input of `resolveMessage`."""

    message_id: strawberry.ID = strawberry.field(description="The message.")
    resolved: bool = strawberry.field(default=True, description="False opens it again.")


SendMessageResult = Annotated[
    SendMessagePayload | InvalidInput, strawberry.union("SendMessageResult", description="The message, or why not.")
]
StopAnswerResult = Annotated[
    StopAnswerPayload | InvalidInput, strawberry.union("StopAnswerResult", description="Done, or why not.")
]
RegenerateAnswerResult = Annotated[
    SendMessagePayload | InvalidInput,
    strawberry.union("RegenerateAnswerResult", description="The new answer, or why not."),
]
RateMessageResult = Annotated[
    MessagePayload | InvalidInput, strawberry.union("RateMessageResult", description="The message, or why not.")
]
ResolveMessageResult = Annotated[
    MessagePayload | InvalidInput, strawberry.union("ResolveMessageResult", description="The message, or why not.")
]


def _answer_id(key: UUID) -> strawberry.ID:
    return strawberry.ID(models.global_id(models.Message.node_name, key))


async def _payload(info: Info, question: Question) -> SendMessagePayload:
    return SendMessagePayload(
        conversation=await shown(info, models.Conversation, question.conversation_id),
        message=await shown(info, models.Message, question.message_id),
        answer_id=_answer_id(question.answer_id),
    )


async def _event(info: Info, answer_id: strawberry.ID, numbered: Numbered) -> AnswerEvent:
    place: dict[str, Any] = {"answer_id": answer_id, "sequence": numbered.sequence}
    match numbered.event:
        case events.AnswerDelta(text):
            return AnswerDelta(**place, text=text)
        case events.AnswerStarted(conversation_id, message_id, found):
            return AnswerStarted(
                **place,
                conversation=await shown(info, models.Conversation, conversation_id),
                message=await shown(info, models.Message, message_id),
                sources=cast("list[Source]", found),
            )
        case events.AnswerFinished(message_id):
            return AnswerFinished(**place, message=await shown(info, models.Message, message_id))
        case events.AnswerFailed(code, text, retryable):
            return AnswerFailed(**place, code=ErrorCode(code), text=text, retryable=retryable)


async def _shown(
    info: Info, answer_id: strawberry.ID, numbered_events: AsyncIterator[Numbered]
) -> AsyncIterator[AnswerEvent]:
    """Yield events to be executed; where the transport has an express lane, pieces of text take it instead.

    The lane's template is the result of a probe, yielded while the first event is still to come. The reader pulls: what
    is sent on the lane goes out after what was yielded before it, and before what is yielded next.
    """
    lane = info.context.lane
    if lane is not None:
        lane.expects_probe = True
        yield AnswerDelta(answer_id=answer_id, sequence=PROBE_SEQUENCE, text=PROBE_TEXT)
    async for numbered in numbered_events:
        if lane is not None and lane.is_open and isinstance(numbered.event, events.AnswerDelta):
            await lane.send(numbered.sequence, numbered.event.text)
        else:
            yield await _event(info, answer_id, numbered)


@strawberry.type
class AnswerMutations:
    """Fields of `Mutation`."""

    @strawberry.mutation(
        graphql_type=SendMessageResult,
        extensions=[RejectionsAsData()],
        description="Store a message and begin its answer, which `answer` streams.",
    )
    async def send_message(
        self, info: Info, input: Annotated[SendMessageInput, strawberry.argument(description="The message.")]
    ) -> SendMessagePayload:
        """Ask."""
        return await _payload(info, await conversations.ask(info.context, input.as_ask()))

    @strawberry.mutation(
        graphql_type=StopAnswerResult,
        extensions=[RejectionsAsData()],
        description="End an answer early and keep what was written.",
    )
    async def stop_answer(
        self, info: Info, input: Annotated[StopAnswerInput, strawberry.argument(description="The answer.")]
    ) -> StopAnswerPayload:
        """Stop."""
        await conversations.stop(info.context, key_of(input.answer_id, models.Message))
        return StopAnswerPayload(answer_id=input.answer_id)

    @strawberry.mutation(
        graphql_type=RegenerateAnswerResult,
        extensions=[RejectionsAsData()],
        description="Answer a message again. The earlier answer stays in the conversation.",
    )
    async def regenerate_answer(
        self, info: Info, input: Annotated[RegenerateAnswerInput, strawberry.argument(description="The message.")]
    ) -> SendMessagePayload:
        """Answer again."""
        message_id = key_of(input.message_id, models.Message)
        return await _payload(info, await conversations.regenerate(info.context, message_id))

    @strawberry.mutation(graphql_type=RateMessageResult, extensions=[RejectionsAsData()], description="Rate an answer.")
    async def rate_message(
        self, info: Info, input: Annotated[RateMessageInput, strawberry.argument(description="The rating.")]
    ) -> MessagePayload:
        """Rate."""
        message_id = key_of(input.message_id, models.Message)
        await conversations.rate(info.context, message_id, input.feedback, input.comment)
        return MessagePayload(message=await shown(info, models.Message, message_id))

    @strawberry.mutation(
        graphql_type=ResolveMessageResult,
        extensions=[RejectionsAsData()],
        description="Mark a message as dealt with by the team, or not.",
    )
    async def resolve_message(
        self, info: Info, input: Annotated[ResolveMessageInput, strawberry.argument(description="The message.")]
    ) -> MessagePayload:
        """Resolve."""
        message_id = key_of(input.message_id, models.Message)
        await conversations.resolve(info.context, message_id, resolved=input.resolved)
        return MessagePayload(message=await shown(info, models.Message, message_id))


@strawberry.type
class AnswerSubscriptions:
    """Fields of `Subscription`."""

    @strawberry.subscription(
        graphql_type=AnswerEvent, description="Store a message and stream its answer, in one round trip."
    )
    async def chat(
        self, info: Info, input: Annotated[ChatInput, strawberry.argument(description="The message.")]
    ) -> AsyncIterator[AnswerEvent]:
        """Ask and follow."""
        question = await conversations.ask(info.context, input.as_ask())
        followed = conversations.follow(info.context, question.answer_id, after=0)
        async for event in _shown(info, _answer_id(question.answer_id), followed):
            yield event

    @strawberry.subscription(
        graphql_type=AnswerEvent,
        description="Attach to an answer: every event after a sequence number, then those that come, to the last.",
    )
    async def answer(
        self,
        info: Info,
        answer_id: Annotated[strawberry.ID, strawberry.argument(description="The answer.")],
        after: Annotated[
            int | None, strawberry.argument(description="The last sequence number seen; from the beginning by default.")
        ] = None,
    ) -> AsyncIterator[AnswerEvent]:
        """Attach."""
        key = key_of(answer_id, models.Message)
        async for event in _shown(info, answer_id, conversations.follow(info.context, key, after or 0)):
            yield event
