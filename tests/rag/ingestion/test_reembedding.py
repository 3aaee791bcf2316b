"""Another embedder: workspaces are embedded again in the background, and searched as before until that is done."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import numpy as np
import pytest
from sqlalchemy import select, update
from structlog.testing import capture_logs

from core.errors import ErrorCode
from data.jobs.runner import Jobs
from data.models import Document, DocumentChunk, DocumentVectors, Job, JobKind, StorageUsage
from rag.clean_up import VECTORS_KEPT, clean_up
from rag.ingestion import reembedding
from rag.ingestion.reembedding import Reembedding
from rag.models.local.embedder import LocalEmbedder
from rag.models.protocols import Embedder, ModelError, Vectors
from rag.retrieval.ranking import Family
from rag.retrieval.retriever import Retriever
from resolvers.services import Services
from schema.relay.node import parse_id
from tests.support.people import People, Shop
from tests.support.rows import fetch, run
from tests.support.waiting import until_seen

TEXTS = {
    "hours.md": "The garden centre opens at nine in the morning, from Monday to Saturday.",
    "parcels.md": "\n\n".join(
        f"# Part {number}\n\nParcels of part {number} come in {number} days." for number in range(70)
    ),
}
QUESTION = "When does the garden centre open?"
PROGRESS = "query ($id: ID!) { node(id: $id) { ... on Workspace { embeddingProgress } } }"


class Concepts:
    """An embedder for which one word is one direction. It can be told to fail."""

    weight = 1.0
    family = Family.SEMANTIC

    def __init__(self, name: str = "concepts") -> None:
        self.name = name
        self.failure: ModelError | None = None
        self.embedded: list[str] = []
        self.asked: list[str] = []
        self.hold: asyncio.Event | None = None

    async def embed_passages(self, texts: Sequence[str]) -> Vectors:
        if self.hold is not None and self.embedded:
            await self.hold.wait()
        if self.failure is not None:
            raise self.failure
        self.embedded += texts
        return np.stack([self._vector(text) for text in texts])

    async def embed_question(self, text: str) -> Vectors:
        self.asked.append(text)
        if self.failure is not None:
            raise self.failure
        return self._vector(text)

    @staticmethod
    def _vector(text: str) -> Vectors:
        row: Vectors = np.eye(2, dtype=np.float32)[int("parcel" in text.lower())]
        return row


UNREACHABLE = ModelError(ErrorCode.MODEL_UNAVAILABLE, "The model's server cannot be reached.", retryable=True)


class Process:
    """A server of its own with an embedder, on the database of a test."""

    def __init__(self, services: Services, embedder: Embedder) -> None:
        self.services = services
        self.retriever = Retriever(services.database, embedder, [LocalEmbedder()])
        self._jobs = Jobs(services.database, slots=2, alone=False)
        self._jobs.handle(JobKind.EMBED_WORKSPACE, Reembedding(services.database, embedder), own_slots=1)

    async def __aenter__(self) -> "Process":
        self._jobs.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._jobs.close()

    async def switched(self, workspace_id: UUID, embedder: str) -> None:
        async def is_searched() -> bool:
            return await searched_by(self.services, workspace_id) == embedder

        await until_seen(is_searched, f"{embedder} searches the workspace")


async def searched_by(services: Services, workspace_id: UUID) -> str | None:
    usage = select(StorageUsage.embedder).where(StorageUsage.workspace_id == workspace_id)
    [(name,)] = await fetch(services.database, usage)
    return str(name) if name else None


async def vectors_of(services: Services, embedder: str) -> int:
    counts = select(DocumentVectors.chunk_count).where(DocumentVectors.embedder == embedder)
    return sum(count for (count,) in await fetch(services.database, counts))


@pytest.fixture
async def shop(people: People) -> Shop:
    """A workspace with documents that the local embedder indexed."""
    shop = await people.shop()
    for name, text in TEXTS.items():
        await shop.learn(text, name)
    return shop


@pytest.fixture
def workspace_id(shop: Shop) -> UUID:
    return parse_id(shop.id)[1]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits for its next attempt does not wait long."""
    monkeypatch.setattr(reembedding, "TRY_AGAIN", timedelta(milliseconds=20))
    monkeypatch.setattr(reembedding, "OTHER_PROCESS", timedelta(milliseconds=20))


