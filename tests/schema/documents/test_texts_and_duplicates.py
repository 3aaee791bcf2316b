"""Texts that are written in, and content that is there already."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import func, select

from data.models import Document
from tests.support.files import content_of
from tests.support.people import GARDEN, People, Person, Shop, file_of
from tests.support.rows import fetch

DOCUMENT = "id name origin status title error fileType version warnings language url isIndexed"
ADD = f"addText ... on AddTextPayload {{ document {{ {DOCUMENT} }} }}"
DUPLICATE = "... on DuplicateDocument { documentId document { id name } }"
BY_ID = f"query ($id: ID!) {{ node(id: $id) {{ ... on Document {{ {DOCUMENT} }} }} }}"
QUESTION = "Do you deliver on Sundays?"
ANSWER = "On Sundays we deliver before noon, in the city alone."


async def _text(shop: Shop, title: str = QUESTION, content: str = ANSWER, **input: Any) -> dict[str, Any]:
    values = {"workspaceId": shop.id, "title": title, "content": content} | input
    return dict(await shop.owner.change(f"{ADD} {DUPLICATE}", **values))


async def _documents(people: People) -> int:
    [(count,)] = await fetch(people.services.database, select(func.count()).select_from(Document))
    return int(count)


async def test_a_text_is_a_document_that_is_answered_from(people: People) -> None:
    shop = await people.shop()

    added = (await _text(shop))["document"]
    await people.services.jobs.finish()

    found = (await shop.owner.ask(BY_ID, id=added["id"]))["node"]
    assert (added["status"], added["origin"], added["name"]) == ("PENDING", "TEXT", QUESTION)
    assert (found["status"], found["title"], found["fileType"], found["version"]) == ("READY", QUESTION, "markdown", 1)
    events = await (await shop.visitor()).chat(QUESTION)
    assert "before noon" in events[-1]["message"]["content"]


@pytest.mark.parametrize("title", ["C#", "# one", "*", "a_b_c <d> [e] `f`", "\\", "Prix : 12 €"])
async def test_the_title_of_a_text_is_kept_to_the_letter(people: People, title: str) -> None:
    shop = await people.shop()

    added = (await _text(shop, title))["document"]
    await people.services.jobs.finish()

    found = (await shop.owner.ask(BY_ID, id=added["id"]))["node"]
    assert (found["status"], found["name"], found["title"]) == ("READY", title, title)


async def test_a_text_is_stored_as_a_file_of_its_own(people: People) -> None:
    shop = await people.shop()

    await _text(shop, "Hours", "We open at nine.")

    [(path, size)] = await fetch(people.services.database, select(Document.file_path, Document.file_size))
    stored = await content_of(people.services.storage, path)
    assert stored.decode() == "# Hours #\n\nWe open at nine.\n"
    assert size == len(stored)


@pytest.mark.parametrize(
    ("title", "content", "path"),
    [
        ("", ANSWER, ["title"]),
        (" \n ", ANSWER, ["title"]),
        ("x" * 501, ANSWER, ["title"]),
        (QUESTION, "", ["content"]),
        (QUESTION, " \n\t ", ["content"]),
        (QUESTION, "x" * 50_001, ["content"]),
    ],
)
async def test_a_text_has_bounds(people: People, title: str, content: str, path: list[str]) -> None:
    shop = await people.shop()

    refused = await _text(shop, title, content)

    assert (refused["code"], refused["path"]) == ("BAD_USER_INPUT", path)
    assert await _documents(people) == 0


async def test_a_text_of_what_utf_8_cannot_spell_is_stored(people: People) -> None:
    shop = await people.shop()

    added = (await _text(shop, "Half a pair", "Half \ud83d a pair"))["document"]
    await people.services.jobs.finish()

    assert (await shop.owner.ask(BY_ID, id=added["id"]))["node"]["status"] == "READY"


async def test_the_same_content_is_refused_with_the_document_that_is_there(people: People) -> None:
    shop = await people.shop()
    there = await shop.learn(GARDEN, "garden.md")

    refused = await shop.owner.change(
        f"uploadDocument {DUPLICATE}", workspaceId=shop.id, file=file_of(GARDEN, "another name.md")
    )

    assert (refused["__typename"], refused["code"]) == ("DuplicateDocument", "DUPLICATE_DOCUMENT")
    assert refused["path"] == ["file"]
    assert "garden.md" in refused["message"]
    assert refused["documentId"] == there["id"]
    assert refused["document"] == {"id": there["id"], "name": "garden.md"}
    assert await _documents(people) == 1


async def test_the_same_text_under_the_same_title_is_a_duplicate(people: People) -> None:
    shop = await people.shop()
    there = (await _text(shop))["document"]

    assert (await _text(shop))["documentId"] == there["id"]
    assert (await _text(shop, "Another question?"))["document"]["id"] != there["id"]


async def test_a_duplicate_is_let_through_when_that_is_asked_for(people: People) -> None:
    shop = await people.shop()
    first = (await _text(shop))["document"]

    second = (await _text(shop, allowDuplicate=True))["document"]

    assert second["id"] != first["id"]


async def test_neither_another_workspace_nor_a_deleted_document_makes_a_duplicate(people: People) -> None:
    shop = await people.shop()
    elsewhere = await people.shop(shop.owner)
    there = (await _text(elsewhere))["document"]

    assert (await _text(shop))["__typename"] == "AddTextPayload"

    await elsewhere.owner.change("deleteDocument", id=there["id"])
    assert (await _text(elsewhere))["__typename"] == "AddTextPayload"


async def test_the_same_file_uploaded_twice_at_once_becomes_one_document(people: People) -> None:
    shop = await people.shop()
    once = [shop.upload(GARDEN, f"{number}.md", allowDuplicate=False) for number in range(6)]

    results = await asyncio.gather(*once)

    assert sorted(result["__typename"] for result in results) == ["DuplicateDocument"] * 5 + ["UploadDocumentPayload"]
    assert await _documents(people) == 1
    files = [path for path in people.services.storage._folder.rglob("*") if path.is_file()]
    assert len(files) == 1


async def test_a_visitor_and_a_stranger_add_no_text(people: People) -> None:
    shop = await people.shop()

    for person, code in (
        (await shop.visitor(), "FORBIDDEN"),
        (await people.admin(), "NOT_FOUND"),
        (people.anyone, "UNAUTHENTICATED"),
    ):
        with pytest.raises(AssertionError, match=code):
            await _text(Shop(Person(people.services, person.token), shop.id))
