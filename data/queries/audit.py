"""The audit log, as it is written."""

from uuid import UUID, uuid4

from sqlalchemy import select, update

from data.engine import Session
from data.models import AppUser, AuditAction, AuditEntry
from data.viewer import Staff, Viewer


def note(
    session: Session,
    viewer: Viewer,
    workspace_id: UUID,
    action: AuditAction,
    *,
    subject_id: UUID | None = None,
    row_count: int = 1,
) -> UUID:
    """Write down, in the unit that does it, what an account did, and return the entry's key."""
    email = None
    if isinstance(viewer, Staff) and not viewer.is_operator:
        email = select(AppUser.email).where(AppUser.id == viewer.user_id).scalar_subquery()
    entry = AuditEntry(
        id=uuid4(),
        workspace_id=workspace_id,
        action=action,
        actor_email=email,
        subject_id=subject_id,
        row_count=row_count,
    )
    session.add(entry)
    return entry.id


async def complete(session: Session, entry_id: UUID, row_count: int) -> None:
    """Write down on how many rows something was done that took a while."""
    await session.execute(update(AuditEntry).where(AuditEntry.id == entry_id).values(row_count=row_count))
