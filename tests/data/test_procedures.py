"""The contract of the stored procedures, the same on both databases."""

from dataclasses import asdict
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError

from core.clock import now
from data import procedures
from data.engine import Database, Session
from data.models import (
    AnalyticsDaily,
    AppSession,
    AppUser,
    Conversation,
    Document,
    DocumentChunk,
    InsightsCache,
    Message,
    MessageTrace,
    Profile,
    ResponseCache,
    Role,
)
from tests.support.rows import Given, fetch, one, run

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


async def create_user(database: Database, email: str, user_id: UUID | None = None) -> procedures.CreatedUser:
    return await database.write(
        lambda session: procedures.create_user(
            session,
            user_id=user_id or uuid4(),
            email=email,
            password_hash="argon2 hash",
            password_salt="salt",
            full_name="Renée",
            role=Role.LECTEUR,
        )
    )


async def create_session(database: Database, user_id: UUID, **values: Any) -> procedures.CreatedSession:
    opened: dict[str, Any] = {
        "session_id": uuid4(),
        "token_hash": "token",
        "refresh_token_hash": "refresh",
        "ip_address": "127.0.0.1",
        "user_agent": None,
        "expires_at": now() + HOUR,
    } | values
    return await database.write(lambda session: procedures.create_session(session, user_id=user_id, **opened))


async def test_creating_a_user_makes_the_account_and_its_profile(database: Database) -> None:
    user_id = uuid4()
    created = await create_user(database, "renee@example.com", user_id)

    assert created == procedures.CreatedUser(success=True, message="The account was created.", user_id=user_id)
    account, profile = await one(database, AppUser, user_id), await one(database, Profile, user_id)
    assert (account.email, account.full_name, account.role) == ("renee@example.com", "Renée", Role.LECTEUR)
    assert account.is_active
    assert account.last_login_at is None
    assert profile.role is Role.LECTEUR


async def test_an_email_address_that_is_taken_is_an_answer_and_changes_nothing(database: Database) -> None:
    first = await create_user(database, "renee@example.com")
    second = await create_user(database, "renee@example.com")

    assert second == procedures.CreatedUser(
        success=False, message="An account with this e-mail address exists already.", user_id=None
    )
    assert await fetch(database, select(AppUser.id)) == await fetch(database, select(Profile.id)) == [(first.user_id,)]


async def test_creating_the_same_user_twice_is_one_account(database: Database) -> None:
    user_id = uuid4()
    await create_user(database, "renee@example.com", user_id)
    again = await create_user(database, "renee@example.com", user_id)

    assert not again.success
    assert await fetch(database, select(func.count()).select_from(Profile)) == [(1,)]


async def test_a_login_sees_the_password_and_the_state_of_the_account(database: Database, given: Given) -> None:
    locked_until = now() + HOUR
    user_id = await given.account(
        "renee@example.com", full_name=None, is_active=False, failed_login_attempts=4, locked_until=locked_until
    )

    found = await database.read(lambda session: procedures.get_user_for_auth(session, email="renee@example.com"))

    assert found == procedures.UserForAuth(
        user_id=user_id,
        email="renee@example.com",
        password_hash="hash",
        password_salt="salt",
        full_name=None,
        role=Role.ADMIN,
        is_active=False,
        failed_login_attempts=4,
        locked_until=locked_until,
    )


async def test_a_login_of_nobody_finds_nothing(database: Database) -> None:
    assert await database.read(lambda session: procedures.get_user_for_auth(session, email="x@example.com")) is None


async def test_a_login_that_succeeds_forgives_the_failed_ones(database: Database, given: Given) -> None:
    before = now() - timedelta(milliseconds=1)  # SQLite's clock counts milliseconds
    user_id = await given.account(failed_login_attempts=5, locked_until=now() + HOUR)
    other = await given.account(failed_login_attempts=2)

    await database.write(lambda session: procedures.update_last_login(session, user_id=user_id))

    account = await one(database, AppUser, user_id)
    assert before <= account.last_login_at <= now()
    assert (account.failed_login_attempts, account.locked_until) == (0, None)
    assert (await one(database, AppUser, other)).failed_login_attempts == 2


async def test_a_session_is_opened_for_an_active_account(database: Database, given: Given) -> None:
    user_id = await given.account()
    session_id, expires_at = uuid4(), now() + HOUR

    created = await create_session(database, user_id, session_id=session_id, expires_at=expires_at)

    assert created == procedures.CreatedSession(success=True, session_id=session_id)
    row = await one(database, AppSession, session_id)
    assert (row.user_id, row.token_hash, row.refresh_token_hash) == (user_id, "token", "refresh")
    assert (row.ip_address, row.user_agent, row.expires_at) == ("127.0.0.1", None, expires_at)
    assert row.last_activity_at is not None


