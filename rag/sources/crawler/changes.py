"""What a visit means for a page: whether its content is new, and what of it leaves the index or is tried again."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast
from uuid import UUID

from core.clock import now
from data.engine import Database
from data.models import Document, DocumentStatus, Website, WebsitePage, WebsitePageReason
from data.models import WebsitePageStatus as Status
from data.queries import websites as queries
from data.queries.documents import find_document
from rag.sources.crawler.addresses import page_key
from rag.sources.crawler.fetching import MAX_HOLD, CrawlLimits
from rag.sources.crawler.visits import Content, Outcome, Visit

MISSES = 2
"""Crawls in a row in which a page is gone before it leaves the index."""
PATIENCE = 1
"""Crawls in a row in which a page that was never read may fail, until pages that only it leads to are given up."""
_FINAL_FAILURES = frozenset({WebsitePageReason.NOT_ALLOWED, WebsitePageReason.NOT_RENDERED})


@dataclass(slots=True)
class Change:
    """What becomes of a page: its status and columns, and whether a document is stored or erased."""

    status: Status | None
    values: dict[str, Any] = field(default_factory=dict)
    erases: bool = False
    content: Content | None = None
    follows: bool = True
    """Whether what the page leads to is found."""
    is_partial: bool = False


class Changes:
    """Tells what visits mean."""

    def __init__(self, database: Database, limits: CrawlLimits) -> None:
        self._database = database
        self._limits = limits

    async def knows_content(self, website: Website, page: WebsitePage) -> bool:
        """Tell whether the content of the visit before is in the index, or on its way there."""
        if not page.is_kept or website.is_dry_run or page.document_id is None:
            return page.is_kept and website.is_dry_run
        document = await self.document_of(page)
        return document is not None and document.status is not DocumentStatus.FAILED

    async def document_of(self, page: WebsitePage) -> Document | None:
        """Return the document of a page, unless it was deleted."""
        key = page.document_id
        found = None if key is None else await self._database.read(lambda session: find_document(session, key))
        return found if found is not None and found.deleted_at is None else None

    async def of(self, website: Website, page: WebsitePage, visit: Visit) -> Change:
        """Return what a visit means for its page."""
        match visit.outcome:
            case Outcome.KEEP:
                return await self._kept(website, page, visit)
            case Outcome.UNCHANGED:
                return Change(Status.UNCHANGED, _done(visit, misses=0, reason=None))
            case Outcome.SKIP:
                return self._skipped(website, visit, visit.reason)
            case Outcome.GONE:
                return self._gone(website, page, visit)
            case Outcome.FAIL:
                return self._failed(page, visit)

    def _gone(self, website: Website, page: WebsitePage, visit: Visit) -> Change:
        if page.is_kept and page.misses + 1 < MISSES:
            return Change(Status.FAILED, _done(visit, misses=page.misses + 1))
        gone = self._skipped(website, visit, visit.reason)
        gone.status = Status.REMOVED if page.is_kept else Status.SKIPPED
        return gone

    async def _kept(self, website: Website, page: WebsitePage, visit: Visit) -> Change:
        digest = cast("UUID", visit.content_hash)
        same = await self._database.read(
            lambda session: queries.find_same_content(session, website.id, digest, page.id)
        )
        if same is not None:
            duplicate = self._skipped(website, visit, WebsitePageReason.DUPLICATE)
            duplicate.values["leads_to"] = same
            return duplicate
        values = _done(visit, misses=0, is_kept=True, etag=visit.etag, last_modified=visit.last_modified)
        values["content_hash"] = digest
        if page.content_hash == digest and await self.knows_content(website, page):
            return Change(Status.UNCHANGED, values)
        return Change(Status.INDEXED, values, content=visit.content)

    def _skipped(self, website: Website, visit: Visit, reason: WebsitePageReason | None) -> Change:
        leads_to = None if visit.leads_to is None else page_key(website.id, visit.leads_to)
        forgotten = dict.fromkeys(("document_id", "content_hash", "etag", "last_modified"))
        values = _done(visit, misses=0, is_kept=False, leads_to=leads_to, reason=reason, **forgotten)
        return Change(Status.SKIPPED, values, erases=True)

    def _failed(self, page: WebsitePage, visit: Visit) -> Change:
        attempts = page.attempts + 1
        if attempts < self._limits.attempts and visit.reason not in _FINAL_FAILURES:
            wait = min(max(self._limits.retry_after * attempts, visit.retry_after or 0.0), MAX_HOLD)
            again = {"attempts": attempts, "not_before": now() + timedelta(seconds=wait), "reason": visit.reason}
            return Change(None, again, follows=False)
        is_unknown = page.links is None and page.misses < PATIENCE
        misses = page.misses if page.is_kept else page.misses + 1
        return Change(Status.FAILED, _done(visit, misses=misses), is_partial=is_unknown)


def _done(visit: Visit, **values: Any) -> dict[str, Any]:
    """Return the columns of a page that this crawl is done with."""
    done: dict[str, Any] = {
        "is_due": False,
        "attempts": 0,
        "not_before": None,
        "reason": visit.reason,
        "http_status": visit.http_status,
    }
    if visit.is_fetched:
        done["fetched_at"] = now()
    return done | values
