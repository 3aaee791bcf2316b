"""What can be asked about conversations."""

from typing import Annotated

import strawberry

from data import models
from resolvers.errors import NotFound
from schema.conversations.types import Conversation
from schema.operation import Info
from schema.relay.node import key_of


@strawberry.type
class ConversationQueries:
    @strawberry.field(
        graphql_type=Conversation | None,
        description="A conversation that the viewer may read; an error with the code NOT_FOUND for any other.",
    )
    async def conversation(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The conversation.")]
    ) -> models.Conversation:
        info.context.speaker()
        row = await info.context.loaders.row(models.Conversation, key_of(id, models.Conversation))
        if row is None:
            raise NotFound("conversation")
        return row
