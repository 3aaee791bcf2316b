"""Websites of a workspace: add, change, crawl, cancel and delete them, and follow their crawls."""

from collections.abc import AsyncIterator
from typing import Any, TypedDict
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from core.errors import ErrorCode, UserError
from core.outbound import NotAllowed
from data.engine import Session
from data.models import JobKind, Website, WebsiteStatus
from data.queries import websites as queries
from data.queries.jobs import add_job, remove_job
from data.queries.workspaces import lock_workspace
from rag.sources import documents
from rag.sources.crawler.addresses import PORTS, canonical
from rag.sources.crawler.events import WebsiteEvent
from rag.sources.crawler.finishing import next_crawl
from rag.sources.crawler.patterns import MAX_PATTERNS, InvalidPattern, checked_pattern
from rag.sources.crawler.refreshing import queue
from resolvers.context import Context
from resolvers.errors import NotFound
from resolvers.rates import WEBSITE_PER_ACCOUNT
from resolvers.workspaces import access
from resolvers.workspaces.workspaces import rejected, too_many

MAX_WEBSITES = 20
"""Websites of one workspace."""
MAX_REFRESH_HOURS = 24 * 365
DEFAULT_MAX_PAGES = 2_000
ERASED_AT_ONCE = 100
UNDER_WAY = frozenset({WebsiteStatus.PENDING, WebsiteStatus.CRAWLING})


class WebsiteValues(TypedDict, total=False):
    """What may be set on a website. An absent key leaves it as it is."""

    max_pages: int
    include: list[str]
    exclude: list[str]
    refresh_hours: int | None
    dry_run: bool


async def add(context: Context, workspace_id: UUID, url: str, values: WebsiteValues) -> UUID:
    """Store a website and have it crawled. Raises `UserError`, `OperationError`."""
    context.staff()
    await context.database.read(lambda session: access.owned(context, session, workspace_id))
    columns = _checked(context, values)
    address = await _reachable(context, url)
    key = uuid4()
    most = min(DEFAULT_MAX_PAGES, context.policy.max_website_pages)
    columns = {"max_pages": most, "include_patterns": [], "exclude_patterns": []} | columns

    async def store(session: Session) -> UUID:
        await access.owned(context, session, workspace_id)
        await lock_workspace(session, workspace_id)
        if await queries.find_by_url(session, workspace_id, address) is not None:
            message = "The workspace has this website already: refresh it, or delete it first."
            raise UserError(ErrorCode.WEBSITE_EXISTS, message, ["url"])
        if await queries.count_websites(session, workspace_id) >= MAX_WEBSITES:
            raise too_many(f"A workspace has at most {MAX_WEBSITES} websites: delete one first.")
        queries.add_website(session, Website(id=key, workspace_id=workspace_id, url=address, **columns))
        add_job(session, JobKind.CRAWL_WEBSITE, workspace_id, key)
        return key

    await context.database.write(store)
    context.services.jobs.wake()
    return key


async def change(context: Context, key: UUID, values: WebsiteValues) -> None:
    """Change what `values` holds, from the next crawl on; a dry run that becomes real is crawled now.

    Raises `UserError`, `OperationError`.
    """
    context.staff()
    columns = _checked(context, values)

    async def store(session: Session) -> None:
        website = await access.owned_row(context, session, Website, key, "website")
        if "is_dry_run" in columns and columns["is_dry_run"] != website.is_dry_run:
            if columns["is_dry_run"] and website.kept_count:
                raise rejected("dry_run", "The website's pages are searched already: delete it, and add a dry run.")
            await queue(session, website)
        for column, value in columns.items():
            setattr(website, column, value)
        if "refresh_hours" in columns and website.status not in UNDER_WAY:
            website.next_crawl_at = next_crawl(website)

    await context.database.write(store)
    context.services.jobs.wake()
    await context.services.crawl.tell(key)


async def refresh(context: Context, key: UUID) -> None:
    """Have a website crawled again. One that waits or is crawled already goes on. Raises `OperationError`."""

    async def store(session: Session) -> None:
        website = await access.owned_row(context, session, Website, key, "website")
        if website.status not in UNDER_WAY:
            await queue(session, website)

    await context.count(WEBSITE_PER_ACCOUNT, context.staff().user_id.hex)
    await context.database.write(store)
    context.services.jobs.wake()
    await context.services.crawl.tell(key)


