"""A turn of a crawl: pages are visited one after the other, until none is due or the time is over."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta

from core.clock import now
from core.errors import ErrorCode
from core.events import EventBus
from core.http_client import SUCCESS, FetchFailed
from data.engine import Database, Session
from data.jobs.job import RunningJob
from data.models import WebsitePage
from data.queries import websites as queries
from rag.sources.crawler.events import WebsiteEvent
from rag.sources.crawler.fetching import CrawlLimits, Fetcher, Paces
from rag.sources.crawler.finishing import Finisher
from rag.sources.crawler.known import DuePage, KeptContents, find_due
from rag.sources.crawler.opening import OpenedSite, SiteUnreachable
from rag.sources.crawler.page_reading import PageReader
from rag.sources.crawler.patterns import Patterns
from rag.sources.crawler.recording import Crawl, Recorder
from rag.sources.crawler.visits import Outcome, Visit, Visitor

DUE_AT_ONCE = 50
"""Pages of the frontier that are read at a time."""
SHORT_WAIT = 2.0
"""A wait in seconds that is no reason to end a turn."""


@dataclass(frozen=True, slots=True)
class CrawlParts:
    """What all crawls of this process share. `reading` lets one page at a time be read, which bounds the memory."""

    database: Database
    events: EventBus[WebsiteEvent]
    limits: CrawlLimits
    recorder: Recorder
    finisher: Finisher
    paces: Paces = field(default_factory=Paces)
    reading: asyncio.Lock = field(default_factory=asyncio.Lock)


class Turn:
    """One turn of one crawl: its pages, until none is due or the time is over."""

    def __init__(
        self,
        parts: CrawlParts,
        job: RunningJob,
        fetcher: Fetcher,
        opened: OpenedSite,
        crawl: Crawl,
        pages: PageReader,
    ) -> None:
        self._parts = parts
        self._job = job
        self._website = website = crawl.website
        self._fetcher = fetcher
        self._opened = opened
        self._crawl = crawl
        self._clock = asyncio.get_running_loop().time
        self._ends_at = self._clock() + parts.limits.turn
        self._failures = 0
        patterns = Patterns(website.include_patterns, website.exclude_patterns)
        self._visitor = Visitor(fetcher, opened, patterns, parts.limits, pages)

    async def run(self) -> timedelta | None:
        """Visit pages, and return after which wait the crawl goes on; None when it has no page left."""
        database, website = self._parts.database, self._website
        while True:
            due = await database.read(lambda session: find_due(session, website.id, DUE_AT_ONCE))
            for page in due:
                if self._clock() > self._ends_at:
                    return timedelta(0)
                if self._is_spent():
                    await self._leave()
                    return None
                await self._visit(page)
            if due:
                continue
            moment = await database.read(lambda session: queries.find_next_moment(session, website.id))
            if moment is None:
                if not await self._parts.finisher.settle(self._job, website):
                    return None
                self._crawl.contents.replace_by(await KeptContents.load(database, website))
                continue
            wait = moment - now()
            if wait > timedelta(seconds=SHORT_WAIT):
                return wait
            await asyncio.sleep(max(wait.total_seconds(), 0))

    async def _visit(self, due: DuePage) -> None:
        website, page = self._website, due.page
        begin = self._clock()
        may_add = website.kept_count < website.max_pages
        visit = await self._visitor.visit(page, knows_content=due.knows_content(website), may_add=may_add)
        status = await self._parts.recorder.record(self._job, self._crawl, due, visit, self._clock() - begin)
        await self._parts.events.publish(WebsiteEvent.of(website, page.url, status, visit.reason))
        await self._notice(page, visit)

    async def _notice(self, page: WebsitePage, visit: Visit) -> None:
        """End the crawl when the site is down, which many failures in a row may mean. Raises `SiteUnreachable`."""
        if visit.outcome is not Outcome.FAIL:
            self._failures = 0 if visit.is_fetched else self._failures
            return
        self._failures += page.attempts == 0
        if self._failures < self._parts.limits.failures:
            return
        self._failures = 0
        try:
            response, _ = await self._fetcher.follow(self._opened.root, self._parts.limits.max_page_bytes)
            is_down = response.status not in SUCCESS
        except FetchFailed:
            is_down = True
        if is_down:
            message = (
                "The website stopped answering in the middle of its crawl. Nothing more was changed; try again later."
            )
            raise SiteUnreachable(ErrorCode.WEBSITE_UNREACHABLE, message)

    def _is_spent(self) -> bool:
        limits, website = self._parts.limits, self._website
        return website.bytes_fetched > limits.max_bytes or website.seconds > limits.max_duration

    async def _leave(self) -> None:
        """Skip what there is no room for any more: the crawl has seen a part of the site only."""
        website = self._website

        async def store(session: Session) -> int:
            await self._job.keep(session)
            left = await queries.leave_due(session, website.id)
            await queries.update_website(session, website.id, {"is_partial": True})
            await queries.add_counts(session, website.id, {"skipped_count": left})
            return left

        website.skipped_count += await self._parts.database.write(store)
        website.is_partial = True
