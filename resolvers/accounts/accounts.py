"""Accounts and their logins: register, log in, refresh, log out, change the password, and who is behind a token."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from limits import RateLimitItemPerSecond

from core.clock import now
from core.errors import ErrorCode, UserError
from core.security.keys import digest, new_refresh_token, session_of
from core.security.passwords import HashedPassword
from core.security.tokens import StaffClaims
from data import procedures
from data.engine import Session
from data.models import AppUser, Role
from data.queries import accounts as queries
from resolvers.accounts import passwords
from resolvers.accounts.emails import normalised_email
from resolvers.context import Context
from resolvers.policy import Registration
from resolvers.rates import (
    CURRENT_PASSWORD_PER_SESSION,
    LOGIN_PER_ACCOUNT,
    LOGIN_PER_ADDRESS,
    REFRESH_PER_ADDRESS,
    REGISTER_PER_ADDRESS,
    REGISTER_PER_ADDRESS_DAILY,
)

MAX_NAME_CHARACTERS = 255
MAX_SESSIONS = 100
"""Sessions of one account: one more ends the one that was used least recently."""


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A login: its tokens, when the access token expires, and whose it is."""

    access_token: str
    refresh_token: str
    device_token: str
    expires_at: datetime
    user: AppUser


async def register(context: Context, email: str, password: str, full_name: str | None) -> OpenSession:
    """Create an account with its profile and log it in.

    Raises `UserError`, also where it is closed, and `OperationError`.
    """
    if context.policy.registration is Registration.CLOSED:
        raise UserError(ErrorCode.REGISTRATION_CLOSED, "This server's operator makes its accounts: ask them for one.")
    await context.count(REGISTER_PER_ADDRESS, context.client.network)
    await context.count(REGISTER_PER_ADDRESS_DAILY, context.client.network)
    user_id, hashed = await _create(context, email, password, full_name, Role.ADMIN)
    return await _open_session(context, user_id, hashed)


async def create_user(context: Context, email: str, password: str, full_name: str | None, role: Role) -> UUID:
    """Create an account with its profile and return its key. Raises `UserError`."""
    user_id, _ = await _create(context, email, password, full_name, role)
    return user_id


async def login(context: Context, email: str, password: str, device_token: str | None = None) -> OpenSession:
    """Log in. Raises `UserError`, the same after the same work whatever is wrong: address, password, too many tries.

    An attempt is counted before its password is looked at, so that of many at once no more are weighed than allowed. A
    device that logged in before (`device_token`) is weighed also while others keep the account locked.
    """
    try:
        address = normalised_email(email)
    except UserError:
        address = ""
    await _count_try(context, address)
    found = await context.database.read(lambda session: procedures.get_user_for_auth(session, email=address))
    known = found if found is not None and found.is_active else None
    dummy_hash = await asyncio.to_thread(lambda: context.services.passwords.dummy_hash)
    user_id, hashed, salt = (
        (known.user_id, known.password_hash, known.password_salt) if known else (uuid4(), dummy_hash, "")
    )
    admitted = await _admit(context, user_id)
    trusted = context.services.tokens.is_device_of(device_token or "", user_id, salt)
    matches = await _verify(context, password, hashed)
    if not (known and matches and (admitted or trusted)):
        raise _wrong_credentials("password")
    return await _open_session(context, user_id, hashed)


async def change_password(context: Context, current: str, new: str) -> int:
    """Change the own password, end the other sessions and return how many. Raises `UserError`, `OperationError`.

    The current password is tried by the session and not by the account: strangers who lock the login do not keep the
    owner from this, and whoever has stolen a session can neither guess on nor lock the login.
    """
    staff = context.staff()
    user = await context.database.read(lambda session: queries.find_user(session, staff.user_id))
    await context.count(LOGIN_PER_ADDRESS, context.client.network)
    # First, so that a choice to be made again is not counted as an attempt.
    await passwords.check(new, user.email, user.full_name, field="newPassword")
    allowed, lock = context.policy.failed_logins_allowed, context.policy.lock_duration
    await context.count(
        CURRENT_PASSWORD_PER_SESSION,
        staff.session_id.hex,
        RateLimitItemPerSecond(allowed, round(lock.total_seconds())),
    )
    if not await _verify(context, current, user.password_hash):
        raise _wrong_credentials("currentPassword")
    hashed = await asyncio.to_thread(context.services.passwords.hash, new)

    async def store(session: Session) -> int:
        present = user.password_hash
        if not await queries.set_password(session, user.id, hashed.hash, hashed.salt, replaces=present):
            # Another request changed it since: what was shown is the password no more.
            raise _wrong_credentials("currentPassword")
        return await queries.end_sessions(session, user.id, but=staff.session_id)

    return await context.services.sessions.changing(user.id, context.database, store)


async def set_password(context: Context, email: str, new: str) -> int:
    """Give an account another password, unlock it, end its sessions and return how many. Raises `UserError`.

    For the operator: nobody's present password is asked for.
    """
    address = normalised_email(email)
    user = await context.database.read(lambda session: queries.find_user_by_email(session, address))
    if user is None:
        raise UserError(ErrorCode.BAD_USER_INPUT, "There is no account with this e-mail.", ["email"])
    await passwords.check(new, address, user.full_name, field="password")
    hashed = await asyncio.to_thread(context.services.passwords.hash, new)

    async def store(session: Session) -> int:
        # First, for it holds the account's row: a login comes wholly before, and is ended, or finds the new password.
        await queries.set_password(session, user.id, hashed.hash, hashed.salt)
        return await queries.end_sessions(session, user.id)

    return await context.services.sessions.changing(user.id, context.database, store)


