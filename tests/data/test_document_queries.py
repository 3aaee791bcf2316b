"""What is asked of documents while a workspace is filled: by an index each, however many it holds."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection, event, update
from sqlalchemy.engine import Engine

from data.engine import Database, Session
from data.models import Document, DocumentStatus
from data.queries import documents, vectors
from tests.support.rows import Given, on_sqlite, run

A_MINUTE = timedelta(minutes=1)

ASKED: dict[str, Callable[[Session, UUID], Awaitable[Any]]] = {
    "unfinished": lambda session, key: documents.find_unfinished(session, key, A_MINUTE, 10),
    "failed": lambda session, key: documents.find_failed(session, key, uuid4(), 10),
    "same content": lambda session, key: documents.find_same_content(session, key, "0" * 64),
    "version": vectors.find_searched,
}


@on_sqlite
@pytest.mark.parametrize("asked", ASKED)
async def test_no_statement_reads_the_whole_workspace(database: Database, given: Given, asked: str) -> None:
    workspace_id = await given.workspace()
    texts: list[str] = []

    def keep(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        texts.append(statement)

    event.listen(Engine, "before_cursor_execute", keep)
    try:
        await database.read(lambda session: ASKED[asked](session, workspace_id))  # type: ignore[arg-type, return-value]
    finally:
        event.remove(Engine, "before_cursor_execute", keep)

    def explain(connection: Connection) -> list[str]:
        plans = (connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", ("x",) * sql.count("?")) for sql in texts)
        return [line.detail for plan in plans for line in plan]

    lines = [line for line in await database.inspect(explain) if "SEARCH" in line or "SCAN" in line]
    assert lines
    for line in lines:
        assert re.search(r"\(workspace_id=\? AND|SEARCH documents .*\(id=\?\)|SEARCH storage_usage ", line), line


async def test_of_each_kind_of_unfinished_documents_so_many_are_told(database: Database, given: Given) -> None:
    workspace_id = await given.workspace()
    for status in (DocumentStatus.PENDING, DocumentStatus.PROCESSING, DocumentStatus.READY, DocumentStatus.FAILED):
        for _ in range(4):
            await given.document(workspace_id, status=status)
    await given.document(await given.workspace(), status=DocumentStatus.PENDING)

    found = await database.read(lambda session: documents.find_unfinished(session, workspace_id, A_MINUTE, 3))

    statuses = [document.status for document in found]
    assert len({document.id for document in found}) == len(found) == 9
    assert statuses.count(DocumentStatus.PENDING) == statuses.count(DocumentStatus.PROCESSING) == 3
    assert [document.created_at for document in found] == sorted(document.created_at for document in found)


async def test_what_finished_long_ago_is_not_told(database: Database, given: Given) -> None:
    workspace_id = await given.workspace()
    await given.document(workspace_id, status=DocumentStatus.READY)

    found = await database.read(lambda session: documents.find_unfinished(session, workspace_id, -A_MINUTE, 3))

    assert found == []


async def test_the_number_of_an_index_moves_with_what_is_searched_and_never_back(
    database: Database, given: Given
) -> None:
    workspace_id, other = await given.workspace(), await given.workspace()
    document_id = await given.document(workspace_id)

    async def version(key: UUID = workspace_id) -> int:
        return (await database.read(lambda session: vectors.find_searched(session, key)))[0]

    seen = [await version()]
    await database.write(lambda session: documents.update_document(session, document_id, {"progress": 0.5}))
    assert await version() == seen[0]
    await database.write(lambda session: documents.change_searched(session, document_id, {"chunk_version": 1}))
    seen.append(await version())
    await database.write(lambda session: documents.delete_document(session, document_id))
    seen.append(await version())
    assert not await database.write(lambda session: documents.delete_document(session, document_id))
    assert await version() == seen[-1]

    assert seen == sorted(set(seen))
    assert await version(other) == 0


async def test_changes_of_an_index_at_once_are_all_counted(database: Database, given: Given) -> None:
    workspace_id = await given.workspace()
    keys = [await given.document(workspace_id) for _ in range(8)]

    await asyncio.gather(
        *[database.write(lambda session, key=key: documents.delete_document(session, key)) for key in keys]  # type: ignore[misc]
    )

    assert (await database.read(lambda session: vectors.find_searched(session, workspace_id)))[0] == 8


async def test_content_is_found_in_the_file_of_a_document_and_in_the_one_that_is_to_stand_for_it(
    database: Database, given: Given
) -> None:
    workspace_id = await given.workspace()
    first = await given.document(workspace_id, content_hash="a" * 64)
    await given.document(workspace_id, content_hash="a" * 64)
    waiting = await given.document(workspace_id, content_hash="b" * 64, replacement_hash="c" * 64)
    await given.document(workspace_id)

    async def found(digest: str) -> UUID | None:
        document = await database.read(lambda session: documents.find_same_content(session, workspace_id, digest))
        return None if document is None else document.id

    assert await found("a" * 64) == first
    assert await found("b" * 64) == await found("c" * 64) == waiting
    assert await found("d" * 64) is None
    await run(database, update(Document).values(deleted_at=Document.created_at))
    assert await found("a" * 64) is None
