"""A visit of a page: whether it is fetched at all, what the site answers, and what that means for its document."""

import asyncio
import hashlib
import io
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC
from email.utils import parsedate_to_datetime
from enum import Enum, auto
from http import HTTPStatus
from uuid import UUID

from core.clock import now, today
from core.http_client import FetchFailed, FetchFault, HttpResponse
from data.models import WebsitePage, WebsitePageReason
from rag.parsing import FileType, UnreadableDocument, detect_type
from rag.sources.crawler import traps
from rag.sources.crawler.browser.devtools import BrowserFailed
from rag.sources.crawler.fetching import MOVED, CrawlLimits, Fetcher, redirect_of
from rag.sources.crawler.html_pages import HtmlPage
from rag.sources.crawler.kinds import file_name, has_no_text, is_html, is_no_text
from rag.sources.crawler.opening import OpenedSite
from rag.sources.crawler.page_reading import PageReader, ReadPage
from rag.sources.crawler.patterns import Patterns
from rag.sources.crawler.robots import Directives

MAX_ETAG_CHARACTERS = 300
MAX_DATE_CHARACTERS = 100
FEW_RULES_BYTES = 4096
"""A robots.txt of so few bytes is asked at once; a longer one in a thread."""
_FAULTS = {
    FetchFault.NOT_ALLOWED: WebsitePageReason.NOT_ALLOWED,
    FetchFault.NO_CONNECTION: WebsitePageReason.NO_CONNECTION,
    FetchFault.TIMEOUT: WebsitePageReason.TIMEOUT,
    FetchFault.TOO_LARGE: WebsitePageReason.TOO_LARGE,
    FetchFault.BROKEN_ENCODING: WebsitePageReason.BROKEN_ENCODING,
}


class Outcome(Enum):
    """What a visit means for the page."""

    KEEP = auto()
    """Its content is in the index, or comes there."""
    UNCHANGED = auto()
    """The site says that the page is as it was."""
    SKIP = auto()
    """It is not to be in the index, and leaves it."""
    GONE = auto()
    """It leaves the index when it is gone twice in a row."""
    FAIL = auto()
    """Nothing is known of it: it stays as it is."""


@dataclass(frozen=True, slots=True)
class Content:
    """What becomes a document."""

    body: bytes
    file_type: FileType
    title: str | None


@dataclass(frozen=True, slots=True)
class Visit:
    """What came of a page.

    `links` are canonical addresses of the site; None leaves those that are stored. `leads_to` is the address that has
    the content instead. `content_hash` is of what a reader would read. `size` is in bytes, `retry_after` in seconds.
    """

    outcome: Outcome
    reason: WebsitePageReason | None = None
    http_status: int | None = None
    content: Content | None = None
    content_hash: UUID | None = None
    links: list[str] | None = None
    leads_to: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    size: int = 0
    retry_after: float | None = None
    is_fetched: bool = True


