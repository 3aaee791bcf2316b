"""What the engine does on a live SQL Server when many write, when a connection dies and when statements wait.

A unit awaits nothing but its session. Where a test must hold one, it waits as the driver does, by `await_only`.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import pytest
from sqlalchemy import func, insert, select, text, update
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.util import await_only

from data import procedures
from data.engine import Database, Session
from data.loaders import Loaders
from data.models import AppUser, Conversation, DocumentChunk, InsightsCache, Message, MessageRole, MessageTopic, Role
from data.viewer import Staff
from tests.support.mssql_server import run_alone
from tests.support.rows import Given, fetch, one, run

BULK = 3_000


def renamed(user_id: UUID, name: str) -> Any:
    return update(AppUser).where(AppUser.id == user_id).values(full_name=name)


async def connection_number(session: Session) -> int:
    return int(await session.scalar(text("SELECT @@SPID")) or 0)


@pytest.fixture
async def impatient(database: Database) -> AsyncIterator[Database]:
    """The same database, whose statements may take one second."""
    url = database.url.render_as_string(hide_password=False)
    impatient = Database(url, pool_size=2, statement_seconds=1)
    yield impatient
    await impatient.close()


async def test_messages_that_arrive_together_keep_every_counter_exact(database: Database, given: Given) -> None:
    workspace_id = await given.workspace()
    conversations = [await given.conversation(workspace_id, f"visitor {number}") for number in range(3)]

    await asyncio.gather(*(given.answer(conversations[number % 3], rag_score=0.25, feedback=1) for number in range(30)))

    counts = await fetch(database, select(Conversation.message_count))
    assert [count for (count,) in counts] == [10, 10, 10]
    [(insights,)] = await fetch(database, select(InsightsCache))
    assert (insights.total_messages, insights.total_conversations, insights.low_confidence_count) == (30, 3, 30)
    assert (insights.rated_count, insights.satisfaction_rate, insights.avg_rag_score) == (30, 1.0, pytest.approx(0.25))


async def test_of_registrations_of_one_address_that_run_together_one_succeeds(database: Database) -> None:
    async def register() -> procedures.CreatedUser:
        return await database.write(
            lambda session: procedures.create_user(
                session,
                user_id=uuid4(),
                email="renee@example.com",
                password_hash="hash",
                password_salt="salt",
                full_name=None,
                role=Role.ADMIN,
            )
        )

    answers = await asyncio.gather(*(register() for _ in range(10)))

    assert sorted(answer.success for answer in answers) == [False] * 9 + [True]
    assert await fetch(database, select(func.count()).select_from(AppUser)) == [(1,)]


async def test_a_loader_takes_three_thousand_keys(database: Database, given: Given) -> None:
    user_id = await given.account()
    workspace_id = await given.workspace(user_id)
    rows: list[dict[str, Any]] = [
        {"id": uuid4(), "workspace_id": workspace_id, "topic_name": f"Topic {n}"} for n in range(BULK)
    ]

    async def work(session: Session) -> None:
        await session.execute(insert(MessageTopic), rows)

    await database.write(work)
    loaders = Loaders(database, Staff(user_id, uuid4(), Role.ADMIN))

    found = await asyncio.gather(*(loaders.row(MessageTopic, row["id"]) for row in rows))

    assert [topic and topic.topic_name for topic in found] == [row["topic_name"] for row in rows]


async def test_chunks_are_stored_in_bulk_and_come_back_whole(database: Database, given: Given) -> None:
    workspace_id = await given.workspace()
    document_id = await given.document(workspace_id)
    vectors = np.random.default_rng(7).standard_normal((300, 256)).astype(np.float32)
    contents = [f"{number} Été 名前 ☕ " + "x" * (40 * number) for number in range(300)]

    await given.rows(
        *(
            DocumentChunk(
                document_id=document_id,
                workspace_id=workspace_id,
                chunk_index=number,
                heading=None if number % 2 else "Opening hours",
                content=contents[number],
                token_count=2,
                embedding=vectors[number],
            )
            for number in range(300)
        )
    )

    chunks = [row for (row,) in await fetch(database, select(DocumentChunk).order_by(DocumentChunk.chunk_index))]
    assert [chunk.content for chunk in chunks] == contents
    assert np.array_equal(np.stack([chunk.embedding for chunk in chunks]), vectors)
    assert [chunk.heading for chunk in chunks[:2]] == ["Opening hours", None]


async def test_a_text_of_a_hundred_thousand_characters_comes_back(database: Database, given: Given) -> None:
    content = "Été ☕ " * 17_000

    message = await one(
        database, Message, await given.message(await given.conversation(await given.workspace()), content=content)
    )

    assert message.content == content


async def test_many_rows_of_one_statement_fire_each_trigger_once_for_all(database: Database, given: Given) -> None:
    conversation_id = await given.conversation(await given.workspace())
    values = {"conversation_id": conversation_id, "role": MessageRole.USER, "content": "?"}

    await run(database, insert(Message).values([values | {"id": uuid4()} for _ in range(100)]))

    assert (await one(database, Conversation, conversation_id)).message_count == 100


async def test_a_connection_killed_in_a_unit_fails_that_unit_and_no_later_one(database: Database, given: Given) -> None:
    user_id = await given.account()

    async def victim(session: Session) -> None:
        await session.execute(renamed(user_id, "lost"))
        await_only(run_alone(f"KILL {await connection_number(session)}"))
        await session.scalar(select(func.count()).select_from(AppUser))

    with pytest.raises(DBAPIError):
        await database.write(victim)

    assert (await one(database, AppUser, user_id)).full_name is None
    assert len(await asyncio.gather(*(fetch(database, select(AppUser.id)) for _ in range(10)))) == 10


async def test_connections_killed_while_they_rest_are_replaced_unseen(impatient: Database) -> None:
    at_rest = set(await asyncio.gather(*(impatient.read(connection_number) for _ in range(10))))
    await run_alone(*(f"KILL {number}" for number in at_rest))

    again = set(await asyncio.gather(*(impatient.read(connection_number) for _ in range(10))))

    assert again
    assert not again & at_rest


async def test_a_deadlock_is_broken_and_its_unit_runs_again(database: Database, given: Given) -> None:
    accounts = [await given.account(), await given.account()]
    both_hold_one = asyncio.Barrier(2)
    runs: list[str] = []

    def crossing(name: str, order: list[UUID]) -> Any:
        async def work(session: Session) -> None:
            runs.append(name)
            await session.execute(renamed(order[0], name))
            if len(runs) <= 2:
                await_only(both_hold_one.wait())
            await session.execute(renamed(order[1], name))

        return work

    await asyncio.gather(database.write(crossing("forth", accounts)), database.write(crossing("back", accounts[::-1])))

    assert len(runs) == 3
    names = {(await one(database, AppUser, user_id)).full_name for user_id in accounts}
    assert names == {runs[-1]}, "the unit that ran again wrote last, and whole"


async def test_a_reader_does_not_wait_for_a_writer(database: Database, impatient: Database, given: Given) -> None:
    user_id = await given.account()

    async def work(session: Session) -> Any:
        await session.execute(renamed(user_id, "unseen"))
        found = await_only(one(impatient, AppUser, user_id))
        return found.full_name

    assert await database.write(work) is None


async def test_a_statement_that_takes_too_long_gives_up_its_own_connection_alone(
    database: Database, impatient: Database, given: Given
) -> None:
    user_id = await given.account()
    other = asyncio.Event()
    waiting = asyncio.Event()

    async def bystander(session: Session) -> tuple[int, int]:
        before = await connection_number(session)
        waiting.set()
        await_only(other.wait())
        return before, await connection_number(session)

    kept = asyncio.ensure_future(impatient.read(bystander))
    await waiting.wait()

    async def work(session: Session) -> None:
        await session.execute(renamed(user_id, "first"))
        with pytest.raises(OperationalError, match=r"(?i)time.?out|HYT00"):
            await_only(run(impatient, renamed(user_id, "second")))

    await database.write(work)
    other.set()

    before, after = await kept
    assert before == after
    assert (await one(impatient, AppUser, user_id)).full_name == "first"
    # The bystander's connection went back to the pool and serves again.
    assert before in set(await asyncio.gather(*(impatient.read(connection_number) for _ in range(8))))


async def test_a_caller_that_gives_up_leaves_its_unit_to_end_and_the_pool_whole(
    database: Database, given: Given
) -> None:
    user_id = await given.account()
    begun, ended = asyncio.Event(), asyncio.Event()

    async def work(session: Session) -> None:
        begun.set()
        await session.execute(renamed(user_id, "kept"))
        ended.set()

    caller = asyncio.ensure_future(database.write(work))
    await begun.wait()
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller

    await ended.wait()
    # Writing the same row waits until the unit has committed.
    await run(database, update(AppUser).where(AppUser.full_name == "kept").values(full_name="kept, and seen"))
    assert (await one(database, AppUser, user_id)).full_name == "kept, and seen"


async def test_nothing_is_read_back_with_output(database: Database, given: Given) -> None:
    """Error 334: OUTPUT is refused on a table with triggers, and Babelfish would let it pass."""
    user_id = await given.account()
    statement = update(AppUser).where(AppUser.email.like("%@example.com")).values(full_name="Renée")

    async def work(session: Session) -> str | None:
        account = await session.get_one(AppUser, user_id)
        await session.execute(statement, execution_options={"synchronize_session": "fetch"})
        return account.full_name

    assert await database.write(work) == "Renée"
    assert "OUTPUT" not in str(statement.compile(database.pools["writer"]))
