"""The tables of the specification, as SQLAlchemy models: the one source of what the migrations create."""

from data.models.accounts import AppSession, AppUser, Profile, Role
from data.models.analytics import (
    AnalyticsDaily,
    DailyMetrics,
    InsightsCache,
    UserWorkspace,
    WorkspaceFigures,
    WorkspaceStats,
)
from data.models.audit import AuditAction, AuditEntry
from data.models.base import Model, View, global_id
from data.models.conversations import Conversation, Message, MessageRole, MessageTopic, MessageTrace, ResponseCache
from data.models.documents import (
    Document,
    DocumentChunk,
    DocumentOrigin,
    DocumentStatus,
    DocumentVectors,
    IngestionStage,
)
from data.models.jobs import Job, JobKind, JobStatus
from data.models.websites import Website, WebsitePage, WebsitePageReason, WebsitePageStatus, WebsiteStatus
from data.models.workspaces import (
    DEFAULT_MAX_TOKENS,
    DEFAULT_MODEL,
    DEFAULT_TEMPERATURE,
    ApiKey,
    DatabaseType,
    StorageUsage,
    Workspace,
    WorkspaceDatabase,
    WorkspaceMember,
)

__all__ = [
    "DEFAULT_MAX_TOKENS",
    "DEFAULT_MODEL",
    "DEFAULT_TEMPERATURE",
    "AnalyticsDaily",
    "ApiKey",
    "AppSession",
    "AppUser",
    "AuditAction",
    "AuditEntry",
    "Conversation",
    "DailyMetrics",
    "DatabaseType",
    "Document",
    "DocumentChunk",
    "DocumentOrigin",
    "DocumentStatus",
    "DocumentVectors",
    "IngestionStage",
    "InsightsCache",
    "Job",
    "JobKind",
    "JobStatus",
    "Message",
    "MessageRole",
    "MessageTopic",
    "MessageTrace",
    "Model",
    "Profile",
    "ResponseCache",
    "Role",
    "StorageUsage",
    "UserWorkspace",
    "View",
    "Website",
    "WebsitePage",
    "WebsitePageReason",
    "WebsitePageStatus",
    "WebsiteStatus",
    "Workspace",
    "WorkspaceDatabase",
    "WorkspaceFigures",
    "WorkspaceMember",
    "WorkspaceStats",
    "global_id",
]
