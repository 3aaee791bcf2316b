"""All that failed in a workspace, tried again at once."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import update

from data.models import Document, DocumentStatus
from monitora.composition import running_services
from monitora.settings.settings import Settings
from resolvers import documents
from tests.support.people import GARDEN, People, Person, Shop
from tests.support.rows import run

RETRY = "retryFailedDocuments ... on RetryFailedDocumentsPayload { retriedCount }"
DAMAGED = b"%PDF-1.7\nnothing of a PDF follows"
LIST = "query ($id: ID!) { workspace(id: $id) { documents { nodes { name status errorCode } } } }"


async def _statuses(shop: Shop) -> dict[str, str]:
    found = await shop.owner.ask(LIST, id=shop.id)
    return {node["name"]: node["status"] for node in found["workspace"]["documents"]["nodes"]}


async def _retried(shop: Shop) -> Any:
    return (await shop.owner.change(RETRY, workspaceId=shop.id))["retriedCount"]


async def test_what_failed_is_tried_again_and_what_did_not_is_left(settings: Settings) -> None:
    async with running_services(settings) as services:  # which does no work
        people = People(services)
        shop = await people.shop()
        elsewhere = await people.shop(shop.owner)
        for name in ("failed.md", "cancelled.md", "waiting.md"):
            await shop.upload(GARDEN, name)
        await elsewhere.upload(GARDEN, "other.md")
        failed = {"status": DocumentStatus.FAILED, "error_code": "MODEL_UNAVAILABLE", "error": "Away."}
        names = ["failed.md", "other.md"]
        await run(services.database, update(Document).where(Document.name.in_(names)).values(failed))
        cancelled = failed | {"error_code": "DOCUMENT_CANCELLED"}
        await run(services.database, update(Document).where(Document.name == "cancelled.md").values(cancelled))

        assert await _retried(shop) == 1

        assert await _statuses(shop) == {"failed.md": "PENDING", "cancelled.md": "FAILED", "waiting.md": "PENDING"}
        assert await _statuses(elsewhere) == {"other.md": "FAILED"}
        assert await _retried(shop) == 0


async def test_what_is_tried_again_becomes_ready(people: People) -> None:
    shop = await people.shop()
    document = await shop.learn()
    failed = {"status": DocumentStatus.FAILED, "error_code": "MODEL_UNAVAILABLE"}
    await run(people.services.database, update(Document).values(failed))

    assert await _retried(shop) == 1
    await people.services.jobs.finish()

    assert await _statuses(shop) == {document["name"]: "READY"}


async def test_what_fails_again_is_tried_once(people: People) -> None:
    shop = await people.shop()
    await shop.learn(DAMAGED, "report.pdf")

    assert await _retried(shop) == 1
    await people.services.jobs.finish()

    assert await _statuses(shop) == {"report.pdf": "FAILED"}


async def test_many_are_queued_some_at_a_time_each_once(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "RETRIED_AT_ONCE", 3)
    async with running_services(settings) as services:  # which does no work
        shop = await People(services).shop()
        await asyncio.gather(*[shop.upload(f"{GARDEN}{number}", f"{number}.md") for number in range(10)])
        await run(services.database, update(Document).values(status=DocumentStatus.FAILED))

        assert await _retried(shop) == 10

        assert set((await _statuses(shop)).values()) == {"PENDING"}


async def test_a_reader_and_a_stranger_try_nothing_again(people: People) -> None:
    shop = await people.shop()
    await shop.learn(DAMAGED, "report.pdf")

    for person, code in ((await people.admin(), "NOT_FOUND"), (await shop.visitor(), "FORBIDDEN")):
        with pytest.raises(AssertionError, match=code):
            await _retried(Shop(Person(people.services, person.token), shop.id))
