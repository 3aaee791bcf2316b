"""Accounts and their sessions: register, log in, refresh, log out, and who is behind a token."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID, uuid4

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import CursorResult, delete, update
from sqlalchemy.ext.asyncio import AsyncSession

from data import procedures
from data.engine import Database
from data.models import AppSession, AppUser, Role
from data.types import now
from data.viewer import Staff
from monitora.security import HashedPassword, StaffClaims, digest, new_refresh_token, session_of
from resolvers.context import Context
from resolvers.errors import AccountLocked, ErrorCode, Rejection

MIN_PASSWORD_CHARACTERS = 10
MAX_PASSWORD_CHARACTERS = 200
MAX_NAME_CHARACTERS = 255
MIN_DISTINCT_CHARACTERS = 4
TOUCHED_EVERY = timedelta(minutes=5)
"""How fresh `last_activity_at` is kept: a write at every request would cost more than it tells."""


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A login: the two tokens, when the access token expires, and whose it is."""

    access_token: str
    refresh_token: str
    expires_at: datetime
    user: AppUser


async def register(context: Context, email: str, password: str, full_name: str | None) -> OpenSession:
    """Create an account with its profile and log it in. Raises `Rejection`."""
    user_id = await create_user(context, email, password, full_name, Role.ADMIN)
    return await _open_session(context, user_id)


async def create_user(context: Context, email: str, password: str, full_name: str | None, role: Role) -> UUID:
    """Create an account with its profile and return its key. Raises `Rejection`."""
    address = normalised_email(email)
    check_password(password, address)
    name = (full_name or "").strip() or None
    if name and len(name) > MAX_NAME_CHARACTERS:
        raise Rejection(ErrorCode.BAD_USER_INPUT, f"A name has at most {MAX_NAME_CHARACTERS} characters.", ["fullName"])
    hashed = await asyncio.to_thread(context.services.passwords.hash, password)
    return await context.database.write(lambda session: _insert_user(session, address, hashed, name, role))


async def login(context: Context, email: str, password: str) -> OpenSession:
    """Log in. Raises `Rejection`, the same and as slowly for an unknown e-mail as for a wrong password."""
    passwords = context.services.passwords
    wrong = Rejection(ErrorCode.INVALID_CREDENTIALS, "The e-mail or the password is wrong.", ["password"])
    try:
        address = normalised_email(email)
    except Rejection:
        address = ""
    found = await context.database.read(lambda session: procedures.get_user_for_auth(session, email=address))
    known = found is not None and found.is_active
    decoy = await asyncio.to_thread(lambda: passwords.decoy)
    hashed = found.password_hash if found is not None and known else decoy
    matches = len(password) <= MAX_PASSWORD_CHARACTERS and await asyncio.to_thread(passwords.verify, password, hashed)
    if found is None or not known:
        raise wrong
    if found.locked_until is not None and found.locked_until > now():
        raise AccountLocked(found.locked_until)
    if not matches:
        await context.database.write(lambda session: _count_failure(session, context, found.user_id))
        raise wrong
    return await _open_session(context, found.user_id)


async def refresh(context: Context, refresh_token: str) -> OpenSession:
    """Exchange a refresh token for new tokens. One used twice ends its session: someone else holds a copy."""
    refused = Rejection(ErrorCode.REFRESH_TOKEN_INVALID, "The session has ended: log in again.", ["refreshToken"])
    session_id = session_of(refresh_token)
    if session_id is None:
        raise refused
    presented, renewed = digest(refresh_token), new_refresh_token(session_id)

    async def rotate(session: AsyncSession) -> OpenSession | None:
        row = await session.get(AppSession, session_id)
        if row is None:
            return None
        user = await session.get_one(AppUser, row.user_id)
        opened = _issue(context, user, session_id, renewed)
        # Compared in the statement that replaces it: of two requests with the same token one wins, the other ends both.
        changed = await session.execute(
            update(AppSession)
            .where(AppSession.id == session_id, AppSession.refresh_token_hash == presented)
            .values(
                token_hash=digest(opened.access_token),
                refresh_token_hash=digest(renewed),
                last_activity_at=now(),
                expires_at=now() + context.policy.session_lifetime,
            )
            .execution_options(synchronize_session=False)
        )
        alive = row.expires_at > now() and user.is_active and cast("CursorResult[Any]", changed).rowcount == 1
        if not alive:
            await session.execute(delete(AppSession).where(AppSession.id == session_id))
        return opened if alive else None

    opened = await context.database.write(rotate)
    if opened is None:
        raise refused
    return opened