class Visitor:
    """Visits the pages of one crawl."""

    def __init__(
        self, fetcher: Fetcher, opened: OpenedSite, patterns: Patterns, limits: CrawlLimits, pages: PageReader
    ) -> None:
        self._fetcher = fetcher
        self._opened = opened
        self._patterns = patterns
        self._limits = limits
        self._pages = pages

    async def visit(self, page: WebsitePage, *, knows_content: bool, may_add: bool) -> Visit:
        """Visit a page.

        `knows_content` says that the content of the visit before is in the index, so that the site may answer that it
        is unchanged. `may_add` says that there is room for a page that is not kept yet.
        """
        unwanted = self._unwanted(page, may_add=may_add)
        if unwanted is None and not await self._is_allowed(page.url):
            unwanted = WebsitePageReason.ROBOTS
        if unwanted is not None:
            keeps_links = unwanted is WebsitePageReason.PAGE_LIMIT
            return Visit(Outcome.SKIP, unwanted, links=None if keeps_links else [], is_fetched=False)
        try:
            response = await self._fetcher.get(
                page.url,
                max_bytes=max(self._limits.max_page_bytes, self._limits.max_file_bytes),
                headers=_conditions(page) if knows_content else None,
                # Once more without packing, for a server that packs wrongly.
                packed=page.attempts == 0,
            )
        except FetchFailed as error:
            is_final = error.fault is FetchFault.TOO_LARGE
            return Visit(
                Outcome.SKIP if is_final else Outcome.FAIL, _FAULTS[error.fault], links=[] if is_final else None
            )
        if response.status == HTTPStatus.OK:
            return await self._of_content(page, response)
        return self._of_status(page, response)

    async def _is_allowed(self, address: str) -> bool:
        robots = self._opened.robots
        if robots.byte_count <= FEW_RULES_BYTES:
            return robots.allows(address)
        return await asyncio.to_thread(robots.allows, address)

    def _unwanted(self, page: WebsitePage, *, may_add: bool) -> WebsitePageReason | None:
        """Return why a page is not fetched, by its address alone. The start page is, for its links."""
        if page.url == self._opened.root:
            return None
        if self._patterns.excludes(page.url):
            return WebsitePageReason.EXCLUDED
        if not self._patterns.includes(page.url):
            return WebsitePageReason.NOT_INCLUDED
        if has_no_text(page.url):
            return WebsitePageReason.NOT_TEXT
        return self._endless(page) or (None if may_add or page.is_kept else WebsitePageReason.PAGE_LIMIT)

    def _endless(self, page: WebsitePage) -> WebsitePageReason | None:
        is_trap = traps.has_trap_form(page.url, today()) or traps.is_too_long(page.url, page.chain)
        if is_trap and not page.is_listed:
            return WebsitePageReason.TRAP
        return WebsitePageReason.TOO_DEEP if page.depth > self._limits.max_depth else None

    def _of_status(self, page: WebsitePage, response: HttpResponse) -> Visit:
        status = response.status
        if status == HTTPStatus.NOT_MODIFIED:
            return Visit(Outcome.UNCHANGED, http_status=status)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in {
            HTTPStatus.TOO_MANY_REQUESTS,
            HTTPStatus.REQUEST_TIMEOUT,
        }:
            is_busy = status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}
            wait = _retry_after(response) if is_busy else None
            if wait is not None:
                self._fetcher.hold(page.url, wait)
            too_many = status == HTTPStatus.TOO_MANY_REQUESTS
            reason = WebsitePageReason.TOO_MANY_REQUESTS if too_many else WebsitePageReason.SERVER_ERROR
            return Visit(Outcome.FAIL, reason, status, retry_after=wait)
        if status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
            return Visit(Outcome.GONE, WebsitePageReason.MISSING, status)
        target = redirect_of(response)
        if target is None:
            return Visit(Outcome.GONE, WebsitePageReason.REFUSED, status)
        inside = self._opened.site.address(target)
        reason = WebsitePageReason.REDIRECTED if inside else WebsitePageReason.REDIRECTED_AWAY
        links = [inside] if inside not in {None, page.url} else []
        # What leads elsewhere for a while only, as to a login, is gone when it does so twice.
        outcome = Outcome.SKIP if status in MOVED else Outcome.GONE
        return Visit(outcome, reason, status, links=[link for link in links if link], leads_to=inside)

    async def _of_content(self, page: WebsitePage, response: HttpResponse) -> Visit:
        kind = response.headers.get("content-type", "")
        said = Directives.read(response.headers.get("x-robots-tag", ""))
        if is_html(kind, response.content):
            return await self._of_html(page, response, said)
        if said.noindex:
            return _skipped(response, WebsitePageReason.NOINDEX)
        return await self._of_file(page, response, kind)

    async def _of_file(self, page: WebsitePage, response: HttpResponse, kind: str) -> Visit:
        if is_no_text(kind):
            return _skipped(response, WebsitePageReason.NOT_TEXT)
        if len(response.content) > self._limits.max_file_bytes:
            return _skipped(response, WebsitePageReason.TOO_LARGE)
        name = file_name(page.url, kind)
        try:
            file_type = await asyncio.to_thread(detect_type, name, io.BytesIO(response.content))
        except UnreadableDocument:
            return _skipped(response, WebsitePageReason.NOT_TEXT)
        if not response.content.strip():
            return _skipped(response, WebsitePageReason.NO_TEXT)
        digest = UUID(bytes=hashlib.sha256(response.content).digest()[:16])
        return self._kept(page, response, Content(response.content, file_type, None), digest, [])

    async def _of_html(self, page: WebsitePage, response: HttpResponse, said: Directives) -> Visit:
        if len(response.content) > self._limits.max_page_bytes:
            return _skipped(response, WebsitePageReason.TOO_LARGE)
        read = await self._pages.read(response)
        reason = self._why_not(page, read.page, said)
        if reason in {None, WebsitePageReason.NO_TEXT} and self._pages.waits_for_scripts(read):
            try:
                read = await self._pages.run_scripts(page.url, read)
            except BrowserFailed:
                return Visit(Outcome.FAIL, WebsitePageReason.NOT_RENDERED, response.status, size=len(response.content))
            finally:
                self._fetcher.hold(page.url, self._fetcher.pause)
            reason = self._why_not(page, read.page, said)
        return self._of_read(page, response, read, reason, said)

    def _of_read(
        self,
        page: WebsitePage,
        response: HttpResponse,
        read: ReadPage,
        reason: WebsitePageReason | None,
        said: Directives,
    ) -> Visit:
        found = read.page
        links = [] if (said | found.directives).nofollow else found.links
        size = len(response.content) + read.byte_count
        if reason is not None:
            is_elsewhere = reason is WebsitePageReason.CANONICAL_ELSEWHERE
            target = found.canonical if is_elsewhere else None
            return replace(_skipped(response, reason, [*links, *([target] if target else [])], target), size=size)
        content = Content(read.body, FileType.HTML, found.title or None)
        kept = self._kept(page, response, content, UUID(bytes=found.fingerprint[:16]), links)
        if read.is_rendered:
            # The page that was fetched stays as it is while what its scripts show changes.
            kept = replace(kept, etag=None, last_modified=None)
        return replace(kept, size=size)

    def _why_not(self, page: WebsitePage, read: HtmlPage, said: Directives) -> WebsitePageReason | None:
        """Return why a page of HTML that was fetched is not kept."""
        if self._patterns.excludes(page.url):
            return WebsitePageReason.EXCLUDED
        if not self._patterns.includes(page.url):
            return WebsitePageReason.NOT_INCLUDED
        if (said | read.directives).noindex:
            return WebsitePageReason.NOINDEX
        # One that was left to a page which is not kept stands for itself.
        if read.canonical not in {None, page.url} and page.leads_to is None:
            return WebsitePageReason.CANONICAL_ELSEWHERE
        return None if read.text_characters else WebsitePageReason.NO_TEXT

    def _kept(
        self, page: WebsitePage, response: HttpResponse, content: Content, digest: UUID, links: list[str]
    ) -> Visit:
        return Visit(
            Outcome.KEEP,
            http_status=response.status,
            content=content,
            content_hash=digest,
            links=links,
            etag=_bounded(response, "etag", MAX_ETAG_CHARACTERS),
            last_modified=_bounded(response, "last-modified", MAX_DATE_CHARACTERS),
            size=len(response.content),
        )


def _skipped(
    response: HttpResponse,
    reason: WebsitePageReason,
    links: list[str] | None = None,
    leads_to: str | None = None,
) -> Visit:
    size = len(response.content)
    return Visit(Outcome.SKIP, reason, response.status, links=links or [], leads_to=leads_to, size=size)


def _conditions(page: WebsitePage) -> dict[str, str]:
    named = {"If-None-Match": page.etag, "If-Modified-Since": page.last_modified}
    return {name: value for name, value in named.items() if value}


def _bounded(response: HttpResponse, name: str, most: int) -> str | None:
    value = response.headers.get(name, "")
    return value if 0 < len(value) <= most and value.isascii() and value.isprintable() else None


def _retry_after(response: HttpResponse) -> float | None:
    text = response.headers.get("retry-after", "").strip()
    with suppress(ValueError, OverflowError):
        return max(float(int(text)), 0.0)
    with suppress(ValueError, TypeError, OverflowError):
        moment = parsedate_to_datetime(text)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return max((moment - now()).total_seconds(), 0.0)
    return None
