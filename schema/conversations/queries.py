"""What can be asked about conversations."""

from typing import Annotated, Any

import strawberry

from data import models
from resolvers.context import Context
from schema.conversations.types import Conversation
from schema.operation import Info
from schema.readings import Found, Root, read_by, row_at
from schema.relay.node import key_of


def _conversation(context: Context, id: str) -> Found:
    context.speaker()
    return models.Conversation, key_of(id, models.Conversation)


@strawberry.type
class ConversationQueries:
    @strawberry.field(
        graphql_type=Conversation | None,
        metadata=read_by(Root(_conversation, "conversation")),
        description="A conversation that the viewer may read; an error with the code NOT_FOUND for any other.",
    )
    async def conversation(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The conversation.")]
    ) -> Any:
        return await row_at(info.context, _conversation(info.context, id), "conversation")
