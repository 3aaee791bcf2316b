import asyncio
import os
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ErrorCode
from rag.parsing.errors import MAX_FILE_BYTES, UnreadableDocument
from rag.sources.storage import FileStorage, StoredFileMissing, document_of
from tests.support.files import content_of
from tests.support.waiting import until

WORKSPACE, DOCUMENT = UUID(int=1), UUID(int=2)


@pytest.fixture
def storage(tmp_path: Path) -> FileStorage:
    return FileStorage(tmp_path / "files")


async def in_chunks(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def test_a_file_is_read_as_it_was_saved(storage: FileStorage) -> None:
    key = await storage.save(WORKSPACE, DOCUMENT, b"content")

    assert document_of(key) == DOCUMENT
    assert await content_of(storage, key) == b"content"


async def test_a_file_may_arrive_in_pieces(storage: FileStorage) -> None:
    key = await storage.save(WORKSPACE, DOCUMENT, in_chunks(b"one ", b"", b"two"))

    assert await content_of(storage, key) == b"one two"


async def test_a_second_file_of_a_document_leaves_the_first_as_it_was(storage: FileStorage) -> None:
    first = await storage.save(WORKSPACE, DOCUMENT, b"first")
    second = await storage.save(WORKSPACE, DOCUMENT, b"second")

    assert [await content_of(storage, key) for key in (first, second)] == [b"first", b"second"]


async def test_a_file_that_was_stored_under_the_document_s_name_alone_is_still_read(
    storage: FileStorage, tmp_path: Path
) -> None:
    stored = await storage.save(WORKSPACE, DOCUMENT, b"of a version before")
    key = f"{WORKSPACE}/{DOCUMENT}"
    (tmp_path / "files" / stored).rename(tmp_path / "files" / key)

    assert await content_of(storage, key) == b"of a version before"
    assert document_of(key) == DOCUMENT


async def test_only_the_server_s_own_user_can_read_the_files(storage: FileStorage, tmp_path: Path) -> None:
    await storage.save(WORKSPACE, DOCUMENT, b"private")

    assert [stat.S_IMODE(path.stat().st_mode) for path in files(tmp_path)] == [0o600]


async def test_an_upload_that_fails_leaves_the_file_as_it_was(storage: FileStorage, tmp_path: Path) -> None:
    async def breaking_off() -> AsyncIterator[bytes]:
        yield b"half of it"
        raise ConnectionResetError

    key = await storage.save(WORKSPACE, DOCUMENT, b"whole")

    with pytest.raises(ConnectionResetError):
        await storage.save(WORKSPACE, DOCUMENT, breaking_off())

    assert await content_of(storage, key) == b"whole"
    assert len(files(tmp_path)) == 1


async def test_an_upload_that_is_cancelled_leaves_nothing(storage: FileStorage, tmp_path: Path) -> None:
    begun = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        yield b"half of it"
        begun.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(storage.save(WORKSPACE, DOCUMENT, endless()))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert files(tmp_path) == []


async def test_a_file_that_opens_after_its_reader_left_is_closed(storage: FileStorage, tmp_path: Path) -> None:
    slow = tmp_path / "files" / KEY  # the other end of a pipe, which opens when this one does
    slow.parent.mkdir(parents=True)
    os.mkfifo(slow)
    opening = asyncio.create_task(storage.open(KEY))
    await asyncio.sleep(0)

    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening

    other_end = await asyncio.to_thread(os.open, slow, os.O_WRONLY)
    await until(lambda: not has_reader(other_end), "the file is closed")
    os.close(other_end)


def has_reader(pipe: int) -> bool:
    try:
        return os.write(pipe, b".") == 1
    except BrokenPipeError:
        return False


async def test_a_file_over_the_bound_is_refused_and_leaves_nothing(storage: FileStorage, tmp_path: Path) -> None:
    with pytest.raises(UnreadableDocument, match="MiB") as refusal:
        await storage.save(WORKSPACE, DOCUMENT, in_chunks(bytes(MAX_FILE_BYTES), b"one more"))

    assert refusal.value.code == ErrorCode.FILE_TOO_LARGE
    assert files(tmp_path) == []


async def test_a_deleted_file_is_gone_and_may_be_deleted_again(storage: FileStorage, tmp_path: Path) -> None:
    kept = await storage.save(WORKSPACE, uuid4(), b"kept")
    key = await storage.save(WORKSPACE, DOCUMENT, b"content")

    await storage.delete(key)
    await storage.delete(key)

    with pytest.raises(StoredFileMissing, match="Upload the document again"):
        await content_of(storage, key)
    assert await content_of(storage, kept) == b"kept"


async def test_many_files_are_saved_at_once(storage: FileStorage) -> None:
    keys = await asyncio.gather(*[storage.save(WORKSPACE, UUID(int=n), str(n).encode()) for n in range(50)])

    assert [await content_of(storage, key) for key in keys] == [str(n).encode() for n in range(50)]


KEY = f"{WORKSPACE}/{DOCUMENT}"


@pytest.mark.parametrize(
    "key",
    ["", "..", "../secret", "/etc/passwd", f"{WORKSPACE}/../../secret", f"{WORKSPACE}/{DOCUMENT}/..", f"{KEY}\n",
     f"{WORKSPACE}\\{DOCUMENT}", f"{KEY}\0", str(WORKSPACE)],
)  # fmt: skip
async def test_what_is_no_key_reaches_no_file(storage: FileStorage, tmp_path: Path, key: str) -> None:
    (tmp_path / "secret").write_bytes(b"secret")

    with pytest.raises(ValueError, match="not the key"):
        await content_of(storage, key)
    with pytest.raises(ValueError, match="not the key"):
        await storage.delete(key)

    assert (tmp_path / "secret").exists()


@given(st.one_of(st.text(), st.from_regex(r"[0-9a-f./\\-]{1,80}", fullmatch=True)))
def test_a_path_never_leaves_the_folder(key: str) -> None:
    folder = Path("files").resolve()
    try:
        path = FileStorage(folder)._path(key)
    except ValueError:
        return
    assert path.resolve().is_relative_to(folder)
