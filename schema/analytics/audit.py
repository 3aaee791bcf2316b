"""What a client sees of the audit log."""

import datetime as dt
from uuid import UUID

import strawberry

from data import models
from data.models import AuditAction
from schema.readings import derived_field
from schema.relay.node import Node, RowType


def _subject(root: strawberry.Parent[models.AuditEntry]) -> strawberry.ID | None:
    key: UUID | None = root.subject_id
    return None if key is None else strawberry.ID(models.global_id(models.Conversation.node_name, key))


@strawberry.type(description="Who did what with the conversations of a workspace. It holds nothing of their content.")
class AuditEntry(RowType, Node):
    """A row of `audit_log`."""

    action: AuditAction = strawberry.field(description="What was done.")
    actor_email: str | None = strawberry.field(
        description="The e-mail, at that moment, of the account that did it; null for the operator."
    )
    subject_id: strawberry.ID | None = derived_field(
        _subject, "subject_id", description="The conversation it was done to, which may be gone; null for many."
    )
    row_count: int = strawberry.field(
        description="On how many rows; of an export its messages, or 0 when it did not come to its end."
    )
    created_at: dt.datetime = strawberry.field(description="When.")
