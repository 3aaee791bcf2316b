"""The look-up of a session: shared by what comes with one token, forgotten as soon as the session may have changed.

The services of the tests keep a look-up for an hour, so that a token is refused only by what ended its session.
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text, update

from core.clock import now
from core.events import MemoryEventBus, RedisEventBus
from core.redis import RedisClient
from core.security.keys import digest
from core.security.tokens import StaffClaims
from data.engine import Database
from data.models import AppSession, AppUser
from data.viewer import Staff
from resolvers.accounts import accounts, session_checks
from resolvers.accounts.session_checks import SessionChecks, SessionsChanged
from resolvers.services import Services
from schema.relay.node import parse_id
from tests.support.logins import ME, SESSION, register
from tests.support.people import PASSWORD, People, Person
from tests.support.rows import run
from tests.support.statements import Statements
from tests.support.waiting import HANG_SECONDS, subscribed, until, until_seen

OFF = update(AppUser).values(is_active=False)
"""How an operator locks everybody out: by a statement of their own, of which the server is not told."""


@dataclass
class Login:
    """Somebody who is logged in, and has just been looked up."""

    person: Person
    refresh_token: str

    @property
    def token(self) -> str:
        return str(self.person.token)

    @property
    def claims(self) -> StaffClaims:
        claims = self.person.services.tokens.read(self.token)
        assert isinstance(claims, StaffClaims)
        return claims


@pytest.fixture
async def ada(people: People) -> Login:
    opened = await register(people)
    login = Login(Person(people.services, opened["accessToken"]), opened["refreshToken"])
    await login.person.ask(ME)
    return login


def checks(services: Services, **options: Any) -> SessionChecks:
    """Look-ups that nobody has made yet."""
    return SessionChecks(services.database, MemoryEventBus(), **({"checked_every": timedelta(hours=1)} | options))


async def again(people: People) -> Person:
    opened = await people.anyone.change(f"login {SESSION}", email="ada@example.com", password=PASSWORD)
    return Person(people.services, opened["accessToken"])


class TestSharing:
    async def test_requests_at_the_same_time_share_one_look_up(
        self, services: Services, ada: Login, statements: Statements
    ) -> None:
        sessions = checks(services)

        with statements.recorded() as sent:
            found = await asyncio.gather(*(sessions.identify(ada.claims, ada.token) for _ in range(20)))

        assert len(sent) == 1, sent
        assert {staff and staff.session_id for staff in found} == {ada.claims.session_id}

    async def test_requests_that_follow_need_none(self, ada: Login, statements: Statements) -> None:
        with statements.recorded() as sent:
            await ada.person.ask(ME)

        assert len(sent) == 1, "the account's own row"

    async def test_each_token_has_its_own(self, people: People, ada: Login) -> None:
        other, _ = await people.account()

        assert (await ada.person.ask(ME))["me"]["email"] == "ada@example.com"
        assert (await other.ask(ME))["me"]["email"] != "ada@example.com"

    async def test_a_caller_that_gives_up_does_not_end_the_look_up_of_others(
        self, services: Services, ada: Login
    ) -> None:
        sessions = checks(services)
        first = asyncio.create_task(sessions.identify(ada.claims, ada.token))
        second = asyncio.create_task(sessions.identify(ada.claims, ada.token))
        await asyncio.sleep(0)

        first.cancel()

        assert await second
        assert sessions.kept(ada.token)

    async def test_a_look_up_that_fails_is_not_kept(self, services: Services, ada: Login) -> None:
        sessions = checks(services)
        await services.database.alter(lambda to: to.execute(text("ALTER TABLE app_sessions RENAME TO away")))
        with pytest.raises(Exception, match="no such table"):
            await sessions.identify(ada.claims, ada.token)
        assert sessions.kept(ada.token) is None

        await services.database.alter(lambda to: to.execute(text("ALTER TABLE away RENAME TO app_sessions")))

        assert await sessions.identify(ada.claims, ada.token)

    async def test_a_session_that_is_over_is_not_kept(self, services: Services, ada: Login) -> None:
        sessions = checks(services)
        await run(services.database, OFF)
        assert await sessions.identify(ada.claims, ada.token) is None

        await run(services.database, update(AppUser).values(is_active=True))

        assert await sessions.identify(ada.claims, ada.token)

    async def test_so_many_are_held_and_no_more(
        self, people: People, services: Services, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(session_checks, "MAX_KEPT", 2)
        sessions = checks(services)
        logins = [(await people.account())[0] for _ in range(4)]

        for person in logins:
            await _identify(sessions, person)

        assert [sessions.kept(str(person.token)) is not None for person in logins] == [False, False, True, True]

    async def test_no_token_is_held(self, services: Services, ada: Login) -> None:
        sessions = checks(services)
        await sessions.identify(ada.claims, ada.token)

        assert list(sessions._kept) == [digest(ada.token)]
        assert ada.token not in repr(sessions._kept)


async def _identify(sessions: SessionChecks, person: Person) -> Staff | None:
    claims = person.services.tokens.read(str(person.token))
    assert isinstance(claims, StaffClaims)
    return await sessions.identify(claims, str(person.token))


class TestTime:
    async def test_what_nobody_told_is_noticed_when_the_look_up_is_old(self, services: Services, ada: Login) -> None:
        sessions = checks(services, checked_every=timedelta(milliseconds=200))
        assert await sessions.identify(ada.claims, ada.token)
        await run(services.database, OFF)

        async def is_out() -> bool:
            return await sessions.identify(ada.claims, ada.token) is None

        await until_seen(is_out, "the account is out")

    def test_it_is_old_after_two_seconds(self) -> None:
        assert timedelta(seconds=2) == session_checks.CHECKED_EVERY

    async def test_a_token_that_expires_is_over_though_its_look_up_is_not_old(
        self, services: Services, ada: Login, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sessions = checks(services)
        soon = services.tokens.for_staff(ada.claims, timedelta(minutes=5))
        await run(services.database, update(AppSession).values(token_hash=digest(soon)))
        claims = services.tokens.read(soon)
        assert isinstance(claims, StaffClaims)
        assert claims.expires_at

        assert await sessions.identify(claims, soon)
        assert sessions.kept(soon)

        monkeypatch.setattr(session_checks, "now", lambda: claims.expires_at)

        assert sessions.kept(soon) is None

    async def test_a_session_that_ends_before_its_token_is_over_though_its_look_up_is_not_old(
        self, services: Services, ada: Login, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sessions, end = checks(services), now() + timedelta(minutes=5)
        await run(services.database, update(AppSession).values(expires_at=end))
        assert await sessions.identify(ada.claims, ada.token)

        await run(services.database, update(AppSession).values(expires_at=now() - timedelta(seconds=1)))
        monkeypatch.setattr(session_checks, "now", lambda: end)

        assert await sessions.identify(ada.claims, ada.token) is None


async def _log_out(_people: People, ada: Login) -> None:
    assert (await ada.person.ask("mutation { logout { ended } }"))["logout"]["ended"]


async def _refresh(people: People, ada: Login) -> None:
    assert (await people.anyone.change(f"refreshSession {SESSION}", refreshToken=ada.refresh_token))["accessToken"]


async def _revoke(people: People, ada: Login) -> None:
    other = await again(people)
    listed = (await other.ask("{ me { sessions { nodes { id isCurrent } } } }"))["me"]["sessions"]["nodes"]
    [key] = [session["id"] for session in listed if not session["isCurrent"]]
    assert parse_id(key)[1] == ada.claims.session_id
    await other.change("revokeSession ... on RevokeSessionPayload { revokedId }", id=key)


async def _revoke_others(people: People, _ada: Login) -> None:
    await (await again(people)).ask("mutation { revokeOtherSessions { endedSessions } }")


async def _change_password(people: People, _ada: Login) -> None:
    changed = "changePassword ... on ChangePasswordPayload { endedSessions }"
    words = {"currentPassword": PASSWORD, "newPassword": "four unrelated words indeed"}
    assert (await (await again(people)).change(changed, **words))["endedSessions"] == 1


async def _set_password(people: People, _ada: Login) -> None:
    await accounts.set_password(await people.anyone.context(), "ada@example.com", "four unrelated words indeed")


async def _log_in_too_often(people: People, _ada: Login) -> None:
    for _ in range(2):
        await again(people)


Ending = Callable[[People, Login], Awaitable[None]]
ENDINGS = [_log_out, _refresh, _revoke, _revoke_others, _change_password, _set_password, _log_in_too_often]


class TestRevocation:
    @pytest.mark.parametrize("end", ENDINGS)
    async def test_what_ends_a_session_ends_its_token_at_once(
        self, people: People, ada: Login, end: Ending, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(accounts, "MAX_SESSIONS", 2)

        await end(people, ada)

        assert await ada.person.refusal(ME) == "UNAUTHENTICATED"

    async def test_a_refresh_token_used_twice_ends_the_token_it_was_exchanged_for(
        self, people: People, ada: Login
    ) -> None:
        renewed = await people.anyone.change(f"refreshSession {SESSION}", refreshToken=ada.refresh_token)
        thief = Person(people.services, renewed["accessToken"])
        await thief.ask(ME)

        await people.anyone.change("refreshSession", refreshToken=ada.refresh_token)

        assert await thief.refusal(ME) == "UNAUTHENTICATED"

    async def test_a_look_up_under_way_when_the_session_ends_is_not_kept(
        self, services: Services, people: People, ada: Login
    ) -> None:
        # Given a look-up that has read the session, and has not come back.
        sessions = checks(services)
        person = replace(ada.person, services=replace(services, sessions=sessions))
        with held_after(services.database, "app_sessions.token_hash = ?") as (reached, go_on):
            looking_up = asyncio.create_task(sessions.identify(ada.claims, ada.token))
            await asyncio.to_thread(reached.wait, HANG_SECONDS)

            # When the session ends meanwhile.
            await sessions.changing(
                ada.claims.user_id,
                services.database,
                lambda unit: unit.execute(text("DELETE FROM app_sessions")),
            )
            go_on.set()

        # Then who asked before is still let in, and nobody after.
        assert await looking_up
        assert await person.refusal(ME) == "UNAUTHENTICATED"

    async def test_who_asks_after_the_end_does_not_share_a_look_up_of_before(
        self, services: Services, ada: Login
    ) -> None:
        sessions = checks(services)
        with held_after(services.database, "app_sessions.token_hash = ?") as (reached, go_on):
            before = asyncio.create_task(sessions.identify(ada.claims, ada.token))
            await asyncio.to_thread(reached.wait, HANG_SECONDS)
            await sessions.changing(
                ada.claims.session_id,
                services.database,
                lambda unit: unit.execute(text("DELETE FROM app_sessions")),
            )

            assert await sessions.identify(ada.claims, ada.token) is None
            go_on.set()

        assert await before

    async def test_a_caller_that_gives_up_does_not_keep_the_end_from_being_told(
        self, services: Services, ada: Login
    ) -> None:
        sessions = checks(services)
        await sessions.identify(ada.claims, ada.token)
        with held_after(services.database, "DELETE FROM app_sessions") as (reached, go_on):
            ending = asyncio.create_task(
                sessions.changing(
                    ada.claims.user_id, services.database, lambda unit: unit.execute(text("DELETE FROM app_sessions"))
                )
            )
            await asyncio.to_thread(reached.wait, HANG_SECONDS)
            ending.cancel()
            go_on.set()

        await until(lambda: sessions.kept(ada.token) is None, "the end is told")


@contextmanager
def held_after(database: Database, part: str) -> Iterator[tuple[threading.Event, threading.Event]]:
    """Hold the first statement that has a part in it, once the database has done it, until the second event is set."""
    reached, go_on = threading.Event(), threading.Event()

    def watch(statement: str) -> Callable[[BaseException | None], None] | None:
        if part not in statement or reached.is_set():
            return None

        def hold(_error: BaseException | None) -> None:
            reached.set()
            go_on.wait(HANG_SECONDS)

        return hold

    stop = database.watch(watch)
    try:
        yield reached, go_on
    finally:
        go_on.set()
        stop()


@asynccontextmanager
async def process(url: str, database: Database) -> AsyncIterator[SessionChecks]:
    """The look-ups of a process of its own, which hears the others by Redis."""
    async with RedisClient(url) as redis, RedisEventBus(redis, SessionsChanged) as events:
        sessions = SessionChecks(database, events, checked_every=timedelta(hours=1))
        sessions.listen()
        await subscribed(events)
        yield sessions
        await sessions.close()


class TestProcesses:
    async def test_an_end_is_heard_by_the_other_processes(self, services: Services, ada: Login, redis_url: str) -> None:
        other = Database(services.database.url.render_as_string())
        async with process(redis_url, services.database) as here, process(redis_url, other) as there:
            assert await there.identify(ada.claims, ada.token)
            person = replace(ada.person, services=replace(services, sessions=here))

            await person.ask("mutation { logout { ended } }")

            await until(lambda: there.kept(ada.token) is None, "the logout is heard")
            assert await there.identify(ada.claims, ada.token) is None
        await other.close()

    async def test_others_sessions_go_on_without_a_look_up(
        self, people: People, services: Services, ada: Login, redis_url: str
    ) -> None:
        eve = await people.admin()
        async with process(redis_url, services.database) as here, process(redis_url, services.database) as there:
            await _identify(there, eve)
            await there.identify(ada.claims, ada.token)
            person = replace(ada.person, services=replace(services, sessions=here))

            await person.ask("mutation { logout { ended } }")

            await until(lambda: there.kept(ada.token) is None, "the logout is heard")
            assert there.kept(str(eve.token))
