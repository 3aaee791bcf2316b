"""The board: one contract for a single process and for several."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest
from redis.asyncio import Redis

from core.events import MAX_UNREAD, Board, MemoryBoard, Note
from core.redis_events import RedisBoard
from data.models import DocumentStatus, IngestionStage
from rag.answers.conversation_events import Activity, ActivityKind
from rag.ingestion.events import Progress

WORKSPACE = uuid4()


@pytest.fixture(params=["memory", "redis"])
async def board(request: pytest.FixtureRequest) -> AsyncIterator[Board[Progress]]:
    """A board of either kind."""
    if request.param == "memory":
        yield MemoryBoard()
    else:
        async with RedisBoard(request.getfixturevalue("redis_url"), Progress) as made:
            yield made


def _step(fraction: float, document_id: UUID | None = None, workspace_id: UUID = WORKSPACE) -> Progress:
    status, stage = DocumentStatus.PROCESSING, IngestionStage.EMBEDDING
    return Progress(document_id or uuid4(), workspace_id, status, stage, fraction, error="« é »")


async def _no_steps() -> list[Progress]:
    return []


async def _next(reading: AsyncIterator[Progress]) -> Progress:
    async with asyncio.timeout(20):
        return await anext(reading)


async def test_a_reader_is_told_how_things_stand_and_then_what_happens(board: Board[Progress]) -> None:
    present, posted = _step(0.1), _step(0.2)

    async def stand() -> list[Progress]:
        await board.post(posted)
        return [present, _step(0.0, posted.document_id)]

    reading = board.follow(WORKSPACE, stand)

    assert [await _next(reading), await _next(reading)] == [posted, present], (
        "what is posted is newer than what is read"
    )
    later = asyncio.create_task(_next(reading))
    await asyncio.sleep(0)
    await board.post(_step(0.3, workspace_id=uuid4()))
    await board.post(step := _step(0.4))
    assert await later == step, "another workspace's are not told"


async def test_a_slow_reader_gets_the_last_word_on_each_thing_and_holds_a_bounded_number(
    board: Board[Progress],
) -> None:
    document_id = uuid4()

    async def much_happens() -> list[Progress]:
        for _ in range(MAX_UNREAD + 10):
            await board.post(_step(0.0))
        for tenth in range(10):
            await board.post(_step(tenth / 10, document_id))
        return []

    reading = board.follow(WORKSPACE, much_happens)
    unread = [await _next(reading) for _ in range(MAX_UNREAD)]

    assert [step.fraction for step in unread if step.document_id == document_id] == [0.9]
    waiting = asyncio.create_task(_next(reading))
    await asyncio.sleep(0)
    assert not waiting.done(), "the oldest made room"
    waiting.cancel()


@pytest.mark.parametrize(
    "note",
    [
        Activity(ActivityKind.MESSAGE_RATED, uuid4(), uuid4(), uuid4()),
        _step(0.5),
        Progress(uuid4(), uuid4(), DocumentStatus.READY, IngestionStage.DONE, 1.0),
    ],
)
def test_a_note_is_the_same_in_another_process(note: Note) -> None:
    assert type(note).from_json(note.as_json()) == note


async def test_what_is_posted_in_one_process_is_read_once_in_each(redis_url: str) -> None:
    async with RedisBoard(redis_url, Progress) as here, RedisBoard(redis_url, Progress) as there:
        readings = [await _reader(board, here) for board in (here, there)]

        steps = [_step(fraction) for fraction in (0.1, 0.2, 0.3)]
        for step in steps:
            await here.post(step)

        for reading in readings:
            heard = [await _next(reading)]
            while heard[-1] != steps[-1]:
                heard.append(await _next(reading))
            assert [step for step in heard if step.fraction] == steps


async def test_what_is_posted_while_a_connection_is_lost_is_read_when_it_is_back(redis_url: str) -> None:
    async with (
        RedisBoard(redis_url, Progress, retry_seconds=0.2) as there,
        RedisBoard(redis_url, Progress) as here,
        Redis.from_url(redis_url) as operator,
    ):
        reading = await _reader(there, here)
        await operator.client_kill_filter(_type="normal", skipme=True)

        await here.post(step := _step(0.5))

        assert await _next(reading) == step


async def test_a_note_of_another_version_is_passed_over(redis_url: str) -> None:
    async with RedisBoard(redis_url, Progress) as here, RedisBoard(redis_url, Progress) as there:
        reading = await _reader(there, here)
        async with Redis.from_url(redis_url) as newer:
            for note in ("{}", "no JSON", "[]"):
                await newer.xadd("monitora:board:progress", {"process": "newer", "note": note})

        await here.post(step := _step(0.5))

        assert await _next(reading) == step


async def _reader(board: RedisBoard[Progress], other: RedisBoard[Progress]) -> AsyncIterator[Progress]:
    """Return what reads a board that has begun to hear the other one."""
    reading = board.follow(WORKSPACE, _no_steps)
    first = asyncio.create_task(_next(reading))
    while not first.done():
        await other.post(greeting := _step(0.0))
        await asyncio.wait([first], timeout=0.05)
    heard = first.result()
    while heard != greeting:
        heard = await _next(reading)
    return reading
