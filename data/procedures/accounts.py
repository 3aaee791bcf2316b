"""Procedures of accounts and their sessions. Tokens come here as hashes; secrets never travel to the database."""

from dataclasses import dataclass
from datetime import datetime
from types import NoneType
from uuid import UUID

from sqlalchemy import Unicode, Uuid

from data.engine import Session
from data.models.accounts import Role
from data.procedures.call import Procedure
from data.types import Chosen, UtcDateTime


@dataclass(frozen=True, slots=True)
class CreatedUser:
    """What came of creating an account: `user_id` is None when the e-mail address was taken, and `message` says so."""

    success: bool
    message: str
    user_id: UUID | None


@dataclass(frozen=True, slots=True)
class UserForAuth:
    """An account as a login weighs it."""

    user_id: UUID
    email: str
    password_hash: str
    password_salt: str
    full_name: str | None
    role: Role
    is_active: bool
    failed_login_attempts: int
    locked_until: datetime | None


@dataclass(frozen=True, slots=True)
class CreatedSession:
    """What came of opening a session: `session_id` is None when the account is unknown or inactive."""

    success: bool
    session_id: UUID | None


@dataclass(frozen=True, slots=True)
class LiveSession:
    """A session that is alive, and whose it is."""

    session_id: UUID
    user_id: UUID
    email: str
    full_name: str | None
    role: Role
    expires_at: datetime
    last_activity_at: datetime | None


@dataclass(frozen=True, slots=True)
class Deleted:
    """How many rows are gone."""

    deleted: int


CREATE_USER = Procedure(
    "sp_create_user",
    {
        "user_id": Uuid(),
        "email": Unicode(255),
        "password_hash": Unicode(500),
        "password_salt": Unicode(255),
        "full_name": Unicode(255),
        "role": Chosen(Role, 50),
    },
    CreatedUser,
)
GET_USER_FOR_AUTH = Procedure("sp_get_user_for_auth", {"email": Unicode(255)}, UserForAuth)
UPDATE_LAST_LOGIN = Procedure("sp_update_last_login", {"user_id": Uuid()}, NoneType)
CREATE_SESSION = Procedure(
    "sp_create_session",
    {
        "session_id": Uuid(),
        "user_id": Uuid(),
        "token_hash": Unicode(500),
        "refresh_token_hash": Unicode(500),
        "ip_address": Unicode(50),
        "user_agent": Unicode(500),
        "expires_at": UtcDateTime(),
    },
    CreatedSession,
)
VALIDATE_SESSION = Procedure("sp_validate_session", {"token_hash": Unicode(500)}, LiveSession)
DELETE_SESSION = Procedure("sp_delete_session", {"token_hash": Unicode(500)}, Deleted)
CLEANUP_EXPIRED_SESSIONS = Procedure("sp_cleanup_expired_sessions", {}, Deleted)


async def create_user(
    session: Session,
    *,
    user_id: UUID,
    email: str,
    password_hash: str,
    password_salt: str,
    full_name: str | None,
    role: Role,
) -> CreatedUser:
    """Create an account and its profile. `email` comes normalised; one that is taken is `success=False`."""
    return await CREATE_USER.one(
        session,
        user_id=user_id,
        email=email,
        password_hash=password_hash,
        password_salt=password_salt,
        full_name=full_name,
        role=role,
    )


async def get_user_for_auth(session: Session, *, email: str) -> UserForAuth | None:
    """Return the account of a normalised e-mail address, active or not, or None."""
    return await GET_USER_FOR_AUTH.one_or_none(session, email=email)


async def update_last_login(session: Session, *, user_id: UUID) -> None:
    """Note a login that succeeded: its moment, no failed attempt left, no lock left."""
    await UPDATE_LAST_LOGIN.run(session, user_id=user_id)


async def create_session(
    session: Session,
    *,
    session_id: UUID,
    user_id: UUID,
    token_hash: str,
    refresh_token_hash: str | None,
    ip_address: str | None,
    user_agent: str | None,
    expires_at: datetime,
) -> CreatedSession:
    """Open a session of an active account. An account that is unknown or inactive is `success=False`."""
    return await CREATE_SESSION.one(
        session,
        session_id=session_id,
        user_id=user_id,
        token_hash=token_hash,
        refresh_token_hash=refresh_token_hash,
        ip_address=ip_address,
        user_agent=user_agent,
        expires_at=expires_at,
    )


async def validate_session(session: Session, *, token_hash: str) -> LiveSession | None:
    """Return the session of a token, or None when it is unknown, expired, or its account is inactive. Only reads."""
    return await VALIDATE_SESSION.one_or_none(session, token_hash=token_hash)


async def delete_session(session: Session, *, token_hash: str) -> int:
    """End the session of a token and return how many ended: 1, or 0 when there was none."""
    return (await DELETE_SESSION.one(session, token_hash=token_hash)).deleted


async def cleanup_expired_sessions(session: Session) -> int:
    """Delete the sessions whose time is over and return how many."""
    return (await CLEANUP_EXPIRED_SESSIONS.one(session)).deleted
