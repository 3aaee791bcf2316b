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

__all__ = [
    "CreatedSession",
    "CreatedUser",
    "LiveSession",
    "UserForAuth",
    "cleanup_expired_sessions",
    "create_session",
    "create_user",
    "delete_session",
    "get_user_for_auth",
    "update_last_login",
    "validate_session",
]