@pytest.mark.parametrize("known", [True, False], ids=["inactive account", "unknown account"])
async def test_no_session_is_opened_otherwise(database: Database, given: Given, known: bool) -> None:
    user_id = await given.account(is_active=False) if known else uuid4()

    assert await create_session(database, user_id) == procedures.CreatedSession(success=False, session_id=None)
    assert await fetch(database, select(AppSession.id)) == []


async def test_two_sessions_never_share_a_token(database: Database, given: Given) -> None:
    user_id = await given.account()
    await create_session(database, user_id)

    with pytest.raises(IntegrityError):
        await create_session(database, user_id)


async def test_a_live_session_tells_whose_it_is(database: Database, given: Given) -> None:
    user_id = await given.account("renee@example.com", full_name="Renée", role=Role.LECTEUR)
    expires_at = now() + HOUR
    session_id = (await create_session(database, user_id, expires_at=expires_at)).session_id

    live = await database.read(lambda session: procedures.validate_session(session, token_hash="token"))

    assert live is not None
    assert live.last_activity_at is not None
    assert asdict(live) | {"last_activity_at": None} == {
        "session_id": session_id,
        "user_id": user_id,
        "email": "renee@example.com",
        "full_name": "Renée",
        "role": Role.LECTEUR,
        "expires_at": expires_at,
        "last_activity_at": None,
    }


@pytest.mark.parametrize("ended_by", ["unknown token", "time", "inactive account", "logout"])
async def test_a_session_that_is_over_is_not_found(database: Database, given: Given, ended_by: str) -> None:
    user_id = await given.account()
    await given.session(user_id, "token", now() + (-HOUR if ended_by == "time" else HOUR))
    if ended_by == "inactive account":
        await run(database, update(AppUser).values(is_active=False))
    if ended_by == "logout":
        assert await database.write(lambda session: procedures.delete_session(session, token_hash="token")) == 1
    token = "other" if ended_by == "unknown token" else "token"

    assert await database.read(lambda session: procedures.validate_session(session, token_hash=token)) is None


async def test_a_logout_ends_one_session_once(database: Database, given: Given) -> None:
    user_id = await given.account()
    await given.session(user_id, "token", now() + HOUR)
    kept = await given.session(user_id, "other", now() + HOUR)

    deleted = [
        await database.write(lambda session: procedures.delete_session(session, token_hash="token")) for _ in range(2)
    ]

    assert deleted == [1, 0]
    assert await fetch(database, select(AppSession.id)) == [(kept,)]


async def test_expired_sessions_are_cleaned_up(database: Database, given: Given) -> None:
    user_id = await given.account()
    for age in (1, 2, 3):
        await given.session(user_id, f"expired {age}", now() - age * HOUR)
    kept = await given.session(user_id, "live", now() + HOUR)

    assert await database.write(procedures.cleanup_expired_sessions) == 3
    assert await fetch(database, select(AppSession.id)) == [(kept,)]


async def test_a_procedure_sees_what_its_unit_of_work_has_pending(database: Database, given: Given) -> None:
    user_id = await given.account()

    async def work(session: Any) -> int:
        session.add(AppSession(user_id=user_id, token_hash="pending", expires_at=now() + HOUR))
        return await procedures.delete_session(session, token_hash="pending")

    assert await database.write(work) == 1


async def test_insights_are_counted_anew_and_kept(database: Database, given: Given) -> None:
    workspace_id = await given.workspace()
    first, second = await given.conversation(workspace_id), await given.conversation(workspace_id)
    await given.conversation(workspace_id)  # holds no message: not counted
    for conversation_id in (first, first, second):
        await given.message(conversation_id, rag_score=0.1)  # a visitor's message has no confidence to count
    await given.answer(first, rag_score=0.25, feedback=-1)
    await given.answer(first, rag_score=0.5, feedback=0)
    await given.answer(second, rag_score=1.0, feedback=1)
    await given.answer(second, feedback=1)
    before = now() - timedelta(milliseconds=1)  # SQLite's clock counts milliseconds
    await run(database, delete(InsightsCache))

    insights = [
        await database.write(
            lambda session: procedures.calculate_workspace_insights(session, workspace_id=workspace_id)
        )
        for _ in range(2)
    ]

    for counted in insights:
        assert counted is not None
        assert before <= counted.calculated_at <= now()
        assert asdict(counted) | {"calculated_at": None} == {
            "workspace_id": workspace_id,
            "satisfaction_rate": 0.25,
            "avg_rag_score": pytest.approx(1.75 / 3),
            "avg_messages_per_conversation": 3.5,
            "low_confidence_count": 1,
            "total_conversations": 2,
            "total_messages": 7,
            "scored_count": 3,
            "rated_count": 4,
            "calculated_at": None,
        }
    assert await fetch(database, select(InsightsCache.total_messages)) == [(7,)]


