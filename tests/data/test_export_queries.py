"""Exported messages: in their order, by the indexes, whatever two rows have in common."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, event
from sqlalchemy.engine import Engine

from data.engine import Database
from data.models import Conversation, Message, MessageRole, Role
from data.queries.exports import Exported, find_exported
from data.viewer import Staff
from tests.support.rows import Given, on_sqlite

BEGAN = datetime(2026, 3, 1, tzinfo=UTC)


async def _workspace(given: Given) -> tuple[Staff, UUID]:
    owner = await given.account()
    return Staff(owner, uuid4(), Role.ADMIN), await given.workspace(owner)


async def _conversations(given: Given, workspace_id: UUID, moments: list[datetime]) -> None:
    for moment in moments:
        conversation = Conversation(id=uuid4(), workspace_id=workspace_id, visitor_id="v", created_at=moment)
        await given.rows(conversation)
        await given.rows(
            *(
                Message(conversation_id=conversation.id, role=MessageRole.USER, content=str(number), created_at=moment)
                for number in range(3)
            )
        )


async def test_every_message_comes_once_though_moments_are_the_same(database: Database, given: Given) -> None:
    viewer, workspace_id = await _workspace(given)
    await _conversations(given, workspace_id, [BEGAN, BEGAN, BEGAN + timedelta(days=1)])

    whole = await database.read(lambda session: find_exported(session, viewer, Exported(workspace_id), None, 100))
    pieces: list[Any] = []
    for size in (2, 2, 2, 2, 2):
        after = pieces[-1] if pieces else None
        pieces += await database.read(
            lambda session, after=after, size=size: find_exported(  # type: ignore[misc]
                session, viewer, Exported(workspace_id), after, size
            )
        )

    assert len(whole) == 9
    assert pieces == list(whole)
    places = [(row.conversation_began_at, row.conversation_id, row.created_at, row.message_id) for row in whole]
    assert len(set(places)) == 9
    assert [place[0] for place in places] == sorted(place[0] for place in places)


async def test_only_conversations_of_the_days_come(database: Database, given: Given) -> None:
    viewer, workspace_id = await _workspace(given)
    await _conversations(given, workspace_id, [BEGAN - timedelta(microseconds=1), BEGAN, BEGAN + timedelta(days=1)])

    exported = Exported(workspace_id, begin=BEGAN, end=BEGAN + timedelta(days=1))
    rows = await database.read(lambda session: find_exported(session, viewer, exported, None, 100))

    assert {row.conversation_began_at for row in rows} == {BEGAN}


async def test_a_stranger_gets_nothing(database: Database, given: Given) -> None:
    _, workspace_id = await _workspace(given)
    stranger, _ = await _workspace(given)
    await _conversations(given, workspace_id, [BEGAN])

    assert not await database.read(lambda session: find_exported(session, stranger, Exported(workspace_id), None, 100))


@on_sqlite
async def test_a_piece_is_read_by_the_indexes_and_nothing_is_sorted(database: Database, given: Given) -> None:
    viewer, workspace_id = await _workspace(given)
    await _conversations(given, workspace_id, [BEGAN, BEGAN])
    sent: list[str] = []

    def keep(_connection: Connection, _cursor: Any, statement: str, *_rest: Any) -> None:
        sent.append(statement)

    event.listen(Engine, "before_cursor_execute", keep)
    try:
        exported = Exported(workspace_id, begin=BEGAN, end=BEGAN + timedelta(days=1))
        [first, *_] = await database.read(lambda session: find_exported(session, viewer, exported, None, 1))
        await database.read(lambda session: find_exported(session, viewer, exported, first, 1))
    finally:
        event.remove(Engine, "before_cursor_execute", keep)

    def plan(connection: Connection) -> str:
        statement = next(each for each in reversed(sent) if "FROM conversations JOIN messages" in each)
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", ("x",) * statement.count("?"))
        return "\n".join(row.detail for row in rows)

    read = await database.inspect(plan)
    assert "SEARCH conversations USING INDEX idx_conversations_workspace (workspace_id=? AND created_at>?" in read
    assert "SEARCH messages USING INDEX idx_messages_conversation (conversation_id=?" in read
    assert "TEMP B-TREE FOR ORDER BY" not in read
    assert "SCAN" not in read