async def logout(context: Context) -> None:
    """End the session of the access token, and clear those that expired. Raises `Refusal` when nobody is logged in."""
    context.staff()
    token_hash = digest(context.access_token or "")

    async def end(session: AsyncSession) -> None:
        await procedures.delete_session(session, token_hash=token_hash)
        await procedures.cleanup_expired_sessions(session)

    await context.database.write(end)


async def identify(database: Database, claims: StaffClaims, access_token: str) -> Staff | None:
    """Return the account behind an access token whose signature is good, or None when its session has ended."""
    token_hash = digest(access_token)
    session = await database.read(lambda session: procedures.validate_session(session, token_hash=token_hash))
    if session is None or session.session_id != claims.session_id:
        return None
    if session.last_activity_at is None or session.last_activity_at < now() - TOUCHED_EVERY:
        await database.write(lambda unit: _touch(unit, claims.session_id))
    return Staff(session.user_id, session.session_id, Role(session.role))


def normalised_email(email: str) -> str:
    """Return the one form in which an address is stored and compared. Raises `Rejection`."""
    try:
        return validate_email(email.strip(), check_deliverability=False).normalized.casefold()
    except EmailNotValidError as error:
        raise Rejection(ErrorCode.EMAIL_INVALID, f"This is not an e-mail address: {error}", ["email"]) from error


def check_password(password: str, email: str) -> None:
    """Refuse a password that is too short, too long, part of the address or of few characters. Raises `Rejection`."""
    if not MIN_PASSWORD_CHARACTERS <= len(password) <= MAX_PASSWORD_CHARACTERS:
        raise Rejection(
            ErrorCode.PASSWORD_WEAK,
            f"A password has {MIN_PASSWORD_CHARACTERS} to {MAX_PASSWORD_CHARACTERS} characters.",
            ["password"],
        )
    if len(set(password)) < MIN_DISTINCT_CHARACTERS or password.casefold() in email:
        raise Rejection(ErrorCode.PASSWORD_WEAK, "This password is too easy to guess: choose another.", ["password"])


async def _insert_user(
    session: AsyncSession, email: str, hashed: HashedPassword, full_name: str | None, role: Role
) -> UUID:
    created = await procedures.create_user(
        session,
        user_id=uuid4(),
        email=email,
        password_hash=hashed.hash,
        password_salt=hashed.salt,
        full_name=full_name,
        role=role,
    )
    if not created.success or created.user_id is None:
        raise Rejection(ErrorCode.EMAIL_TAKEN, "An account with this e-mail exists already: log in.", ["email"])
    return created.user_id


async def _open_session(context: Context, user_id: UUID) -> OpenSession:
    session_id = uuid4()

    async def store(session: AsyncSession) -> OpenSession:
        user = await session.get_one(AppUser, user_id)
        opened = _issue(context, user, session_id, new_refresh_token(session_id))
        await procedures.create_session(
            session,
            session_id=session_id,
            user_id=user_id,
            token_hash=digest(opened.access_token),
            refresh_token_hash=digest(opened.refresh_token),
            ip_address=(context.client.ip_address or "")[:50] or None,
            user_agent=(context.client.user_agent or "")[:500] or None,
            expires_at=now() + context.policy.session_lifetime,
        )
        await procedures.update_last_login(session, user_id=user_id)
        await session.refresh(user)
        return opened

    return await context.database.write(store)


def _issue(context: Context, user: AppUser, session_id: UUID, refresh_token: str) -> OpenSession:
    lifetime = context.policy.access_token_lifetime
    access_token = context.services.tokens.for_staff(StaffClaims(user.id, session_id), lifetime)
    return OpenSession(access_token, refresh_token, now() + lifetime, user)


async def _count_failure(session: AsyncSession, context: Context, user_id: UUID) -> None:
    await session.execute(
        update(AppUser).where(AppUser.id == user_id).values(failed_login_attempts=AppUser.failed_login_attempts + 1)
    )
    await session.execute(
        update(AppUser)
        .where(AppUser.id == user_id, AppUser.failed_login_attempts >= context.policy.failed_logins_allowed)
        .values(failed_login_attempts=0, locked_until=now() + context.policy.lock_duration)
    )


async def _touch(session: AsyncSession, session_id: UUID) -> None:
    await session.execute(update(AppSession).where(AppSession.id == session_id).values(last_activity_at=now()))
