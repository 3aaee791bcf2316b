"""Documents: from upload to answers."""

import asyncio
import io
from typing import Any

import pytest
from sqlalchemy import select
from starlette.datastructures import UploadFile

from data.models import Document, DocumentChunk, DocumentStatus
from monitora.composition import running_services
from monitora.settings.settings import Settings
from tests.rag.parsing.office_files import make_docx
from tests.rag.parsing.pdf_files import make_pdf
from tests.support.files import content_of
from tests.support.people import GARDEN, People, Person, Shop
from tests.support.rows import fetch
from tests.support.waiting import HANG_SECONDS, subscribed

PROGRESS = """
subscription ($id: ID!) { documentProgress(workspaceId: $id) { status stage progress error document { name } } }
"""


async def test_a_document_is_indexed_in_the_background(people: People) -> None:
    shop = await people.shop()

    document = await shop.learn()

    assert document["name"] == "garden.md"
    assert (document["status"], document["stage"], document["progress"]) == ("READY", "DONE", 1.0)
    chunks = await fetch(people.services.database, select(DocumentChunk))
    embedded = [chunk.embedding.shape for (chunk,) in chunks]
    assert embedded == [(1024,)] * document["chunkCount"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("garden.txt", "The garden centre opens at nine."),
        ("garden.html", "<html><body><main><h1>Hours</h1><p>The garden centre opens at nine.</p></main></body></html>"),
        ("garden.csv", "place,opens\nGarden centre,at nine\n"),
        ("garden.pdf", make_pdf(["# Hours\nThe garden centre opens at nine."])),
        ("garden.docx", make_docx("<w:p><w:r><w:t>The garden centre opens at nine.</w:t></w:r></w:p>")),
    ],
)
async def test_every_supported_type_is_read(people: People, name: str, content: bytes | str) -> None:
    shop = await people.shop()

    assert (await shop.learn(content, name))["status"] == "READY"

    events = await (await shop.visitor()).chat("When does the garden centre open?")
    assert "nine" in events[-1]["message"]["content"]


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("empty.txt", b"", "FILE_EMPTY"),
        ("empty.pdf", b"", "FILE_EMPTY"),
        ("tool.exe", b"MZ\x90\x00\x03", "FILE_TYPE_UNSUPPORTED"),
        ("photo.png", b"\x89PNG\r\n\x1a\n\x00\x00", "FILE_TYPE_UNSUPPORTED"),
        ("huge.txt", b"a" * (25 * 2**20 + 1), "FILE_TOO_LARGE"),
        ("", b"text", "BAD_USER_INPUT"),
        ("x" * 600 + ".txt", b"text", "BAD_USER_INPUT"),
    ],
)
async def test_a_file_that_cannot_be_read_is_refused_and_leaves_nothing(
    people: People, settings: Settings, name: str, content: bytes, code: str
) -> None:
    shop = await people.shop()

    refused = await shop.upload(content, name)

    assert refused["code"] == code
    assert await people.services.database.read(lambda unit: unit.scalar(select(Document))) is None
    assert not [path for path in settings.data_dir.glob("files/**/*") if path.is_file()]


class Watched(io.BytesIO):
    """A file that remembers the most that was read of it at once."""

    most = 0

    def read(self, size: int | None = -1, /) -> bytes:
        piece = super().read(size)
        self.most = max(self.most, len(piece))
        return piece


async def test_a_large_file_passes_in_pieces(people: People) -> None:
    shop = await people.shop()
    content = b"The garden centre opens at nine. " * 100_000
    file = Watched(content)

    payload = "uploadDocument ... on UploadDocumentPayload { document { fileSize } }"
    upload = UploadFile(file, filename="hours.txt")
    made = await shop.owner.change(payload, workspaceId=shop.id, file=upload)

    assert made["document"] == {"fileSize": len(content)}
    assert 0 < file.most <= 2**18
    path = await people.services.database.read(lambda unit: unit.scalar(select(Document.file_path)))
    assert path is not None
    assert await content_of(people.services.storage, path) == content


