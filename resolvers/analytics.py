"""What the team reads: daily figures, insights, metrics."""

import datetime as dt
from uuid import UUID

from core.clock import today
from data import procedures
from data.engine import Session
from data.models import AnalyticsDaily, DailyMetrics
from resolvers.context import Context
from resolvers.errors import BadInput, NotFound
from resolvers.workspaces import access

DEFAULT_DAYS = 30
MAX_DAYS = 400


def period(first: dt.date | None, last: dt.date | None) -> tuple[dt.date, dt.date]:
    """Return the days asked for, both included: the last thirty when nothing is said. Raises `BadInput`."""
    end = last or today()
    try:
        start = first or end - dt.timedelta(days=DEFAULT_DAYS - 1)
    except OverflowError as error:
        raise BadInput("This day is out of range.") from error
    if start > end:
        raise BadInput("`from` is after `to`.")
    if (end - start).days >= MAX_DAYS:
        raise BadInput(f"A period has at most {MAX_DAYS} days.")
    return start, end


async def days(
    context: Context, workspace_id: UUID, first: dt.date | None, last: dt.date | None
) -> list[AnalyticsDaily]:
    """Return a workspace's days that have figures, oldest first. Raises `OperationError`."""
    return await context.loaders.days_of(AnalyticsDaily, workspace_id, *period(first, last))


async def daily_metrics(
    context: Context, workspace_id: UUID, first: dt.date | None, last: dt.date | None
) -> list[DailyMetrics]:
    """Return the rows of `vw_daily_metrics`, oldest first. Raises `OperationError`."""
    return await context.loaders.days_of(DailyMetrics, workspace_id, *period(first, last))


async def metrics(context: Context, workspace_id: UUID) -> procedures.WorkspaceMetrics:
    """Return what `sp_get_workspace_metrics` says now. Raises `OperationError`."""
    await access.readable(context, workspace_id)
    found = await context.database.read(
        lambda session: procedures.get_workspace_metrics(session, workspace_id=workspace_id)
    )
    if found is None:
        raise NotFound("workspace")
    return found


async def recalculate(context: Context, workspace_id: UUID) -> None:
    """Set a workspace's insights to what is there now (`sp_calculate_workspace_insights`). Raises `OperationError`."""

    async def calculate(session: Session) -> None:
        await access.owned(context, session, workspace_id)
        await procedures.calculate_workspace_insights(session, workspace_id=workspace_id)

    await context.database.write(calculate)
    context.forget_loaded()
