"""Websites and their pages: the frontier of a crawl, what it found, and what it did."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar, cast
from uuid import UUID

from sqlalchemy import CursorResult, Table, Update, and_, delete, exists, false, func, insert, or_, select, true, update
from sqlalchemy.orm import aliased

from core.clock import now
from data.engine import Session
from data.keys import PARAMETER, among_keys
from data.models import (
    Document,
    DocumentStatus,
    Website,
    WebsitePage,
    WebsitePageReason,
    WebsitePageStatus,
    WebsiteStatus,
)

Item = TypeVar("Item")
KEYS_AT_ONCE = 1_000
_WEBSITES, _PAGES = cast("Table", Website.__table__), cast("Table", WebsitePage.__table__)
"""What is changed with each page of a crawl: an update of a table costs half of one of a model."""
_FOLLOWING = (WebsitePageReason.CANONICAL_ELSEWHERE, WebsitePageReason.DUPLICATE)
"""Reasons for which a page is left to another."""


async def count_websites(session: Session, workspace_id: UUID) -> int:
    """Return how many websites a workspace has."""
    return await session.scalar(select(func.count()).where(Website.workspace_id == workspace_id)) or 0


async def find_website(session: Session, website_id: UUID) -> Website | None:
    """Return a website as it is stored now."""
    rows = select(Website).where(Website.id == website_id)
    return await session.scalar(rows.execution_options(populate_existing=True))


async def find_by_url(session: Session, workspace_id: UUID, url: str) -> Website | None:
    """Return the website of a workspace that begins at an address."""
    rows = select(Website).where(Website.workspace_id == workspace_id, Website.url == url)
    return await session.scalar(rows.order_by(Website.created_at).limit(1))


def add_website(session: Session, website: Website) -> None:
    """Store a website, at the end of the unit."""
    session.add(website)


async def update_website(session: Session, website_id: UUID, values: Mapping[str, object]) -> None:
    """Set columns of a website."""
    await _execute(session, update(Website).where(Website.id == website_id).values(values))


async def add_counts(session: Session, website_id: UUID, added: Mapping[str, float]) -> None:
    """Add to counters of a website, by the names of their columns."""
    values = {name: _WEBSITES.c[name] + more for name, more in added.items() if more}
    if values:
        await session.execute(update(_WEBSITES).where(_WEBSITES.c.id == website_id).values(values))


async def delete_website(session: Session, website_id: UUID) -> None:
    """Delete a website and its pages. Their documents stay."""
    await session.execute(delete(WebsitePage).where(WebsitePage.website_id == website_id))
    await session.execute(delete(Website).where(Website.id == website_id))


async def find_documents(session: Session, website_id: UUID, at_most: int) -> Sequence[Document]:
    """Return documents of a website's pages that are not deleted."""
    pages = select(WebsitePage.document_id).where(WebsitePage.website_id == website_id)
    rows = select(Document).where(Document.id.in_(pages), Document.deleted_at.is_(None))
    return (await session.scalars(rows.limit(at_most))).all()


async def find_to_refresh(session: Session, at_most: int) -> Sequence[Website]:
    """Return websites whose next crawl is due."""
    idle = Website.status.not_in([WebsiteStatus.PENDING, WebsiteStatus.CRAWLING])
    rows = select(Website).where(Website.next_crawl_at <= now(), idle)
    return (await session.scalars(rows.order_by(Website.next_crawl_at).limit(at_most))).all()


async def begin_crawl(session: Session, website_id: UUID) -> None:
    """Forget what the crawl before left to do, and no longer tell which pages it removed."""
    due = WebsitePage.website_id == website_id, WebsitePage.is_due == true()
    await _execute(session, update(WebsitePage).where(*due).values(is_due=False))
    removed = WebsitePage.website_id == website_id, WebsitePage.status == WebsitePageStatus.REMOVED
    await _execute(session, update(WebsitePage).where(*removed).values(status=WebsitePageStatus.SKIPPED))


async def find_found(session: Session, website_id: UUID, crawl: int) -> dict[UUID, str]:
    """Return the addresses of the pages that a crawl has found, by their keys."""
    found = WebsitePage.website_id == website_id, WebsitePage.found_in == crawl
    rows = await session.execute(select(WebsitePage.id, WebsitePage.url).where(*found))
    return {row[0]: row[1] for row in rows}


async def mark_found(session: Session, keys: Collection[UUID], crawl: int, values: Mapping[str, object]) -> set[UUID]:
    """Let pages that are stored be fetched by a crawl that has not found them yet; return the keys of all stored."""
    stored: set[UUID] = set()
    fresh = {**values, "found_in": crawl, "is_due": True, "attempts": 0, "not_before": None}
    for some in _batches(list(keys), KEYS_AT_ONCE):
        stored |= set(
            await session.scalars(select(WebsitePage.id).where(among_keys(WebsitePage.id)), {PARAMETER: some})
        )
        found = update(WebsitePage).where(among_keys(WebsitePage.id), WebsitePage.found_in < crawl)
        await _execute(session, found.values(fresh), {PARAMETER: some})
    return stored


async def mark_listed(session: Session, website_id: UUID, crawl: int) -> int:
    """Let the pages that a sitemap listed be fetched, when no sitemap can be read. Return how many."""
    listed = WebsitePage.website_id == website_id, WebsitePage.is_listed == true(), WebsitePage.found_in < crawl
    fresh = {"found_in": crawl, "is_due": True, "attempts": 0, "not_before": None}
    return await _execute(session, update(WebsitePage).where(*listed).values(fresh))


