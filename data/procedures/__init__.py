"""The ten stored procedures of the specification, one function each, with one contract on both databases."""

from data.procedures.accounts import (
    CreatedSession,
    CreatedUser,
    LiveSession,
    UserForAuth,
    cleanup_expired_sessions,
    create_session,
    create_user,
    delete_session,
    get_user_for_auth,
    update_last_login,
    validate_session,
)
from data.procedures.figures import (
    MAX_RETENTION_DAYS,
    Cleaned,
    WorkspaceInsights,
    WorkspaceMetrics,
    calculate_workspace_insights,
    cleanup_old_data,
    get_workspace_metrics,
)

__all__ = [
    "MAX_RETENTION_DAYS",
    "Cleaned",
    "CreatedSession",
    "CreatedUser",
    "LiveSession",
    "UserForAuth",
    "WorkspaceInsights",
    "WorkspaceMetrics",
    "calculate_workspace_insights",
    "cleanup_expired_sessions",
    "cleanup_old_data",
    "create_session",
    "create_user",
    "delete_session",
    "get_user_for_auth",
    "get_workspace_metrics",
    "update_last_login",
    "validate_session",
]
