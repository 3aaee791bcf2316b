"""What a visit means for a page: whether its content is new, and what of it leaves the index or is tried again."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast
from uuid import UUID

from core.clock import now
from data.models import Website, WebsitePage, WebsitePageReason
from data.models import WebsitePageStatus as Status
from rag.sources.crawler.addresses import page_key
from rag.sources.crawler.fetching import MAX_HOLD, CrawlLimits
from rag.sources.crawler.known import DuePage, KeptContents
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
    """Tells what visits mean to one website, of which `contents` are the pages that are kept."""

    def __init__(self, website: Website, limits: CrawlLimits, contents: KeptContents) -> None:
        self._website = website
        self._limits = limits
        self._contents = contents

    def of(self, due: DuePage, visit: Visit) -> Change:
        """Return what a visit means for its page."""
        page = due.page
        match visit.outcome:
            case Outcome.KEEP:
                return self._kept(due, visit)
            case Outcome.UNCHANGED:
                return Change(Status.UNCHANGED, _done(visit, misses=0, reason=None))
            case Outcome.SKIP:
                return self._skipped(visit, visit.reason)
            case Outcome.GONE:
                return self._gone(page, visit)
            case Outcome.FAIL:
                return self._failed(page, visit)

    def _gone(self, page: WebsitePage, visit: Visit) -> Change:
        if page.is_kept and page.misses + 1 < MISSES:
            return Change(Status.FAILED, _done(visit, misses=page.misses + 1))
        gone = self._skipped(visit, visit.reason)
        gone.status = Status.REMOVED if page.is_kept else Status.SKIPPED
        return gone

    def _kept(self, due: DuePage, visit: Visit) -> Change:
        page, digest = due.page, cast("UUID", visit.content_hash)
        same = self._contents.page_with(digest, but=page.id)
        if same is not None:
            duplicate = self._skipped(visit, WebsitePageReason.DUPLICATE)
            duplicate.values["leads_to"] = same
            return duplicate
        values = _done(visit, misses=0, is_kept=True, etag=visit.etag, last_modified=visit.last_modified)
        values["content_hash"] = digest
        if page.content_hash == digest and due.knows_content(self._website):
            return Change(Status.UNCHANGED, values)
        return Change(Status.INDEXED, values, content=visit.content)

    def _skipped(self, visit: Visit, reason: WebsitePageReason | None) -> Change:
        leads_to = None if visit.leads_to is None else page_key(self._website.id, visit.leads_to)
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
