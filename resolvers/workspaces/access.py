"""What an operation may do with a workspace and with what it holds: read it, change it, follow it."""

import asyncio
from collections.abc import AsyncGenerator
from typing import TypeVar
from uuid import UUID

from data.engine import Database, Session
from data.models import Workspace
from data.queries.access import Held, find_held, find_workspace
from data.queries.workspaces import is_active
from resolvers.context import Context
from resolvers.errors import Forbidden, NotFound

Told = TypeVar("Told")
Row = TypeVar("Row")


async def readable(context: Context, workspace_id: UUID) -> Workspace:
    """Return a workspace that the account may read. Raises `OperationError`."""
    context.staff()
    context.workspace_id = workspace_id
    workspace = await context.loaders.row(Workspace, workspace_id)
    if workspace is None:
        raise NotFound("workspace")
    return workspace


async def while_readable(
    context: Context, workspace_id: UUID, news: AsyncGenerator[Told, None]
) -> AsyncGenerator[Told, None]:
    """Yield news of a workspace, which have no end, for as long as the account may read it. Raises `OperationError`.

    It is looked at again from time to time: what is read of each piece of news goes through `visible` anyway.
    """
    await readable(context, workspace_id)
    clock, period = asyncio.get_running_loop().time, context.policy.access_reviewed_every.total_seconds()
    review_at = clock() + period
    upcoming = asyncio.ensure_future(anext(news))
    try:
        while True:
            await asyncio.wait({upcoming}, timeout=max(review_at - clock(), 0))
            if clock() >= review_at:
                context.forget_loaded()
                await readable(context, workspace_id)
                review_at = clock() + period
            if upcoming.done():
                yield upcoming.result()
                upcoming = asyncio.ensure_future(anext(news))
    finally:
        upcoming.cancel()
        await asyncio.gather(upcoming, return_exceptions=True)
        await news.aclose()


async def is_switched_on(database: Database, workspace_id: UUID) -> bool:
    """Tell whether a workspace is there and answers its visitors."""
    return await database.read(lambda session: is_active(session, workspace_id))


async def owned(context: Context, session: Session, workspace_id: UUID) -> Workspace:
    """Return, inside a unit, a workspace that the account may change. Raises `OperationError`."""
    context.staff()
    context.workspace_id = workspace_id
    return _writable(await find_workspace(session, context.viewer, workspace_id), "workspace")


async def owned_row(context: Context, session: Session, model: type[Held], key: UUID, what: str) -> Held:
    """Return, inside a unit, a row of a workspace that the account may change.

    Raises `OperationError`, `what` not found.
    """
    context.staff()
    found = await find_held(session, context.viewer, model, key)
    if found is not None:
        context.workspace_id = found[0].workspace_id
    return _writable(found, what)


def _writable(found: tuple[Row, bool] | None, what: str) -> Row:
    """Return a row that was found and may be changed. Raises `OperationError`, `what` not found."""
    if found is None:
        raise NotFound(what)
    row, is_writable = found
    if not is_writable:
        raise Forbidden
    return row
