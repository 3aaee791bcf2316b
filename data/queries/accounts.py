"""Accounts and their sessions, besides what the stored procedures do."""

from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import ColumnElement, CursorResult, ScalarSelect, case, delete, null, or_, select, true, update

from core.clock import now
from data.engine import Session
from data.models import AppSession, AppUser, Profile


async def find_user(session: Session, user_id: UUID) -> AppUser:
    """Return an account that exists. Raises `NoResultFound` for another."""
    return await session.get_one(AppUser, user_id)


async def find_user_by_email(session: Session, email: str) -> AppUser | None:
    """Return the account of a normalised e-mail address."""
    return await session.scalar(select(AppUser).where(AppUser.email == email))


async def lock_account(session: Session, user_id: UUID | ScalarSelect[UUID]) -> None:
    """Let no other unit that locks the account go on before this one ends, as on SQLite none does anyway.

    What is then counted of the account is what the last of them left.
    """
    rows = select(Profile.id).where(Profile.id == user_id)
    await session.execute(rows.with_hint(Profile, "WITH (UPDLOCK)", "mssql"))


async def set_password(
    session: Session, user_id: UUID, password_hash: str, password_salt: str, *, replaces: str | None = None
) -> bool:
    """Give an account a password, no failed attempt and no lock.

    False when its password is no longer the one whose hash `replaces` names.
    """
    still = () if replaces is None else (AppUser.password_hash == replaces,)
    changed = await session.execute(
        update(AppUser)
        .where(AppUser.id == user_id, *still)
        .values(password_hash=password_hash, password_salt=password_salt, failed_login_attempts=0, locked_until=None)
        .execution_options(synchronize_session=False)
    )
    return _count(changed) == 1


async def count_login_attempt(session: Session, user_id: UUID, attempts_allowed: int, lock: timedelta) -> bool:
    """Count an attempt to log in. False when the account is locked. The last one allowed locks it.

    One statement, so that attempts at the same moment are counted one after the other. `sp_update_last_login` clears
    the count and the lock. A lock that would last longer than twice `lock` is over: the clock was set back. Not once:
    this attempt may have waited for the one that set it.
    """
    locked_until, present = AppUser.locked_until, now()
    is_open = or_(locked_until.is_(None), locked_until <= present, locked_until > present + 2 * lock)
    last = AppUser.failed_login_attempts + 1 >= attempts_allowed
    counted = await session.execute(
        update(AppUser)
        .where(AppUser.id == user_id, is_open)
        .values(
            failed_login_attempts=case((last, 0), else_=AppUser.failed_login_attempts + 1),
            locked_until=case((last, present + lock), else_=null()),
        )
        .execution_options(synchronize_session=False)
    )
    return _count(counted) == 1


async def find_session(session: Session, session_id: UUID) -> AppSession | None:
    """Return a session, alive or not."""
    return await session.get(AppSession, session_id)


async def is_session_open(session: Session, session_id: UUID) -> bool:
    """Tell whether a session goes on, whichever its tokens are now, and its account is active."""
    alive = (
        select(AppSession.id)
        .join(AppUser, AppUser.id == AppSession.user_id)
        .where(AppSession.id == session_id, AppSession.expires_at > now(), AppUser.is_active == true())
    )
    return await session.scalar(alive) is not None


async def rotate_session(
    session: Session,
    session_id: UUID,
    presented_hash: str,
    *,
    token_hash: str,
    refresh_token_hash: str,
    expires_at: datetime,
) -> bool:
    """Give a session new tokens. False when its refresh token is not the one that was presented.

    Compared in the statement that replaces it: of two requests with the same token one wins.
    """
    changed = await session.execute(
        update(AppSession)
        .where(AppSession.id == session_id, AppSession.refresh_token_hash == presented_hash)
        .values(
            token_hash=token_hash, refresh_token_hash=refresh_token_hash, last_activity_at=now(), expires_at=expires_at
        )
        .execution_options(synchronize_session=False)
    )
    return _count(changed) == 1


async def touch_session(session: Session, session_id: UUID) -> None:
    """Note that a session was used now."""
    await session.execute(update(AppSession).where(AppSession.id == session_id).values(last_activity_at=now()))


async def end_session(session: Session, session_id: UUID, *, user_id: UUID | None = None) -> int:
    """End a session, of that account if one is named, and return how many ended."""
    owner = () if user_id is None else (AppSession.user_id == user_id,)
    return await _end(session, AppSession.id == session_id, *owner)


async def end_sessions(session: Session, user_id: UUID, *, but: UUID | None = None) -> int:
    """End the sessions of an account, but for one if it is named, and return how many ended."""
    kept = () if but is None else (AppSession.id != but,)
    return await _end(session, AppSession.user_id == user_id, *kept)


async def end_oldest_sessions(session: Session, user_id: UUID, *, but: UUID, kept: int) -> None:
    """End the sessions of an account that were used least recently, but for one and `kept` others."""
    others = (AppSession.user_id == user_id, AppSession.id != but)
    newest = select(AppSession.id).where(*others).order_by(AppSession.last_activity_at.desc(), AppSession.id)
    await _end(session, *others, AppSession.id.not_in(newest.limit(kept)))


async def _end(session: Session, *conditions: ColumnElement[bool]) -> int:
    return _count(
        await session.execute(delete(AppSession).where(*conditions).execution_options(synchronize_session=False))
    )


def _count(result: Any) -> int:
    return cast("CursorResult[Any]", result).rowcount
