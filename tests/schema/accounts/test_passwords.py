"""Passwords: which are good enough, how many may be tried, and how one is changed."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from core.clock import now
from core.errors import UserError
from core.security.passwords import Passwords
from data.models import AppUser
from resolvers.accounts import accounts
from resolvers.policy import Registration
from tests.support.logins import ME, SESSION, lock, register
from tests.support.people import PASSWORD, People, Person
from tests.support.statements import Statements


@pytest.mark.parametrize(
    "password",
    [
        "short",
        "a" * 201,
        "aaaaaaaaaaaa",
        "password1234",
        "qwertyuiop1234",
        "P@ssw0rd2024",
        "lovelace1815",
        "ada@example.com",
        "monitora2026",
        "motdepasse!",
        "azerty123456",
        "correct\x00horse battery",
        "correct horse \ud800 battery",
    ],
)
async def test_a_weak_password_is_refused_and_nothing_is_stored(people: People, password: str) -> None:
    refused = await people.anyone.change(
        "register", email="ada@example.com", password=password, fullName="Ada Lovelace"
    )

    assert (refused["code"], refused["path"]) == ("PASSWORD_WEAK", ["password"])
    assert "four words" in refused["message"], "it tells what to do"
    assert await people.services.database.read(lambda unit: unit.scalar(select(AppUser))) is None


@pytest.mark.parametrize("password", ["correct horse battery", "je range la théière", "Xk7#vPq2wZ", "ä" + "b7" * 90])
async def test_a_good_password_is_accepted(people: People, password: str) -> None:
    assert (await register(people, password=password))["__typename"] == "Session"


async def test_accents_may_be_typed_in_either_way(people: People) -> None:
    await register(people, "ada@example.com", "je range la th\u00e9i\u00e8re")

    opened = await people.anyone.change("login", email="ada@example.com", password="je range la the\u0301ie\u0300re")

    assert opened["__typename"] == "Session"


async def test_passwords_weighed_at_once_do_not_lend_each_other_words(people: People) -> None:
    names = ["Brunhilde", "Chrysostome", "Wilhelmina", "Zacharias"]

    async def register(name: str) -> Any:
        return await people.anyone.change("register", email=f"{name}@example.com", password=f"{name}2026", fullName="")

    refused = await asyncio.gather(*(register(name) for name in names for _ in range(5)))

    assert {answer.get("code") for answer in refused} == {"PASSWORD_WEAK"}


async def _time_passes(people: People) -> None:
    """Let the lock of every account be over."""
    past = now() - timedelta(seconds=1)
    await people.services.database.write(lambda unit: unit.execute(update(AppUser).values(locked_until=past)))


async def test_wrong_passwords_lock_the_account_for_a_while(people: People) -> None:
    await register(people)
    await lock(people)

    locked = await people.anyone.change("login", email="ada@example.com", password=PASSWORD)
    unknown = await people.anyone.change("login", email="eve@example.com", password=PASSWORD)

    assert locked == unknown, "whether the password was right is not told, nor that there is an account"
    assert locked["message"] == "The e-mail or the password is wrong.", "that accounts are locked is not told either"
    user = await people.services.database.read(lambda unit: unit.scalar(select(AppUser)))
    assert user is not None
    assert user.locked_until is not None
    assert timedelta(minutes=14) < user.locked_until - now() <= timedelta(minutes=15)

    await _time_passes(people)
    assert (await people.anyone.change("login", email="ada@example.com", password=PASSWORD))["__typename"] == "Session"


async def test_attempts_while_it_is_locked_do_not_lock_it_longer(people: People) -> None:
    await register(people)
    await lock(people)
    before = await people.services.database.read(lambda unit: unit.scalar(select(AppUser.locked_until)))

    await lock(people)

    assert await people.services.database.read(lambda unit: unit.scalar(select(AppUser.locked_until))) == before
    await _time_passes(people)
    await people.anyone.change("login", email="ada@example.com", password="wrong password")
    assert (await people.anyone.change("login", email="ada@example.com", password=PASSWORD))["__typename"] == "Session"


@dataclass
class CountingHasher:
    """The real algorithm, and how often it was asked."""

    passwords: Passwords
    verified: list[tuple[str, bool]] = field(default_factory=list)

    def hash(self, password: bytes) -> str:
        return self.passwords.hash(password.decode()).hash

    def verify(self, password: bytes, hashed: str) -> bool:
        matches = self.passwords.verify(password.decode(), hashed)
        self.verified.append((password.decode(), matches))
        return matches


@pytest.fixture
def hasher(people: People) -> CountingHasher:
    """What the server of the test hashes with, counted from now on."""
    counting = CountingHasher(people.services.passwords)
    people.services = people.anyone.services = replace(people.services, passwords=Passwords(counting))
    return counting


async def test_every_refusal_costs_one_verification(people: People, hasher: CountingHasher) -> None:
    await register(people, "ada@example.com")
    await register(people, "locked@example.com")
    await register(people, "off@example.com")
    await lock(people, "locked@example.com")
    off = update(AppUser).where(AppUser.email == "off@example.com").values(is_active=False)
    await people.services.database.write(lambda unit: unit.execute(off))
    cases = {
        "wrong": ("ada@example.com", "wrong password"),
        "too long": ("ada@example.com", "x" * 1_000),
        "unknown": ("eve@example.com", PASSWORD),
        "no address": ("eve", PASSWORD),
        "locked": ("locked@example.com", PASSWORD),
        "switched off": ("off@example.com", PASSWORD),
    }
    answers = []
    for case, (email, password) in cases.items():
        hasher.verified.clear()
        answers.append(await people.anyone.change("login", email=email, password=password))
        assert len(hasher.verified) == 1, case

    assert all(answer == answers[0] for answer in answers), answers
    assert answers[0]["code"] == "INVALID_CREDENTIALS"


async def test_every_refusal_sends_the_same_statements(people: People, statements: Statements) -> None:
    await register(people)
    await people.anyone.change("login", email="eve@example.com", password=PASSWORD)
    sent = []
    for email in ("ada@example.com", "eve@example.com", "eve"):
        with statements.recorded() as texts:
            await people.anyone.change("login", email=email, password="wrong password")
        sent.append(texts)

    assert sent[0] == sent[1] == sent[2]
    assert len(sent[0]) == 2


async def test_of_many_attempts_at_once_no_more_succeed_than_are_allowed(
    people: People, hasher: CountingHasher
) -> None:
    await register(people)
    guesses = [*(f"wrong password {number}" for number in range(30)), PASSWORD]

    answers = await asyncio.gather(
        *(people.anyone.change("login", email="ada@example.com", password=guess) for guess in guesses)
    )

    assert (PASSWORD, True) in hasher.verified, "the right one was among them"
    assert {answer.get("code") for answer in answers} == {"INVALID_CREDENTIALS"}
    user = await people.services.database.read(lambda unit: unit.scalar(select(AppUser)))
    assert user is not None
    assert user.locked_until is not None


async def test_an_attempt_that_waited_for_the_one_that_locked_does_not_pass(people: People) -> None:
    # Given a lock that was set a moment after this attempt read its clock.
    await register(people)
    lock = people.services.policy.lock_duration
    moment = now() + lock + timedelta(seconds=20)
    await people.services.database.write(lambda unit: unit.execute(update(AppUser).values(locked_until=moment)))

    refused = await people.anyone.change("login", email="ada@example.com", password=PASSWORD)

    assert refused["code"] == "INVALID_CREDENTIALS"


async def test_the_last_attempt_allowed_may_be_the_right_one(people: People) -> None:
    await register(people)
    allowed = people.services.policy.failed_logins_allowed

    opened = await asyncio.gather(
        *(people.anyone.change("login", email="ada@example.com", password=PASSWORD) for _ in range(allowed))
    )

    assert {answer["__typename"] for answer in opened} == {"Session"}


async def test_others_cannot_lock_somebody_out_of_a_device_they_know(people: People) -> None:
    device = (await register(people, "ada@example.com"))["deviceToken"]
    eve = (await register(people, "eve@example.com"))["deviceToken"]
    await lock(people)

    async def login(device_token: str, password: str = PASSWORD) -> Any:
        given = {"email": "ada@example.com", "password": password, "deviceToken": device_token}
        return (await people.anyone.change("login ... on Session { deviceToken }", **given))["__typename"]

    assert await login(eve) == "InvalidInput", "another account's device is a stranger's"
    assert await login("nonsense") == "InvalidInput"
    assert await login(device, "wrong password") == "InvalidInput"
    assert await login(device) == "Session"


async def test_a_device_token_opens_nothing_by_itself(people: People) -> None:
    session = await register(people)

    assert await Person(people.services, session["deviceToken"]).refusal(ME) == "UNAUTHENTICATED"


async def test_a_right_password_forgets_the_wrong_ones(people: People) -> None:
    await register(people)
    for _ in range(3):
        for _ in range(people.services.policy.failed_logins_allowed - 1):
            await people.anyone.change("login", email="ada@example.com", password="wrong password")

        opened = await people.anyone.change("login", email="ada@example.com", password=PASSWORD)

        assert opened["__typename"] == "Session"


# The password is changed.

CHANGE = "changePassword ... on ChangePasswordPayload { endedSessions user { email } }"
NEW_PASSWORD = "seven quiet otters swim"


async def test_a_changed_password_ends_the_other_sessions(people: People) -> None:
    here, there = (
        await register(people),
        await people.anyone.change(f"login {SESSION}", email="ada@example.com", password=PASSWORD),
    )
    person = Person(people.services, here["accessToken"])

    changed = await person.change(CHANGE, currentPassword=PASSWORD, newPassword=NEW_PASSWORD)

    assert changed["endedSessions"] == 1
    assert changed["user"] == {"email": "ada@example.com"}
    assert (await person.ask(ME))["me"], "one's own goes on"
    assert await Person(people.services, there["accessToken"]).refusal(ME) == "UNAUTHENTICATED"
    assert (await people.anyone.change("refreshSession", refreshToken=there["refreshToken"]))["__typename"] != "Session"
    logins = [
        await people.anyone.change("login", email="ada@example.com", password=password)
        for password in (PASSWORD, NEW_PASSWORD)
    ]
    assert [login["__typename"] for login in logins] == ["InvalidInput", "Session"]


async def test_a_changed_password_makes_known_devices_strangers(people: People) -> None:
    session = await register(people)
    person = Person(people.services, session["accessToken"])
    await person.change(CHANGE, currentPassword=PASSWORD, newPassword=NEW_PASSWORD)
    await lock(people)

    given = {"email": "ada@example.com", "password": NEW_PASSWORD, "deviceToken": session["deviceToken"]}

    assert (await people.anyone.change("login", **given))["code"] == "INVALID_CREDENTIALS"


async def test_a_password_is_not_changed_without_the_current_one(people: People) -> None:
    person = Person(people.services, (await register(people))["accessToken"])

    wrong = await person.change(CHANGE, currentPassword="wrong password", newPassword=NEW_PASSWORD)
    weak = await person.change(CHANGE, currentPassword=PASSWORD, newPassword="ada@example.com")

    assert (wrong["code"], wrong["path"]) == ("INVALID_CREDENTIALS", ["currentPassword"])
    assert (weak["code"], weak["path"]) == ("PASSWORD_WEAK", ["newPassword"])
    assert (await people.anyone.change("login", email="ada@example.com", password=PASSWORD))["__typename"] == "Session"


async def _change(person: Person, current: str) -> str:
    """Try to change the password, and return the code of the refusal, or the payload's name."""
    fields = "__typename ... on UserError { code }"
    query = f"mutation ($input: ChangePasswordInput!) {{ changePassword(input: $input) {{ {fields} }} }}"
    result = await person.execute(query, input={"currentPassword": current, "newPassword": NEW_PASSWORD})
    if result.errors:
        return str((result.errors[0].extensions or {})["code"])
    answer = (result.data or {})["changePassword"]
    return str(answer.get("code") or answer["__typename"])


