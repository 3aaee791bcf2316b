"""What a viewer may read and change: the two rules of `data.visibility`, asked together."""

from collections.abc import Collection
from typing import Any, TypeVar, cast
from uuid import UUID

from sqlalchemy import ColumnElement, Integer, case, literal_column, select

from data.engine import Session
from data.keys import PARAMETER, among_keys
from data.models import ApiKey, Conversation, Document, Website, Workspace, WorkspaceDatabase
from data.viewer import Viewer
from data.visibility import visible, writable

Held = TypeVar("Held", ApiKey, Conversation, Document, Website, WorkspaceDatabase)
"""Kinds of rows that a workspace holds and its owner changes."""


async def find_workspace(session: Session, viewer: Viewer, workspace_id: UUID) -> tuple[Workspace, bool] | None:
    """Return a workspace that the viewer may read, and whether they may change it; None for any other."""
    statement = visible(viewer, Workspace).where(Workspace.id == workspace_id).add_columns(_is_writable(viewer))
    return cast("tuple[Workspace, bool] | None", _with_right(await session.execute(statement)))


async def find_held(session: Session, viewer: Viewer, model: type[Held], key: UUID) -> tuple[Held, bool] | None:
    """Return a row that the viewer may read, and whether they may change it; None for any other."""
    statement = (
        visible(viewer, model)
        .join(Workspace, Workspace.id == model.workspace_id)
        .where(model.id == key)
        .add_columns(_is_writable(viewer))
    )
    return cast("tuple[Held, bool] | None", _with_right(await session.execute(statement)))


async def find_writable(session: Session, viewer: Viewer, workspace_ids: Collection[UUID]) -> set[UUID]:
    """Return those of some workspaces that the viewer may change."""
    own = select(Workspace.id).where(among_keys(Workspace.id), writable(viewer))
    return set(await session.scalars(own, {PARAMETER: list(workspace_ids)}))


def _is_writable(viewer: Viewer) -> ColumnElement[int]:
    # As a number: SQL Server has no expression that is true or false in a result.
    return case((writable(viewer), literal_column("1", Integer)), else_=literal_column("0", Integer))


def _with_right(result: Any) -> Any:
    found = result.one_or_none()
    return None if found is None else (found[0], bool(found[1]))
