"""The sessions of an account: seen, and ended from another."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from core.clock import now
from data.models import AppSession
from schema import schema
from schema.relay.node import parse_id
from tests.schema.test_clock_set_back import AHEAD, an_hour_ahead
from tests.support.logins import ME, SESSION, register
from tests.support.people import PASSWORD, People, Person

SESSIONS = """{ me { sessions { totalCount nodes {
    id createdAt lastActivityAt expiresAt ipAddress userAgent isCurrent } } } }"""


async def _two_sessions(people: People) -> tuple[Person, Person]:
    first = await register(people)
    second = await people.anyone.change(f"login {SESSION}", email="ada@example.com", password=PASSWORD)
    return Person(people.services, first["accessToken"]), Person(people.services, second["accessToken"])


async def test_sessions_are_listed_newest_first(people: People) -> None:
    here, there = await _two_sessions(people)
    await register(people, "eve@example.com")

    listed = (await here.ask(SESSIONS))["me"]["sessions"]

    assert listed["totalCount"] == 2
    assert [session["isCurrent"] for session in listed["nodes"]] == [False, True]
    assert {(session["ipAddress"], session["userAgent"]) for session in listed["nodes"]} == {("127.0.0.1", "tests")}
    assert all(session["lastActivityAt"] and session["expiresAt"] for session in listed["nodes"])
    assert [session["isCurrent"] for session in (await there.ask(SESSIONS))["me"]["sessions"]["nodes"]] == [True, False]


async def test_a_session_past_its_end_is_not_listed(people: People) -> None:
    here, there = await _two_sessions(people)
    other = (await there.ask(SESSIONS))["me"]["sessions"]["nodes"][0]["id"]
    past = update(AppSession).where(AppSession.id == parse_id(other)[1]).values(expires_at=now() - timedelta(seconds=1))
    await people.services.database.write(lambda unit: unit.execute(past))

    assert (await here.ask(SESSIONS))["me"]["sessions"]["totalCount"] == 1


async def test_a_session_that_ends_is_not_listed_by_a_query_that_was_asked_before(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = await _two_sessions(people)
    other = (await there.ask(SESSIONS))["me"]["sessions"]["nodes"][0]["id"]
    soon = update(AppSession).where(AppSession.id == parse_id(other)[1]).values(expires_at=now() + AHEAD / 2)
    await people.services.database.write(lambda unit: unit.execute(soon))
    assert (await here.ask(SESSIONS))["me"]["sessions"]["totalCount"] == 2

    later = await here.context()
    with an_hour_ahead(monkeypatch):
        answer = await schema.execute(SESSIONS, context_value=later)

    assert answer.data
    listed = answer.data["me"]["sessions"]
    assert listed["totalCount"] == 1
    assert [session["isCurrent"] for session in listed["nodes"]] == [True]


async def test_a_session_is_ended_from_another(people: People) -> None:
    here, there = await _two_sessions(people)
    other = (await there.ask(SESSIONS))["me"]["sessions"]["nodes"][0]["id"]

    ended = await here.change("revokeSession ... on RevokeSessionPayload { revokedId }", id=other)

    assert ended["revokedId"] == other
    assert await there.refusal(ME) == "UNAUTHENTICATED"
    assert (await here.ask(ME))["me"]
    assert await here.ask("query ($id: ID!) { node(id: $id) { id } }", id=other) == {"node": None}


async def test_all_others_are_ended_at_once(people: People) -> None:
    here, there = await _two_sessions(people)
    other = await people.admin()

    ended = await here.ask("mutation { revokeOtherSessions { endedSessions } }")

    assert ended == {"revokeOtherSessions": {"endedSessions": 1}}
    assert await there.refusal(ME) == "UNAUTHENTICATED"
    assert (await here.ask(ME))["me"]
    assert (await other.ask(ME))["me"], "another account's go on"


async def test_another_s_session_does_not_exist(people: People) -> None:
    here, _ = await _two_sessions(people)
    mine = (await here.ask(SESSIONS))["me"]["sessions"]["nodes"][0]["id"]
    eve = Person(people.services, (await register(people, "eve@example.com"))["accessToken"])

    operation = "mutation ($id: ID!) { revokeSession(input: {id: $id}) { __typename } }"

    assert await eve.refusal(operation, id=mine) == "NOT_FOUND"
    assert await eve.ask("query ($id: ID!) { node(id: $id) { id } }", id=mine) == {"node": None}
    assert await people.anyone.refusal(operation, id=mine) == "UNAUTHENTICATED"
    assert await people.anyone.refusal("mutation { revokeOtherSessions { endedSessions } }") == "UNAUTHENTICATED"
