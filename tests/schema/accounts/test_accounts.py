"""Accounts, logins and sessions."""

from datetime import UTC, datetime, timedelta

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from core.clock import now
from core.errors import UserError
from core.security.keys import digest
from data.models import AppSession, AppUser, Profile
from resolvers.accounts.emails import normalised_email
from tests.support.logins import ME, SESSION, register
from tests.support.people import PASSWORD, People, Person


async def test_registering_makes_an_account_a_profile_and_a_session(people: People) -> None:
    session = await register(people)

    assert session["user"]["email"] == "ada@example.com", "the address is kept normalised"
    assert session["user"]["role"] == "ADMIN"
    assert await Person(people.services, session["accessToken"]).ask(ME) == {"me": {"email": "ada@example.com"}}
    user = await people.services.database.read(lambda unit: unit.scalar(select(AppUser)))
    assert user is not None
    assert user.password_hash.startswith("$argon2id$")
    assert user.password_salt in user.password_hash
    assert await people.services.database.read(lambda unit: unit.get(Profile, user.id))


async def test_tokens_are_stored_as_hashes_only(people: People) -> None:
    session = await register(people)

    stored = await people.services.database.read(lambda unit: unit.scalar(select(AppSession)))

    assert stored is not None
    assert stored.token_hash == digest(session["accessToken"])
    assert stored.refresh_token_hash == digest(session["refreshToken"])


async def test_an_address_is_registered_once_whatever_its_case(people: People) -> None:
    await register(people, "ada@example.com")

    again = await register(people, "ADA@example.COM")

    assert (again["__typename"], again["code"], again["path"]) == ("InvalidInput", "EMAIL_TAKEN", ["email"])


@pytest.mark.parametrize("email", ["", "ada", "ada@", "@example.com", "ada@example", "a b@example.com", "a" * 300])
async def test_a_text_that_is_no_address_is_refused(people: People, email: str) -> None:
    refused = await register(people, email)

    assert (refused["code"], refused["path"]) == ("EMAIL_INVALID", ["email"])


async def test_logging_in_opens_another_session(people: People) -> None:
    first = await register(people)

    second = await people.anyone.change(f"login {SESSION}", email="ada@example.com", password=PASSWORD)

    assert second["accessToken"] != first["accessToken"]
    assert second["user"]["lastLoginAt"]
    for session in (first, second):
        assert (await Person(people.services, session["accessToken"]).ask(ME))["me"]


async def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(people: People) -> None:
    await register(people)

    wrong = await people.anyone.change("login", email="ada@example.com", password="wrong password")
    unknown = await people.anyone.change("login", email="eve@example.com", password="wrong password")

    assert wrong == unknown
    assert wrong["code"] == "INVALID_CREDENTIALS"


async def test_refreshing_rotates_both_tokens(people: People) -> None:
    session = await register(people)

    renewed = await people.anyone.change(f"refreshSession {SESSION}", refreshToken=session["refreshToken"])

    assert (await Person(people.services, renewed["accessToken"]).ask(ME))["me"]
    assert await Person(people.services, session["accessToken"]).refusal(ME) == "UNAUTHENTICATED"


async def test_a_refresh_token_used_twice_ends_its_session(people: People) -> None:
    session = await register(people)
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
    session = await register(people)
    person = Person(people.services, session["accessToken"])

    assert await person.ask("mutation { logout { ended } }") == {"logout": {"ended": True}}

    assert await person.refusal(ME) == "UNAUTHENTICATED"
    assert await person.refusal("mutation { logout { ended } }") == "UNAUTHENTICATED"


async def test_nobody_in_particular_is_nobody(people: People) -> None:
    assert await people.anyone.ask(ME) == {"me": None}
    assert await people.anyone.refusal("{ workspaces { nodes { id } } }") == "UNAUTHENTICATED"


async def test_an_altered_an_expired_and_a_forged_token_are_refused(people: People) -> None:
    session = await register(people)
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
    session = await register(people)
    past = now() - timedelta(seconds=1)
    await people.services.database.write(lambda unit: unit.execute(update(AppSession).values(expires_at=past)))

    assert await Person(people.services, session["accessToken"]).refusal(ME) == "UNAUTHENTICATED"
    refused = await people.anyone.change("refreshSession", refreshToken=session["refreshToken"])
    assert refused["code"] == "REFRESH_TOKEN_INVALID"


async def test_an_account_switched_off_is_out(people: People) -> None:
    session = await register(people)
    await people.services.database.write(lambda unit: unit.execute(update(AppUser).values(is_active=False)))

    assert await Person(people.services, session["accessToken"]).refusal(ME) == "UNAUTHENTICATED"
    refused = await people.anyone.change("login", email="ada@example.com", password=PASSWORD)
    assert refused["code"] == "INVALID_CREDENTIALS"


# E-mail addresses have one form.


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        (" ADA@Example.COM ", "ada@example.com"),
        ("ada@EXAMPLE.com.", None),
        ("jos\u00e9@example.com", "jos\u00e9@example.com"),
        ("jose\u0301@example.com", "jos\u00e9@example.com"),
        ("\uff41da@example.com", "ada@example.com"),
        ("STRASSE@example.com", "strasse@example.com"),
        ("ada@STRA\u00dfE.example", "ada@xn--strae-oqa.example"),
        ("ada@b\u00fccher.ch", "ada@xn--bcher-kva.ch"),
        ("ada@XN--BCHER-KVA.ch", "ada@xn--bcher-kva.ch"),
        ("ada\ud800@example.com", None),
    ],
)
def test_an_address_has_one_form(written: str, stored: str | None) -> None:
    if stored is None:
        with pytest.raises(UserError):
            normalised_email(written)
    else:
        assert normalised_email(written) == stored


@given(st.sampled_from(["\u0301\u0316", "\ufdfa", "a", "@", "a.", "\u00e9."]), st.integers(130, 500_000))
def test_an_address_too_long_to_be_one_costs_nothing(text: str, times: int) -> None:
    """Normalising the longest of these would take minutes, for anybody who sends it to `login`."""
    with pytest.raises(UserError, match="at most 254"):
        normalised_email(text * (2 * times) + "@example.com")


@given(st.emails() | st.builds("{}@example.org".format, st.text(min_size=1, max_size=20)))
def test_the_form_of_an_address_is_its_own_form(email: str) -> None:
    try:
        once = normalised_email(email)
    except UserError:
        return

    assert normalised_email(once) == once
    assert normalised_email(email.swapcase()) == once or not email.isascii()