async def add_pages(session: Session, rows: Sequence[Mapping[str, object]]) -> None:
    """Store pages that were found, as values of their columns."""
    for some in _batches(rows, 100):
        await session.execute(insert(WebsitePage.__table__), some)  # type: ignore[arg-type]


async def find_due(session: Session, website_id: UUID, at_most: int) -> Sequence[WebsitePage]:
    """Return pages that a crawl may fetch now, in the order in which they were found."""
    is_time = or_(WebsitePage.not_before.is_(None), WebsitePage.not_before <= now())
    rows = select(WebsitePage).where(WebsitePage.website_id == website_id, WebsitePage.is_due == true(), is_time)
    ordered = rows.order_by(WebsitePage.created_at, WebsitePage.id).limit(at_most)
    return (await session.scalars(ordered.execution_options(populate_existing=True))).all()


async def leave_due(session: Session, website_id: UUID) -> int:
    """Skip the pages that a crawl has no room for any more. Return how many."""
    due = WebsitePage.website_id == website_id, WebsitePage.is_due == true()
    skipped = {"is_due": False, "status": WebsitePageStatus.SKIPPED, "reason": WebsitePageReason.PAGE_LIMIT}
    return await _execute(session, update(WebsitePage).where(*due).values(skipped))


async def find_next_moment(session: Session, website_id: UUID) -> datetime | None:
    """Return when the next page may be fetched of those that wait; None when none does."""
    waiting = WebsitePage.website_id == website_id, WebsitePage.is_due == true()
    return await session.scalar(select(func.min(WebsitePage.not_before)).where(*waiting))


async def update_page(session: Session, key: UUID, values: Mapping[str, object]) -> None:
    """Set columns of a page."""
    await session.execute(update(_PAGES).where(_PAGES.c.id == key).values(**values))


async def find_pages(
    session: Session, website_id: UUID, after: WebsitePage | None, at_most: int
) -> Sequence[WebsitePage]:
    """Return pages of a website in the order in which they were found, those that follow one."""
    rows = select(WebsitePage).where(WebsitePage.website_id == website_id)
    if after is not None:
        same = and_(WebsitePage.created_at == after.created_at, WebsitePage.id > after.id)
        rows = rows.where(or_(WebsitePage.created_at > after.created_at, same))
    return (await session.scalars(rows.order_by(WebsitePage.created_at, WebsitePage.id).limit(at_most))).all()


async def find_failed_documents(session: Session, website_id: UUID, at_most: int) -> Sequence[Document]:
    """Return documents of a website's pages that could not be indexed."""
    pages = select(WebsitePage.document_id).where(WebsitePage.website_id == website_id)
    failed = Document.status == DocumentStatus.FAILED, Document.deleted_at.is_(None)
    return (await session.scalars(select(Document).where(Document.id.in_(pages), *failed).limit(at_most))).all()


async def find_kept_contents(session: Session, website_id: UUID) -> dict[UUID, UUID]:
    """Return the contents of pages that are kept, by the keys of the pages in the order in which they were found."""
    kept = WebsitePage.website_id == website_id, WebsitePage.is_kept == true(), WebsitePage.content_hash.is_not(None)
    rows = await session.execute(
        select(WebsitePage.id, WebsitePage.content_hash).where(*kept).order_by(WebsitePage.created_at, WebsitePage.id)
    )
    return {row[0]: row[1] for row in rows if row[1] is not None}


async def find_live_documents(session: Session, keys: Sequence[UUID]) -> dict[UUID, Document]:
    """Return documents that are not deleted, by their keys."""
    rows = select(Document).where(among_keys(Document.id), Document.deleted_at.is_(None))
    rows = rows.execution_options(populate_existing=True)
    return {document.id: document for document in await session.scalars(rows, {PARAMETER: keys})}


async def find_unfound(session: Session, website_id: UUID, crawl: int, at_most: int) -> Sequence[WebsitePage]:
    """Return pages that are kept and that a crawl has not found."""
    kept = WebsitePage.website_id == website_id, WebsitePage.is_kept == true(), WebsitePage.found_in < crawl
    return (await session.scalars(select(WebsitePage).where(*kept).limit(at_most))).all()


async def find_left_without(session: Session, website_id: UUID, crawl: int) -> Sequence[WebsitePage]:
    """Return pages that were left to another, which is not kept."""
    other = aliased(WebsitePage)
    rows = select(WebsitePage).where(
        WebsitePage.website_id == website_id,
        WebsitePage.found_in == crawl,
        WebsitePage.is_due == false(),
        WebsitePage.status == WebsitePageStatus.SKIPPED,
        WebsitePage.reason.in_(_FOLLOWING),
        ~exists().where(other.id == WebsitePage.leads_to, other.is_kept == true()),
    )
    return (await session.scalars(rows)).all()


async def delete_unfound(session: Session, website_id: UUID, crawl: int) -> None:
    """Forget pages that a crawl has not found, but for those whose removal it tells."""
    await session.execute(
        delete(WebsitePage).where(
            WebsitePage.website_id == website_id,
            WebsitePage.found_in < crawl,
            WebsitePage.is_kept == false(),
            WebsitePage.status != WebsitePageStatus.REMOVED,
        )
    )


def _batches(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


async def _execute(session: Session, statement: Update, parameters: Mapping[str, Any] | None = None) -> int:
    # Not evaluated in Python: what the unit holds of these rows is read again where it is needed.
    result = await session.execute(statement.execution_options(synchronize_session=False), parameters)
    return cast("CursorResult[Any]", result).rowcount
