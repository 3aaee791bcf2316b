"""A site of 2,000 pages with all that goes wrong on sites: crawled, refreshed, changed and refreshed, and counted."""

import gzip
import re
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from sqlalchemy import func, select

from data.jobs.runner import Jobs
from data.models import Document, Job, JobKind
from monitora.composition import running_services
from monitora.settings.settings import Settings
from rag.ingestion.reader import DocumentReader
from resolvers.services import Services
from schema.relay.node import parse_id
from tests.schema.websites.test_hostile_sites import html
from tests.support.crawls import Crawled
from tests.support.people import People
from tests.support.website import Reply, Request, WebsiteServer

SECTIONS, ARTICLES = 20, 95
LISTED = 79
"""Pages that only a sitemap leads to. With the start and the sections: 2,000 in all."""
EXTRA = ["/old", "/loop", "/calendar/2026/11", "/private/a", "/inside", "/packed", "/copy", "/lost", "/sort?a=1&b=2"]


def fill(site: WebsiteServer) -> None:
    """Put 2,000 pages on a site, and traps beside them."""
    site.replies["/robots.txt"] = Reply(200, b"User-agent: *\nDisallow: /private/\nSitemap: /map.xml.gz\n")
    listed = "".join(f"<url><loc>{site.url}listed/{number}</loc></url>" for number in range(LISTED))
    site.put("/map.xml.gz", gzip.compress(f"<urlset>{listed}</urlset>".encode(), mtime=0), kind="application/gzip")
    site.put("/", html("Start", *(f"/section/{section}" for section in range(SECTIONS)), *EXTRA))
    for section in range(SECTIONS):
        articles = [f"/section/{section}/{number}" for number in range(ARTICLES)]
        site.put(f"/section/{section}", html(f"Section {section}", "/", *articles))
        for number, path in enumerate(articles):
            site.put(path, html(f"Article {number} of section {section}", f"/section/{section}?sid={'x' * 20}"))
    for number in range(LISTED):
        site.put(f"/listed/{number}", html(f"Listed {number}"))
    site.replies["/old"] = Reply(301, headers={"location": "/section/1"})
    site.replies["/loop"] = Reply(302, headers={"location": "/loop?again=1"})
    site.replies["/loop?again=1"] = Reply(302, headers={"location": "/loop"})
    site.replies["/inside"] = Reply(302, headers={"location": "http://169.254.169.254/latest/meta-data/"})
    site.replies["/packed"] = Reply(200, b"\x1f\x8bbroken", {"content-encoding": "gzip"})
    site.put("/copy", html("Listed 7"))
    site.replies["/sort?a=1&b=2"] = Reply(301, headers={"location": "/?utm_source=mail"})
    site.fallback = calendar


def calendar(request: Request) -> Reply | None:
    """Answer for a calendar that has every month."""
    if not request.path.startswith("/calendar/"):
        return None
    year, month = (int(part) for part in request.path.split("/")[2:4])
    months = [(year * 12 + month - 1) + step for step in (-1, 1)]
    links = (f"/calendar/{number // 12}/{number % 12 + 1}" for number in months)
    return Reply(200, html(f"Nothing in month {month} of {year}", *links).encode())


@pytest.fixture
async def services(settings: Settings, reader: DocumentReader) -> AsyncIterator[Services]:
    """The parts of a server that crawls, and leaves the documents for later."""
    async with running_services(settings, reader) as services:
        jobs = crawling(services)
        jobs.start()
        yield replace(services, jobs=jobs)
        await jobs.close()


def crawling(services: Services) -> Jobs:
    """Return what crawls websites and does nothing else."""
    jobs = Jobs(services.database, slots=1, alone=True)
    jobs.handle(JobKind.CRAWL_WEBSITE, services.crawl)
    return jobs


async def _crawled(services: Services, website: Crawled) -> dict[str, int]:
    await services.jobs.finish(JobKind.CRAWL_WEBSITE, parse_id(website.id)[1])
    assert (await website.state())["status"] == "READY"
    return await website.counts()


async def _again(services: Services, website: Crawled) -> dict[str, int]:
    await website.shop.owner.change("refreshWebsite ... on RefreshWebsitePayload { website { id } }", id=website.id)
    return await _crawled(services, website)


async def _count(services: Services, *conditions: object) -> int:
    statement = select(func.count()).where(*conditions)  # type: ignore[arg-type]
    return await services.database.read(lambda session: session.scalar(statement)) or 0


