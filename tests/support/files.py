"""Stored files, as the tests look at them."""

import asyncio

from rag.sources.storage import FileStorage


async def content_of(storage: FileStorage, key: str) -> bytes:
    """Return what is stored under a key. Raises as `FileStorage.open` does."""
    with await storage.open(key) as file:
        return await asyncio.to_thread(file.read)
