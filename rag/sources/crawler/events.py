"""How far the crawl of a website is."""

from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from data.models import Website, WebsitePageReason, WebsitePageStatus, WebsiteStatus


@dataclass(frozen=True, slots=True)
class WebsiteEvent:
    """Where a crawl stands. `url` is the page that it came to last, with what became of it."""

    website_id: UUID
    status: WebsiteStatus
    found: int
    indexed: int
    unchanged: int
    skipped: int
    failed: int
    removed: int
    error: str | None = None
    url: str | None = None
    page_status: WebsitePageStatus | None = None
    reason: WebsitePageReason | None = None

    @classmethod
    def of(
        cls,
        website: Website,
        url: str | None = None,
        page_status: WebsitePageStatus | None = None,
        reason: WebsitePageReason | None = None,
    ) -> "WebsiteEvent":
        """Return where a website stands, and its page."""
        return cls(
            website.id,
            website.status,
            website.found_count,
            website.indexed_count,
            website.unchanged_count,
            website.skipped_count,
            website.failed_count,
            website.removed_count,
            website.error,
            url,
            page_status,
            reason,
        )

    @property
    def topic(self) -> UUID:
        """The website."""
        return self.website_id

    @property
    def deduplication_key(self) -> UUID:
        """The website: a later state stands for the earlier."""
        return self.website_id

    @property
    def fetched(self) -> int:
        """How many pages the crawl is done with."""
        return self.indexed + self.unchanged + self.skipped + self.failed

    def as_json(self) -> dict[str, Any]:
        """Return what another process needs to make it again."""
        return {**asdict(self), "website_id": self.website_id.hex}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "WebsiteEvent":
        """Read what `as_json` wrote."""
        status, reason = value["page_status"], value["reason"]
        return cls(
            **{
                **value,
                "website_id": UUID(hex=value["website_id"]),
                "status": WebsiteStatus(value["status"]),
                "page_status": None if status is None else WebsitePageStatus(status),
                "reason": None if reason is None else WebsitePageReason(reason),
            }
        )
