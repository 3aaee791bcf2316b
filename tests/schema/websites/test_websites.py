"""A website: from its address to answers with a link."""

from tests.support import crawls
from tests.support.people import People
from tests.support.website import Reply, WebsiteServer


def page(title: str, text: str, *links: str) -> str:
    """Return a page of HTML."""
    menu = "".join(f"<a href='{link}'>{link}</a> " for link in links)
    body = f"<nav>{menu}</nav><main><h1>{title}</h1><p>{text}</p></main>"
    return f"<html><head><title>{title}</title></head><body>{body}</body></html>"


async def test_the_pages_of_a_website_answer_with_a_link(people: People, site: WebsiteServer) -> None:
    site.put("/", page("Garden", "We sell plants and tools.", "/hours", "/delivery"))
    site.put("/hours", page("Opening hours", "The garden centre opens at nine in the morning.", "/"))
    site.put("/delivery", page("Delivery", "Delivery of plants costs twelve euros.", "/"))
    shop = await people.shop()

    website = await crawls.add(shop, site.url)

    assert await website.counts() == {"found": 3, "indexed": 3}
    state = await website.state()
    assert (state["status"], state["error"], state["isPartial"]) == ("READY", None, False)
    documents = [each["document"] for each in await website.pages()]
    assert {document["status"] for document in documents} == {"READY"}
    assert {document["name"] for document in documents} == {"Garden", "Opening hours", "Delivery"}
    events = await (await shop.visitor()).chat("When does the garden centre open?")
    assert "nine" in events[-1]["message"]["content"]


async def test_a_website_that_did_not_change_embeds_nothing(people: People, site: WebsiteServer) -> None:
    site.put("/", page("Garden", "We sell plants and tools.", "/hours", "/now"))
    site.put("/hours", page("Opening hours", "The garden centre opens at nine.", "/"))
    site.replies["/now"] = lambda _: Reply(200, page("Now", f"It is {len(site.requests) > 99}").encode())
    website = await crawls.add(await people.shop(), site.url)
    before = {each["url"]: each["document"]["id"] for each in await website.pages()}
    site.forget_requests()

    assert await website.refresh() == {"found": 3, "unchanged": 3}

    assert {each["url"]: each["document"]["id"] for each in await website.pages()} == before
    assert [request.headers.get("if-none-match", "")[:1] for request in site.requests if request.path == "/hours"] == [
        '"'
    ]


async def test_what_changed_vanished_and_failed(people: People, site: WebsiteServer) -> None:
    site.put("/", page("Garden", "We sell plants and tools.", *(f"/{number}" for number in range(6))))
    for number in range(6):
        site.put(f"/{number}", page(f"Page {number}", f"This is text number {number}."))
    website = await crawls.add(await people.shop(), site.url)
    assert await website.counts() == {"found": 7, "indexed": 7}

    site.put("/", page("Garden", "We sell plants and tools.", *(f"/{number}" for number in range(5))))
    site.put("/0", page("Page 0", "This is another text."))
    site.replies["/1"] = Reply(404)
    site.replies["/2"] = Reply(503)
    site.replies["/3"] = Reply(raw=b"")
    assert await website.refresh() == {"found": 6, "indexed": 2, "unchanged": 1, "failed": 3, "removed": 1}
    assert await website.reasons(site.url) == {
        "1": "MISSING",
        "2": "SERVER_ERROR",
        "3": "NO_CONNECTION",
        "5": "NOT_LINKED",
    }
    documents = {each["url"][-1]: each["document"] for each in await website.pages()}
    assert documents["5"] is None
    assert all(documents[number]["status"] == "READY" for number in "1234")

    assert await website.refresh() == {"found": 6, "unchanged": 3, "failed": 2, "skipped": 1, "removed": 1}
    removed = await website.pages("REMOVED")
    assert [(each["url"][-1], each["reason"], each["document"]) for each in removed] == [("1", "MISSING", None)]

    site.put("/2", page("Page 2", "This is text number 2."))
    site.replies["/3"] = Reply(404)
    assert await website.refresh() == {"found": 6, "unchanged": 4, "failed": 1, "skipped": 1}
