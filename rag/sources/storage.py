"""The files that were uploaded, kept in a folder of the data directory as they came."""

import asyncio
import errno
import os
import re
import shutil
import tempfile
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterator
from contextlib import suppress
from datetime import datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import IO, TypeVar
from uuid import UUID, uuid4

from core.errors import ErrorCode
from core.private_files import make_private_folder
from rag.parsing.errors import MAX_FILE_BYTES, UnreadableDocument

Result = TypeVar("Result")

_UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_KEY = re.compile(f"{_UUID}/({_UUID})(?:\\.[0-9a-f]{{32}})?")


PART = ".part"
"""The ending of a file that is being written."""
KEYS_AT_ONCE = 500
"""Files that are looked for together: a parameter of a statement each, of which SQL Server takes 2,100."""


NO_ROOM = "The server has no room for the file, and nothing was stored: tell who runs the server."
"""What a person reads when the disk is full."""


def is_full(error: OSError) -> bool:
    """Tell whether the disk refused because it is full, or the server's share of it is."""
    return error.errno in {errno.ENOSPC, errno.EDQUOT}


class StoredFileMissing(LookupError):
    """There is no file under a key: it was deleted, or the data directory is another one."""

    def __init__(self, key: str) -> None:
        super().__init__(f"No file is stored under {key!r}. Upload the document again.")
        self.key = key


def document_of(key: str) -> UUID:
    """Return the document that a key names. Raises `ValueError` for what is no key."""
    found = _KEY.fullmatch(key)
    if found is None:
        raise ValueError(f"{key!r} is not the key of a stored file.")
    return UUID(found[1])


class FileStorage:
    """Files in a folder. What is stored is never changed: another file of a document has another key.

    A key is "<workspace id>/<document id>.<32 random digits>" and nothing else: the name that a person gave a file
    never touches the disk. Files of before have keys without the digits. Every method raises `OSError` when the disk
    refuses.
    """

    def __init__(self, folder: Path) -> None:
        """Keep files in `folder`, which is made with the first of them."""
        self._folder = folder

    async def save(self, workspace_id: UUID, document_id: UUID, content: bytes | AsyncIterable[bytes]) -> str:
        """Store a file, whole or not at all, and return its key. Another file of the document stays as it is.

        When this returns, the file survives a loss of power. Raises `UnreadableDocument` (FILE_TOO_LARGE) when
        `content` has more than `MAX_FILE_BYTES`.
        """
        key = f"{workspace_id}/{document_id}.{uuid4().hex}"
        target = self._path(key)
        if isinstance(content, bytes):
            _check_size(len(content))
            await _completed(partial(_save, target, content), lambda path: path.unlink(missing_ok=True))
            return key
        file = await _completed(partial(_open_beside, target), _discard)
        try:
            size = 0
            async for chunk in content:
                size += len(chunk)
                _check_size(size)
                await asyncio.to_thread(file.write, chunk)
            await asyncio.to_thread(_put_in_place, file, target)
        finally:
            # No await here: a task that is cancelled must leave nothing behind either.
            _discard(file)
        return key

    async def open(self, key: str) -> IO[bytes]:
        """Open a file for reading. Raises `StoredFileMissing`, or `ValueError` for what is no key."""
        path = self._path(key)
        try:
            return await _completed(lambda: path.open("rb"), lambda file: file.close())
        except FileNotFoundError as error:
            raise StoredFileMissing(key) from error

    async def locate(self, key: str) -> tuple[Path, os.stat_result] | None:
        """Return where a file is, and what the disk says of it; None when there is none.

        Raises `ValueError` for what is no key.
        """
        path = self._path(key)
        try:
            return path, await asyncio.to_thread(path.stat)
        except FileNotFoundError:
            return None

    async def delete(self, key: str) -> None:
        """Delete a file, if it is there. Raises `ValueError` for what is no key."""
        await asyncio.to_thread(self._path(key).unlink, missing_ok=True)

    async def delete_workspace(self, workspace_id: UUID) -> None:
        """Delete every file of a workspace, if there is any."""
        await asyncio.to_thread(_delete_folder, self._folder / str(workspace_id))

    async def stored_before(self, moment: datetime) -> AsyncIterator[list[str]]:
        """Yield the keys of the files that were stored before a moment, some hundred at a time.

        What a process that died left half written before it is deleted on the way.
        """
        found = _old_files(self._folder, moment.timestamp())
        while keys := await asyncio.to_thread(lambda: list(islice(found, KEYS_AT_ONCE))):
            yield keys

    async def has(self, key: str) -> bool:
        """Tell whether a file is stored. Raises `ValueError` for what is no key."""
        return await asyncio.to_thread(self._path(key).exists)

    def _path(self, key: str) -> Path:
        document_of(key)
        return self._folder / key


async def _completed(work: Callable[[], Result], undo: Callable[[Result], None]) -> Result:
    """Return what `work` does in a thread. What it does after the task was cancelled is undone."""

    def undo_late(done: asyncio.Future[Result]) -> None:
        if not done.cancelled() and done.exception() is None:
            undo(done.result())

    working = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(working)
    except asyncio.CancelledError:
        working.add_done_callback(undo_late)
        raise


def _check_size(size: int) -> None:
    if size > MAX_FILE_BYTES:
        message = f"The file is larger than {MAX_FILE_BYTES // (1024 * 1024)} MiB. Split it into smaller files."
        raise UnreadableDocument(ErrorCode.FILE_TOO_LARGE, message)


def _save(target: Path, content: bytes) -> Path:
    """Store a file in one go, and return where it is."""
    file = _open_beside(target)
    try:
        file.write(content)
        _put_in_place(file, target)
    finally:
        _discard(file)
    return target


def _open_beside(target: Path) -> IO[bytes]:
    """Open a new file in the folder of `target`, readable by the server's own user only."""
    make_private_folder(target.parent)
    return tempfile.NamedTemporaryFile(dir=target.parent, prefix=".", suffix=PART, delete=False)


def _put_in_place(file: IO[bytes], target: Path) -> None:
    """Write `file` to the disk and give it its name in one step, then write the folder that holds the name."""
    file.flush()
    os.fsync(file.fileno())
    Path(file.name).replace(target)
    if os.name == "posix":  # elsewhere a folder cannot be opened, and needs no writing
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _discard(file: IO[bytes]) -> None:
    """Close a file and delete it, if it was not put in place."""
    file.close()
    Path(file.name).unlink(missing_ok=True)


def _delete_folder(folder: Path) -> None:
    with suppress(FileNotFoundError):
        shutil.rmtree(folder)


def _old_files(root: Path, before: float) -> Iterator[str]:
    """Yield the keys of the files last written before a moment, and delete the parts that are as old."""
    if not root.is_dir():
        return
    for folder in _entries(root):
        for entry in _entries(Path(folder.path)) if folder.is_dir(follow_symlinks=False) else ():
            # It may be deleted meanwhile.
            with suppress(FileNotFoundError):
                is_old = entry.stat(follow_symlinks=False).st_mtime < before
                if is_old and _KEY.fullmatch(key := f"{folder.name}/{entry.name}"):
                    yield key
                elif is_old and entry.name.startswith(".") and entry.name.endswith(PART):
                    Path(entry.path).unlink()


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    with suppress(FileNotFoundError), os.scandir(folder) as entries:
        yield from entries
