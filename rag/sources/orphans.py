"""Files that no document has: left by an upload, a replacement or a deletion whose process died before its end."""

from datetime import timedelta
from functools import partial

from core.clock import now
from data.engine import Database
from data.queries.documents import find_newest_paths, find_stored_paths
from rag.sources.storage import FileStorage, document_of

ORPHANED_AFTER = timedelta(hours=1)
"""How old a file without a row must be: an upload stores its file before its row."""
WITNESSES = 100
"""Documents of which one must have its file, or the folder is taken for another database's."""


async def delete_orphans(database: Database, storage: FileStorage) -> int:
    """Delete the stored files that no document has, and return how many. The files of documents are not touched.

    Nothing is deleted when none of the newest documents has its file: the folder may belong to another database.
    """
    before, deleted = now() - ORPHANED_AFTER, 0
    if not await _belong_together(database, storage):
        return 0
    async for keys in storage.stored_before(before):
        documents = {document_of(key) for key in keys}
        for key in set(keys) - await database.read(partial(find_stored_paths, document_ids=documents)):
            await storage.delete(key)
            deleted += 1
    return deleted


async def _belong_together(database: Database, storage: FileStorage) -> bool:
    for path in await database.read(lambda session: find_newest_paths(session, WITNESSES)):
        if await storage.has(path):
            return True
    return False
