"""What can be changed about conversations."""

from typing import Annotated

import strawberry

from data import models
from rag.answers.running import Question
from resolvers import archive, conversations
from schema.conversations.inputs import (
    ArchiveConversationInput,
    DeleteConversationInput,
    RateMessageInput,
    RegenerateAnswerInput,
    ResolveMessageInput,
    SendMessageInput,
    StopAnswerInput,
)
from schema.conversations.types import Conversation, Message, answer_global_id
from schema.operation import Info, reload_row
from schema.relay.node import key_of
from schema.user_errors import InvalidInput, UserErrorsAsData


@strawberry.type(description="The message is stored and its answer begun.")
class SendMessagePayload:
    conversation: Conversation = strawberry.field(description="The conversation, new or not.")
    question: Message = strawberry.field(description="The question, as it is stored.")
    answer_id: strawberry.ID = strawberry.field(description="The answer to follow with `answer`.")


@strawberry.type(description="The answer ends; what was written is kept.")
class StopAnswerPayload:
    answer_id: strawberry.ID = strawberry.field(description="The answer.")


@strawberry.type(description="The answer is rated.")
class RateMessagePayload:
    rated_message: Message = strawberry.field(description="The answer, with its rating.")


@strawberry.type(description="The message is marked.")
class ResolveMessagePayload:
    resolved_message: Message = strawberry.field(description="The message, as it is now.")


@strawberry.type(description="The conversation is put away, or taken out again.")
class ArchiveConversationPayload:
    conversation: Conversation = strawberry.field(description="The conversation, as it is now.")


@strawberry.type(description="The conversation and its messages are gone.")
class DeleteConversationPayload:
    deleted_id: strawberry.ID = strawberry.field(description="Its identifier.")


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
    RateMessagePayload | InvalidInput, strawberry.union("RateMessageResult", description="The message, or why not.")
]


ResolveMessageResult = Annotated[
    ResolveMessagePayload | InvalidInput,
    strawberry.union("ResolveMessageResult", description="The message, or why not."),
]


ArchiveConversationResult = Annotated[
    ArchiveConversationPayload | InvalidInput,
    strawberry.union("ArchiveConversationResult", description="The conversation, or why not."),
]


DeleteConversationResult = Annotated[
    DeleteConversationPayload | InvalidInput,
    strawberry.union("DeleteConversationResult", description="Done, or why not."),
]


async def _payload(info: Info, question: Question) -> SendMessagePayload:
    return SendMessagePayload(
        conversation=await reload_row(info, models.Conversation, question.conversation_id),
        question=await reload_row(info, models.Message, question.message_id),
        answer_id=answer_global_id(question.answer_id),
    )


@strawberry.type
class AnswerMutations:
    @strawberry.mutation(
        graphql_type=SendMessageResult,
        extensions=[UserErrorsAsData()],
        description="Store a message and begin its answer, which `answer` streams.",
    )
    async def send_message(
        self, info: Info, input: Annotated[SendMessageInput, strawberry.argument(description="The message.")]
    ) -> SendMessagePayload:
        return await _payload(info, await conversations.ask(info.context, input.as_ask()))

    @strawberry.mutation(
        graphql_type=StopAnswerResult,
        extensions=[UserErrorsAsData()],
        description="End an answer early and keep what was written.",
    )
    async def stop_answer(
        self, info: Info, input: Annotated[StopAnswerInput, strawberry.argument(description="The answer.")]
    ) -> StopAnswerPayload:
        await conversations.stop(info.context, key_of(input.answer_id, models.Message))
        return StopAnswerPayload(answer_id=input.answer_id)

    @strawberry.mutation(
        graphql_type=RegenerateAnswerResult,
        extensions=[UserErrorsAsData()],
        description="Answer a message again. The earlier answer stays in the conversation.",
    )
    async def regenerate_answer(
        self, info: Info, input: Annotated[RegenerateAnswerInput, strawberry.argument(description="The message.")]
    ) -> SendMessagePayload:
        message_id = key_of(input.message_id, models.Message)
        return await _payload(info, await conversations.regenerate(info.context, message_id))

    @strawberry.mutation(graphql_type=RateMessageResult, extensions=[UserErrorsAsData()], description="Rate an answer.")
    async def rate_message(
        self, info: Info, input: Annotated[RateMessageInput, strawberry.argument(description="The rating.")]
    ) -> RateMessagePayload:
        message_id = key_of(input.message_id, models.Message)
        await conversations.rate(info.context, message_id, input.feedback, input.comment)
        return RateMessagePayload(rated_message=await reload_row(info, models.Message, message_id))

    @strawberry.mutation(
        graphql_type=ResolveMessageResult,
        extensions=[UserErrorsAsData()],
        description="Mark a message as dealt with by the team, or not.",
    )
    async def resolve_message(
        self, info: Info, input: Annotated[ResolveMessageInput, strawberry.argument(description="The message.")]
    ) -> ResolveMessagePayload:
        message_id = key_of(input.message_id, models.Message)
        await conversations.resolve(info.context, message_id, resolved=input.resolved)
        return ResolveMessagePayload(resolved_message=await reload_row(info, models.Message, message_id))

    @strawberry.mutation(
        graphql_type=ArchiveConversationResult,
        extensions=[UserErrorsAsData()],
        description="Put a conversation away, or take it out again. A visitor who goes on with it takes it out.",
    )
    async def archive_conversation(
        self, info: Info, input: Annotated[ArchiveConversationInput, strawberry.argument(description="Which one.")]
    ) -> ArchiveConversationPayload:
        conversation_id = key_of(input.id, models.Conversation)
        await archive.archive(info.context, conversation_id, archived=input.archived)
        return ArchiveConversationPayload(conversation=await reload_row(info, models.Conversation, conversation_id))

    @strawberry.mutation(
        graphql_type=DeleteConversationResult,
        extensions=[UserErrorsAsData()],
        description="Delete a conversation with its messages. Figures of days keep what they counted.",
    )
    async def delete_conversation(
        self, info: Info, input: Annotated[DeleteConversationInput, strawberry.argument(description="Which one.")]
    ) -> DeleteConversationPayload:
        await archive.delete(info.context, key_of(input.id, models.Conversation))
        return DeleteConversationPayload(deleted_id=input.id)
