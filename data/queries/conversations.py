"""Conversations and their messages, as they are written and answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, delete, or_, select, update

from core.clock import today
from data.engine import Session
from data.models import AnalyticsDaily, Conversation, Message, MessageRole, MessageTrace, Workspace
from data.viewer import Viewer
from data.visibility import visible


@dataclass(frozen=True, slots=True)
class AskedIn:
    """What a question was asked in: its workspace, the messages before it, newest first, and the day's model tokens."""

    asked_at: datetime
    workspace: Workspace
    earlier: Sequence[Message]
    tokens_of_the_day: int


async def find_message(session: Session, viewer: Viewer, message_id: UUID) -> Message | None:
    """Return a message that the viewer may read."""
    return await session.scalar(visible(viewer, Message).where(Message.id == message_id))


async def find_stored_message(session: Session, message_id: UUID) -> Message | None:
    """Return a message by its key, which only its writer can make."""
    return await session.get(Message, message_id)


async def get_message(session: Session, message_id: UUID) -> Message:
    """Return a message that another names."""
    return await session.get_one(Message, message_id)


async def find_answers(session: Session, message_id: UUID) -> set[UUID]:
    """Return the keys of the stored answers to a message: several when it was answered again."""
    return set(await session.scalars(select(Message.id).where(Message.reply_to_id == message_id)))


async def find_message_of_answer(session: Session, viewer: Viewer, answer_id: UUID) -> Message | None:
    """Return an answer's own message if it is stored, else the question that waits for it; None for any other."""
    found = await session.scalars(
        visible(viewer, Message).where(or_(Message.id == answer_id, Message.answer_id == answer_id))
    )
    messages = {message.role: message for message in found}
    message = messages.get(MessageRole.ASSISTANT) or messages.get(MessageRole.USER)
    if message is None or (message.role is MessageRole.USER and message.answer_id != answer_id):
        return None
    return message


async def find_conversation(session: Session, viewer: Viewer, conversation_id: UUID) -> Conversation | None:
    """Return a conversation that the viewer may read."""
    return await session.scalar(visible(viewer, Conversation).where(Conversation.id == conversation_id))


async def conversation_of(session: Session, message: Message) -> Conversation:
    """Return the conversation of a message that was read."""
    return await session.get_one(Conversation, message.conversation_id)


def add_conversation(session: Session, conversation: Conversation) -> None:
    """Store a conversation, with the first statement that follows in the unit."""
    session.add(conversation)


def set_archived(conversation: Conversation, moment: datetime | None) -> None:
    """Put a conversation away at a moment, or take it out again."""
    conversation.archived_at = moment
    conversation.is_active = moment is None


async def delete_conversation(session: Session, conversation_id: UUID) -> None:
    """Delete a conversation with its messages."""
    await session.execute(delete(Conversation).where(Conversation.id == conversation_id))


async def add_message(session: Session, message: Message, trace: MessageTrace | None = None) -> None:
    """Store a message and note it as its conversation's last, an answer with how it came about.

    Raises `IntegrityError` without the conversation.
    """
    session.add_all([message] if trace is None else [message, trace])
    await session.flush()
    await session.execute(
        update(Conversation)
        .where(Conversation.id == message.conversation_id)
        .values(last_message_at=message.created_at)
    )


async def find_asked_in(
    session: Session, workspace_id: UUID, conversation_id: UUID, message_id: UUID, earlier: int
) -> AskedIn:
    """Return what the answer to a stored question depends on, with at most `earlier` messages before it."""
    workspace, tokens = (
        await session.execute(
            select(Workspace, AnalyticsDaily.tokens_used)
            .outerjoin(
                AnalyticsDaily,
                and_(AnalyticsDaily.workspace_id == Workspace.id, AnalyticsDaily.date == today()),
            )
            .where(Workspace.id == workspace_id)
        )
    ).one()
    asked = await session.get_one(Message, message_id)
    before = await session.scalars(
        select(Message)
        .where(
            Message.conversation_id == conversation_id,
            Message.id != asked.id,
            Message.created_at <= asked.created_at,
        )
        .order_by(Message.created_at.desc(), Message.id.desc())
        .limit(earlier)
    )
    return AskedIn(asked.created_at, workspace, before.all(), tokens or 0)
