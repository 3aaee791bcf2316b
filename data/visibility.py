"""What a viewer may see, one rule a model. Every loader and every page begins with `visible`."""

from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, bindparam, exists, false, select

from core.clock import now
from data.models import (
    AnalyticsDaily,
    ApiKey,
    AppSession,
    AppUser,
    AuditEntry,
    Conversation,
    DailyMetrics,
    Document,
    DocumentChunk,
    InsightsCache,
    Job,
    Message,
    MessageTopic,
    MessageTrace,
    Model,
    Profile,
    ResponseCache,
    Role,
    StorageUsage,
    UserWorkspace,
    View,
    Website,
    WebsitePage,
    Workspace,
    WorkspaceDatabase,
    WorkspaceFigures,
    WorkspaceMember,
    WorkspaceStats,
)
from data.types import UtcDateTime
from data.viewer import Staff, Viewer, Visitor

Row = TypeVar("Row", bound=Model | View)


def visible(viewer: Viewer, model: type[Row]) -> Select[Row]:
    """Return a select of the rows of `model` that `viewer` may read. Raises `KeyError` for a model without a rule."""
    return select(model).where(_RULES[model](viewer))


def writable(viewer: Viewer) -> ColumnElement[bool]:
    """Return the condition on `Workspace` under which `viewer` may change it and all it holds: an admin's own."""
    if isinstance(viewer, Staff) and viewer.role is Role.ADMIN:
        return Workspace.user_id == viewer.user_id
    return false()


def _workspace(viewer: Viewer) -> ColumnElement[bool]:
    if not isinstance(viewer, Staff):
        return false()
    shared = select(UserWorkspace.workspace_id).where(UserWorkspace.user_id == viewer.user_id)
    return Workspace.id.in_(shared)


def _of_workspace(column: Any) -> Callable[[Viewer], ColumnElement[bool]]:
    def rule(viewer: Viewer) -> ColumnElement[bool]:
        return column.in_(select(Workspace.id).where(_workspace(viewer))) if isinstance(viewer, Staff) else false()

    return rule


def _of_own_workspace(column: Any) -> Callable[[Viewer], ColumnElement[bool]]:
    """Who reads a workspace, and what it stores, is for its owner alone: a reader does not learn of the others."""
    return lambda viewer: column.in_(select(Workspace.id).where(writable(viewer)))


def _document(viewer: Viewer) -> ColumnElement[bool]:
    return and_(_of_workspace(Document.workspace_id)(viewer), Document.deleted_at.is_(None))


def _chunk(viewer: Viewer) -> ColumnElement[bool]:
    # A value of its own: the walk of the index (document, version, place) begins at it.
    searched = select(Document.chunk_version).where(Document.id == DocumentChunk.document_id).scalar_subquery()
    is_visible = exists().where(Document.id == DocumentChunk.document_id, _document(viewer))
    return and_(DocumentChunk.version == searched, is_visible)


def _conversation(viewer: Viewer) -> ColumnElement[bool]:
    if isinstance(viewer, Visitor):
        return and_(Conversation.workspace_id == viewer.workspace_id, Conversation.visitor_id == viewer.visitor_id)
    return _of_workspace(Conversation.workspace_id)(viewer)


def _message(viewer: Viewer) -> ColumnElement[bool]:
    return exists().where(Conversation.id == Message.conversation_id, _conversation(viewer))


def _own(column: ColumnElement[UUID] | Any) -> Callable[[Viewer], ColumnElement[bool]]:
    def rule(viewer: Viewer) -> ColumnElement[bool]:
        return column == viewer.user_id if isinstance(viewer, Staff) else false()

    return rule


def _session(viewer: Viewer) -> ColumnElement[bool]:
    # The moment is that of each execution: a statement is prepared once and kept.
    present = bindparam("present", callable_=now, type_=UtcDateTime(), unique=True)
    return and_(_own(AppSession.user_id)(viewer), AppSession.expires_at > present)


_RULES: dict[type[Any], Callable[[Viewer], ColumnElement[bool]]] = {
    AppUser: _own(AppUser.id),
    AppSession: _session,
    Profile: _own(Profile.id),
    Workspace: _workspace,
    WorkspaceMember: _of_own_workspace(WorkspaceMember.workspace_id),
    StorageUsage: _of_own_workspace(StorageUsage.workspace_id),
    WorkspaceFigures: _of_workspace(WorkspaceFigures.workspace_id),
    WorkspaceStats: _of_workspace(WorkspaceStats.workspace_id),
    ApiKey: _of_workspace(ApiKey.workspace_id),
    WorkspaceDatabase: _of_workspace(WorkspaceDatabase.workspace_id),
    Website: _of_workspace(Website.workspace_id),
    WebsitePage: _of_workspace(WebsitePage.workspace_id),
    Document: _document,
    DocumentChunk: _chunk,
    Conversation: _conversation,
    Message: _message,
    AuditEntry: _of_own_workspace(AuditEntry.workspace_id),
    MessageTrace: _of_workspace(MessageTrace.workspace_id),
    MessageTopic: _of_workspace(MessageTopic.workspace_id),
    ResponseCache: _of_workspace(ResponseCache.workspace_id),
    AnalyticsDaily: _of_workspace(AnalyticsDaily.workspace_id),
    DailyMetrics: _of_workspace(DailyMetrics.workspace_id),
    InsightsCache: _of_workspace(InsightsCache.workspace_id),
    Job: _of_workspace(Job.workspace_id),
}