async def cancel(context: Context, key: UUID) -> None:
    """Call off a crawl. What it stored so far stays. Raises `UserError` when none is under way, `OperationError`."""

    async def store(session: Session) -> None:
        website = await access.owned_row(context, session, Website, key, "website")
        if website.status not in UNDER_WAY:
            message = "Only a website that waits or is crawled can be cancelled."
            raise UserError(ErrorCode.WEBSITE_NOT_UNDER_WAY, message, ["id"])
        await remove_job(session, JobKind.CRAWL_WEBSITE, key)
        website.status, website.next_crawl_at = WebsiteStatus.CANCELLED, next_crawl(website)

    context.staff()
    await context.database.write(store)
    context.services.jobs.stop(JobKind.CRAWL_WEBSITE, key)
    await context.services.crawl.tell(key)


async def remove(context: Context, key: UUID) -> None:
    """Forget a website, and take the documents of its pages out of the answers. Raises `OperationError`."""

    async def stop(session: Session) -> None:
        await access.owned_row(context, session, Website, key, "website")
        await remove_job(session, JobKind.CRAWL_WEBSITE, key)
        # A kill in the middle leaves a website that is deleted once more.
        await queries.update_website(session, key, {"status": WebsiteStatus.CANCELLED, "next_crawl_at": None})

    async def erase(session: Session) -> list[tuple[UUID, str]]:
        await access.owned_row(context, session, Website, key, "website")
        found = await queries.find_documents(session, key, ERASED_AT_ONCE)
        if not found:
            await queries.delete_website(session, key)
        return [(document.id, path) for document in found for path in await documents.erase(session, document.id)]

    context.staff()
    await context.database.write(stop)
    context.services.jobs.stop(JobKind.CRAWL_WEBSITE, key)
    while erased := await context.database.write(erase):
        for document_id, path in erased:
            context.services.jobs.stop(JobKind.INDEX_DOCUMENT, document_id)
            await context.services.storage.delete(path)


async def progress(context: Context, key: UUID) -> AsyncIterator[WebsiteEvent]:
    """Yield where a website stands, then every page of its crawls. Raises `OperationError`."""
    context.staff()
    website = await context.loaders.row(Website, key)
    if website is None:
        raise NotFound("website")
    news = context.services.crawl.follow(key)
    async for event in access.while_readable(context, website.workspace_id, news):
        yield event


async def _reachable(context: Context, url: str) -> str:
    """Return the canonical address of a website. Raises `UserError` for one that the server may not connect to."""
    await context.count(WEBSITE_PER_ACCOUNT, context.staff().user_id.hex)
    address = canonical(url)
    if address is None:
        raise rejected("url", "A website's address begins with http:// or https:// and names its host.")
    parts = urlsplit(address)
    try:
        await context.services.ssrf_guard.website(parts.hostname or "", parts.port or PORTS[parts.scheme])
    except NotAllowed as error:
        raise UserError(ErrorCode.HOST_NOT_ALLOWED, str(error), ["url"]) from error
    return address


def _checked(context: Context, values: WebsiteValues) -> dict[str, Any]:
    """Return the columns to store. Raises `UserError` for the first that is out of bounds."""
    columns: dict[str, Any] = {name: value for name, value in values.items() if name != "dry_run"}
    if "dry_run" in values:
        columns["is_dry_run"] = values["dry_run"]
    most = context.policy.max_website_pages
    if "max_pages" in values and not 1 <= values["max_pages"] <= most:
        raise rejected("max_pages", f"A website keeps between 1 and {most:,} pages.")
    hours = values.get("refresh_hours")
    if hours is not None and not 1 <= hours <= MAX_REFRESH_HOURS:
        raise rejected("refresh_hours", f"A website is refreshed every 1 to {MAX_REFRESH_HOURS:,} hours, or never.")
    for name in ("include", "exclude"):
        if name in columns:
            columns[f"{name}_patterns"] = _patterns(name, columns.pop(name))
    return columns


def _patterns(name: str, texts: list[str]) -> list[str]:
    if len(texts) > MAX_PATTERNS:
        raise rejected(name, f"A website has at most {MAX_PATTERNS} patterns of each kind.")
    try:
        return [checked_pattern(text) for text in texts]
    except InvalidPattern as error:
        raise rejected(name, str(error)) from error