async def test_a_session_guesses_the_current_password_a_few_times_and_no_more(people: People) -> None:
    person = Person(people.services, (await register(people))["accessToken"])
    guesses = [f"wrong password {number}" for number in range(people.services.policy.failed_logins_allowed)]

    assert {await _change(person, guess) for guess in guesses} == {"INVALID_CREDENTIALS"}

    assert await _change(person, PASSWORD) == "RATE_LIMITED", "even the right one"


async def test_of_many_guesses_at_the_current_password_at_once_no_more_are_weighed_than_allowed(
    people: People, hasher: CountingHasher
) -> None:
    person = Person(people.services, (await register(people))["accessToken"])
    hasher.verified.clear()

    codes = await asyncio.gather(*(_change(person, f"wrong password {number}") for number in range(20)))

    allowed = people.services.policy.failed_logins_allowed
    assert codes.count("INVALID_CREDENTIALS") == allowed
    assert codes.count("RATE_LIMITED") == 20 - allowed
    assert len(hasher.verified) == allowed


async def test_a_stranger_s_lock_does_not_keep_the_owner_from_changing_the_password(people: People) -> None:
    person = Person(people.services, (await register(people))["accessToken"])
    await lock(people)

    assert await _change(person, PASSWORD) == "ChangePasswordPayload"


