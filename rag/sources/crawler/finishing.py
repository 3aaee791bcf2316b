"""How a crawl ends: pages that were left to others which are not kept are looked at again, and lost ones leave."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from core.clock import now
from data.engine import Database, Session
from data.jobs.job import RunningJob
from data.models import Website, WebsitePage, WebsitePageReason, WebsitePageStatus, WebsiteStatus
from data.queries import websites as queries
from rag.sources import documents
from rag.sources.storage import FileStorage

AT_ONCE = 100
"""Pages that leave in one unit."""


class Finisher:
    """Ends crawls that have no page left to visit."""

    def __init__(self, database: Database, storage: FileStorage) -> None:
        self._database = database
        self._storage = storage

    async def settle(self, job: RunningJob, website: Website) -> bool:
        """Remove the pages that the crawl did not find, and have those fetched that were left to one of them.

        True when there is something to fetch again. Pages are removed only by a crawl that saw all of the site.
        """
        if not website.is_partial:
            await self._remove_unfound(job, website)

        async def again(session: Session) -> int:
            await job.keep(session)
            left = await queries.find_left_without(session, website.id, website.crawl)
            for page in left:
                await queries.update_page(session, page.id, {"is_due": True, "attempts": 0})
            await queries.add_counts(session, website.id, {"skipped_count": -len(left)})
            return len(left)

        count = await self._database.write(again)
        website.skipped_count -= count
        return count > 0

    async def finish(self, job: RunningJob, website: Website) -> None:
        """Note that the crawl is over, with its job."""
        moment = now()
        values = {"status": WebsiteStatus.READY, "last_crawled_at": moment, "next_crawl_at": next_crawl(website)}
        for name, value in values.items():
            setattr(website, name, value)

        async def store(session: Session) -> None:
            if not website.is_partial:
                await queries.delete_unfound(session, website.id, website.crawl)
            await queries.update_website(session, website.id, values)
            await job.end(session)

        await self._database.write(store)

    async def _remove_unfound(self, job: RunningJob, website: Website) -> None:
        """Take pages out of the index that no sitemap lists and no page leads to any more."""

        async def remove(session: Session) -> tuple[int, list[str]]:
            await job.keep(session)
            pages = await queries.find_unfound(session, website.id, website.crawl, AT_ONCE)
            paths = await _erase(session, pages)
            await queries.add_counts(session, website.id, {"removed_count": len(pages), "kept_count": -len(pages)})
            return len(pages), paths

        count = AT_ONCE
        while count == AT_ONCE:
            count, paths = await self._database.write(remove)
            website.removed_count += count
            website.kept_count -= count
            for path in paths:
                await self._storage.delete(path)


async def _erase(session: Session, pages: Sequence[WebsitePage]) -> list[str]:
    paths: list[str] = []
    for page in pages:
        if page.document_id is not None:
            paths += await documents.erase(session, page.document_id)
        removed = {
            "status": WebsitePageStatus.REMOVED,
            "reason": WebsitePageReason.NOT_LINKED,
            **dict.fromkeys(("document_id", "content_hash", "etag", "last_modified", "links")),
        }
        await queries.update_page(session, page.id, {**removed, "is_kept": False})
    return paths


def next_crawl(website: Website) -> datetime | None:
    """Return when a website is to be crawled again, counted from now; None for never by itself."""
    return None if website.refresh_hours is None else now() + timedelta(hours=website.refresh_hours)
