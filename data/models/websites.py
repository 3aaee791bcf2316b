"""Websites that a workspace learns from, and their pages: what a crawl knows, found and did."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, Unicode
from sqlalchemy.dialects import mssql
from sqlalchemy.orm import Mapped, mapped_column

from data.models.base import NO, ZERO, Created, Keyed, Model, primary_key
from data.types import Chosen, Json

Bytes = LargeBinary().with_variant(mssql.VARBINARY("max"), "mssql")  # type: ignore[no-untyped-call]
"""SQL Server's IMAGE is obsolete."""


class WebsiteStatus(StrEnum):
    """Where a website stands."""

    PENDING = "pending"
    CRAWLING = "crawling"
    READY = "ready"
    FAILED = "failed"
    CANCELLED = "cancelled"


class WebsitePageStatus(StrEnum):
    """What the last crawl that came to a page did with it."""

    PENDING = "pending"
    INDEXED = "indexed"
    UNCHANGED = "unchanged"
    SKIPPED = "skipped"
    FAILED = "failed"
    REMOVED = "removed"


class WebsitePageReason(StrEnum):
    """Why a page was skipped, failed or was removed."""

    EXCLUDED = "excluded"
    NOT_INCLUDED = "not_included"
    ROBOTS = "robots"
    NOINDEX = "noindex"
    TRAP = "trap"
    TOO_DEEP = "too_deep"
    PAGE_LIMIT = "page_limit"
    NOT_TEXT = "not_text"
    NO_TEXT = "no_text"
    NOT_RENDERED = "not_rendered"
    TOO_LARGE = "too_large"
    REDIRECTED = "redirected"
    REDIRECTED_AWAY = "redirected_away"
    CANONICAL_ELSEWHERE = "canonical_elsewhere"
    DUPLICATE = "duplicate"
    MISSING = "missing"
    REFUSED = "refused"
    NOT_LINKED = "not_linked"
    NOT_ALLOWED = "not_allowed"
    NO_CONNECTION = "no_connection"
    TIMEOUT = "timeout"
    BROKEN_ENCODING = "broken_encoding"
    SERVER_ERROR = "server_error"
    TOO_MANY_REQUESTS = "too_many_requests"


class Website(Keyed, Created, Model):
    """A website of a workspace.

    `url` is what a person gave, `root_url` where it led at the last crawl. `crawl` counts the crawls; `bytes_fetched`
    and `seconds` are those of the present one, and so are the counts but for `kept_count`, the pages that are kept now.
    `is_partial` says that a crawl did not see all of the site, so that what it did not find may be there. A dry run
    keeps no documents.
    """

    __tablename__ = "websites"
    node_name = "Website"

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"))
    url: Mapped[str] = mapped_column(Unicode(2000))
    root_url: Mapped[str | None] = mapped_column(Unicode(2000))
    status: Mapped[WebsiteStatus] = mapped_column(
        Chosen(WebsiteStatus, 20), default=WebsiteStatus.PENDING, server_default=WebsiteStatus.PENDING.value
    )
    error_code: Mapped[str | None] = mapped_column(Unicode(50))
    error: Mapped[str | None] = mapped_column(Unicode())
    max_pages: Mapped[int]
    include_patterns: Mapped[list[str]] = mapped_column(Json())
    exclude_patterns: Mapped[list[str]] = mapped_column(Json())
    refresh_hours: Mapped[int | None]
    is_dry_run: Mapped[bool] = mapped_column(default=False, server_default=NO)
    crawl: Mapped[int] = mapped_column(default=0, server_default=ZERO)
    has_sitemaps_read: Mapped[bool] = mapped_column(default=False, server_default=NO)
    is_partial: Mapped[bool] = mapped_column(default=False, server_default=NO)
    found_count: Mapped[int] = mapped_column(default=0, server_default=ZERO)
    indexed_count: Mapped[int] = mapped_column(default=0, server_default=ZERO)
    unchanged_count: Mapped[int] = mapped_column(default=0, server_default=ZERO)
    skipped_count: Mapped[int] = mapped_column(default=0, server_default=ZERO)
    failed_count: Mapped[int] = mapped_column(default=0, server_default=ZERO)
    removed_count: Mapped[int] = mapped_column(default=0, server_default=ZERO)
    kept_count: Mapped[int] = mapped_column(default=0, server_default=ZERO)
    bytes_fetched: Mapped[int] = mapped_column(BigInteger(), default=0, server_default=ZERO)
    seconds: Mapped[float] = mapped_column(default=0.0, server_default=ZERO)
    last_crawled_at: Mapped[datetime | None]
    next_crawl_at: Mapped[datetime | None]

    __table_args__ = (
        primary_key(),
        Index("idx_websites_workspace", "workspace_id", "created_at", "id", mssql_clustered=True),
        Index("idx_websites_next_crawl", "next_crawl_at"),
    )


