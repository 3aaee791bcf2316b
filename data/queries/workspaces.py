"""Workspaces, who reads them, and their keys."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, or_, select, update

from core.clock import now, today
from data.engine import Session
from data.models import (
    AnalyticsDaily,
    ApiKey,
    AppUser,
    InsightsCache,
    StorageUsage,
    Workspace,
    WorkspaceMember,
)


async def add_workspace(session: Session, user_id: UUID, columns: dict[str, Any]) -> UUID:
    """Store a workspace that stores nothing yet, with its figures of the day and its empty insights; return its key."""
    workspace = Workspace(user_id=user_id, **columns)
    session.add(workspace)
    await session.flush()
    session.add(AnalyticsDaily(workspace_id=workspace.id, date=today()))
    session.add(InsightsCache(workspace_id=workspace.id))
    session.add(StorageUsage(workspace_id=workspace.id))
    return workspace.id


async def count_workspaces(session: Session, user_id: UUID) -> int:
    """Return how many workspaces an account has."""
    return await session.scalar(select(func.count()).where(Workspace.user_id == user_id)) or 0


async def lock_workspace(session: Session, workspace_id: UUID) -> None:
    """Read a workspace again and let no other unit change it before this one ends, as on SQLite none does anyway.

    What is computed from the row is then computed from what the last change left.
    """
    rows = select(Workspace).where(Workspace.id == workspace_id).execution_options(populate_existing=True)
    await session.execute(rows.with_hint(Workspace, "WITH (UPDLOCK)", "mssql"))


async def get_workspace(session: Session, workspace_id: UUID) -> Workspace | None:
    """Return a workspace, whoever asks: for the server's own work."""
    return await session.get(Workspace, workspace_id)


async def delete_workspace(session: Session, workspace_id: UUID) -> None:
    """Delete a workspace with all it holds. Its files stay in the storage."""
    await session.execute(delete(Workspace).where(Workspace.id == workspace_id))


async def is_active(session: Session, workspace_id: UUID) -> bool:
    """Tell whether a workspace is there and answers its visitors."""
    return await session.scalar(select(Workspace.is_active).where(Workspace.id == workspace_id)) is True


async def find_first_workspace(session: Session, user_id: UUID) -> UUID | None:
    """Return one workspace of an account."""
    return await session.scalar(select(Workspace.id).where(Workspace.user_id == user_id).limit(1))


async def find_workspaces_called(session: Session, name: str, key: UUID | None) -> list[tuple[Workspace, AppUser]]:
    """Return the workspaces of that name or key, each with its owner. For the operator: of every account."""
    wanted = [Workspace.name == name] + ([] if key is None else [Workspace.id == key])
    rows = await session.execute(
        select(Workspace, AppUser).join(AppUser, AppUser.id == Workspace.user_id).where(or_(*wanted))
    )
    return [(workspace, user) for workspace, user in rows]


async def find_workspaces_of_all(session: Session, limit: int) -> list[tuple[Workspace, AppUser]]:
    """Return workspaces of every account, at most `limit`, each with its owner. For the operator."""
    rows = await session.execute(
        select(Workspace, AppUser)
        .join(AppUser, AppUser.id == Workspace.user_id)
        .order_by(Workspace.created_at, Workspace.id)
        .limit(limit)
    )
    return [(workspace, user) for workspace, user in rows]


async def find_members(session: Session, workspace_id: UUID) -> set[UUID]:
    """Return the accounts that a workspace is shared with."""
    return set(
        await session.scalars(select(WorkspaceMember.user_id).where(WorkspaceMember.workspace_id == workspace_id))
    )


def add_member(session: Session, workspace_id: UUID, user_id: UUID) -> None:
    """Let an account read a workspace that it does not read yet."""
    session.add(WorkspaceMember(workspace_id=workspace_id, user_id=user_id))


async def delete_member(session: Session, workspace_id: UUID, email: str) -> None:
    """Take back from an account what `add_member` gave."""
    account = select(AppUser.id).where(AppUser.email == email)
    await session.execute(
        delete(WorkspaceMember)
        .where(WorkspaceMember.workspace_id == workspace_id, WorkspaceMember.user_id.in_(account))
        .execution_options(synchronize_session=False)
    )


async def add_api_key(session: Session, key: ApiKey) -> UUID:
    """Store a key of a workspace and return its own key."""
    session.add(key)
    await session.flush()
    return key.id


async def count_live_api_keys(session: Session, workspace_id: UUID, at_most: int) -> int:
    """Return how many keys of a workspace are not revoked; counting stops at `at_most`."""
    alive = select(ApiKey.id).where(ApiKey.workspace_id == workspace_id, ApiKey.revoked_at.is_(None)).limit(at_most)
    return len((await session.scalars(alive)).all())


async def delete_revoked_api_keys(session: Session, workspace_id: UUID, *, kept: int) -> None:
    """Delete the revoked keys of a workspace but for the `kept` that were revoked last."""
    revoked = (ApiKey.workspace_id == workspace_id, ApiKey.revoked_at.is_not(None))
    last = select(ApiKey.id).where(*revoked).order_by(ApiKey.revoked_at.desc(), ApiKey.id).limit(kept)
    await session.execute(
        delete(ApiKey).where(*revoked, ApiKey.id.not_in(last)).execution_options(synchronize_session=False)
    )


async def find_api_key(session: Session, key_hash: str) -> tuple[ApiKey, Workspace] | None:
    """Return the key of that hash, whatever its state, and the workspace it opens."""
    found = await session.execute(
        select(ApiKey, Workspace)
        .join(Workspace, Workspace.id == ApiKey.workspace_id)
        .where(ApiKey.key_hash == key_hash)
    )
    row = found.one_or_none()
    return None if row is None else (row[0], row[1])


async def find_stored_api_keys(session: Session, key_hashes: Collection[str]) -> set[str]:
    """Return those of some hashes that a key has."""
    return set(await session.scalars(select(ApiKey.key_hash).where(ApiKey.key_hash.in_(key_hashes))))


async def note_api_key_use(session: Session, key_id: UUID, before: datetime) -> None:
    """Note that a key was used now, if the last note is older than `before`: of many at once, one writes."""
    unnoted = or_(ApiKey.last_used_at.is_(None), ApiKey.last_used_at < before)
    await session.execute(
        update(ApiKey)
        .where(ApiKey.id == key_id, unnoted)
        .values(last_used_at=now())
        .execution_options(synchronize_session=False)
    )