async def test_a_workspace_switches_when_each_of_its_chunks_has_a_vector(
    services: Services, workspace_id: UUID
) -> None:
    embedder = Concepts()
    before = Retriever(services.database, embedder, [LocalEmbedder()])
    assert await searched_by(services, workspace_id) == LocalEmbedder.name
    old = await before.version(workspace_id)

    async with Process(services, embedder) as process:
        await process.switched(workspace_id, "concepts")
        found = await process.retriever.rank(workspace_id, QUESTION, 3)

    # Also a process that learns of it by the number of the index alone asks the new embedder.
    assert [each.chunk_id for each in found] == [each.chunk_id for each in await before.rank(workspace_id, QUESTION, 3)]
    assert embedder.asked == [QUESTION, QUESTION]
    assert await before.version(workspace_id) != old
    chunks = [content for (content,) in await fetch(services.database, select(DocumentChunk.content))]
    assert await vectors_of(services, "concepts") == len(chunks) == len(embedder.embedded)
    assert all(any(text.endswith(content) for text in embedder.embedded) for content in chunks)
    assert await fetch(services.database, select(Job.id).where(Job.kind == JobKind.EMBED_WORKSPACE)) == []


async def test_until_then_questions_are_answered_from_the_old_vectors(
    services: Services, shop: Shop, workspace_id: UUID
) -> None:
    embedder = Concepts()
    embedder.hold = asyncio.Event()
    async with Process(services, embedder) as process:

        async def is_under_way() -> bool:
            return await vectors_of(services, "concepts") > 0

        await until_seen(is_under_way, "the first vectors")
        found = await process.retriever.rank(workspace_id, QUESTION, 1)
        shown = await shop.owner.ask(PROGRESS, id=shop.id)
        embedder.hold.set()
        await process.switched(workspace_id, "concepts")

    assert "nine" in found[0].content
    assert embedder.asked == []
    assert 0 < shown["node"]["embeddingProgress"] < 1
    after = await shop.owner.ask(PROGRESS, id=shop.id)
    assert after["node"]["embeddingProgress"] is None


async def test_a_kill_in_the_middle_costs_what_was_not_stored(services: Services, workspace_id: UUID) -> None:
    first, second = Concepts(), Concepts()
    first.hold = asyncio.Event()
    async with Process(services, first):

        async def is_under_way() -> bool:
            return await vectors_of(services, "concepts") > 0

        await until_seen(is_under_way, "the first vectors")
    stored = await vectors_of(services, "concepts")
    assert await searched_by(services, workspace_id) == LocalEmbedder.name

    async with Process(services, second) as process:
        await process.switched(workspace_id, "concepts")

    assert len(second.embedded) + stored == await vectors_of(services, "concepts")


async def test_two_processes_embed_each_chunk_once(services: Services, workspace_id: UUID) -> None:
    embedders = [Concepts(), Concepts()]
    async with Process(services, embedders[0]) as one, Process(services, embedders[1]):
        await one.switched(workspace_id, "concepts")

    texts = [text for embedder in embedders for text in embedder.embedded]
    assert len(texts) == len(set(texts)) == await vectors_of(services, "concepts")