class WebsitePage(Keyed, Created, Model):
    """A page of a website. Its key is made of the website and the address.

    `found_in` is the last crawl that found the page. `is_due` says that the crawl under way has yet to fetch it.
    `is_kept` says that its text is searched, or would be after a dry run. `links` holds the keys of the pages that it
    leads to, 16 bytes each, for a crawl that is told that the page is unchanged or cannot reach it; null before the
    first. `leads_to` is the page that has its content instead. `misses` counts crawls in a row in which a kept page was
    gone, or one that was never read failed; `attempts` the fetches of this crawl that failed.
    `chain` counts pages of one form that led here.

    `workspace_id` does not cascade: SQL Server refuses a second path from the same ancestor (error 1785).
    `document_id` is no foreign key: the row of a deleted document goes away without asking its page.
    """

    __tablename__ = "website_pages"
    node_name = "WebsitePage"

    website_id: Mapped[UUID] = mapped_column(ForeignKey("websites.id", ondelete="CASCADE"))
    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id"))
    url: Mapped[str] = mapped_column(Unicode(2000))
    status: Mapped[WebsitePageStatus] = mapped_column(
        Chosen(WebsitePageStatus, 20), default=WebsitePageStatus.PENDING, server_default=WebsitePageStatus.PENDING.value
    )
    reason: Mapped[WebsitePageReason | None] = mapped_column(Chosen(WebsitePageReason, 30))
    http_status: Mapped[int | None]
    document_id: Mapped[UUID | None]
    found_in: Mapped[int]
    is_due: Mapped[bool] = mapped_column(default=True, server_default=NO)
    is_kept: Mapped[bool] = mapped_column(default=False, server_default=NO)
    is_listed: Mapped[bool] = mapped_column(default=False, server_default=NO)
    """Whether a sitemap lists it."""
    depth: Mapped[int] = mapped_column(default=0, server_default=ZERO)
    chain: Mapped[int] = mapped_column(default=0, server_default=ZERO)
    attempts: Mapped[int] = mapped_column(default=0, server_default=ZERO)
    misses: Mapped[int] = mapped_column(default=0, server_default=ZERO)
    not_before: Mapped[datetime | None]
    etag: Mapped[str | None] = mapped_column(Unicode(300))
    last_modified: Mapped[str | None] = mapped_column(Unicode(100))
    content_hash: Mapped[UUID | None]
    links: Mapped[bytes | None] = mapped_column(Bytes)
    leads_to: Mapped[UUID | None]
    fetched_at: Mapped[datetime | None]

    __table_args__ = (
        primary_key(),
        Index("idx_website_pages_website", "website_id", "created_at", "id", mssql_clustered=True),
        Index("idx_website_pages_status", "website_id", "status", "created_at", "id"),
        Index("idx_website_pages_due", "website_id", "is_due", "created_at", "id"),
        Index("idx_website_pages_content", "website_id", "content_hash"),
        Index("idx_website_pages_workspace", "workspace_id"),
    )
