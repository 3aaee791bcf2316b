"""External databases of workspaces."""

from uuid import UUID

from sqlalchemy import func, select, update

from data.engine import Session
from data.models import WorkspaceDatabase


async def count_databases(session: Session, workspace_id: UUID) -> int:
    """Return how many external databases a workspace has."""
    held = select(func.count()).where(WorkspaceDatabase.workspace_id == workspace_id)
    return await session.scalar(held) or 0


def add_database(session: Session, database: WorkspaceDatabase) -> None:
    """Store an external database, at the end of the unit."""
    session.add(database)


async def delete_database(session: Session, database: WorkspaceDatabase) -> None:
    """Forget an external database, at the end of the unit."""
    await session.delete(database)


async def find_passwords(session: Session) -> list[tuple[UUID, str]]:
    """Return every encrypted password with the key of its row, of all workspaces."""
    columns = select(WorkspaceDatabase.id, WorkspaceDatabase.password_encrypted)
    rows = await session.execute(columns.where(WorkspaceDatabase.password_encrypted.is_not(None)))
    return [(key, text) for key, text in rows if text is not None]


async def exchange_password(session: Session, key: UUID, encrypted: str, renewed: str) -> None:
    """Store a password that was encrypted again, unless it was changed in the meantime."""
    await session.execute(
        update(WorkspaceDatabase)
        .where(WorkspaceDatabase.id == key, WorkspaceDatabase.password_encrypted == encrypted)
        .values(password_encrypted=renewed)
        .execution_options(synchronize_session=False)
    )
