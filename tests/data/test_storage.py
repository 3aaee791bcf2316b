"""Quotas: what a workspace and its account store is counted exactly, and no bound is passed, alone or together."""

import asyncio
from uuid import UUID

import pytest
from sqlalchemy import update

from core.errors import ErrorCode, QuotaExceeded
from data.engine import Database, Session
from data.models import Document, StorageUsage, Workspace
from data.queries import documents as document_queries
from data.queries import storage
from data.queries.storage import Amount, Quotas
from data.queries.workspaces import delete_workspace
from tests.support.rows import Given, one

NO_BOUND = Quotas()
MB = 2**20


async def store(database: Database, workspace_id: UUID, quotas: Quotas, size: int = 1) -> UUID:
    """Store a document as an upload does."""
    document = Document(workspace_id=workspace_id, name="a", file_path="a", file_type="text", file_size=size)

    async def work(session: Session) -> UUID:
        workspace = await session.get_one(Workspace, workspace_id)
        await storage.add_stored(session, workspace, Amount(size, 1), quotas)
        session.add(document)
        await session.flush()
        return document.id

    return await database.write(work)


async def delete(database: Database, document_id: UUID) -> bool:
    """Delete a document as `deleteDocument` does."""

    async def work(session: Session) -> bool:
        document = await session.get_one(Document, document_id)
        if not await document_queries.delete_document(session, document_id):
            return False
        await storage.take_stored(session, document)
        return True

    return await database.write(work)


async def read_pages(database: Database, document_id: UUID, pages: int, quotas: Quotas = NO_BOUND) -> None:
    """Count the pages of a document as its ingestion does."""
    await database.write(lambda session: storage.count_read(session, document_id, pages, quotas))


async def stored(database: Database, workspace_id: UUID) -> Amount:
    row = await one(database, StorageUsage, workspace_id)
    return Amount(row.byte_count, row.document_count, row.page_count)


async def test_what_is_stored_counts_and_what_is_deleted_does_not(database: Database, given: Given) -> None:
    workspace_id = await given.workspace()

    first, second = [await store(database, workspace_id, NO_BOUND, size) for size in (3 * MB, 5 * MB)]
    await read_pages(database, first, 12)
    await read_pages(database, second, 30)
    assert await stored(database, workspace_id) == Amount(8 * MB, 2, 42)

    await delete(database, first)
    assert await stored(database, workspace_id) == Amount(5 * MB, 1, 30)


async def test_a_document_that_is_read_again_counts_its_pages_once(database: Database, given: Given) -> None:
    workspace_id = await given.workspace()
    document = await store(database, workspace_id, NO_BOUND)

    for pages in (12, 12, 7):
        await read_pages(database, document, pages)

    assert await stored(database, workspace_id) == Amount(1, 1, 7)


async def test_pages_of_a_document_deleted_meanwhile_are_not_counted(database: Database, given: Given) -> None:
    workspace_id = await given.workspace()
    document = await store(database, workspace_id, NO_BOUND)
    await delete(database, document)

    await read_pages(database, document, 12)

    assert await stored(database, workspace_id) == Amount()


async def test_a_document_deleted_twice_at_once_is_taken_away_once(database: Database, given: Given) -> None:
    workspace_id = await given.workspace()
    kept, gone = [await store(database, workspace_id, NO_BOUND, 7) for _ in range(2)]

    deleted = await asyncio.gather(*(delete(database, gone) for _ in range(4)))

    assert sorted(deleted) == [False, False, False, True]
    assert await stored(database, workspace_id) == Amount(7, 1)
    assert await one(database, Document, kept)


@pytest.mark.parametrize(
    ("bound", "text"),
    [
        (Amount(byte_count=10 * MB), "holds 9.0 MB of at most 10.0 MB, and this file has 2.0 MB"),
        (Amount(document_count=3), "holds 3 documents of at most 3"),
    ],
)
async def test_a_bound_of_the_workspace_is_not_passed_and_says_what_to_do(
    database: Database, given: Given, bound: Amount, text: str
) -> None:
    workspace_id = await given.workspace()
    for _ in range(3):
        await store(database, workspace_id, Quotas(workspace=bound), 3 * MB)

    with pytest.raises(QuotaExceeded) as refused:
        await store(database, workspace_id, Quotas(workspace=bound), 2 * MB)

    assert refused.value.code is ErrorCode.QUOTA_EXCEEDED
    assert refused.value.message == (
        f"The workspace {text}: delete documents first, or ask the operator of the server for more room."
    )
    assert await stored(database, workspace_id) == Amount(9 * MB, 3)


