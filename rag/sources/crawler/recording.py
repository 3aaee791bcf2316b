"""What a visit changes: the page, its document and what it leads to, in one unit."""

import hashlib
from dataclasses import dataclass, replace
from uuid import uuid4

from core.errors import ErrorCode, MonitoraError
from data.engine import Database, Session
from data.jobs.job import RunningJob
from data.models import Document, DocumentOrigin, Website, WebsitePage
from data.models import WebsitePageStatus as Status
from data.queries import websites as queries
from data.queries.replacements import StoredFile
from data.queries.storage import Quotas
from rag.sources import documents
from rag.sources.crawler.addresses import path_and_query
from rag.sources.crawler.changes import Change, Changes
from rag.sources.crawler.frontier import Added, Frontier, Place
from rag.sources.crawler.known import DuePage, KeptContents
from rag.sources.crawler.visits import Content, Visit
from rag.sources.storage import NO_ROOM, FileStorage, is_full

MAX_NAME_CHARACTERS = 500
_COUNTERS = {
    Status.INDEXED: "indexed_count",
    Status.UNCHANGED: "unchanged_count",
    Status.SKIPPED: "skipped_count",
    Status.FAILED: "failed_count",
    Status.REMOVED: "skipped_count",
}


class _DocumentVanished(Exception):
    """The page's document was deleted between a look at it and the unit."""


@dataclass(frozen=True, slots=True)
class Crawl:
    """A crawl under way: its website, what it found, and what it keeps."""

    website: Website
    frontier: Frontier
    contents: KeptContents
    changes: Changes


class Recorder:
    """Records the visits of crawls."""

    def __init__(self, database: Database, storage: FileStorage, quotas: Quotas) -> None:
        self._database = database
        self._storage = storage
        self._quotas = quotas

    async def record(self, job: RunningJob, crawl: Crawl, due: DuePage, visit: Visit, seconds: float) -> Status | None:
        """Record a visit that took `seconds`, and return what became of the page; None when it is tried again.

        The website's counts are brought up to date. Raises `LeaseLost`, `QuotaExceeded`, or `MonitoraError` when the
        disk is full.
        """
        website, frontier, page, document = crawl.website, crawl.frontier, due.page, due.document
        change = crawl.changes.of(due, visit)
        saved = None
        if change.content is not None and not website.is_dry_run:
            saved = await self._saved(website, page, document, change.content)
            change.values["document_id"] = saved.id

        async def store(session: Session) -> tuple[dict[str, float], list[str]]:
            await job.keep(session, _progress(website))
            unneeded: list[str] = []
            if saved is not None:
                unneeded = await self._store_document(session, saved, document)
            elif change.erases and document is not None:
                unneeded = await documents.erase(session, document.id)
            added = await self._follow(session, page, visit, change, frontier)
            counted = _counted(page, change, added, visit.size, seconds)
            await queries.update_page(session, page.id, change.values)
            await queries.add_counts(session, website.id, counted)
            if (change.is_partial or frontier.is_full) and not website.is_partial:
                await queries.update_website(session, website.id, {"is_partial": True})
            return counted, unneeded

        try:
            counted, unneeded = await self._database.write(store)
        except Exception as error:
            if saved is not None:
                await self._storage.delete(saved.file_path)
            if isinstance(error, _DocumentVanished):
                return await self.record(job, crawl, replace(due, document=None), visit, seconds)
            raise
        _bring_up_to_date(crawl, page, change, counted)
        for path in unneeded:
            await self._storage.delete(path)
        return change.status

    async def _follow(
        self, session: Session, page: WebsitePage, visit: Visit, change: Change, frontier: Frontier
    ) -> Added:
        """Let what the page leads to be found."""
        if not change.follows or change.status is Status.REMOVED:
            return Added()
        if visit.links is None:
            return await frontier.add_stored(session, page.links or b"", page.depth)
        change.values["links"] = frontier.keys_of(visit.links)
        return await frontier.add(session, visit.links, Place(page.url, page.depth, page.chain))

    async def _saved(self, website: Website, page: WebsitePage, before: Document | None, content: Content) -> Document:
        """Store the file of a page, and return the document as it will be."""
        key = uuid4() if before is None else before.id
        try:
            path = await self._storage.save(website.workspace_id, key, content.body)
        except OSError as error:
            if not is_full(error):
                raise
            raise MonitoraError(ErrorCode.DISK_FULL, NO_ROOM) from error
        return Document(
            id=key,
            workspace_id=website.workspace_id,
            name=(content.title or _name(page.url))[:MAX_NAME_CHARACTERS],
            file_path=path,
            file_type=content.file_type.value,
            file_size=len(content.body),
            content_hash=hashlib.sha256(content.body).hexdigest(),
            origin=DocumentOrigin.PAGE,
            title=content.title,
            url=page.url,
        )

    async def _store_document(self, session: Session, saved: Document, before: Document | None) -> list[str]:
        """Store a document, new or in the place of what it was. Return the keys of files that nothing needs now."""
        if before is None:
            await documents.add(session, saved, self._quotas)
            return []
        file = StoredFile(saved.file_path, saved.file_type, saved.file_size, saved.content_hash)
        values = {"name": saved.name, "url": saved.url}
        is_there, unneeded = await documents.replace(session, before.id, file, values, self._quotas)
        if not is_there:
            raise _DocumentVanished
        return [] if unneeded is None else [unneeded]


def _bring_up_to_date(crawl: Crawl, page: WebsitePage, change: Change, counted: dict[str, float]) -> None:
    """Let a crawl know what was stored of a visit."""
    for name, more in counted.items():
        setattr(crawl.website, name, getattr(crawl.website, name) + more)
    crawl.website.is_partial |= change.is_partial or crawl.frontier.is_full
    if "is_kept" in change.values:
        crawl.contents.note(page.id, change.values.get("content_hash"))


def _counted(page: WebsitePage, change: Change, added: Added, size: int, seconds: float) -> dict[str, float]:
    """Return what is added to the website's counts, and give the page its status."""
    counted: dict[str, float] = {"found_count": added.found, "skipped_count": added.skipped}
    counted |= {"bytes_fetched": size, "seconds": seconds}
    if change.status is not None:
        change.values["status"] = change.status
        counter = _COUNTERS[change.status]
        counted[counter] = counted.get(counter, 0) + 1
    is_kept = change.values.get("is_kept", page.is_kept)
    counted["kept_count"] = int(is_kept) - int(page.is_kept)
    counted["removed_count"] = int(page.is_kept and not is_kept)
    return counted


def _progress(website: Website) -> float:
    done = website.indexed_count + website.unchanged_count + website.skipped_count + website.failed_count
    return min(done / max(website.found_count, 1), 1.0)


def _name(address: str) -> str:
    return path_and_query(address).strip("/") or address
