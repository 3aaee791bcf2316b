"""The sessions of an account: where it is logged in, and how it ends the logins that are not its own."""

from uuid import UUID

from data.engine import Database
from data.queries import accounts as queries
from resolvers.context import Context
from resolvers.errors import NotFound


async def revoke(context: Context, session_id: UUID) -> None:
    """End a session of the account that asks, even if it is the present one. Raises `OperationError`."""
    user_id = context.staff().user_id
    ended = await context.services.sessions.changing(
        user_id, context.database, lambda session: queries.end_session(session, session_id, user_id=user_id)
    )
    if not ended:
        raise NotFound("session")


async def revoke_others(context: Context) -> int:
    """End every session of the account but the one that asks, and return how many. Raises `OperationError`."""
    staff = context.staff()
    return await context.services.sessions.changing(
        staff.user_id,
        context.database,
        lambda session: queries.end_sessions(session, staff.user_id, but=staff.session_id),
    )


async def is_open(database: Database, session_id: UUID) -> bool:
    """Tell whether a session goes on, whichever its tokens are now, and its account is active."""
    return await database.read(lambda session: queries.is_session_open(session, session_id))
