"""How long documents take as a workspace is filled: `python bench/documents.py [ROUNDS]`.

One SQLite file with two workspaces, of 10 documents and of 10,000, each document with one passage. What people and the
server ask while files come in and questions are answered goes through the graph, in process; the workspaces take turns.
"""

import asyncio
import io
import logging
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import structlog
from sqlalchemy import insert
from starlette.datastructures import UploadFile

from data.engine import Session
from data.migrations import migrate
from data.models import Document, DocumentChunk, DocumentStatus, Role, global_id
from data.viewer import Anonymous, Staff
from monitora.composition import running_services
from monitora.settings.settings import Settings
from rag.models.local.embedder import LocalEmbedder
from rag.retrieval.retriever import Retriever
from resolvers.accounts import accounts
from resolvers.context import Client, Context
from resolvers.services import Services
from resolvers.workspaces import workspaces
from schema import schema

SIZES = (10, 10_000)
AT_ONCE = 500
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
WARM_UP = 3
PAGE = "{ edges { cursor } nodes { id name status chunkCount createdAt } pageInfo { hasNextPage endCursor } }"
ONE = "query ($id: ID!) {{ workspace(id: $id) {{ {} }} }}"
UPLOAD = """mutation ($input: UploadDocumentInput!) { uploadDocument(input: $input) {
    ... on UploadDocumentPayload { document { id } } ... on UserError { message } } }"""
RETRY = """mutation ($input: RetryFailedDocumentsInput!) { retryFailedDocuments(input: $input) {
    ... on RetryFailedDocumentsPayload { retriedCount } } }"""


@dataclass
class Shop:
    """A workspace with so many documents, and its owner."""

    services: Services
    retriever: Retriever
    size: int
    owner: Staff
    workspace_id: UUID

    @property
    def id(self) -> str:
        """The workspace's identifier in the graph."""
        return global_id("Workspace", self.workspace_id)

    async def ask(self, operation: str, **values: Any) -> Any:
        """Run an operation as the owner, and return its data."""
        context = Context(self.owner, self.services, Client("127.0.0.1", "bench", None, "127.0.0.1"), None)
        result = await schema.execute(operation, variable_values=values, context_value=context)
        assert not result.errors, result.errors
        return result.data


async def _upload(shop: Shop) -> None:
    file = UploadFile(io.BytesIO(f"# Document\n{uuid4()}".encode()), filename="document.md")
    made = await shop.ask(UPLOAD, input={"workspaceId": shop.id, "file": file})
    assert "document" in made["uploadDocument"], made


async def _duplicate(shop: Shop) -> None:
    file = UploadFile(io.BytesIO(b"the same content"), filename="document.md")
    await shop.ask(UPLOAD, input={"workspaceId": shop.id, "file": file})


async def _page(shop: Shop) -> None:
    await shop.ask(ONE.format(f"documents(first: 20) {PAGE}"), id=shop.id)


async def _last_page(shop: Shop) -> None:
    await shop.ask(ONE.format(f"documents(last: 20) {PAGE}"), id=shop.id)


async def _count(shop: Shop) -> None:
    await shop.ask(ONE.format("documents(first: 1) { totalCount totalCountIsExact }"), id=shop.id)


async def _passages(shop: Shop) -> None:
    fields = "documents(first: 20) { nodes { passages(first: 5) { totalCount nodes { content } } } }"
    await shop.ask(ONE.format(fields), id=shop.id)


async def _progress(shop: Shop) -> None:
    events = shop.services.ingestion.follow(shop.workspace_id)
    await anext(events)
    await events.aclose()


async def _version(shop: Shop) -> None:
    await shop.retriever.version(shop.workspace_id)


async def _index(shop: Shop) -> None:
    await shop.retriever._current(shop.workspace_id)  # noqa: SLF001 - what a question does before it searches


async def _search(shop: Shop) -> None:
    await shop.retriever.search(shop.workspace_id, "What does document 7 say?")


