"""Accounts, logins and sessions."""

from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from sqlalchemy import select, update

from data.models import AppSession, AppUser, Profile
from data.types import now
from monitora.security import digest
from tests.people import PASSWORD, People, Person

SESSION = "... on Session { accessToken refreshToken expiresAt user { id email fullName role lastLoginAt } }"
ME = "{ me { email } }"


async def _register(people: People, email: str = "Ada@Example.com ", password: str = PASSWORD) -> Any:
    return await people.anyone.change(f"register {SESSION}", email=email, password=password, fullName="Ada")


async def test_registering_makes_an_account_a_profile_and_a_session(people: People) -> None:
    session = await _register(people)

    assert session["user"]["email"] == "ada@example.com", "the address is kept normalised"
    assert session["user"]["role"] == "ADMIN"
    assert await Person(people.services, session["accessToken"]).ask(ME) == {"me": {"email": "ada@example.com"}}
    user = await people.services.database.read(lambda unit: unit.scalar(select(AppUser)))
    assert user is not None
    assert user.password_hash.startswith("$argon2id$")
    assert user.password_salt in user.password_hash
    assert await people.services.database.read(lambda unit: unit.get(Profile, user.id))


async def test_tokens_are_stored_as_hashes_only(people: People) -> None:
    session = await _register(people)

    stored = await people.services.database.read(lambda unit: unit.scalar(select(AppSession)))

    assert stored is not None
    assert stored.token_hash == digest(session["accessToken"])
    assert stored.refresh_token_hash == digest(session["refreshToken"])


async def test_an_address_is_registered_once_whatever_its_case(people: People) -> None:
    await _register(people, "ada@example.com")

    again = await _register(people, "ADA@example.COM")

    assert (again["__typename"], again["code"], again["path"]) == ("InvalidInput", "EMAIL_TAKEN", ["email"])


@pytest.mark.parametrize("email", ["", "ada", "ada@", "@example.com", "ada@example", "a b@example.com", "a" * 300])
async def test_a_text_that_is_no_address_is_refused(people: People, email: str) -> None:
    refused = await _register(people, email)

    assert (refused["code"], refused["path"]) == ("EMAIL_INVALID", ["email"])


@pytest.mark.parametrize("password", ["short", "a" * 201, "aaaaaaaaaaaa", "ada@example.com"])
async def test_a_weak_password_is_refused_and_nothing_is_stored(people: People, password: str) -> None:
    refused = await _register(people, "ada@example.com", password)

    assert (refused["code"], refused["path"]) == ("PASSWORD_WEAK", ["password"])
    assert await people.services.database.read(lambda unit: unit.scalar(select(AppUser))) is None


async def test_logging_in_opens_another_session(people: People) -> None:
    first = await _register(people)

    second = await people.anyone.change(f"login {SESSION}", email="ada@example.com", password=PASSWORD)

    assert second["accessToken"] != first["accessToken"]
    assert second["user"]["lastLoginAt"]
    for session in (first, second):
        assert (await Person(people.services, session["accessToken"]).ask(ME))["me"]


async def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(people: People) -> None:
    await _register(people)

    wrong = await people.anyone.change("login", email="ada@example.com", password="wrong password")
    unknown = await people.anyone.change("login", email="eve@example.com", password="wrong password")

    assert wrong == unknown
    assert wrong["code"] == "INVALID_CREDENTIALS"


async def test_wrong_passwords_lock_the_account_for_a_while(people: People) -> None:
    await _register(people)
    for _ in range(people.services.policy.failed_logins_allowed):
        refused = await people.anyone.change("login", email="ada@example.com", password="wrong password")
        assert refused["code"] == "INVALID_CREDENTIALS"

    locked = await people.anyone.change(
        "login ... on AccountLocked { retryAt }", email="ada@example.com", password=PASSWORD
    )

    assert (locked["__typename"], locked["code"]) == ("AccountLocked", "ACCOUNT_LOCKED")
    assert datetime.fromisoformat(locked["retryAt"]) > now() + timedelta(minutes=10)
    # When the time is over, the right password opens it again.
    past = now() - timedelta(seconds=1)
    await people.services.database.write(lambda unit: unit.execute(update(AppUser).values(locked_until=past)))
    assert (await people.anyone.change("login", email="ada@example.com", password=PASSWORD))["__typename"] == "Session"


