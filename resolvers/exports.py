"""Exports: all messages of a workspace, in pieces of bounded size."""

import datetime as dt
from collections.abc import AsyncIterator, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from data.engine import Session
from data.models import AuditAction
from data.queries import audit
from data.queries.exports import Exported, find_exported
from resolvers.context import Context
from resolvers.errors import BadInput
from resolvers.workspaces import access

ROWS_AT_ONCE = 500
"""Messages that one unit reads: some megabytes of text at most."""


async def messages(
    context: Context, workspace_id: UUID, first: dt.date | None = None, last: dt.date | None = None
) -> AsyncIterator[Sequence[Any]]:
    """Yield a workspace's messages, some at a time, of conversations that began on the days asked for (UTC).

    They come conversation by conversation, oldest first. What is written meanwhile may be among them. Raises
    `OperationError` before the first are yielded; one who may no longer read the workspace gets no more.
    """
    await access.readable(context, workspace_id)
    exported = Exported(workspace_id, _midnight(first, 0), _midnight(last, 1))
    if exported.begin and exported.end and exported.begin >= exported.end:
        raise BadInput("`from` is after `to`.")
    entry_id = await context.database.write(lambda session: _noted(session, context, workspace_id))
    after, count = None, 0
    while True:
        read = partial(find_exported, viewer=context.viewer, exported=exported, after=after, at_most=ROWS_AT_ONCE)
        rows = await context.database.read(read)
        yield rows
        count += len(rows)
        if len(rows) < ROWS_AT_ONCE:
            await context.database.write(partial(audit.complete, entry_id=entry_id, row_count=count))
            return
        after = rows[-1]


async def _noted(session: Session, context: Context, workspace_id: UUID) -> UUID:
    return audit.note(session, context.viewer, workspace_id, AuditAction.CONVERSATIONS_EXPORTED, row_count=0)


def _midnight(day: dt.date | None, later: int) -> dt.datetime | None:
    """Return when a day begins, or the one that many days later. Raises `BadInput`."""
    if day is None:
        return None
    try:
        return dt.datetime.combine(day + dt.timedelta(days=later), dt.time(), dt.UTC)
    except OverflowError as error:
        raise BadInput("This day is out of range.") from error