async def test_a_bound_is_reached_exactly_and_room_comes_back(database: Database, given: Given) -> None:
    workspace_id = await given.workspace()
    quotas = Quotas(workspace=Amount(10, 2))
    first = await store(database, workspace_id, quotas, 4)
    await store(database, workspace_id, quotas, 6)
    await delete(database, first)

    await store(database, workspace_id, quotas, 4)

    assert await stored(database, workspace_id) == Amount(10, 2)


async def test_pages_have_a_bound_too(database: Database, given: Given) -> None:
    workspace_id = await given.workspace()
    quotas = Quotas(workspace=Amount(page_count=100))
    first, second = [await store(database, workspace_id, quotas) for _ in range(2)]
    await read_pages(database, first, 90, quotas)

    with pytest.raises(QuotaExceeded, match="holds 90 pages of at most 100, and this document has 11"):
        await read_pages(database, second, 11, quotas)

    await read_pages(database, second, 10, quotas)
    await read_pages(database, first, 1, quotas)
    assert await stored(database, workspace_id) == Amount(2, 2, 11)


async def test_an_account_has_a_bound_for_all_its_workspaces_and_no_other_s(database: Database, given: Given) -> None:
    quotas = Quotas(account=Amount(10, 3))
    owner = await given.account()
    first, second = [await given.workspace(owner) for _ in range(2)]
    of_another = await given.workspace()
    await store(database, first, quotas, 6)
    await store(database, second, quotas, 2)
    await store(database, of_another, quotas, 10)

    with pytest.raises(QuotaExceeded, match="The account holds, in all its workspaces, 8 bytes of at most 10 bytes"):
        await store(database, second, quotas, 3)

    await store(database, second, quotas, 2)
    with pytest.raises(QuotaExceeded, match=r"10 bytes of at most 10 bytes"):
        await store(database, first, quotas, 1)


@pytest.mark.parametrize("whose", ["workspace", "account"])
async def test_of_many_at_once_no_more_are_stored_than_have_room(database: Database, given: Given, whose: str) -> None:
    """Twenty uploads: to one workspace, and to several of one account, whose bound is then theirs together."""
    owner = await given.account()
    workspaces = [await given.workspace(owner) for _ in range(1 if whose == "workspace" else 4)]
    bound = Amount(byte_count=5 * MB)
    quotas = Quotas(workspace=bound) if whose == "workspace" else Quotas(account=bound)

    tries = [store(database, workspaces[number % len(workspaces)], quotas, MB) for number in range(20)]
    results = await asyncio.gather(*tries, return_exceptions=True)

    assert sum(isinstance(result, UUID) for result in results) == 5
    assert {type(result) for result in results} == {UUID, QuotaExceeded}
    held = [await stored(database, workspace_id) for workspace_id in workspaces]
    assert sum(amount.byte_count for amount in held) == 5 * MB
    assert sum(amount.document_count for amount in held) == 5


async def test_counters_that_somebody_changed_by_hand_are_counted_again(database: Database, given: Given) -> None:
    workspace_id = await given.workspace()
    document = await store(database, workspace_id, NO_BOUND, 5)
    await read_pages(database, document, 3)
    await delete(database, await store(database, workspace_id, NO_BOUND, 9))
    await database.write(lambda session: session.execute(update(StorageUsage).values(byte_count=77, page_count=0)))

    await database.write(lambda session: storage.count_again(session, workspace_id))

    assert await stored(database, workspace_id) == Amount(5, 1, 3)


async def test_what_a_deleted_workspace_stored_does_not_count_for_its_account(database: Database, given: Given) -> None:
    quotas = Quotas(account=Amount(10))
    owner = await given.account()
    gone, kept = [await given.workspace(owner) for _ in range(2)]
    await store(database, gone, quotas, 10)

    await database.write(lambda session: delete_workspace(session, gone))

    await store(database, kept, quotas, 10)
