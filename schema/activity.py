"""The team's live view of conversations."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

import strawberry

from data import models
from rag.answers.conversation_events import Activity, ActivityKind
from resolvers import conversations
from schema.conversations import Conversation, Message
from schema.node import key_of
from schema.operation import Info


async def _conversation(root: strawberry.Parent[Activity], info: Info) -> Any:
    return await info.context.loaders.row(models.Conversation, root.conversation_id)


async def _message(root: strawberry.Parent[Activity], info: Info) -> Any:
    return await info.context.loaders.row(models.Message, root.message_id)


@strawberry.type(description="Something that happened in a conversation.")
class ConversationActivity:
    """An event of `conversationActivity`; its fields are read off `rag.answers.conversation_events.Activity`."""

    kind: ActivityKind = strawberry.field(description="What happened.")
    conversation: Conversation | None = strawberry.field(
        resolver=_conversation,
        graphql_type=Conversation | None,
        description="Where it happened; null when the conversation was deleted meanwhile.",
    )
    message: Message | None = strawberry.field(
        resolver=_message,
        graphql_type=Message | None,
        description="The message it is about, as it is now; null when it was deleted meanwhile.",
    )


@strawberry.type
class ActivitySubscriptions:
    """Fields of `Subscription`."""

    @strawberry.subscription(
        graphql_type=ConversationActivity,
        description="New conversations, messages and ratings of a workspace, as they happen, until unsubscribed.",
    )
    async def conversation_activity(
        self,
        info: Info,
        workspace_id: Annotated[strawberry.ID, strawberry.argument(description="The workspace.")],
    ) -> AsyncIterator[Activity]:
        """Watch the conversations."""
        async for happening in conversations.activity(info.context, key_of(workspace_id, models.Workspace)):
            info.context.forget_loaded()
            yield happening
