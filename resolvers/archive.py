"""Conversations that the team puts away, takes out again, or deletes with all that is in them."""

from uuid import UUID

from core.clock import now
from data.engine import Session
from data.models import AuditAction, Conversation
from data.queries import audit
from data.queries import conversations as queries
from resolvers.context import Context
from resolvers.rates import KEEPING_PER_ACCOUNT
from resolvers.workspaces import access


async def archive(context: Context, conversation_id: UUID, *, archived: bool) -> None:
    """Put a conversation away, or take it out again. It is kept as before, and its visitor may go on with it.

    Raises `OperationError`.
    """

    async def store(session: Session) -> None:
        conversation = await access.owned_row(context, session, Conversation, conversation_id, "conversation")
        if archived is (conversation.archived_at is not None):
            return
        queries.set_archived(conversation, now() if archived else None)
        action = AuditAction.CONVERSATION_ARCHIVED if archived else AuditAction.CONVERSATION_REOPENED
        audit.note(session, context.viewer, conversation.workspace_id, action, subject_id=conversation_id)

    await _count(context)
    await context.database.write(store)
    context.forget_loaded()


async def delete(context: Context, conversation_id: UUID) -> None:
    """Delete a conversation with its messages. An answer under way is not stored. Raises `OperationError`.

    Figures of days that are over keep what they counted: they name nobody.
    """

    async def remove(session: Session) -> None:
        conversation = await access.owned_row(context, session, Conversation, conversation_id, "conversation")
        workspace_id = conversation.workspace_id
        await queries.delete_conversation(session, conversation_id)
        action = AuditAction.CONVERSATION_DELETED
        audit.note(session, context.viewer, workspace_id, action, subject_id=conversation_id)

    await _count(context)
    await context.database.write(remove)
    context.forget_loaded()


async def _count(context: Context) -> None:
    await context.count(KEEPING_PER_ACCOUNT, context.staff().user_id.hex)