async def test_a_right_password_forgets_the_wrong_ones(people: People) -> None:
    await _register(people)
    for _ in range(3):
        for _ in range(people.services.policy.failed_logins_allowed - 1):
            await people.anyone.change("login", email="ada@example.com", password="wrong password")

        opened = await people.anyone.change("login", email="ada@example.com", password=PASSWORD)

        assert opened["__typename"] == "Session"


async def test_refreshing_rotates_both_tokens(people: People) -> None:
    session = await _register(people)

    renewed = await people.anyone.change(f"refreshSession {SESSION}", refreshToken=session["refreshToken"])

    assert (await Person(people.services, renewed["accessToken"]).ask(ME))["me"]
    assert await Person(people.services, session["accessToken"]).refusal(ME) == "UNAUTHENTICATED"


async def test_a_refresh_token_used_twice_ends_its_session(people: People) -> None:
    session = await _register(people)
    renewed = await people.anyone.change(f"refreshSession {SESSION}", refreshToken=session["refreshToken"])

    again = await people.anyone.change("refreshSession", refreshToken=session["refreshToken"])

    assert again["code"] == "REFRESH_TOKEN_INVALID"
    assert await Person(people.services, renewed["accessToken"]).refusal(ME) == "UNAUTHENTICATED"
    later = await people.anyone.change("refreshSession", refreshToken=renewed["refreshToken"])
    assert later["code"] == "REFRESH_TOKEN_INVALID"


@pytest.mark.parametrize("token", ["", "x", "0" * 32, "0" * 32 + ".secret", "é" * 50])
async def test_an_unknown_refresh_token_is_refused(people: People, token: str) -> None:
    assert (await people.anyone.change("refreshSession", refreshToken=token))["code"] == "REFRESH_TOKEN_INVALID"


async def test_logging_out_ends_the_session_at_once(people: People) -> None:
    session = await _register(people)
    person = Person(people.services, session["accessToken"])

    assert await person.ask("mutation { logout { ended } }") == {"logout": {"ended": True}}

    assert await person.refusal(ME) == "UNAUTHENTICATED"
    assert await person.refusal("mutation { logout { ended } }") == "UNAUTHENTICATED"


async def test_nobody_in_particular_is_nobody(people: People) -> None:
    assert await people.anyone.ask(ME) == {"me": None}
    assert await people.anyone.refusal("{ workspaces { nodes { id } } }") == "UNAUTHENTICATED"


async def test_an_altered_an_expired_and_a_forged_token_are_refused(people: People) -> None:
    session = await _register(people)
    token = session["accessToken"]
    header, payload, signature = token.split(".")
    claims = jwt.decode(token, options={"verify_signature": False})
    expired = jwt.encode(
        {**claims, "exp": datetime.now(UTC) - timedelta(seconds=1)}, people.services.tokens._secret, algorithm="HS256"
    )
    unsigned = jwt.encode(claims, "", algorithm="none")
    forged = jwt.encode(claims, "another secret of at least thirty-two bytes", algorithm="HS256")

    for bad in (f"{header}.{payload[:-2]}AA.{signature}", expired, unsigned, forged, "not a token", f"{token}x"):
        assert await Person(people.services, bad).refusal(ME) == "UNAUTHENTICATED"


async def test_a_session_past_its_end_is_over_though_its_token_is_not(people: People) -> None:
    session = await _register(people)
    past = now() - timedelta(seconds=1)
    await people.services.database.write(lambda unit: unit.execute(update(AppSession).values(expires_at=past)))

    assert await Person(people.services, session["accessToken"]).refusal(ME) == "UNAUTHENTICATED"
    refused = await people.anyone.change("refreshSession", refreshToken=session["refreshToken"])
    assert refused["code"] == "REFRESH_TOKEN_INVALID"


async def test_an_account_switched_off_is_out_at_once(people: People) -> None:
    session = await _register(people)
    await people.services.database.write(lambda unit: unit.execute(update(AppUser).values(is_active=False)))

    assert await Person(people.services, session["accessToken"]).refusal(ME) == "UNAUTHENTICATED"
    refused = await people.anyone.change("login", email="ada@example.com", password=PASSWORD)
    assert refused["code"] == "INVALID_CREDENTIALS"
