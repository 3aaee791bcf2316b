"""What a client sees of websites."""

import datetime as dt
from typing import Annotated, Any

import strawberry

from core.errors import ErrorCode
from data import models
from data.models import WebsitePageReason, WebsitePageStatus, WebsiteStatus
from schema.documents.types import Document
from schema.operation import Info
from schema.readings import Derived, derived_field, link_field, read_by
from schema.relay.connections import After, Before, Connection, First, Last, Rows, page_request
from schema.relay.node import Node, RowType
from schema.scalars import URL


@strawberry.type(description="What the present or the last crawl of a website did.")
class WebsiteCounts:
    """Counts of a crawl."""

    found: int = strawberry.field(description="Addresses of the site that it found, whatever became of them.")
    indexed: int = strawberry.field(description="Pages that are new or changed, and went to the index.")
    unchanged: int = strawberry.field(description="Pages that are as they were: nothing was done.")
    skipped: int = strawberry.field(description="Addresses that are not kept, for the reason that each page tells.")
    failed: int = strawberry.field(description="Pages that could not be read. What was indexed of them before stays.")
    removed: int = strawberry.field(
        description="Pages whose text left the index: gone, no longer linked, or now among the skipped."
    )


@strawberry.type(description="A page of a website, and what the last crawl that came to it did.")
class WebsitePage(RowType):
    """A row of `website_pages`."""

    url: URL = strawberry.field(description="Its address, in the one form that stands for all spellings.")
    status: WebsitePageStatus = strawberry.field(description="What became of it.")
    reason: WebsitePageReason | None = strawberry.field(
        description="Why it was skipped, failed or was removed; null for a page that is kept or waits."
    )
    http_status: int | None = strawberry.field(description="What its server answered, if it was asked and answered.")
    depth: int = strawberry.field(description="How many links it is away from the start page or a sitemap.")
    fetched_at: dt.datetime | None = strawberry.field(description="When it was last asked for.")
    created_at: dt.datetime = strawberry.field(description="When it was found first.")
    document: Document | None = link_field(
        Document, models.Document, "document_id", "What was indexed of it; null when nothing is, and in a dry run."
    )


Parent = strawberry.Parent[models.Website]


def _counts(root: Parent) -> WebsiteCounts:
    return WebsiteCounts(
        found=root.found_count,
        indexed=root.indexed_count,
        unchanged=root.unchanged_count,
        skipped=root.skipped_count,
        failed=root.failed_count,
        removed=root.removed_count,
    )


def _include(root: Parent) -> list[str]:
    return root.include_patterns


def _exclude(root: Parent) -> list[str]:
    return root.exclude_patterns


def _error_code(root: Parent) -> ErrorCode | None:
    return None if root.error_code is None else ErrorCode(root.error_code)


@strawberry.type(description="A website that a workspace learns from. Each of its pages that is kept is a document.")
class Website(RowType, Node):
    """A row of `websites`."""

    url: URL = strawberry.field(description="Where it begins.")
    status: WebsiteStatus = strawberry.field(description="Where it stands.")
    error: str | None = strawberry.field(description="Why the last crawl failed and what to do, for people.")
    error_code: ErrorCode | None = derived_field(_error_code, "error_code", description="The same, for programs.")
    max_pages: int = strawberry.field(description="The most pages that it keeps.")
    include: list[str] = derived_field(
        _include, "include_patterns", description="The patterns of pages to keep; none for all."
    )
    exclude: list[str] = derived_field(_exclude, "exclude_patterns", description="The patterns of pages to leave out.")
    refresh_hours: int | None = strawberry.field(
        description="After how many hours it is crawled again; null for never by itself."
    )
    is_dry_run: bool = strawberry.field(description="Whether pages are only listed, and none is indexed.")
    is_partial: bool = strawberry.field(
        description="Whether the last crawl saw a part of the site only: pages that it did not find were kept."
    )
    last_crawled_at: dt.datetime | None = strawberry.field(description="When a crawl last came to its end.")
    next_crawl_at: dt.datetime | None = strawberry.field(description="When it is crawled next; null for not by itself.")
    created_at: dt.datetime = strawberry.field(description="When it was added.")
    counts: WebsiteCounts = derived_field(
        _counts,
        "found_count",
        "indexed_count",
        "unchanged_count",
        "skipped_count",
        "failed_count",
        "removed_count",
        description="What the present or the last crawl did.",
    )

    @strawberry.field(
        graphql_type=Connection[WebsitePage] | None,
        metadata=read_by(Derived(("id",))),
        description="Its pages, the newest found first.",
    )
    async def pages(
        root: Parent,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        status: Annotated[
            WebsitePageStatus | None, strawberry.argument(description="Only pages of which this became.")
        ] = None,
    ) -> Any:
        request = page_request(models.WebsitePage, first, after, last, before)
        loaders = info.context.loaders
        parent, matches = models.WebsitePage.website_id, None if status is None else models.WebsitePage.status == status
        page = await loaders.page_of(models.WebsitePage, parent, root.id, request, matches)
        return Rows(page, lambda: loaders.count_of(models.WebsitePage, parent, root.id, matches))


@strawberry.type(description="A step of the crawl of a website.")
class WebsiteProgress:
    """An event of `websiteProgress`; its fields are read off `rag.sources.crawler.events.WebsiteEvent`."""

    website: Website | None = link_field(
        Website, models.Website, "website_id", "The website; null when it was deleted meanwhile."
    )
    status: WebsiteStatus = strawberry.field(description="Where the website stands.")
    found: int = strawberry.field(description="Addresses that were found so far.")
    fetched: int = strawberry.field(description="Addresses of them that the crawl is done with.")
    indexed: int = strawberry.field(description="Pages that are new or changed.")
    unchanged: int = strawberry.field(description="Pages that are as they were.")
    skipped: int = strawberry.field(description="Addresses that are not kept.")
    failed: int = strawberry.field(description="Pages that could not be read.")
    removed: int = strawberry.field(description="Pages whose text left the index.")
    url: URL | None = strawberry.field(description="The page that the crawl came to last.")
    page_status: WebsitePageStatus | None = strawberry.field(
        description="What became of that page; null when it is tried again later."
    )
    reason: WebsitePageReason | None = strawberry.field(description="Why it was skipped, failed or was removed.")
    error: str | None = strawberry.field(description="Why the crawl failed.")