async def test_a_thief_s_guesses_keep_the_owner_neither_from_changing_the_password_nor_from_logging_in(
    people: People,
) -> None:
    stolen = Person(people.services, (await register(people))["accessToken"])
    for number in range(2 * people.services.policy.failed_logins_allowed):
        await _change(stolen, f"wrong password {number}")

    opened = await people.anyone.change(f"login {SESSION}", email="ada@example.com", password=PASSWORD)

    assert opened["__typename"] == "Session"
    assert await _change(Person(people.services, opened["accessToken"]), PASSWORD) == "ChangePasswordPayload"
    assert await stolen.refusal(ME) == "UNAUTHENTICATED"


async def test_a_session_that_is_refreshed_has_no_new_guesses(people: People) -> None:
    session = await register(people)
    person = Person(people.services, session["accessToken"])
    for number in range(people.services.policy.failed_logins_allowed):
        await _change(person, f"wrong password {number}")

    renewed = await people.anyone.change(f"refreshSession {SESSION}", refreshToken=session["refreshToken"])

    assert await _change(Person(people.services, renewed["accessToken"]), PASSWORD) == "RATE_LIMITED"


async def test_of_two_changes_at_once_one_holds(people: People) -> None:
    person = Person(people.services, (await register(people))["accessToken"])
    choices = [NEW_PASSWORD, "nine loud herons fish"]

    changed = await asyncio.gather(
        *(person.change(CHANGE, currentPassword=PASSWORD, newPassword=choice) for choice in choices)
    )

    assert sorted(answer["__typename"] for answer in changed) == ["ChangePasswordPayload", "InvalidInput"]


