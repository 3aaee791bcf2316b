"""Websites as a test adds them and looks at them."""

from dataclasses import dataclass
from typing import Any

from resolvers.services import Services
from tests.support.people import Shop

FIELDS = """id url status error errorCode isDryRun isPartial lastCrawledAt nextCrawlAt
counts { found indexed unchanged skipped failed removed }"""
PAGES = """query ($id: ID!, $after: String, $status: WebsitePageStatus) { node(id: $id) { ... on Website {
    pages(first: 100, after: $after, status: $status) { totalCount pageInfo { hasNextPage endCursor }
    nodes { url status reason httpStatus depth document { id name status } } } } } }"""


@dataclass
class Crawled:
    """A website of a workspace."""

    shop: Shop
    id: str

    @property
    def services(self) -> Services:
        """The parts of the server."""
        return self.shop.owner.services

    async def state(self) -> dict[str, Any]:
        """Return where it stands."""
        query = f"query ($id: ID!) {{ node(id: $id) {{ ... on Website {{ {FIELDS} }} }} }}"
        return dict((await self.shop.owner.ask(query, id=self.id))["node"])

    async def counts(self) -> dict[str, int]:
        """Return what its crawl did, without what it did not do."""
        return {name: count for name, count in (await self.state())["counts"].items() if count}

    async def settled(self) -> "Crawled":
        """Wait until it is crawled and its pages are indexed."""
        await self.services.jobs.finish()
        return self

    async def refresh(self) -> dict[str, int]:
        """Crawl it again, and return what that did."""
        again = await self.shop.owner.change(
            "refreshWebsite ... on RefreshWebsitePayload { website { id } }", id=self.id
        )
        assert again["__typename"] == "RefreshWebsitePayload", again
        await self.settled()
        return await self.counts()

    async def pages(self, status: str | None = None) -> list[dict[str, Any]]:
        """Return its pages."""
        found: list[dict[str, Any]] = []
        after = None
        while True:
            page = (await self.shop.owner.ask(PAGES, id=self.id, after=after, status=status))["node"]["pages"]
            found += page["nodes"]
            if not page["pageInfo"]["hasNextPage"]:
                assert len(found) == page["totalCount"]
                return found
            after = page["pageInfo"]["endCursor"]

    async def reasons(self, origin: str) -> dict[str, str]:
        """Return why each path is not kept that is not."""
        pages = await self.pages()
        return {page["url"].removeprefix(origin): page["reason"] for page in pages if page["reason"]}


async def add(shop: Shop, url: str, **input: Any) -> Crawled:
    """Add a website, and wait until it is crawled and indexed."""
    made = await shop.owner.change(
        "addWebsite ... on AddWebsitePayload { website { id } }", workspaceId=shop.id, url=url, **input
    )
    assert made["__typename"] == "AddWebsitePayload", made
    return await Crawled(shop, made["website"]["id"]).settled()
