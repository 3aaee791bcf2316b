"""The sessions of an account: where it is logged in, and how one ends the logins that are not one's own."""

from typing import Any, cast
from uuid import UUID

from sqlalchemy import ColumnElement, CursorResult, delete, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from core.clock import now
from data.engine import Database
from data.models import AppSession, AppUser
from resolvers.context import Context
from resolvers.errors import NotFound


async def revoke(context: Context, session_id: UUID) -> None:
    """End a session of the account that asks, be it the present one. Raises `OperationError`."""
    staff = context.staff()
    own = (AppSession.id == session_id, AppSession.user_id == staff.user_id)
    if not await context.database.write(lambda session: end(session, *own)):
        raise NotFound("session")


async def revoke_others(context: Context) -> int:
    """End every session of the account but the one that asks, and return how many. Raises `OperationError`."""
    staff = context.staff()
    others = (AppSession.user_id == staff.user_id, AppSession.id != staff.session_id)
    return await context.database.write(lambda session: end(session, *others))


async def is_open(database: Database, session_id: UUID) -> bool:
    """Tell whether a session goes on, whichever its tokens are now, and its account is active."""
    alive = (
        select(AppSession.id)
        .join(AppUser, AppUser.id == AppSession.user_id)
        .where(AppSession.id == session_id, AppSession.expires_at > now(), AppUser.is_active == true())
    )
    return await database.read(lambda session: session.scalar(alive)) is not None


async def end(session: AsyncSession, *conditions: ColumnElement[bool]) -> int:
    """End, inside a unit, the sessions that fulfil the conditions, and return how many."""
    ended = await session.execute(delete(AppSession).where(*conditions).execution_options(synchronize_session=False))
    return cast("CursorResult[Any]", ended).rowcount