async def test_a_password_set_by_the_operator_unlocks_the_account_and_ends_its_sessions(people: People) -> None:
    session = await register(people)
    await lock(people)

    ended = await accounts.set_password(await people.anyone.context(), "ADA@example.com", "four unrelated words indeed")

    assert ended == 1
    assert await Person(people.services, session["accessToken"]).refusal(ME) == "UNAUTHENTICATED"
    renewed = await people.anyone.change(f"refreshSession {SESSION}", refreshToken=session["refreshToken"])
    assert renewed["code"] == "REFRESH_TOKEN_INVALID"
    before = await people.anyone.change("login", email="ada@example.com", password=PASSWORD)
    assert before["code"] == "INVALID_CREDENTIALS"
    opened = await people.anyone.change("login", email="ada@example.com", password="four unrelated words indeed")
    assert opened["__typename"] == "Session"


async def test_a_password_set_by_the_operator_follows_the_rules(people: People) -> None:
    await register(people)

    with pytest.raises(UserError, match="too easy to guess"):
        await accounts.set_password(await people.anyone.context(), "ada@example.com", "ada@example.com")


async def test_registration_can_be_closed(people: People) -> None:
    closed = replace(people.services, policy=replace(people.services.policy, registration=Registration.CLOSED))

    fresh, taken = [await register(People(closed), email) for email in ("new@example.com", await _taken(people))]

    assert fresh["code"] == "REGISTRATION_CLOSED"
    assert fresh == taken, "it does not tell which addresses have accounts"


async def _taken(people: People) -> str:
    return (await people.account())[1]