async def test_insights_of_an_empty_workspace_are_zeros_and_unknown_averages(database: Database, given: Given) -> None:
    workspace_id = await given.workspace()

    counted = await database.write(
        lambda session: procedures.calculate_workspace_insights(session, workspace_id=workspace_id)
    )

    assert counted is not None
    assert (counted.total_conversations, counted.total_messages, counted.low_confidence_count) == (0, 0, 0)
    assert (counted.satisfaction_rate, counted.avg_rag_score, counted.avg_messages_per_conversation) == (None,) * 3


async def test_a_workspace_that_does_not_exist_has_no_figures(database: Database) -> None:
    unknown = uuid4()

    assert (
        await database.write(lambda session: procedures.calculate_workspace_insights(session, workspace_id=unknown))
    ) is None
    assert await database.read(lambda session: procedures.get_workspace_metrics(session, workspace_id=unknown)) is None


async def metrics(database: Database, workspace_id: UUID) -> procedures.WorkspaceMetrics:
    found = await database.read(lambda session: procedures.get_workspace_metrics(session, workspace_id=workspace_id))
    assert found is not None
    return found


async def test_metrics_count_what_a_workspace_holds(database: Database, given: Given) -> None:
    workspace_id, other = await given.workspace(name="Boutique"), await given.workspace()
    indexed = await given.document(workspace_id, is_indexed=True, chunk_count=2)
    await given.document(workspace_id)
    gone = await given.document(workspace_id, is_indexed=True, chunk_count=1, deleted_at=now())
    for document_id, index in ((indexed, 0), (indexed, 1), (gone, 0)):
        await given.chunk(document_id, workspace_id, index)
    open_one = await given.conversation(workspace_id, "Anne")
    archived = await given.conversation(workspace_id, "Anne", is_active=False, archived_at=now())
    await given.conversation(workspace_id, "Benoît")  # holds no message: not counted
    last = now()
    await given.message(open_one, created_at=last - HOUR, response_time_ms=9)
    await given.answer(open_one, created_at=last, rag_score=0.25, response_time_ms=100, feedback=1)
    await given.answer(archived, created_at=last - DAY, rag_score=0.75, response_time_ms=201, feedback=0)
    await given.cached_answer(workspace_id, "a", hit_count=3)
    await given.cached_answer(workspace_id, "b", hit_count=4, created_at=now() - HOUR)  # expired
    await given.answer(await given.conversation(other), rag_score=0.0)

    assert asdict(await metrics(database, workspace_id)) == {
        "workspace_id": workspace_id,
        "workspace_name": "Boutique",
        "total_documents": 2,
        "indexed_documents": 1,
        "total_chunks": 2,
        "total_conversations": 2,
        "active_conversations": 1,
        "total_messages": 3,
        "unique_visitors": 1,
        "avg_messages_per_conversation": 1.5,
        "avg_response_time_ms": 150.5,
        "avg_rag_score": 0.5,
        "satisfaction_rate": 0.5,
        "rated_count": 2,
        "low_confidence_count": 1,
        "cache_entries": 1,
        "cache_hits": 7,
        "last_message_at": last,
    }


async def test_metrics_of_an_empty_workspace_are_zeros_and_unknown_averages(database: Database, given: Given) -> None:
    found = asdict(await metrics(database, await given.workspace()))

    averages = {"avg_messages_per_conversation", "avg_response_time_ms", "avg_rag_score", "satisfaction_rate"}
    unknown = averages | {"last_message_at"}
    assert {name for name, value in found.items() if value is None} == unknown
    assert {value for name, value in found.items() if name not in unknown | {"workspace_id", "workspace_name"}} == {0}


async def clean_up(database: Database, retention_days: int) -> procedures.Cleaned:
    return await database.write(lambda session: procedures.cleanup_old_data(session, retention_days=retention_days))