async def refresh(context: Context, refresh_token: str) -> OpenSession:
    """Exchange a refresh token for new tokens. One used twice ends its session: someone else holds a copy."""
    refused = UserError(ErrorCode.REFRESH_TOKEN_INVALID, "The session has ended: log in again.", ["refreshToken"])
    session_id = session_of(refresh_token)
    if session_id is None:
        raise refused
    await context.count(REFRESH_PER_ADDRESS, context.client.network)
    presented, renewed = digest(refresh_token), new_refresh_token(session_id)

    async def rotate(session: Session) -> OpenSession | None:
        row = await queries.find_session(session, session_id)
        if row is None:
            return None
        user = await queries.find_user(session, row.user_id)
        opened = _issue(context, user, session_id, renewed)
        # Of two requests with the same token one wins, and the other ends the session for both.
        rotated = await queries.rotate_session(
            session,
            session_id,
            presented,
            token_hash=digest(opened.access_token),
            refresh_token_hash=digest(renewed),
            expires_at=now() + context.policy.session_lifetime,
        )
        alive = row.expires_at > now() and user.is_active and rotated
        if not alive:
            await queries.end_session(session, session_id)
        return opened if alive else None

    opened = await context.services.sessions.changing(session_id, context.database, rotate)
    if opened is None:
        raise refused
    return opened


async def logout(context: Context) -> None:
    """End the session of the access token, and clear those that expired.

    Raises `OperationError` when nobody is logged in.
    """
    session_id = context.staff().session_id
    token_hash = digest(context.access_token or "")

    async def end(session: Session) -> None:
        await procedures.delete_session(session, token_hash=token_hash)
        await procedures.cleanup_expired_sessions(session)

    await context.services.sessions.changing(session_id, context.database, end)


async def _create(context: Context, email: str, password: str, full_name: str | None, role: Role) -> tuple[UUID, str]:
    """Return the new account's key, and its password's hash."""
    address = normalised_email(email)
    name = (full_name or "").strip() or None
    if name and len(name) > MAX_NAME_CHARACTERS:
        raise UserError(ErrorCode.BAD_USER_INPUT, f"A name has at most {MAX_NAME_CHARACTERS} characters.", ["fullName"])
    await passwords.check(password, address, name, field="password")
    hashed = await asyncio.to_thread(context.services.passwords.hash, password)
    user_id = await context.database.write(lambda session: _insert_user(session, address, hashed, name, role))
    return user_id, hashed.hash


async def _insert_user(session: Session, email: str, hashed: HashedPassword, full_name: str | None, role: Role) -> UUID:
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
        raise UserError(ErrorCode.EMAIL_TAKEN, "An account with this e-mail exists already: log in.", ["email"])
    return created.user_id


async def _count_try(context: Context, email: str) -> None:
    """Count an attempt to show an account's password. Raises `RateLimited`."""
    network = context.client.network
    await context.count(LOGIN_PER_ADDRESS, network)
    await context.count(LOGIN_PER_ACCOUNT, None if network is None else f"{email} {network}")


async def _verify(context: Context, password: str, hashed: str) -> bool:
    # Of a longer one the start is weighed, to no avail: its refusal takes as long as any other.
    presented = password[: passwords.MAX_CHARACTERS]
    return await asyncio.to_thread(context.services.passwords.verify, presented, hashed) and presented == password


async def _admit(context: Context, user_id: UUID) -> bool:
    """Count an attempt to log in, and tell whether it may be weighed."""
    allowed, lock = context.policy.failed_logins_allowed, context.policy.lock_duration
    return await context.database.write(lambda session: queries.count_login_attempt(session, user_id, allowed, lock))


def _wrong_credentials(field: str) -> UserError:
    # The same whether the password is wrong, the account is locked or there is none: a lock is not told here.
    return UserError(ErrorCode.INVALID_CREDENTIALS, "The e-mail or the password is wrong.", [field])


async def _open_session(context: Context, user_id: UUID, password_hash: str) -> OpenSession:
    """Open a session of an account whose password was found to be the hashed one. Raises `UserError`."""
    session_id = uuid4()

    async def store(session: Session) -> OpenSession:
        # First, for it holds the account's row: a change of the password comes wholly before the session or after it.
        await procedures.update_last_login(session, user_id=user_id)
        user = await queries.find_user(session, user_id)
        opened = _issue(context, user, session_id, new_refresh_token(session_id))
        created = await procedures.create_session(
            session,
            session_id=session_id,
            user_id=user_id,
            token_hash=digest(opened.access_token),
            refresh_token_hash=digest(opened.refresh_token),
            ip_address=(context.client.ip_address or "")[:50] or None,
            user_agent=(context.client.user_agent or "")[:500] or None,
            expires_at=now() + context.policy.session_lifetime,
        )
        if not created.success or user.password_hash != password_hash:
            raise _wrong_credentials("password")
        await queries.end_oldest_sessions(session, user_id, but=session_id, kept=MAX_SESSIONS - 1)
        return opened

    return await context.services.sessions.changing(user_id, context.database, store)


def _issue(context: Context, user: AppUser, session_id: UUID, refresh_token: str) -> OpenSession:
    lifetime, tokens = context.policy.access_token_lifetime, context.services.tokens
    access_token = tokens.for_staff(StaffClaims(user.id, session_id), lifetime)
    device_token = tokens.for_device(user.id, user.password_salt)
    return OpenSession(access_token, refresh_token, device_token, now() + lifetime, user)
