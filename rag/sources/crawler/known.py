"""What a turn knows of the pages that its website keeps, so that it does not ask the database for each page.

The lease of its job makes a crawl the only one that changes these pages. A document may be deleted by a person at the
same moment: whoever changes one looks again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from data.engine import Database, Session
from data.models import Document, DocumentStatus, Website, WebsitePage
from data.queries import websites as queries


class KeptContents:
    """Which page is kept for which content."""

    def __init__(self, contents: Mapping[UUID, UUID]) -> None:
        """Know the contents of pages, by the keys of the pages in the order in which they were found."""
        self._pages: dict[UUID, dict[UUID, None]] = {}
        self._contents: dict[UUID, UUID] = {}
        for key, content in contents.items():
            self.note(key, content)

    @classmethod
    async def load(cls, database: Database, website: Website) -> "KeptContents":
        """Return what is stored of a website's pages."""
        return cls(await database.read(lambda session: queries.find_kept_contents(session, website.id)))

    def replace_by(self, others: "KeptContents") -> None:
        """Know what others do, and nothing else."""
        self._pages, self._contents = others._pages, others._contents  # noqa: SLF001 - of the same class

    def page_with(self, content: UUID, *, but: UUID) -> UUID | None:
        """Return the key of the first other page that is kept with a content."""
        return next((key for key in self._pages.get(content, ()) if key != but), None)

    def note(self, key: UUID, content: UUID | None) -> None:
        """Take down with which content a page is kept; None for one that is not."""
        before = self._contents.pop(key, None)
        if before is not None:
            self._pages[before].pop(key, None)
        if content is not None:
            self._contents[key] = content
            self._pages.setdefault(content, {})[key] = None


@dataclass(frozen=True, slots=True)
class DuePage:
    """A page to visit, and its document unless that was deleted."""

    page: WebsitePage
    document: Document | None

    def knows_content(self, website: Website) -> bool:
        """Tell whether the content of the visit before is in the index, or on its way there."""
        if website.is_dry_run or not self.page.is_kept:
            return website.is_dry_run and self.page.is_kept
        return self.document is not None and self.document.status is not DocumentStatus.FAILED


async def find_due(session: Session, website_id: UUID, at_most: int) -> list[DuePage]:
    """Return the next pages that a crawl may fetch now, with their documents."""
    pages = await queries.find_due(session, website_id, at_most)
    keys = [page.document_id for page in pages if page.document_id is not None]
    documents = await queries.find_live_documents(session, keys) if keys else {}
    return [DuePage(page, None if page.document_id is None else documents.get(page.document_id)) for page in pages]
