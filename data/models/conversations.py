"""Layer 3: conversations, messages, their topics, and the cache of answers."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Unicode, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from data.models.base import NO, YES, ZERO, Created, Keyed, Model, Updated, primary_key
from data.types import Chosen, CompressedJson, Json, exact_text


class Conversation(Keyed, Created, Updated, Model):
    """A discussion of one visitor with a workspace.

    Triggers keep `message_count`, and the sums over its messages that follow it: of the answers that carry a time (in
    milliseconds) or a `rag_score`, of those whose `rag_score` is below 0.5, and of ratings. A conversation that is
    deleted takes its sums from the figures of its workspace: its messages went before it.
    """

    __tablename__ = "conversations"
    node_name = "Conversation"

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"))
    visitor_id: Mapped[str] = mapped_column(exact_text(255))
    visitor_name: Mapped[str | None] = mapped_column(Unicode(255))
    visitor_email: Mapped[str | None] = mapped_column(Unicode(255))
    title: Mapped[str | None] = mapped_column(Unicode(500))
    is_active: Mapped[bool] = mapped_column(default=True, server_default=YES)
    message_count: Mapped[int] = mapped_column(default=0, server_default=ZERO)
    response_count: Mapped[int] = mapped_column(default=0, server_default=ZERO)
    response_ms: Mapped[int] = mapped_column(BigInteger(), default=0, server_default=ZERO)
    scored_count: Mapped[int] = mapped_column(default=0, server_default=ZERO)
    score_sum: Mapped[float] = mapped_column(default=0, server_default=ZERO)
    low_confidence_count: Mapped[int] = mapped_column(default=0, server_default=ZERO)
    rated_count: Mapped[int] = mapped_column(default=0, server_default=ZERO)
    rating_sum: Mapped[int] = mapped_column(default=0, server_default=ZERO)
    last_message_at: Mapped[datetime | None]
    archived_at: Mapped[datetime | None]

    __table_args__ = (
        primary_key(),
        Index("idx_conversations_workspace", "workspace_id", "created_at", "id", mssql_clustered=True),
        Index("idx_conversations_visitor", "workspace_id", "visitor_id", "created_at", "id"),
        Index("idx_conversations_last_message", "workspace_id", "last_message_at"),
    )


class MessageRole(StrEnum):
    """Who speaks."""

    USER = "user"
    ASSISTANT = "assistant"


class Message(Keyed, Created, Updated, Model):
    """One message. The assistant's carry what the answer cost, how sure it was and what it was drawn from.

    A user's message names in `answer_id` the assistant's message that answers it, before that one exists: an identifier
    with no row and no generation under way is an answer that was interrupted. `reply_to_id` is the way back, and keeps
    the earlier answers of a message that was answered again. `rag_score` is in [0, 1]; `feedback` is -1, 0, 1 or NULL
    (not rated). `details` is the column `metadata`, a name SQLAlchemy keeps for itself.
    """

    __tablename__ = "messages"
    node_name = "Message"

    conversation_id: Mapped[UUID] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"))
    role: Mapped[MessageRole] = mapped_column(Chosen(MessageRole, 20))
    content: Mapped[str] = mapped_column(Unicode())
    answer_id: Mapped[UUID | None]
    reply_to_id: Mapped[UUID | None] = mapped_column(ForeignKey("messages.id"))
    tokens_used: Mapped[int | None]
    response_time_ms: Mapped[int | None]
    rag_score: Mapped[float | None]
    rag_sources: Mapped[list[dict[str, Any]] | None] = mapped_column(Json())
    feedback: Mapped[int | None]
    feedback_comment: Mapped[str | None] = mapped_column(Unicode(2000))
    is_resolved: Mapped[bool] = mapped_column(default=False, server_default=NO)
    details: Mapped[dict[str, Any] | None] = mapped_column("metadata", Json())

    __table_args__ = (
        primary_key(),
        CheckConstraint("role IN ('user', 'assistant')", name="CHK_messages_role"),
        CheckConstraint("rag_score >= 0 AND rag_score <= 1", name="CHK_messages_rag_score"),
        CheckConstraint("feedback IN (-1, 0, 1)", name="CHK_messages_feedback"),
        Index("idx_messages_conversation", "conversation_id", "created_at", "id", mssql_clustered=True),
        Index("idx_messages_answer", "answer_id"),
        Index("idx_messages_reply_to", "reply_to_id"),
    )


class MessageTrace(Created, Model):
    """How an answer came about, for staff: `content` is what `rag.answers.trace` says of the message of this key.

    Apart from the messages, so that whoever reads them does not read it. `workspace_id` does not cascade: SQL Server
    refuses a second path from the same ancestor (error 1785).
    """

    __tablename__ = "message_traces"

    id: Mapped[UUID] = mapped_column(ForeignKey("messages.id", ondelete="CASCADE"), sort_order=-1)
    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id"))
    content: Mapped[dict[str, Any]] = mapped_column(CompressedJson(), sort_order=2)

    __table_args__ = (
        primary_key(),
        Index("idx_message_traces_workspace", "workspace_id", "created_at", "id", mssql_clustered=True),
    )


class MessageTopic(Keyed, Created, Updated, Model):
    """A subject that visitors ask about, with some of their questions."""

    __tablename__ = "message_topics"
    node_name = "MessageTopic"

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"))
    topic_name: Mapped[str] = mapped_column(exact_text(255))
    message_count: Mapped[int] = mapped_column(default=0, server_default=ZERO)
    sample_questions: Mapped[list[str] | None] = mapped_column(Json())

    __table_args__ = (
        primary_key(),
        UniqueConstraint("workspace_id", "topic_name"),
        Index("idx_message_topics_workspace", "workspace_id", "created_at", "id", mssql_clustered=True),
    )


class ResponseCache(Keyed, Created, Updated, Model):
    """An answer kept for the next visitor who asks the same; a trigger sets `expires_at` from `ttl_seconds`."""

    __tablename__ = "response_cache"
    node_name = "CachedResponse"

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"))
    question_hash: Mapped[str] = mapped_column(Unicode(255))
    original_question: Mapped[str] = mapped_column(Unicode())
    cached_response: Mapped[dict[str, Any]] = mapped_column(Json())
    ttl_seconds: Mapped[int]
    hit_count: Mapped[int] = mapped_column(default=0, server_default=ZERO)
    expires_at: Mapped[datetime | None]

    __table_args__ = (
        primary_key(),
        Index("idx_response_cache_workspace", "workspace_id", "created_at", "id", mssql_clustered=True),
        Index("idx_response_cache_hash", "workspace_id", "question_hash", unique=True),
    )
