"""A workspace that becomes full in the middle of a crawl: what is stored stays, and a later crawl goes on."""

from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from data.models import Document
from monitora.settings.data_folder import FILES
from monitora.settings.settings import Settings
from tests.schema.websites.test_hostile_sites import html
from tests.support import crawls
from tests.support.people import People, Shop
from tests.support.website import WebsiteServer

MOST = 4


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Settings of a server whose workspaces hold a few documents, and one megabyte."""
    return settings.model_copy(update={"max_workspace_documents": MOST, "max_workspace_megabytes": 1})


async def _documents(people: People) -> int:
    statement = select(func.count()).where(Document.deleted_at.is_(None))
    return await people.services.database.read(lambda session: session.scalar(statement)) or 0


async def _storage(shop: Shop) -> dict[str, Any]:
    query = "query ($id: ID!) { workspace(id: $id) { storage { documents bytes } } }"
    return dict((await shop.owner.ask(query, id=shop.id))["workspace"]["storage"])


def _files(settings: Settings) -> list[Path]:
    return [path for path in (settings.data_dir / FILES).rglob("*") if path.is_file()]


def _put(site: WebsiteServer, pages: int) -> None:
    site.put("/", html("Start", *(f"/{number}" for number in range(pages - 1))))
    for number in range(pages - 1):
        site.put(f"/{number}", html(f"Page {number}"))


async def test_a_quota_that_is_reached_ends_the_crawl_and_takes_nothing_away(
    people: People, site: WebsiteServer, settings: Settings
) -> None:
    _put(site, MOST + 3)

    website = await crawls.add(await people.shop(), site.url)

    state = await website.state()
    assert (state["status"], state["errorCode"]) == ("FAILED", "QUOTA_EXCEEDED")
    assert f"at most {MOST}" in state["error"]
    assert (await website.counts())["indexed"] == MOST
    assert await _documents(people) == MOST
    assert (await _storage(website.shop))["documents"] == MOST
    assert len(_files(settings)) == MOST

    await website.refresh()
    assert (await website.state())["status"] == "FAILED"
    assert await _documents(people) == MOST

    _put(site, MOST)
    assert await website.refresh() == {"found": MOST, "indexed": 1, "unchanged": MOST - 1}
    assert (await website.state())["status"] == "READY"


async def test_a_page_for_which_there_is_no_room_leaves_no_file_behind(
    people: People, site: WebsiteServer, settings: Settings
) -> None:
    site.put("/", html("Start", "/large", "/larger"))
    site.put("/large", html("Large " + "words " * 20_000))
    site.put("/larger", html("Larger " + "words " * 40_000))

    website = await crawls.add(await people.shop(), site.url)

    state = await website.state()
    assert (state["status"], state["errorCode"]) == ("FAILED", "QUOTA_EXCEEDED")
    assert "at most 1.0 MB" in state["error"], state["error"]
    assert await _documents(people) == 2
    assert sum(path.stat().st_size for path in _files(settings)) == (await _storage(website.shop))["bytes"]


async def test_attachments_that_a_full_workspace_has_no_room_for_are_told(people: People, site: WebsiteServer) -> None:
    mail = EmailMessage()
    mail["Subject"], mail["From"] = "Prices", "shop@example.com"
    mail.set_content("The prices of this year are attached.")
    for number in range(4):
        mail.add_attachment(f"A tree of kind {number} costs ninety euros.", filename=f"{number}.txt")
    site.put("/", html("Start", "/mail.eml"))
    site.put("/mail.eml", mail.as_bytes(), kind="message/rfc822")

    website = await crawls.add(await people.shop(), site.url)

    assert await website.counts() == {"found": 2, "indexed": 2}
    assert (await website.state())["status"] == "READY"
    assert await _documents(people) == MOST
    assert (await _storage(website.shop))["documents"] == MOST
    query = "query ($id: ID!) { node(id: $id) { ... on Document { status warnings } } }"
    page = next(page for page in await website.pages() if page["url"].endswith(".eml"))
    document = (await website.shop.owner.ask(query, id=page["document"]["id"]))["node"]
    assert document["status"] == "READY"
    assert any(f"at most {MOST}" in warning for warning in document["warnings"])
