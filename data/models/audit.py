"""What people did with conversations as a whole: put away, deleted, taken out. Never what is in them."""

from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Unicode
from sqlalchemy.orm import Mapped, mapped_column

from data.models.base import Created, Keyed, Model, primary_key
from data.types import Chosen


class AuditAction(StrEnum):
    """What was done."""

    CONVERSATION_ARCHIVED = "conversation_archived"
    CONVERSATION_REOPENED = "conversation_reopened"
    CONVERSATION_DELETED = "conversation_deleted"
    CONVERSATIONS_EXPORTED = "conversations_exported"


class AuditEntry(Keyed, Created, Model):
    """Who did what in a workspace, when, on what (`subject_id`) and on how many rows.

    Without `actor_email` it was the operator, at the command line. The e-mail is that of the moment: an account that
    is gone did what it did.
    """

    __tablename__ = "audit_log"
    node_name = "AuditEntry"

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"))
    action: Mapped[AuditAction] = mapped_column(Chosen(AuditAction, 50))
    actor_email: Mapped[str | None] = mapped_column(Unicode(255))
    subject_id: Mapped[UUID | None]
    row_count: Mapped[int]

    __table_args__ = (
        primary_key(),
        Index("idx_audit_log_workspace", "workspace_id", "created_at", "id", mssql_clustered=True),
    )
