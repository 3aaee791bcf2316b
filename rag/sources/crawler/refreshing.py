"""Websites are crawled again when their time has come: a job of the server's own looks for them."""

from datetime import timedelta
from uuid import UUID

import structlog

from core.errors import MonitoraError
from data.engine import Database, Session
from data.jobs.job import RunningJob
from data.jobs.recurring import store_recurring
from data.models import JobKind, Website, WebsiteStatus
from data.queries import websites as queries
from data.queries.jobs import renew_job

logger = structlog.get_logger(__name__)

EVERY = timedelta(minutes=1)
AT_ONCE = 100
THE_REFRESH = UUID(int=1)
"""The subject of the one job."""


async def queue(session: Session, website: Website) -> None:
    """Have a website crawled from its start, in the place of what was asked before."""
    values = {"status": WebsiteStatus.PENDING, "error": None, "error_code": None, "next_crawl_at": None}
    await queries.update_website(session, website.id, values)
    await renew_job(session, JobKind.CRAWL_WEBSITE, website.workspace_id, website.id)


class RefreshWebsites:
    """The job, which waits for its next minute when it is done: of all processes one runs it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def resume(self) -> None:
        """Store the job, unless it waits or runs already."""
        await store_recurring(self._database, JobKind.REFRESH_WEBSITES, THE_REFRESH)

    async def run(self, job: RunningJob) -> None:
        """Queue the websites whose time has come. Raises `LeaseLost`."""

        async def store(session: Session) -> int:
            due = await queries.find_to_refresh(session, AT_ONCE)
            for website in due:
                await queue(session, website)
            await job.go_on_later(session, timedelta(0) if len(due) == AT_ONCE else EVERY)
            return len(due)

        if count := await self._database.write(store):
            logger.info("websites_queued", count=count)

    async def bury(self, session: Session, job: RunningJob, error: MonitoraError) -> None:
        """Nothing waits for it."""

    async def tell_dead(self, job: RunningJob, error: MonitoraError) -> None:
        """Say it in the log. The next start of the server stores the job again."""
        logger.error("websites_not_queued", because=error.message)
