"""Operations that come too often are refused, with the moment from which they may be tried again."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from core.rate_limits import RateLimiter, parsed
from core.redis import RedisClient
from resolvers.rates import RATES
from resolvers.services import Services
from tests.support.people import CHAT, GARDEN, PASSWORD, People, Person, Refused
from tests.support.statements import Statements

Limited = Callable[..., People]


@pytest.fixture
def limited(services: Services) -> Limited:
    """Makes people of the same server with rates, given by name."""

    def limit(**rates: str) -> People:
        limits = {name: item for name, text in rates.items() if (item := parsed(text))}
        return People(replace(services, rate_limiter=RateLimiter(limits)))

    return limit


def _with_rates_of(people: People, person: Person) -> Person:
    return replace(person, services=people.services)


async def _extensions(person: Person, query: str, **variables: Any) -> dict[str, Any]:
    result = await person.execute(query, **variables)
    assert result.errors, f"not refused: {result.data}"
    return dict(result.errors[0].extensions or {})


LOGIN = "mutation ($input: LoginInput!) { login(input: $input) { __typename } }"
REGISTER = "mutation ($input: RegisterInput!) { register(input: $input) { __typename } }"
CHANGE = "mutation ($input: ChangePasswordInput!) { changePassword(input: $input) { __typename } }"
REFRESH = "mutation ($input: RefreshSessionInput!) { refreshSession(input: $input) { __typename } }"
VISIT = "mutation ($input: StartVisitInput!) { startVisit(input: $input) { __typename } }"
SEND = "mutation ($input: SendMessageInput!) { sendMessage(input: $input) { __typename } }"
REGENERATE = "mutation ($input: RegenerateAnswerInput!) { regenerateAnswer(input: $input) { __typename } }"
ACCOUNT = {"email": "ada@example.com", "password": PASSWORD}


@pytest.mark.parametrize(
    ("rate", "query", "input"),
    [
        ("login_per_address", LOGIN, ACCOUNT),
        ("login_per_account", LOGIN, ACCOUNT),
        ("register_per_address", REGISTER, {"email": "ada", "password": PASSWORD}),
        ("refresh_per_address", REFRESH, {"refreshToken": "0" * 32 + ".secret"}),
        ("visit_per_address", VISIT, {"apiKey": "mk_none"}),
        ("visit_per_key", VISIT, {"apiKey": "mk_none"}),
        ("anonymous_per_address", LOGIN, ACCOUNT),
    ],
)
async def test_somebody_without_a_token_is_refused_after_the_rate_and_told_until_when(
    limited: Limited, statements: Statements, rate: str, query: str, input: dict[str, str]
) -> None:
    anyone = replace(limited(**{rate: "2/minute"}).anyone, origin="https://shop.example")
    for _ in range(2):
        assert not (await anyone.execute(query, input=input)).errors

    with statements.recorded() as sent:
        refused = await _extensions(anyone, query, input=input)

    assert refused["code"] == "RATE_LIMITED"
    assert 0 < refused["retryAfterSeconds"] <= 60
    wait = datetime.fromisoformat(refused["retryAt"]) - datetime.now(UTC)
    assert 0 < wait.total_seconds() <= 60
    assert refused["requestId"]
    assert sent == [], "what is refused costs the database nothing"


async def test_one_account_s_tries_are_not_another_s(limited: Limited) -> None:
    anyone = limited(login_per_account="1/minute").anyone
    await anyone.execute(LOGIN, input=ACCOUNT)

    assert await anyone.refusal(LOGIN, input={**ACCOUNT, "email": "ADA@example.com "}) == "RATE_LIMITED"
    assert not (await anyone.execute(LOGIN, input={**ACCOUNT, "email": "eve@example.com"})).errors


async def test_callers_without_an_address_do_not_share_their_tries(limited: Limited) -> None:
    nobody_knows_whence = replace(limited(login_per_account="1/minute").anyone, address=None)
    await nobody_knows_whence.execute(LOGIN, input=ACCOUNT)

    assert not (await nobody_knows_whence.execute(LOGIN, input=ACCOUNT)).errors


async def test_passwords_are_changed_no_more_often_from_one_address_than_logins(
    limited: Limited, people: People
) -> None:
    """Whichever account: to weigh a new password takes the server longer than to try one."""
    few = limited(login_per_address="1/minute")
    one, other = [_with_rates_of(few, await people.admin()) for _ in range(2)]
    passwords = {"currentPassword": "wrong password", "newPassword": "four unrelated words indeed"}
    await one.execute(CHANGE, input=passwords)

    assert await other.refusal(CHANGE, input=passwords) == "RATE_LIMITED"


async def test_a_token_is_not_counted_among_those_without(limited: Limited, people: People) -> None:
    owner = await people.admin()
    few = limited(anonymous_per_address="1/minute")
    await few.anyone.ask("{ __typename }")
    assert await few.anyone.refusal("{ __typename }") == "RATE_LIMITED"

    assert await _with_rates_of(few, owner).ask("{ me { id } }")


async def test_every_operation_with_a_token_is_counted_by_its_account_or_its_visitor(
    limited: Limited, people: People
) -> None:
    shop = await people.shop()
    few = limited(operation_per_account="2/minute", operation_per_visitor="2/minute")
    other = _with_rates_of(few, await shop.visitor())
    for person in (_with_rates_of(few, shop.owner), _with_rates_of(few, await shop.visitor())):
        await person.ask("{ __typename }")
        assert await person.refusal("{") == "BAD_USER_INPUT", "what cannot be read is counted too"

        refused = await _extensions(person, "{ __typename }")

        assert refused["code"] == "RATE_LIMITED"
        assert 0 < refused["retryAfterSeconds"] <= 60
    assert await other.ask("{ __typename }"), "others have their own"


async def test_many_visits_from_one_address_are_counted_together(limited: Limited, people: People) -> None:
    shop = await people.shop()
    few = limited(visitor_operation_per_address="2/minute")
    visitors = [_with_rates_of(few, await shop.visitor()) for _ in range(3)]
    await visitors[0].ask("{ __typename }")
    await visitors[1].ask("{ __typename }")

    assert await visitors[2].refusal("{ __typename }") == "RATE_LIMITED"
    assert await replace(visitors[2], address="192.0.2.7").ask("{ __typename }")


async def test_operations_are_not_counted_in_redis(redis_url: str, limited: Limited, people: People) -> None:
    """The way to Redis and back would be longer than a small operation."""
    owner = await people.admin()
    async with RedisClient(redis_url) as redis:
        limiter = RateLimiter({"operation_per_account": parsed("1/minute")}, redis)  # type: ignore[dict-item]
        first, second = (
            replace(owner, services=replace(people.services, rate_limiter=one))
            for one in (limiter, limited(operation_per_account="1/minute").services.rate_limiter)
        )
        of_others = set(await redis.commands.keys("monitora:rates*"))
        await first.ask("{ __typename }")
        keys = set(await redis.commands.keys("monitora:rates*"))

    assert not keys - of_others
    assert await second.ask("{ __typename }"), "another process has not counted it"


async def test_an_operation_is_counted_before_it_is_read(limited: Limited) -> None:
    anyone = limited(anonymous_per_address="1/minute").anyone
    assert await anyone.refusal("{") == "BAD_USER_INPUT"

    assert await anyone.refusal("{") == "RATE_LIMITED"


@pytest.mark.parametrize("rate", ["message_per_visitor", "message_per_address"])
async def test_a_visitor_s_messages_are_refused_whichever_way_they_come(
    limited: Limited, people: People, rate: str
) -> None:
    visitor = _with_rates_of(limited(**{rate: "1/minute"}), await (await people.shop()).visitor())
    events = await visitor.chat("When does it open?")
    message = events[0]["message"]["id"]

    said = {"content": "And on Sunday?", "clientMessageId": str(uuid4())}
    assert (await _extensions(visitor, SEND, input=said))["retryAt"]
    assert (await _extensions(visitor, REGENERATE, input={"messageId": message}))["code"] == "RATE_LIMITED"
    with pytest.raises(Refused) as refused:
        [event async for event in visitor.stream(CHAT, input=said)]

    (error,) = refused.value.args[0]
    assert error.extensions["code"] == "RATE_LIMITED"
    assert error.extensions["retryAt"]


async def test_visitors_have_each_their_own_rate(limited: Limited, people: People) -> None:
    shop = await people.shop()
    few = limited(message_per_visitor="1/minute")
    first = _with_rates_of(few, await shop.visitor())
    second = _with_rates_of(few, await shop.visitor())
    await first.chat("When does it open?")

    assert (await second.chat("When does it open?"))[-1]["__typename"] == "AnswerFinished"


async def test_staff_s_messages_and_uploads_are_counted_by_account(limited: Limited, people: People) -> None:
    shop = await people.shop()
    few = limited(message_per_account="1/minute", upload_per_account="1/minute")
    owner = _with_rates_of(few, shop.owner)
    await owner.chat("When does it open?", workspaceId=shop.id)
    said = {"content": "And on Sunday?", "clientMessageId": str(uuid4()), "workspaceId": shop.id}
    assert await owner.refusal(SEND, input=said) == "RATE_LIMITED"

    of_few = replace(shop, owner=owner)
    assert (await of_few.upload(GARDEN, "garden.md"))["__typename"] == "UploadDocumentPayload"
    with pytest.raises(Refused, match="Too many uploads"):
        await of_few.upload(GARDEN, "garden.md")


async def test_shares_and_external_databases_are_counted_by_account(limited: Limited, people: People) -> None:
    shop = await people.shop()
    few = limited(share_per_account="1/minute", database_per_account="1/minute")
    owner = _with_rates_of(few, shop.owner)
    guess = {"id": shop.id, "email": "somebody@example.com"}
    assert (await owner.change("shareWorkspace", **guess))["code"] == "BAD_USER_INPUT"
    with pytest.raises(Refused, match="Too many workspaces shared"):
        await owner.change("shareWorkspace", **guess)

    # A host that may not be connected to has been looked up all the same.
    inside = {"name": "erp", "dbType": "MYSQL", "host": "127.0.0.1", "database": "erp", "username": "reader"}
    assert (await owner.change("createWorkspaceDatabase", workspaceId=shop.id, **inside))["code"] == "HOST_NOT_ALLOWED"
    with pytest.raises(Refused, match="Too many external databases"):
        await owner.change("createWorkspaceDatabase", workspaceId=shop.id, **inside)


async def test_counting_adds_no_statement(limited: Limited, people: People, statements: Statements) -> None:
    visitor = await (await people.shop()).visitor()
    counted = _with_rates_of(limited(**{rate.name: rate.default for rate in RATES}), visitor)
    await visitor.chat("When does it open?")

    with statements.recorded() as without:
        await visitor.chat("When does it open?")
    with statements.recorded() as with_rates:
        await counted.chat("When does it open?")

    # An answer's own statements go out beside its reader's: their order is not told.
    assert sorted(with_rates) == sorted(without)


async def test_the_pieces_of_an_answer_are_not_counted(limited: Limited, people: People) -> None:
    shop = await people.shop()
    await shop.learn()
    visitor = _with_rates_of(limited(**{rate.name: "1/minute" for rate in RATES}), await shop.visitor())

    events = await visitor.chat("When does the garden centre open?")

    assert events[-1]["__typename"] == "AnswerFinished"
    assert len(events) > 2
