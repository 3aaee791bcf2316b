"""Documents that kill what reads them, and documents that a person gives up."""

import asyncio
import io
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from starlette.datastructures import UploadFile

from core.clock import now
from data.models import Document, DocumentChunk, Job, JobKind, JobStatus
from monitora.composition import running_services
from monitora.settings.settings import Settings
from rag.ingestion.reader import DocumentReader, ReaderLimits
from resolvers.services import Services
from tests.rag.parsing import hostile_files
from tests.support.people import GARDEN, People, Person, Shop
from tests.support.rows import fetch, run
from tests.support.waiting import until_seen

CANCEL = "cancelDocument ... on CancelDocumentPayload { document { id status stage errorCode isIndexed } }"
IMPATIENT = ReaderLimits(memory_bytes=512 * 2**20, cpu_seconds=1)


@pytest.fixture
async def impatient_reader() -> AsyncIterator[DocumentReader]:
    """What reads documents, within a second of a processor."""
    reader = DocumentReader(limits=IMPATIENT)
    yield reader
    await reader.close()


@pytest.fixture
async def standing_reader() -> AsyncIterator[DocumentReader]:
    """What stands still where the name of the document says, instead of reading it."""
    reader = DocumentReader(work="tests.rag.ingestion.reader.hostile_children:act")
    yield reader
    await reader.close()


async def _jobs(services: Services) -> list[tuple[JobStatus, int]]:
    indexing = select(Job.status, Job.attempts).where(Job.kind == JobKind.INDEX_DOCUMENT)
    return [(status, attempts) for status, attempts in await fetch(services.database, indexing)]


async def test_a_file_that_kills_its_reader_is_tried_twice_and_the_others_are_indexed(
    settings: Settings, impatient_reader: DocumentReader
) -> None:
    async with running_services(settings, impatient_reader) as services:
        services.jobs.start()
        people = People(services)
        hostile, garden = await people.shop(), await people.shop()
        made = await hostile.upload(hostile_files.nested_forms(), "forms.pdf")

        # Another's document is indexed meanwhile.
        await garden.upload(GARDEN, "garden.md")

        async def is_indexed() -> bool:
            return bool(await fetch(services.database, select(Document.id).where(Document.is_indexed)))

        await until_seen(is_indexed, "the other document is indexed")

        await until_seen(lambda: _waits_for_its_second_attempt(services), "the first attempt is over")
        await run(services.database, update(Job).values(not_before=now() - timedelta(seconds=1)))
        await services.jobs.finish()
        assert await _jobs(services) == [(JobStatus.DEAD, 2)]

    # At the next start it is not tried again.
    async with running_services(settings, impatient_reader) as services:
        services.jobs.start()
        owner = Person(services, hostile.owner.token)
        # The jobs were looked at: another document is indexed.
        await Shop(Person(services, garden.owner.token), garden.id).upload("The shed is green.", "shed.txt")
        await services.jobs.finish()
        assert await _jobs(services) == [(JobStatus.DEAD, 2)]
        query = "query ($id: ID!) { node(id: $id) { ... on Document { status errorCode error } } }"
        document = (await owner.ask(query, id=made["document"]["id"]))["node"]
        assert (document["status"], document["errorCode"]) == ("FAILED", "FILE_TOO_COMPLEX")
        assert document["error"]

        # Until a person wants it.
        retry = "retryDocument ... on RetryDocumentPayload { document { status } }"
        retried = await owner.change(retry, id=made["document"]["id"])
        assert retried["document"] == {"status": "PENDING"}
        await until_seen(lambda: _waits_for_its_second_attempt(services), "it is tried again")


async def _waits_for_its_second_attempt(services: Services) -> bool:
    return await _jobs(services) == [(JobStatus.WAITING, 1)]


async def _upload_as(shop: Shop, name: str) -> str:
    file = UploadFile(io.BytesIO(b"Anything."), filename="any.txt")
    payload = "uploadDocument ... on UploadDocumentPayload { document { id } }"
    made = await shop.owner.change(payload, workspaceId=shop.id, file=file, name=name, allowDuplicate=True)
    return str(made["document"]["id"])


@pytest.mark.parametrize(
    ("name", "stage"), [("sleep", "parsing"), ("sleep after head", "chunking")], ids=["parsing", "chunking"]
)
async def test_a_document_is_cancelled_at_every_stage(
    settings: Settings, standing_reader: DocumentReader, name: str, stage: str
) -> None:
    async with running_services(settings, standing_reader) as services:
        services.jobs.start()
        shop = await People(services).shop()
        under_way, queued = await _upload_as(shop, name), await _upload_as(shop, name)

        async def is_there() -> bool:
            return (stage,) in [(row.stage,) for row in await fetch(services.database, select(Document.stage))]

        await until_seen(is_there, f"the first document is at {stage}")

        for document_id in (queued, under_way):
            cancelled = (await shop.owner.change(CANCEL, id=document_id))["document"]
            assert (cancelled["status"], cancelled["errorCode"]) == ("FAILED", "DOCUMENT_CANCELLED")
        async with asyncio.timeout(30):
            await services.jobs.finish()

        assert await _jobs(services) == []
        assert await fetch(services.database, select(DocumentChunk.id)) == []
        assert (await shop.owner.change(CANCEL, id=queued))["code"] == "DOCUMENT_NOT_UNDER_WAY"


async def test_a_searched_document_whose_new_indexing_is_cancelled_is_searched_on(people: People) -> None:
    # Given a document that is searched, and waits to be indexed again.
    shop = await people.shop()
    document = await shop.learn()
    await people.services.jobs.close()
    await run(people.services.database, update(Document).values(status="pending", stage="queued", progress=0.0))

    cancelled = (await shop.owner.change(CANCEL, id=document["id"]))["document"]

    assert (cancelled["status"], cancelled["stage"], cancelled["isIndexed"]) == ("READY", "DONE", True)
    events = await (await shop.visitor()).chat("When does the garden centre open?")
    assert events[0]["sources"]
