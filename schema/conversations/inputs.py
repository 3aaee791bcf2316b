"""What a client sends about conversations."""

from uuid import UUID

import strawberry

from data import models
from resolvers import conversations
from schema.relay.node import key_of


@strawberry.input(description="A message to the assistant.")
class SendMessageInput:
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


@strawberry.input(description="An answer under way.")
class StopAnswerInput:
    answer_id: strawberry.ID = strawberry.field(description="The answer.")


@strawberry.input(description="A message to answer again.")
class RegenerateAnswerInput:
    message_id: strawberry.ID = strawberry.field(description="The question, or one of its answers.")


@strawberry.input(description="A rating.")
class RateMessageInput:
    message_id: strawberry.ID = strawberry.field(description="The answer.")
    feedback: int | None = strawberry.field(default=None, description="-1, 0 or 1; null takes the rating back.")
    comment: str | None = strawberry.field(
        default=None, description="At most 2,000 characters; left as it is by default."
    )


@strawberry.input(description="A conversation to put away.")
class ArchiveConversationInput:
    id: strawberry.ID = strawberry.field(description="The conversation.")
    archived: bool = strawberry.field(default=True, description="False takes it out again.")


@strawberry.input(description="A conversation to delete.")
class DeleteConversationInput:
    id: strawberry.ID = strawberry.field(description="The conversation.")


@strawberry.input(description="A message the team dealt with.")
class ResolveMessageInput:
    message_id: strawberry.ID = strawberry.field(description="The message.")
    resolved: bool = strawberry.field(default=True, description="False opens it again.")
