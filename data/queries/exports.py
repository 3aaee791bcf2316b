"""Messages as they are exported: conversation by conversation, oldest first, from one place on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, and_, or_

from data.engine import Session
from data.models import Conversation, Message
from data.viewer import Viewer
from data.visibility import visible

EXPORTED = (
    Conversation.id.label("conversation_id"),
    Conversation.created_at.label("conversation_began_at"),
    Conversation.title.label("conversation_title"),
    Conversation.visitor_id,
    Conversation.visitor_name,
    Conversation.visitor_email,
    Conversation.archived_at,
    Message.id.label("message_id"),
    Message.reply_to_id,
    Message.created_at,
    Message.role,
    Message.content,
    Message.rag_score,
    Message.rag_sources,
    Message.response_time_ms,
    Message.tokens_used,
    Message.feedback,
    Message.feedback_comment,
    Message.is_resolved,
)
"""What is read of a message and of its conversation."""


@dataclass(frozen=True, slots=True)
class Exported:
    """Whose messages are exported: a workspace's, of conversations that began at `begin` or later and before `end`."""

    workspace_id: UUID
    begin: datetime | None = None
    end: datetime | None = None


async def find_exported(
    session: Session, viewer: Viewer, exported: Exported, after: Row[Any] | None, at_most: int
) -> Sequence[Row[Any]]:
    """Return the next messages after one that was read, with the columns `EXPORTED`; those of a viewer who may read.

    The statement walks the index of conversations, and of each the index of its messages.
    """
    rows = (
        visible(viewer, Conversation)
        .join(Message, Message.conversation_id == Conversation.id)
        .where(Conversation.workspace_id == exported.workspace_id)
        .with_only_columns(*EXPORTED)
        .order_by(Conversation.created_at, Conversation.id, Message.created_at, Message.id)
        .limit(at_most)
    )
    if exported.begin is not None:
        rows = rows.where(Conversation.created_at >= exported.begin)
    if exported.end is not None:
        rows = rows.where(Conversation.created_at < exported.end)
    if after is not None:
        rows = rows.where(*_after(after))
    return (await session.execute(rows)).all()


def _after(row: Row[Any]) -> Sequence[ColumnElement[bool]]:
    """Return the conditions of what comes after a row. The first is where the walk of the index begins."""
    began = row.conversation_began_at
    same_moment = and_(Message.created_at == row.created_at, Message.id > row.message_id)
    later = or_(Message.created_at > row.created_at, same_moment)
    return (
        Conversation.created_at >= began,
        or_(
            Conversation.created_at > began,
            Conversation.id > row.conversation_id,
            and_(Conversation.id == row.conversation_id, later),
        ),
    )
