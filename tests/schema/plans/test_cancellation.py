"""A client that goes away while its query reads rows: what is under way ends by itself and leaves nothing behind."""

import asyncio
import gc
import threading

import pytest

from data import row_reads
from tests.support.people import People

STORAGE = "query ($id: ID!) { workspace(id: $id) { name storage { bytes } metrics { totalMessages } } }"


async def test_no_resolver_is_called_for_a_query_that_nobody_waits_for(
    people: People, recwarn: pytest.WarningsRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nothing is read in the thread of the event loop, which is to cancel the query.
    monkeypatch.setattr(row_reads, "MOMENT_SECONDS", -1)
    shop = await people.shop()
    await shop.owner.ask(STORAGE, id=shop.id)
    reading, goes_on = threading.Event(), threading.Event()

    def hold(statement: str) -> None:
        reading.set()
        assert goes_on.wait(10)

    end = people.services.database.watch(hold)
    query = asyncio.create_task(shop.owner.ask(STORAGE, id=shop.id))
    await asyncio.to_thread(reading.wait, 10)
    query.cancel()
    with pytest.raises(asyncio.CancelledError):
        await query
    end()
    goes_on.set()

    assert await shop.owner.ask(STORAGE, id=shop.id)
    gc.collect()
    assert not [str(warning.message) for warning in recwarn]
