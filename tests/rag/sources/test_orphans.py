"""Files without a row are deleted once they are old; those of documents are never touched."""

import os
import time
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import update

from data.models import Document
from monitora.settings.settings import Settings
from rag.sources.orphans import ORPHANED_AFTER, delete_orphans
from rag.sources.storage import KEYS_AT_ONCE
from resolvers.services import Services
from schema.relay.node import parse_id
from tests.support.people import People, Shop
from tests.support.rows import one


@pytest.fixture
async def shop(people: People) -> Shop:
    """A workspace with one document, whose file says that the folder is this database's."""
    shop = await people.shop()
    await shop.learn()
    return shop


async def _orphan(services: Services, workspace_id: UUID | None = None) -> Path:
    """Store a file as an upload does whose process is killed before the row."""
    key = await services.storage.save(workspace_id or uuid4(), uuid4(), b"half an upload")
    return _path(services, key)


def _path(services: Services, key: str) -> Path:
    return services.storage._folder / key


def _age(path: Path, seconds: float = ORPHANED_AFTER.total_seconds() + 60) -> None:
    moment = time.time() - seconds
    os.utime(path, (moment, moment))


async def test_a_file_that_no_document_has_is_deleted_an_hour_later(services: Services, shop: Shop) -> None:
    old, fresh = [await _orphan(services, parse_id(shop.id)[1]) for _ in range(2)]
    of_deleted_workspace = await _orphan(services)
    _age(old)
    _age(of_deleted_workspace)

    assert await delete_orphans(services.database, services.storage) == 2

    assert (old.exists(), of_deleted_workspace.exists(), fresh.exists()) == (False, False, True)


async def test_the_files_of_documents_are_not_touched_however_old(services: Services, shop: Shop) -> None:
    paths = [path for path in services.storage._folder.rglob("*") if path.is_file()]
    for path in paths:
        _age(path, seconds=10**8)

    assert await delete_orphans(services.database, services.storage) == 0

    assert [path.exists() for path in paths] == [True]


async def test_the_file_of_a_deletion_that_was_cut_off_is_deleted(
    services: Services, people: People, shop: Shop
) -> None:
    gone = await shop.learn()
    key = parse_id(gone["id"])[1]
    document = await one(services.database, Document, key)
    path = _path(services, document.file_path)
    _age(path)
    # The row was marked, and the process was killed before it deleted the file.
    marked = update(Document).where(Document.id == key).values(deleted_at=Document.created_at)
    await services.database.write(lambda session: session.execute(marked))

    assert await delete_orphans(services.database, services.storage) == 1

    assert not path.exists()


async def test_what_was_half_written_is_deleted_and_foreign_files_are_not(services: Services, shop: Shop) -> None:
    folder = _path(services, str(parse_id(shop.id)[1]))
    part, foreign, link = folder / ".abc.part", folder / "notes.txt", folder.parent / "elsewhere"
    part.write_bytes(b"half")
    foreign.write_bytes(b"an operator's own")
    link.symlink_to(folder.parent.parent)
    for path in (part, foreign):
        _age(path)

    assert await delete_orphans(services.database, services.storage) == 0

    assert (part.exists(), foreign.exists()) == (False, True)


async def test_the_files_of_another_database_are_not_deleted(services: Services) -> None:
    """Where no document has its file, the folder may be another database's: a wrong setting must cost nothing."""
    orphan = await _orphan(services)
    _age(orphan)

    assert await delete_orphans(services.database, services.storage) == 0

    assert orphan.exists()


async def test_there_may_be_many(services: Services, shop: Shop, settings: Settings) -> None:
    folder = settings.data_dir / "files" / str(uuid4())
    folder.mkdir()
    for _ in range(KEYS_AT_ONCE + 20):
        path = folder / str(uuid4())
        path.write_bytes(b"x")
        _age(path)

    assert await delete_orphans(services.database, services.storage) == KEYS_AT_ONCE + 20

    assert list(folder.iterdir()) == []


async def test_without_a_folder_there_is_nothing_to_do(services: Services) -> None:
    assert await delete_orphans(services.database, services.storage) == 0
