"""The frontier of a crawl: the pages that were found, kept in the database so that a crawl goes on after a kill."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from core.clock import now
from data.engine import Database, Session
from data.models import Website, WebsitePageReason, WebsitePageStatus
from data.queries import websites as queries
from rag.sources.crawler import traps
from rag.sources.crawler.addresses import page_key

MAX_FOUND_PER_PAGE = 10
"""Addresses that a crawl remembers for each page that it may keep."""
MIN_FOUND = 1_000
KEY_BYTES = 16


@dataclass(frozen=True, slots=True)
class Place:
    """Where addresses were found: on a page, or without one in a sitemap or as the start."""

    url: str | None = None
    depth: int = -1
    chain: int = 0
    is_listed: bool = False


@dataclass(frozen=True, slots=True)
class Added:
    """How many pages a crawl found, and how many of them it skips at once."""

    found: int = 0
    skipped: int = 0


class Frontier:
    """The pages that a crawl has found. Its methods are for units of work."""

    def __init__(self, website: Website, found: set[UUID], forms: traps.Forms) -> None:
        self._website = website
        self._found = found
        self._forms = forms
        self._most = MAX_FOUND_PER_PAGE * website.max_pages + MIN_FOUND
        self.is_full = len(found) >= self._most
        """Whether addresses were left out because there are too many."""

    @classmethod
    def empty(cls, website: Website) -> "Frontier":
        """Return the frontier of a crawl that begins."""
        return cls(website, set(), traps.Forms())

    @classmethod
    async def load(cls, database: Database, website: Website) -> "Frontier":
        """Return the frontier of a website's present crawl as it is stored."""
        pages = await database.read(lambda session: queries.find_found(session, website.id, website.crawl))
        forms = traps.Forms()
        for url in pages.values():
            forms.add(url)
        return cls(website, set(pages), forms)

    async def add(self, session: Session, addresses: Sequence[str], place: Place) -> Added:
        """Add addresses that are not in the frontier yet."""
        fresh = [address for address in dict.fromkeys(addresses) if self._key(address) not in self._found]
        room = self._most - len(self._found)
        self.is_full |= len(fresh) > room
        fresh = fresh[: max(room, 0)]
        if not fresh:
            return Added()
        keys = {self._key(address): address for address in fresh}
        values: dict[str, object] = {"depth": place.depth + 1, "leads_to": None}
        if place.is_listed:
            values["is_listed"] = True
        stored = await queries.mark_found(session, list(keys), self._website.crawl, values)
        leads_on = place.url is not None and self._forms.leads_on(fresh, place.url)
        new = [(key, address) for key, address in keys.items() if key not in stored]
        rows = [self._row(key, address, place, leads_on=leads_on) for key, address in new]
        _in_order(rows)
        if rows:
            await queries.add_pages(session, rows)
        self._found |= set(keys)
        return Added(len(fresh), sum(row["status"] is WebsitePageStatus.SKIPPED for row in rows))

    async def add_listed_before(self, session: Session) -> Added:
        """Add the pages that a sitemap listed before, when the sitemaps cannot be read."""
        count = await queries.mark_listed(session, self._website.id, self._website.crawl)
        self._found |= set(await queries.find_found(session, self._website.id, self._website.crawl))
        return Added(count)

    def keys_of(self, addresses: Iterable[str]) -> bytes:
        """Return the keys of pages, as a page keeps those that it leads to."""
        return b"".join(self._key(address).bytes for address in addresses)

    async def add_stored(self, session: Session, keys: bytes, depth: int) -> Added:
        """Add the pages that a page led to when it was last read."""
        named = {UUID(bytes=keys[at : at + KEY_BYTES]) for at in range(0, len(keys), KEY_BYTES)} - self._found
        if not named:
            return Added()
        values = {"depth": depth + 1, "leads_to": None}
        stored = await queries.mark_found(session, named, self._website.crawl, values)
        self._found |= stored
        return Added(len(stored))

    def _row(self, key: UUID, address: str, place: Place, *, leads_on: bool) -> dict[str, object]:
        chain = 0
        if place.url is not None:
            chain = traps.chain_of(address, place.url, place.chain, leads_on=leads_on)
        is_one_too_many = not self._forms.add(address) and not place.is_listed
        return {
            "id": key,
            "website_id": self._website.id,
            "workspace_id": self._website.workspace_id,
            "url": address,
            "status": WebsitePageStatus.SKIPPED if is_one_too_many else WebsitePageStatus.PENDING,
            "reason": WebsitePageReason.TRAP if is_one_too_many else None,
            "found_in": self._website.crawl,
            "is_due": not is_one_too_many,
            "is_listed": place.is_listed,
            "depth": place.depth + 1,
            "chain": chain,
        }

    def _key(self, address: str) -> UUID:
        return page_key(self._website.id, address)


def _in_order(rows: Sequence[dict[str, object]]) -> None:
    """Give the rows moments that follow each other: pages are fetched in the order in which they were found."""
    begin = now()
    for number, row in enumerate(rows):
        row["created_at"] = begin + timedelta(microseconds=number)
