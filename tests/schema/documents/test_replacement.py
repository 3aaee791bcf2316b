"""A file in the place of a document's: searched when it is read, and never half."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import func, select

from data.models import Document, DocumentChunk
from data.queries.storage import Amount, Quotas
from monitora.composition import running_services
from monitora.settings.settings import Settings
from resolvers.services import Services
from tests.support.files import content_of
from tests.support.people import GARDEN, People, Shop, file_of
from tests.support.rows import fetch

OLD = "# Opening hours\n\nThe garden centre opens at nine in the morning, from Monday to Saturday.\n"
NEW = "# Opening hours\n\nThe garden centre opens at eleven in the morning, from Monday to Saturday.\n"
DAMAGED = b"%PDF-1.7\nnothing of a PDF follows"
QUESTION = "When does the garden centre open?"
DOCUMENT = """id name status progress error errorCode version isIndexed fileType fileSize chunkCount
passages { totalCount nodes { index content } }"""
BY_ID = f"query ($id: ID!) {{ node(id: $id) {{ ... on Document {{ {DOCUMENT} }} }} }}"
REPLACE = (
    f"replaceDocument ... on ReplaceDocumentPayload {{ document {{ {DOCUMENT} }} }} "
    "... on DuplicateDocument { documentId }"
)
STORAGE = "query ($id: ID!) { workspace(id: $id) { storage { bytes documents } } }"


async def _replace(shop: Shop, key: str, content: bytes | str, name: str = "new.md", **input: Any) -> dict[str, Any]:
    return dict(await shop.owner.change(REPLACE, id=key, file=file_of(content, name), **input))


async def _found(shop: Shop, key: str) -> dict[str, Any]:
    return dict((await shop.owner.ask(BY_ID, id=key))["node"])


async def _answer(shop: Shop) -> str:
    events = await shop.owner.chat(QUESTION, workspaceId=shop.id)
    return str(events[-1]["message"]["content"])


async def _bytes(shop: Shop) -> int:
    return int((await shop.owner.ask(STORAGE, id=shop.id))["workspace"]["storage"]["bytes"])


def _files(services: Services) -> list[bytes]:
    return [path.read_bytes() for path in services.storage._folder.rglob("*") if path.is_file()]


async def test_the_new_version_stands_for_the_old_one(people: People) -> None:
    shop = await people.shop()
    document = await shop.learn(OLD, "hours.md")
    assert "nine" in await _answer(shop)

    replaced = await _replace(shop, document["id"], NEW)
    await people.services.jobs.finish()

    assert replaced["document"]["status"] == "PENDING"
    found = await _found(shop, document["id"])
    assert (found["status"], found["version"], found["name"]) == ("READY", 2, "hours.md")
    assert [passage["content"] for passage in found["passages"]["nodes"]] == [
        "The garden centre opens at eleven in the morning, from Monday to Saturday."
    ]
    assert "eleven" in await _answer(shop)
    [(chunks,)] = await fetch(people.services.database, select(func.count()).select_from(DocumentChunk))
    assert chunks == found["chunkCount"]
    assert _files(people.services) == [NEW.encode()]


async def test_a_document_may_become_one_of_another_type(people: People) -> None:
    shop = await people.shop()
    document = await shop.learn(OLD, "hours.md")

    await _replace(shop, document["id"], "place,opens\nGarden centre,at eleven\n", "hours.csv")
    await people.services.jobs.finish()

    found = await _found(shop, document["id"])
    assert (found["status"], found["fileType"]) == ("READY", "csv")


async def test_the_old_version_is_searched_until_the_new_one_is_ready(settings: Settings) -> None:
    # Given a document that is ready, and a server that does no work.
    async with running_services(settings) as services:
        services.jobs.start()
        document = await (shop := await People(services).shop()).learn(OLD, "hours.md")
        owner, key = shop.owner.token, shop.id
    async with running_services(settings) as services:
        shop = Shop(replace(shop.owner, services=services, token=owner), key)

        # When its file is replaced.
        await _replace(shop, document["id"], NEW)

        # Then all that is read of it is as before.
        waiting = await _found(shop, document["id"])
        assert (waiting["status"], waiting["version"], waiting["isIndexed"]) == ("PENDING", 1, True)
        assert waiting["fileSize"] == len(OLD)
        assert "nine" in waiting["passages"]["nodes"][0]["content"]
        assert "nine" in await _answer(shop)
        assert sorted(_files(services)) == sorted([OLD.encode(), NEW.encode()])
    # When the next server works, then the new version is searched, and the old file is gone.
    async with running_services(settings) as services:
        services.jobs.start()
        await services.jobs.finish()
        shop = replace(shop, owner=replace(shop.owner, services=services))
        assert "eleven" in await _answer(shop)
        assert _files(services) == [NEW.encode()]


async def test_a_new_file_that_cannot_be_read_leaves_the_old_one_searched(people: People) -> None:
    shop = await people.shop()
    document = await shop.learn(OLD, "hours.md")

    await _replace(shop, document["id"], DAMAGED, "hours.pdf")
    await people.services.jobs.finish()

    found = await _found(shop, document["id"])
    assert (found["status"], found["errorCode"], found["version"]) == ("FAILED", "FILE_UNREADABLE", 1)
    assert found["error"].endswith("What was read of the document before is still searched.")
    assert (found["isIndexed"], found["fileType"]) == (True, "markdown")
    assert "nine" in await _answer(shop)


async def test_a_new_file_that_cannot_be_read_is_given_up_by_cancelling(people: People) -> None:
    shop = await people.shop()
    document = await shop.learn(OLD, "hours.md")
    await _replace(shop, document["id"], DAMAGED, "hours.pdf")
    await people.services.jobs.finish()

    cancelled = await shop.owner.change(
        f"cancelDocument ... on CancelDocumentPayload {{ document {{ {DOCUMENT} }} }}", id=document["id"]
    )

    assert (cancelled["document"]["status"], cancelled["document"]["error"]) == ("READY", None)
    assert _files(people.services) == [OLD.encode()]
    assert await _bytes(shop) == len(OLD)
    again = await shop.owner.change("cancelDocument", id=document["id"])
    assert again["code"] == "DOCUMENT_NOT_UNDER_WAY"


async def test_a_new_file_that_cannot_be_read_is_replaced_by_another(people: People) -> None:
    shop = await people.shop()
    document = await shop.learn(OLD, "hours.md")
    await _replace(shop, document["id"], DAMAGED, "hours.pdf")
    await people.services.jobs.finish()

    await _replace(shop, document["id"], NEW)
    await people.services.jobs.finish()

    assert (await _found(shop, document["id"]))["status"] == "READY"
    assert _files(people.services) == [NEW.encode()]
    assert await _bytes(shop) == len(NEW)


async def test_a_document_that_was_never_read_is_read_from_its_new_file(people: People) -> None:
    shop = await people.shop()
    document = await shop.learn(DAMAGED, "hours.pdf")
    assert document["status"] == "FAILED"

    await _replace(shop, document["id"], NEW)
    await people.services.jobs.finish()

    found = await _found(shop, document["id"])
    assert (found["status"], found["version"], found["error"]) == ("READY", 1, None)
    assert _files(people.services) == [NEW.encode()]


async def test_of_several_replacements_at_once_the_last_one_stands(people: People) -> None:
    shop = await people.shop()
    document = await shop.learn(OLD, "hours.md")
    texts = [f"# Hours\n\nThe garden centre opens at {number} o'clock." for number in range(6)]

    await asyncio.gather(*[_replace(shop, document["id"], text) for text in texts])
    await people.services.jobs.finish()

    found = await _found(shop, document["id"])
    assert found["status"] == "READY"
    [kept] = _files(people.services)
    assert found["passages"]["nodes"][0]["content"] in kept.decode()
    assert await _bytes(shop) == len(kept)


async def test_a_deleted_document_leaves_neither_of_its_files(settings: Settings) -> None:
    async with running_services(settings) as services:  # which does no work
        shop = await People(services).shop()
        document = (await shop.upload(OLD, "hours.md"))["document"]
        await _replace(shop, document["id"], NEW)

        await shop.owner.change("deleteDocument", id=document["id"])

        assert _files(services) == []
        assert await _bytes(shop) == 0


@pytest.mark.parametrize(("room", "code"), [(len(OLD), None), (len(OLD) + 10, None), (len(OLD) - 1, "QUOTA_EXCEEDED")])
async def test_a_replacement_takes_the_room_of_the_difference(services: Services, room: int, code: str | None) -> None:
    policy = replace(services.policy, quotas=Quotas(workspace=Amount(byte_count=len(OLD))))
    shop = await People(replace(services, policy=policy)).shop()
    document = await shop.learn(OLD, "hours.md")
    content = "x" * (2 * len(OLD) - room) if code else NEW[: len(OLD)]

    replaced = await _replace(shop, document["id"], content)
    await services.jobs.finish()

    assert replaced.get("code") == code
    assert await _bytes(shop) == len(OLD)
    assert len(_files(services)) == 1


async def test_a_smaller_file_makes_room_once_it_is_read(people: People) -> None:
    shop = await people.shop()
    document = await shop.learn(GARDEN)

    await _replace(shop, document["id"], OLD)
    await people.services.jobs.finish()

    assert await _bytes(shop) == len(OLD)


async def test_content_that_is_there_is_refused_in_the_place_of_other(people: People) -> None:
    shop = await people.shop()
    first, second = await shop.learn(OLD, "first.md"), await shop.learn(NEW, "second.md")

    refused = await _replace(shop, first["id"], NEW)

    assert (refused["code"], refused["documentId"]) == ("DUPLICATE_DOCUMENT", second["id"])
    assert (await _replace(shop, first["id"], NEW, allowDuplicate=True))["__typename"] == "ReplaceDocumentPayload"


async def test_what_waits_to_stand_for_a_file_is_content_that_is_there(settings: Settings) -> None:
    async with running_services(settings) as services:  # which does no work
        shop = await People(services).shop()
        document = (await shop.upload(OLD, "hours.md"))["document"]
        await _replace(shop, document["id"], NEW)

        refused = await shop.upload(NEW, "new.md", allowDuplicate=False)

        assert refused["code"] == "DUPLICATE_DOCUMENT"


async def test_the_file_of_a_document_is_the_one_that_is_searched(people: People) -> None:
    shop = await people.shop()
    document = await shop.learn(OLD, "hours.md")

    await _replace(shop, document["id"], DAMAGED, "hours.pdf")
    await people.services.jobs.finish()

    [(path,)] = await fetch(people.services.database, select(Document.file_path))
    assert await content_of(people.services.storage, path) == OLD.encode()


async def test_a_refused_replacement_changes_nothing(people: People) -> None:
    shop = await people.shop()
    document = await shop.learn(OLD, "hours.md")

    for content, name, code in (
        (b"", "empty.md", "FILE_EMPTY"),
        (b"MZ\x90\x00\x03", "tool.exe", "FILE_TYPE_UNSUPPORTED"),
        (b"a" * (25 * 2**20 + 1), "huge.txt", "FILE_TOO_LARGE"),
    ):
        assert (await _replace(shop, document["id"], content, name))["code"] == code

    found = await _found(shop, document["id"])
    assert (found["status"], found["version"]) == ("READY", 1)
    assert _files(people.services) == [OLD.encode()]