async def test_a_job_waits_for_a_process_with_its_embedder(
    services: Services, workspace_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While servers are exchanged, some have the settings of before: here `services` itself."""
    monkeypatch.setattr(reembedding, "BATCHES_A_TURN", 1)
    monkeypatch.setattr(reembedding, "BATCH", 5)

    async with Process(services, Concepts()) as new:
        await new.switched(workspace_id, "concepts")


async def test_going_back_costs_nothing(services: Services, workspace_id: UUID) -> None:
    async with Process(services, Concepts()) as process:
        await process.switched(workspace_id, "concepts")
    async with Process(services, LocalEmbedder()) as process:
        await process.switched(workspace_id, LocalEmbedder.name)
    again = Concepts()
    async with Process(services, again) as process:
        await process.switched(workspace_id, "concepts")

    assert again.embedded == []


async def test_a_server_that_cannot_be_reached_changes_nothing_and_is_tried_again(
    services: Services, workspace_id: UUID
) -> None:
    embedder = Concepts()
    embedder.failure = UNREACHABLE
    with capture_logs() as lines:
        async with Process(services, embedder) as process:

            async def has_failed() -> bool:
                return any(line["event"] == "embedding_waits" for line in lines)

            await until_seen(has_failed, "a failure")
            found = await process.retriever.rank(workspace_id, QUESTION, 1)
            states = await fetch(services.database, select(Document.status, Document.error))
            embedder.failure = None
            await process.switched(workspace_id, "concepts")

    assert "nine" in found[0].content
    assert {(status.value, error) for status, error in states} == {("ready", None)}
    assert len([line for line in lines if line["event"] == "embedding_waits"]) == 1


async def test_an_embedder_that_fails_at_questions_leaves_the_words(services: Services, workspace_id: UUID) -> None:
    embedder = Concepts()
    async with Process(services, embedder) as process:
        await process.switched(workspace_id, "concepts")
        embedder.failure = UNREACHABLE
        with capture_logs() as lines:
            found = [await process.retriever.rank(workspace_id, QUESTION, 1) for _ in range(3)]

    assert all("nine" in passages[0].content for passages in found)
    # Asked once: the others do not wait for it.
    assert embedder.asked == [QUESTION]
    assert [line["event"] for line in lines if line["event"] != "job_lost"] == ["words_alone"]


async def test_an_embedder_that_no_setting_leads_to_leaves_the_words(services: Services, workspace_id: UUID) -> None:
    async with Process(services, Concepts("of before")) as process:
        await process.switched(workspace_id, "of before")
    stranger = Retriever(services.database, LocalEmbedder())

    with capture_logs() as lines:
        found = await stranger.rank(workspace_id, QUESTION, 1)

    assert "nine" in found[0].content
    assert [line["event"] for line in lines] == ["words_alone"]


async def test_a_document_that_was_read_again_is_embedded_again(
    services: Services, shop: Shop, workspace_id: UUID
) -> None:
    async with Process(services, Concepts()) as process:
        await process.switched(workspace_id, "concepts")
    # Read by a server with the embedder of before.
    [(key,)] = await fetch(services.database, select(Document.id).where(Document.name == "hours.md"))
    newer = update(Document).where(Document.id == key).values(chunk_version=2)
    await run(services.database, newer)
    await run(services.database, update(DocumentChunk).where(DocumentChunk.document_id == key).values(version=2))

    again = Concepts()
    async with Process(services, again):

        async def has_vectors() -> bool:
            return len(again.embedded) == 1

        await until_seen(has_vectors, "vectors of the new version")

    assert "opens at nine" in again.embedded[0]


async def test_old_vectors_are_kept_for_a_while_and_then_deleted(services: Services, workspace_id: UUID) -> None:
    embedders = [LocalEmbedder.name]
    for embedder in (Concepts("first"), Concepts("second")):
        async with Process(services, embedder) as process:
            await process.switched(workspace_id, embedder.name)
    kept = await clean_up(services.database, services.storage, 0, embedders)
    assert kept.forgotten_vectors == 0

    [(since,)] = await fetch(services.database, select(StorageUsage.embedder_since))
    moved = since - VECTORS_KEPT - timedelta(days=1)
    await run(services.database, update(StorageUsage).values(embedder_since=moved))
    await run(services.database, update(DocumentVectors).values(created_at=moved))

    cleaned = await clean_up(services.database, services.storage, 0, embedders)
    assert cleaned.forgotten_vectors > 0
    assert (await vectors_of(services, "first"), await vectors_of(services, "second") > 0) == (0, True)
    # Those of the settings stay, though they search nothing yet.
    assert all(
        model == LocalEmbedder.name for (model,) in await fetch(services.database, select(Document.embedding_model))
    )

    # When no setting leads to it either, the chunks lose them, and are searched as before.
    await clean_up(services.database, services.storage, 0, ["second"])
    assert {model for (model,) in await fetch(services.database, select(Document.embedding_model))} == {None}
    found = await Retriever(services.database, Concepts("second")).rank(workspace_id, QUESTION, 1)
    assert "nine" in found[0].content