async def test_conversations_silent_for_the_retention_are_archived(database: Database, given: Given) -> None:
    workspace_id = await given.workspace()
    silent = await given.conversation(workspace_id, created_at=now() - 90 * DAY)
    await given.message(silent, created_at=now() - 31 * DAY)
    never_spoken = await given.conversation(workspace_id, created_at=now() - 31 * DAY)
    lively = await given.conversation(workspace_id, created_at=now() - 90 * DAY)
    await given.message(lively, created_at=now() - 29 * DAY)

    cleaned = await clean_up(database, 30)

    assert cleaned == procedures.Cleaned(2, 0, 0, 0, 0, 0)
    states = {
        row.id: (row.is_active, row.archived_at is None)
        for row in await fetch(database, select(Conversation.id, Conversation.is_active, Conversation.archived_at))
    }
    assert states == {silent: (False, False), never_spoken: (False, False), lively: (True, True)}


async def test_conversations_archived_for_the_retention_are_deleted_but_not_their_daily_figures(
    database: Database, given: Given
) -> None:
    workspace_id = await given.workspace()
    long_archived = await given.conversation(workspace_id, archived_at=now() - 31 * DAY, is_active=False)
    await given.message(long_archived, created_at=now() - 61 * DAY)
    archived = await given.conversation(workspace_id, archived_at=now() - 29 * DAY, is_active=False)
    await given.message(archived, created_at=now() - 60 * DAY)
    taken_up_again = await given.conversation(workspace_id, archived_at=now() - 31 * DAY)
    await given.message(taken_up_again, created_at=now() - DAY)

    cleaned = await clean_up(database, 30)

    assert cleaned == procedures.Cleaned(0, 1, 0, 0, 0, 0)
    remaining = {archived, taken_up_again}
    assert {identifier for (identifier,) in await fetch(database, select(Conversation.id))} == remaining
    assert {identifier for (identifier,) in await fetch(database, select(Message.conversation_id))} == remaining
    assert sum(row[0] for row in await fetch(database, select(AnalyticsDaily.total_messages))) == 3


async def test_deleted_documents_expired_answers_and_expired_sessions_go(database: Database, given: Given) -> None:
    user_id = await given.account()
    workspace_id = await given.workspace(user_id)
    old = await given.document(workspace_id, deleted_at=now() - 31 * DAY)
    await given.chunk(old, workspace_id)
    kept_documents = {
        await given.document(workspace_id, deleted_at=now() - 29 * DAY),
        await given.document(workspace_id, created_at=now() - 90 * DAY),
    }
    await given.cached_answer(workspace_id, "old", created_at=now() - HOUR)
    kept_answer = await given.cached_answer(workspace_id, "new")
    await given.session(user_id, "old", now() - HOUR)
    kept_session = await given.session(user_id, "new", now() + HOUR)

    cleaned = await clean_up(database, 30)

    assert cleaned == procedures.Cleaned(0, 0, 1, 1, 1, 0)
    assert {identifier for (identifier,) in await fetch(database, select(Document.id))} == kept_documents
    assert await fetch(database, select(DocumentChunk.id)) == []
    assert await fetch(database, select(ResponseCache.id)) == [(kept_answer,)]
    assert await fetch(database, select(AppSession.id)) == [(kept_session,)]


async def test_traces_of_old_answers_go_and_their_messages_stay(database: Database, given: Given) -> None:
    workspace_id = await given.workspace()
    lively = await given.conversation(workspace_id)
    old, recent = await given.message(lively), await given.message(lively)

    async def trace(session: Session) -> None:
        for key, age in ((old, 31 * DAY), (recent, 29 * DAY)):
            session.add(MessageTrace(id=key, workspace_id=workspace_id, content={}, created_at=now() - age))

    await database.write(trace)

    cleaned = await clean_up(database, 30)

    assert cleaned == procedures.Cleaned(0, 0, 0, 0, 0, 1)
    assert await fetch(database, select(MessageTrace.id)) == [(recent,)]
    assert {key for (key,) in await fetch(database, select(Message.id))} == {old, recent}


async def test_cleaning_up_again_finds_nothing_to_do(database: Database, given: Given) -> None:
    await given.conversation(await given.workspace(), created_at=now() - 31 * DAY)

    assert (await clean_up(database, 30)).archived_conversations == 1
    assert await clean_up(database, 30) == procedures.Cleaned(0, 0, 0, 0, 0, 0)


@pytest.mark.parametrize("retention_days", [-1, 0, procedures.MAX_RETENTION_DAYS + 1])
async def test_a_retention_that_would_delete_everything_or_overflow_is_refused(
    database: Database, retention_days: int
) -> None:
    with pytest.raises(ValueError, match="between 1 and 36500"):
        await clean_up(database, retention_days)


async def test_the_longest_retention_is_possible(database: Database, given: Given) -> None:
    await given.conversation(await given.workspace(), created_at=now() - 365 * DAY)

    assert await clean_up(database, procedures.MAX_RETENTION_DAYS) == procedures.Cleaned(0, 0, 0, 0, 0, 0)