@pytest.mark.slow
async def test_a_site_of_2000_pages_is_crawled_refreshed_changed_and_refreshed(
    people: People, site: WebsiteServer
) -> None:
    services, shop = people.services, await people.shop()
    fill(site)
    values = {"workspaceId": shop.id, "url": site.url, "maxPages": 5_000}
    made = await shop.owner.change("addWebsite ... on AddWebsitePayload { website { id } }", **values)
    website = Crawled(shop, made["website"]["id"])

    # 2,000 pages and 5 months of the calendar.
    found = await _crawled(services, website)
    assert found == {"found": 2_016, "indexed": 2_005, "skipped": 10, "failed": 1}
    reasons = await website.reasons(site.url[:-1])
    assert reasons == {
        "/old": "REDIRECTED",
        "/loop": "REDIRECTED",
        "/loop?again=1": "REDIRECTED",
        "/calendar/2026/8": "TRAP",
        "/calendar/2027/2": "TRAP",
        "/private/a": "ROBOTS",
        "/inside": "REDIRECTED_AWAY",
        "/packed": "BROKEN_ENCODING",
        "/copy": "DUPLICATE",
        "/lost": "MISSING",
        "/sort?a=1&b=2": "REDIRECTED",
    }
    assert site.most_connections == 1
    assert await _count(services, Document.deleted_at.is_(None)) == 2_005
    assert await _count(services, Job.kind == JobKind.INDEX_DOCUMENT) == 2_005
    assert "/private/a" not in site.asked

    await services.database.write(lambda session: session.execute(Job.__table__.delete()))  # type: ignore[attr-defined]
    site.forget_requests()
    assert await _again(services, website) == {"found": 2_016, "unchanged": 2_005, "skipped": 10, "failed": 1}
    assert await _count(services, Job.kind == JobKind.INDEX_DOCUMENT) == 0

    site.put("/section/3", html("Section 3", "/", *(f"/section/3/{number}" for number in range(10, ARTICLES))))
    for number in range(20):
        site.put(f"/section/4/{number}", html(f"Another article {number}"))
    for number in range(5):
        site.replies[f"/section/5/{number}"] = Reply(410)
        site.replies[f"/section/6/{number}"] = Reply(500)
    site.put("/section/7", html("Section 7", "/", "/new", *(f"/section/7/{number}" for number in range(ARTICLES))))
    site.put("/new", html("New"))
    # 10 articles are no longer linked; 5 are gone once, 5 fail; 20 changed, 2 sections did, and one page is new.
    assert await _again(services, website) == {
        "found": 2_007,
        "indexed": 23,
        "unchanged": 1_963,
        "skipped": 10,
        "failed": 11,
        "removed": 10,
    }
    assert await _again(services, website) == {
        "found": 2_007,
        "unchanged": 1_986,
        "skipped": 15,
        "failed": 6,
        "removed": 5,
    }
    assert await _count(services, Document.deleted_at.is_(None)) == 2_005 - 10 - 5 + 1
    assert await _count(services, Job.kind == JobKind.INDEX_DOCUMENT) == 23


async def test_a_crawl_that_is_cut_off_goes_on_where_it_was(
    settings: Settings, people: People, site: WebsiteServer, reader: DocumentReader
) -> None:
    """The process that crawls is stopped in the middle, without a word to the database."""
    services, shop = people.services, await people.shop()
    site.put("/", html("Start", *(f"/{number}" for number in range(60))))
    for number in range(60):
        site.put(f"/{number}", html(f"Page {number}"))
    values = {"workspaceId": shop.id, "url": site.url}
    made = await shop.owner.change("addWebsite ... on AddWebsitePayload { website { id } }", **values)
    website = Crawled(shop, made["website"]["id"])
    async for event in services.crawl.follow(parse_id(website.id)[1]):
        if event.fetched >= 20:
            break
    loop = services.jobs._loop
    assert loop is not None
    for task in [loop, *(task for task in services.jobs._running.values() if task is not None)]:
        task.cancel()
    before = (await website.state())["counts"]["indexed"]
    assert 0 < before < 61
    assert (await website.state())["status"] == "CRAWLING"
    site.forget_requests()

    async with running_services(settings, reader) as later:
        jobs = crawling(later)
        jobs.start()
        await jobs.finish(JobKind.CRAWL_WEBSITE, parse_id(website.id)[1])
        await jobs.close()

    assert await website.counts() == {"found": 61, "indexed": 61}
    assert sum(count for path, count in site.asked.items() if path[1:].isdigit()) <= 61 - before


OTHERS = re.compile(
    r"SELECT (?:count\(\*\)|jobs\.).*FROM jobs|UPDATE jobs SET (?:leased_until=\? WHERE|status=)|.*app_sessions",
    re.DOTALL,
)
"""What the runner of the jobs sends by itself while a crawl is under way, and what looks at the test's session."""


async def test_a_page_costs_the_same_few_statements_whatever_the_site(people: People, site: WebsiteServer) -> None:
    """A new page: its lease, workspace, account, room, document and job, itself, and the website's counts."""
    services = people.services
    costs: list[Counter[str]] = []
    for pages in (10, 30):
        shop = await people.shop()
        site.put("/", html(f"Start {pages}", *(f"/{pages}/{number}" for number in range(pages))))
        for number in range(pages):
            site.put(f"/{pages}/{number}", html(f"Page {number} of {pages}"))
        values = {"workspaceId": shop.id, "url": site.url}
        made = await shop.owner.change("addWebsite ... on AddWebsitePayload { website { id } }", **values)
        website = Crawled(shop, made["website"]["id"])
        for crawl in (_crawled, _again):
            sent: Counter[str] = Counter()
            end = services.database.watch(lambda text, sent=sent: sent.update([text]))
            assert (await crawl(services, website))["found"] == pages + 1
            end()
            costs.append(Counter({text: count for text, count in sent.items() if not OTHERS.match(text)}))
    new, unchanged = costs[2] - costs[0], costs[3] - costs[1]

    assert sum(count == 20 for count in new.values()) == 8, new
    assert sum(new.values()) == 8 * 20, new
    assert sum(count == 20 for count in unchanged.values()) == 3, unchanged
    assert sum(unchanged.values()) == 3 * 20, unchanged
