"""What is asked of a website beside its crawl: bounds, dry runs, cancelling, deleting, a schedule, and its links."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from core.clock import now
from data.engine import Session
from data.models import Document, JobKind, Website
from data.queries.jobs import renew_job
from rag.sources.crawler.refreshing import THE_REFRESH
from schema.relay.node import parse_id
from tests.schema.websites.test_hostile_sites import html
from tests.support import crawls
from tests.support.people import People
from tests.support.waiting import until_seen
from tests.support.website import Reply, WebsiteServer


async def _documents(people: People) -> int:
    statement = select(func.count()).where(Document.deleted_at.is_(None))
    return await people.services.database.read(lambda session: session.scalar(statement)) or 0


@pytest.mark.parametrize(
    ("values", "code", "path"),
    [
        ({"url": "http://user:secret@127.0.0.1/"}, "BAD_USER_INPUT", "url"),
        ({"url": "http://10.0.0.1/"}, "HOST_NOT_ALLOWED", "url"),
        ({"url": "http://127.0.0.1:22/"}, "HOST_NOT_ALLOWED", "url"),
        ({"maxPages": 0}, "BAD_USER_INPUT", "maxPages"),
        ({"maxPages": 10_001}, "BAD_USER_INPUT", "maxPages"),
        ({"refreshHours": 0}, "BAD_USER_INPUT", "refreshHours"),
        ({"include": ["no path"]}, "BAD_USER_INPUT", "include"),
        ({"exclude": ["/"] * 51}, "BAD_USER_INPUT", "exclude"),
    ],
)
async def test_what_cannot_be_crawled_is_refused(people: People, values: dict[str, Any], code: str, path: str) -> None:
    shop = await people.shop()

    refused = await shop.owner.change("addWebsite", **{"workspaceId": shop.id, "url": "http://127.0.0.1:9/", **values})

    assert (refused["code"], refused["path"]) == (code, [path])


async def test_a_dry_run_lists_and_stores_nothing_until_it_is_made_real(people: People, site: WebsiteServer) -> None:
    site.put("/", html("Start", "/a", "/b.png"))
    site.put("/a", html("First"))
    website = await crawls.add(await people.shop(), site.url, dryRun=True)

    assert await website.counts() == {"found": 3, "indexed": 2, "skipped": 1}
    assert await website.reasons(site.url) == {"b.png": "NOT_TEXT"}
    assert await _documents(people) == 0

    await website.shop.owner.change("updateWebsite", id=website.id, dryRun=False)
    await website.settled()
    assert await website.counts() == {"found": 3, "indexed": 2, "skipped": 1}
    assert await _documents(people) == 2


async def test_a_deleted_website_takes_its_documents_along(people: People, site: WebsiteServer) -> None:
    site.put("/", html("Start", "/a"))
    site.put("/a", html("First"))
    website = await crawls.add(await people.shop(), site.url)
    same = await website.shop.owner.change("addWebsite", workspaceId=website.shop.id, url=site.url)
    assert same["code"] == "WEBSITE_EXISTS"

    await website.shop.owner.change("deleteWebsite", id=website.id)

    assert await _documents(people) == 0
    query = "query ($id: ID!) { workspace(id: $id) { storage { documents } } }"
    held = await website.shop.owner.ask(query, id=website.shop.id)
    assert held["workspace"]["storage"]["documents"] == 0


async def test_a_crawl_is_cancelled_and_begun_again(people: People, site: WebsiteServer) -> None:
    site.put("/", html("Start", "/slow"))
    site.replies["/slow"] = Reply(200, html("Slow").encode(), pause=600)
    shop = await people.shop()
    made = await shop.owner.change(
        "addWebsite ... on AddWebsitePayload { website { id } }", workspaceId=shop.id, url=site.url
    )
    website = crawls.Crawled(shop, made["website"]["id"])

    async def is_slow() -> bool:
        return site.asked["/slow"] > 0

    await until_seen(is_slow, "the slow page is asked for")
    await shop.owner.change("cancelWebsite", id=website.id)
    assert (await website.state())["status"] == "CANCELLED"
    assert await website.counts() == {"found": 2, "indexed": 1}

    site.put("/slow", html("Slow"))
    assert await website.refresh() == {"found": 2, "indexed": 1, "unchanged": 1}


async def test_a_website_that_does_not_answer_keeps_its_pages(people: People, site: WebsiteServer) -> None:
    site.put("/", html("Start"))
    website = await crawls.add(await people.shop(), site.url, refreshHours=1)
    site.replies["/robots.txt"] = Reply(503)

    await website.refresh()

    state = await website.state()
    assert (state["status"], state["errorCode"]) == ("FAILED", "WEBSITE_UNREACHABLE")
    assert state["nextCrawlAt"] is not None
    assert await _documents(people) == 1


async def test_pages_beyond_the_bound_are_told_and_not_kept(people: People, site: WebsiteServer) -> None:
    site.put("/", html("Start", *(f"/{number}" for number in range(9))))
    for number in range(9):
        site.put(f"/{number}", html(f"Page {number}"))

    website = await crawls.add(await people.shop(), site.url, maxPages=4)

    assert await website.counts() == {"found": 10, "indexed": 4, "skipped": 6}
    assert set((await website.reasons(site.url)).values()) == {"PAGE_LIMIT"}


async def test_a_citation_leads_to_the_heading_of_the_page(people: People, site: WebsiteServer) -> None:
    heading = "Opening-hours, of the garden centre"
    site.put("/", html("Start").replace("</main>", f"<h2>{heading}</h2><p>We open at nine each morning.</p></main>"))
    website = await crawls.add(await people.shop(), site.url)
    visitor = await website.shop.visitor()

    answer = "message { sources { url } }"
    query = f"subscription ($input: ChatInput!) {{ chat(input: $input) {{ ... on AnswerFinished {{ {answer} }} }} }}"
    values = {
        "content": "When does the garden centre open?",
        "clientMessageId": str(parse_id(website.id)[1]),
    }
    events = [event["chat"] async for event in visitor.stream(query, input=values)]

    expected = f"{site.url}#:~:text=Opening%2Dhours%2C%20of%20the%20garden%20centre"
    assert [source["url"] for source in events[-1]["message"]["sources"]] == [expected]


async def test_a_website_is_crawled_again_when_its_hours_have_passed(people: People, site: WebsiteServer) -> None:
    site.put("/", html("Start"))
    website = await crawls.add(await people.shop(), site.url, refreshHours=1)
    site.forget_requests()

    async def let_pass(session: Session) -> None:
        past = now() - timedelta(hours=1)
        await session.execute(update(Website).where(Website.url == site.url).values(next_crawl_at=past))
        await renew_job(session, JobKind.REFRESH_WEBSITES, None, THE_REFRESH)

    await people.services.database.write(let_pass)
    people.services.jobs.wake()

    async def is_crawled() -> bool:
        return await website.counts() == {"found": 1, "unchanged": 1}

    await until_seen(is_crawled, "the website is crawled again")
    assert site.asked["/"] == 2