async def _retry(shop: Shop) -> None:
    await shop.ask(RETRY, input={"workspaceId": shop.id})


OPERATIONS: dict[str, Callable[[Shop], Awaitable[None]]] = {
    "uploadDocument": _upload,
    "uploadDocument of what is there": _duplicate,
    "first 20 documents": _page,
    "last 20 documents": _last_page,
    "20 documents with 5 passages each": _passages,
    "totalCount": _count,
    "documentProgress, until its first event": _progress,
    "retryFailedDocuments, when none failed": _retry,
    "state of the index, at each question": _version,
    "index of the workspace, at each question": _index,
    "search": _search,
}


async def _made(services: Services, size: int) -> Shop:
    """Return a workspace with so many documents that were searched before."""
    user_id = await accounts.create_user(
        Context(Anonymous(), services), f"{size}@example.com", "correct horse battery", None, Role.ADMIN
    )
    owner = Staff(user_id, uuid4(), Role.ADMIN)
    context = Context(owner, services)
    workspace_id = await workspaces.create(context, {"name": f"{size:,} documents"})
    shop = Shop(services, Retriever(services.database, LocalEmbedder()), size, owner, workspace_id)
    for begin in range(0, size, AT_ONCE):
        numbers = range(begin, min(begin + AT_ONCE, size))
        await services.database.write(lambda session, numbers=numbers: _fill(session, shop, numbers))
    return shop


async def _fill(session: Session, shop: Shop, numbers: range) -> None:
    documents = [
        {
            "id": uuid4(),
            "workspace_id": shop.workspace_id,
            "name": f"Document {number}",
            "file_path": f"{shop.workspace_id}/{uuid4()}",
            "file_type": "markdown",
            "file_size": 1,
            "content_hash": f"{shop.size}-{number}",
            "status": DocumentStatus.READY,
            "is_indexed": True,
            "chunk_count": 1,
            "chunk_version": 1,
            "updated_at": LONG_AGO,
        }
        for number in numbers
    ]
    vector = np.zeros(1_024, np.float32)
    chunks = [
        {
            "id": uuid4(),
            "document_id": document["id"],
            "workspace_id": shop.workspace_id,
            "version": 1,
            "chunk_index": 0,
            "content": f"What document {document['name']} says.",
            "token_count": 5,
            "embedding": vector,
        }
        for document in documents
    ]
    await session.execute(insert(Document.__table__), documents)  # type: ignore[arg-type]
    await session.execute(insert(DocumentChunk.__table__), chunks)  # type: ignore[arg-type]


async def measure(folder: Path, rounds: int) -> dict[str, list[float]]:
    """Return the median of each operation in milliseconds, for each size."""
    times = defaultdict[tuple[str, int], list[float]](list)
    # The background does not begin: what is stored stays as it was made.
    settings = Settings(data_dir=folder, rates={}, max_workspace_documents=0)
    async with running_services(settings) as services:
        await migrate(services.database)
        shops = [await _made(services, size) for size in SIZES]
        for number in range(rounds + WARM_UP):
            for name, operation in OPERATIONS.items():
                for shop in shops:
                    begun = time.perf_counter()
                    await operation(shop)
                    if number >= WARM_UP:
                        times[name, shop.size].append((time.perf_counter() - begun) * 1_000)
    return {name: [statistics.median(times[name, size]) for size in SIZES] for name in OPERATIONS}


def main() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    with tempfile.TemporaryDirectory() as folder:
        medians = asyncio.run(measure(Path(folder), rounds))
    print(f"| | {' | '.join(f'{size:,} documents' for size in SIZES)} | ratio |\n|---|---|---|---|")
    for name, (small, large) in medians.items():
        print(f"| {name} | {small:.2f} ms | {large:.2f} ms | {large / small:.2f} |")
    worst = max(large / small for small, large in medians.values())
    print(f"The largest ratio is {worst:.2f}; at most 1.5 is the aim.")


if __name__ == "__main__":
    main()
