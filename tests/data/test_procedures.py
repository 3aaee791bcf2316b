"""The contract of the stored procedures, the same on both databases."""

from dataclasses import asdict
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from data import procedures
from data.engine import Database
from data.models import AppSession, AppUser, Profile, Role
from data.types import now
from tests.data.rows import Given, fetch, one, run

HOUR = timedelta(hours=1)


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