async def test_a_damaged_file_fails_with_a_reason_and_can_be_tried_again(people: People) -> None:
    shop = await people.shop()

    failed = await shop.learn(b"%PDF-1.7\nnothing of a PDF follows", "report.pdf")

    assert (failed["status"], failed["errorCode"]) == ("FAILED", "FILE_UNREADABLE")
    assert failed["error"]
    retried = await shop.owner.change(
        "retryDocument ... on RetryDocumentPayload { document { status } }", id=failed["id"]
    )
    assert retried["document"] == {"status": "PENDING"}
    await people.services.jobs.finish()
    ready = await shop.learn()
    refused = await shop.owner.change("retryDocument", id=ready["id"])
    assert refused["code"] == "DOCUMENT_NOT_FAILED"


async def test_a_deleted_document_is_gone_from_lists_answers_and_disk(people: People) -> None:
    shop = await people.shop()
    document = await shop.learn()
    path = await people.services.database.read(lambda unit: unit.scalar(select(Document.file_path)))
    assert path is not None
    visitor = await shop.visitor()
    assert (await visitor.chat("When does the garden centre open?"))[0]["sources"]

    await shop.owner.change("deleteDocument ... on DeleteDocumentPayload { deletedId }", id=document["id"])

    listed = await shop.owner.ask("query ($id: ID!) { workspace(id: $id) { documents { nodes { id } } } }", id=shop.id)
    assert listed["workspace"]["documents"]["nodes"] == []
    assert await shop.owner.ask("query ($id: ID!) { node(id: $id) { id } }", id=document["id"]) == {"node": None}
    assert (await visitor.chat("When does the garden centre open?"))[0]["sources"] == []
    assert await people.services.database.read(lambda unit: unit.scalar(select(DocumentChunk.id))) is None
    with pytest.raises(LookupError):
        await content_of(people.services.storage, path)


async def _followed(shop: Shop, until: str) -> list[dict[str, Any]]:
    steps = []
    async for event in shop.owner.stream(PROGRESS, id=shop.id):
        steps.append(event["documentProgress"])
        if steps[-1]["status"] == until:
            return steps
    raise AssertionError("the stream ended")


async def test_progress_can_be_followed_to_the_end(people: People) -> None:
    shop = await people.shop()
    followed = asyncio.create_task(_followed(shop, "READY"))
    await subscribed(people.services.ingestion.events)

    await shop.upload(GARDEN, "garden.md")

    steps = await asyncio.wait_for(followed, HANG_SECONDS)
    fractions = [step["progress"] for step in steps]
    assert fractions == sorted(fractions), "it never goes back"
    assert steps[-1] == {
        "status": "READY",
        "stage": "DONE",
        "progress": 1.0,
        "error": None,
        "document": {"name": "garden.md"},
    }


async def test_who_follows_right_after_the_end_is_told_of_it(people: People) -> None:
    shop = await people.shop()
    await shop.learn()

    steps = await asyncio.wait_for(_followed(shop, "READY"), HANG_SECONDS)

    assert [step["document"] for step in steps] == [{"name": "garden.md"}]


async def test_work_left_by_a_stop_is_taken_up_at_the_next_start(settings: Settings) -> None:
    # Given a server that stops before it has indexed what it stored.
    async with running_services(settings) as stopped:
        shop = await People(stopped).shop()
        await shop.upload(GARDEN, "garden.md")

    # When another starts on the same data.
    async with running_services(settings) as services:
        services.jobs.start()
        await services.jobs.finish()

        # Then the document is ready.
        document = await services.database.read(lambda unit: unit.scalar(select(Document)))
        assert document is not None
        assert document.status is DocumentStatus.READY


async def test_a_name_is_a_label_and_never_a_path(people: People, settings: Settings) -> None:
    shop = await people.shop()

    document = await shop.learn(GARDEN, "../../etc/pass\x00wd\n.md")

    assert document["name"] == "passwd.md"
    stored = [path.relative_to(settings.data_dir) for path in settings.data_dir.glob("**/*") if path.is_file()]
    assert not [path for path in stored if "passwd" in str(path)]


async def test_a_visitor_and_a_stranger_upload_nothing(people: People) -> None:
    shop = await people.shop()
    await shop.learn()

    for person, code in (
        (await shop.visitor(), "FORBIDDEN"),
        (await people.admin(), "NOT_FOUND"),
        (people.anyone, None),
    ):
        intruder = Shop(Person(people.services, person.token), shop.id)
        with pytest.raises(AssertionError) as refused:
            await intruder.upload(GARDEN, "garden.md")
        assert (code or "UNAUTHENTICATED") in str(refused.value)
