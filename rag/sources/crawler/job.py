"""The crawl of a website, a job in turns: each page is stored as it comes, so that a crawl goes on after a kill."""

from collections.abc import AsyncGenerator
from uuid import UUID

import structlog

from core.errors import MonitoraError
from core.events import EventBus
from core.http_client import HttpClient
from core.outbound import SsrfGuard
from core.telemetry import span
from data.engine import Database, Session
from data.jobs.job import RunningJob
from data.models import Website, WebsiteStatus
from data.queries import websites as queries
from data.queries.storage import Quotas
from rag.sources.crawler.browser.rendering import Browser
from rag.sources.crawler.browser.requests import ScriptRequests
from rag.sources.crawler.changes import Changes
from rag.sources.crawler.events import WebsiteEvent
from rag.sources.crawler.fetching import CrawlLimits, Fetcher
from rag.sources.crawler.finishing import Finisher, next_crawl
from rag.sources.crawler.frontier import Added, Frontier, Place
from rag.sources.crawler.known import KeptContents
from rag.sources.crawler.opening import OpenedSite, listed_pages, open_site, reopen_site
from rag.sources.crawler.page_reading import PageReader
from rag.sources.crawler.recording import Crawl, Recorder
from rag.sources.crawler.turn import CrawlParts, Turn
from rag.sources.storage import FileStorage

logger = structlog.get_logger(__name__)

FIRST = {
    "has_sitemaps_read": False,
    "is_partial": False,
    "found_count": 0,
    "indexed_count": 0,
    "unchanged_count": 0,
    "skipped_count": 0,
    "failed_count": 0,
    "removed_count": 0,
    "bytes_fetched": 0,
    "seconds": 0.0,
    "error": None,
    "error_code": None,
}
"""What a crawl begins with."""


class WebsiteCrawl:
    """Crawls websites, a job each, and a turn at a time."""

    def __init__(
        self,
        database: Database,
        storage: FileStorage,
        guard: SsrfGuard,
        events: EventBus[WebsiteEvent],
        quotas: Quotas,
        limits: CrawlLimits,
        browser: Browser | None = None,
    ) -> None:
        """Prepare to crawl. `browser` runs the scripts of pages that are empty without them."""
        self._database = database
        self._guard = guard
        self._limits = limits
        self._browser = browser
        recorder = Recorder(database, storage, quotas)
        self._parts = CrawlParts(database, events, limits, recorder, Finisher(database, storage))
        self.events = events

    async def resume(self) -> None:
        """Nothing is missing: a website's job is stored with it."""

    async def run(self, job: RunningJob) -> None:
        """Crawl a website for a turn. Raises `LeaseLost`, and `MonitoraError` for what ends the crawl."""
        website = await self._website(job.subject_id)
        if website is None:
            await self._database.write(job.end)
            return
        with span("crawl", {"monitora.website.id": str(website.id)}):
            agent = self._limits.user_agent
            outside_guard = self._guard.without_networks()
            async with HttpClient(self._guard, agent) as client, HttpClient(outside_guard, agent) as outside:
                await self._turn(job, website, client, outside)

    async def bury(self, session: Session, job: RunningJob, error: MonitoraError) -> None:
        """Note on the website why its crawl failed. Its pages stay as they are."""
        website = await queries.find_website(session, job.subject_id)
        if website is not None:
            failed = {"status": WebsiteStatus.FAILED, "error_code": error.code, "error": error.message}
            moment = next_crawl(website)
            await queries.update_website(session, website.id, {**failed, "next_crawl_at": moment})

    async def tell_dead(self, job: RunningJob, error: MonitoraError) -> None:
        """Tell the readers that the crawl failed."""
        logger.warning("crawl_failed", website_id=str(job.subject_id), code=error.code)
        await self.tell(job.subject_id)

    async def tell(self, website_id: UUID) -> None:
        """Tell the readers where a website stands."""
        website = await self._website(website_id)
        if website is not None:
            await self.events.publish(WebsiteEvent.of(website))

    async def follow(self, website_id: UUID) -> AsyncGenerator[WebsiteEvent, None]:
        """Yield where a website stands, then every page of its crawl, endlessly."""

        async def present() -> list[WebsiteEvent]:
            website = await self._website(website_id)
            return [] if website is None else [WebsiteEvent.of(website)]

        async for event in self.events.subscribe(website_id, present):
            yield event

    async def _website(self, website_id: UUID) -> Website | None:
        return await self._database.read(lambda session: queries.find_website(session, website_id))

    async def _turn(self, job: RunningJob, website: Website, client: HttpClient, outside: HttpClient) -> None:
        fetcher = Fetcher(client, self._parts.paces, self._limits)
        if website.status is not WebsiteStatus.CRAWLING or website.root_url is None:
            opened = await open_site(fetcher, website.url, website.root_url)
            await self._begin(job, website, opened)
        else:
            opened = await reopen_site(fetcher, website.root_url)
        frontier = await Frontier.load(self._database, website)
        if not website.has_sitemaps_read:
            await self._read_sitemaps(job, website, fetcher, opened, frontier)
        requests = ScriptRequests(client, outside, Fetcher(outside, self._parts.paces, self._limits), opened)
        pages = PageReader(opened.site, self._parts.reading, self._browser, requests)
        contents = await KeptContents.load(self._database, website)
        crawl = Crawl(website, frontier, contents, Changes(website, self._limits, contents))
        turn = Turn(self._parts, job, fetcher, opened, crawl, pages)
        if (wait := await turn.run()) is not None:
            await self._database.write(lambda session: job.go_on_later(session, wait))
            return
        await self._parts.finisher.finish(job, website)
        await self.events.publish(WebsiteEvent.of(website))
        logger.info("website", website_id=str(website.id), outcome="ready", found=website.found_count)

    async def _begin(self, job: RunningJob, website: Website, opened: OpenedSite) -> None:
        """Begin a crawl: its frontier holds the start page."""
        crawl = website.crawl + 1
        values = {**FIRST, "crawl": crawl, "status": WebsiteStatus.CRAWLING, "root_url": opened.root}
        for name, value in values.items():
            setattr(website, name, value)
        frontier = Frontier.empty(website)

        async def store(session: Session) -> None:
            await job.keep(session, 0.0)
            await queries.begin_crawl(session, website.id)
            await queries.update_website(session, website.id, values)
            await self._count(session, website, await frontier.add(session, [opened.root], Place()))

        await self._database.write(store)
        await self.events.publish(WebsiteEvent.of(website))

    async def _read_sitemaps(
        self, job: RunningJob, website: Website, fetcher: Fetcher, opened: OpenedSite, frontier: Frontier
    ) -> None:
        """Add what the sitemaps list to the frontier. While one cannot be read, nothing that was listed is lost."""
        is_whole = True
        async for pages in listed_pages(fetcher, opened):
            is_whole &= pages is not None

            async def store(session: Session, listed: list[str] = pages or []) -> None:
                await job.keep(session)
                await self._count(session, website, await frontier.add(session, listed, Place(is_listed=True)))

            await self._database.write(store)
            await self.events.publish(WebsiteEvent.of(website))

        async def end(session: Session) -> None:
            await job.keep(session)
            if not is_whole:
                await self._count(session, website, await frontier.add_listed_before(session))
            await queries.update_website(session, website.id, {"has_sitemaps_read": True})

        await self._database.write(end)

    async def _count(self, session: Session, website: Website, added: Added) -> None:
        await queries.add_counts(session, website.id, {"found_count": added.found, "skipped_count": added.skipped})
        website.found_count += added.found
        website.skipped_count += added.skipped
