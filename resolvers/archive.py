"""Conversations that the team puts away, takes out again, or deletes with all that is in them."""

from uuid import UUID

from core.clock import now
from data.engine import Session
from data.models import Conversation
from data.queries import conversations as queries
from resolvers.context import Context
from resolvers.workspaces import access


async def archive(context: Context, conversation_id: UUID, *, archived: bool) -> None:
    """Put a conversation away, or take it out again. It is kept as before, and its visitor may go on with it.

    Raises `OperationError`.
    """

    async def store(session: Session) -> None:
        conversation = await access.owned_row(context, session, Conversation, conversation_id, "conversation")
        queries.set_archived(conversation, now() if archived else None)

    await context.database.write(store)
    context.forget_loaded()


async def delete(context: Context, conversation_id: UUID) -> None:
    """Delete a conversation with its messages. An answer under way is not stored. Raises `OperationError`.

    Figures of days that are over keep what they counted: they name nobody.
    """

    async def remove(session: Session) -> None:
        await access.owned_row(context, session, Conversation, conversation_id, "conversation")
        await queries.delete_conversation(session, conversation_id)

    await context.database.write(remove)
    context.forget_loaded()
