"""What people can make grow: each mutation that stores rows has a rate, and each kind of row a bound."""

import asyncio
import re
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from core.rate_limits import RateLimiter, parsed
from data.models import ApiKey, AppSession, Conversation, Model
from monitora.settings.settings import Settings
from resolvers.accounts.accounts import MAX_SESSIONS
from resolvers.conversations import MAX_MESSAGES
from resolvers.rates import ANONYMOUS_PER_ADDRESS, OPERATION_PER_ACCOUNT, RATES
from resolvers.services import Services
from resolvers.workspaces.api_keys import MAX_KEYS, MAX_REVOKED_KEYS
from resolvers.workspaces.workspaces import MAX_MEMBERS
from schema import schema
from schema.relay.node import parse_id
from tests.schema.access.operations import Operation, operations
from tests.schema.access.tenant import TenantFixture, furnished
from tests.support.people import PASSWORD, People, Refused
from tests.support.rows import Given, fetch
from tests.support.waiting import until

STORE_NOTHING = {
    "cancelDocument",
    "cancelWebsite",
    "deleteDocument",
    "deleteWebsite",
    "deleteWorkspace",
    "deleteWorkspaceDatabase",
    "logout",
    "rateMessage",
    "recalculateInsights",
    "resolveMessage",
    "revokeApiKey",
    "revokeOtherSessions",
    "revokeSession",
    "stopAnswer",
    "unshareWorkspace",
    "updateWebsite",
    "updateWorkspace",
    "updateWorkspaceDatabase",
}
"""The mutations without a rate: they change rows, within the bounds of their inputs, or delete them."""


@pytest.fixture
async def tenant(services: Services, settings: Settings) -> TenantFixture:
    """An owner with something of everything, on a server with every rate."""
    counting = RateLimiter({rate.name: item for rate in RATES if (item := parsed(rate.default))})
    limited = replace(services, rate_limiter=counting)
    return await furnished(limited, settings.data_dir / "monitora.db")


async def _counted(tenant: TenantFixture, operation: Operation) -> tuple[set[str], dict[str, int]]:
    """Run a mutation as who may: return the rates it was counted against, and the tables that grew."""
    person = tenant.people["anonymous" if operation.name in ANONYMOUS else "owner"]
    context = await person.context()
    before = {table: len(rows) for table, rows in tenant.stored().items()}
    result = await schema.execute(operation.text, variable_values=operation.variables, context_value=context)
    assert not result.errors or operation.name not in STORE_NOTHING, result.errors
    # An answer or a document that it began is stored in the background.
    await until(lambda: not tenant.services.answers.running, "no answer is under way")
    await tenant.services.jobs.finish()
    after = {table: len(rows) for table, rows in tenant.stored().items()}
    rates = {status.rate.name for status in context.rate_limit_statuses} - OF_EVERY_OPERATION
    return rates, {table: count - before[table] for table, count in after.items() if count > before[table]}


OF_EVERY_OPERATION = {ANONYMOUS_PER_ADDRESS.name, OPERATION_PER_ACCOUNT.name}
ANONYMOUS = {"login", "refreshSession", "register", "startVisit"}


async def test_every_mutation_that_stores_rows_has_a_rate(tenant: TenantFixture) -> None:
    """A new mutation has a rate, or is listed among those that store nothing; those are looked at too."""
    saved, found = tenant.save(), {}
    for operation in operations(tenant, "Mutation"):
        found[operation.row.removeprefix("Mutation.")] = await _counted(tenant, operation)
        await tenant.restore(saved)

    without = {name for name, (rates, _) in found.items() if not rates}
    assert without == STORE_NOTHING, "give the mutation a rate in resolvers/rates.py"
    assert {name: grown for name, (_, grown) in found.items() if name in STORE_NOTHING and grown} == {}
    page = (Path(__file__).parents[2] / "docs" / "limits.md").read_text(encoding="utf-8")
    lines = [line for line in page.split("## What is stored")[1].splitlines() if line.startswith("| `")]
    listed = {name: line for line in lines for name in re.findall(r"`(\w+)`", line.split(" | ")[0])}
    for name, (rates, _) in found.items():
        missing = {rate for rate in rates if f"`{rate}`" not in listed.get(name.split()[0], "")}
        assert not missing, f"docs/limits.md: the line of {name} lacks {missing}"


async def _rows(people: People, model: type[Model]) -> int:
    return await people.services.database.read(lambda unit: unit.scalar(select(func.count()).select_from(model))) or 0


async def test_an_account_has_so_many_workspaces_and_no_more_also_of_many_at_once(services: Services) -> None:
    people = People(replace(services, policy=replace(services.policy, max_workspaces=3)))
    owner = await people.admin()

    made = await asyncio.gather(*(owner.change("createWorkspace", name=f"{number}") for number in range(8)))

    refused = [result for result in made if result["__typename"] == "InvalidInput"]
    assert len(refused) == 5
    assert {result["code"] for result in refused} == {"QUOTA_EXCEEDED"}
    assert refused[0]["message"] == "An account has at most 3 workspaces: delete one first."
    assert (await owner.ask("{ workspaces { totalCount } }"))["workspaces"]["totalCount"] == 3


async def test_a_workspace_has_so_many_keys_and_no_more_also_of_many_at_once(people: People) -> None:
    shop = await people.shop()
    given, workspace_id = Given(people.services.database), parse_id(shop.id)[1]
    for number in range(MAX_KEYS - 2):
        await given.api_key(workspace_id, key_hash=f"hash {number}")

    made = await asyncio.gather(
        *(shop.owner.change("createApiKey", workspaceId=shop.id, name=f"{number}") for number in range(5))
    )

    assert [result.get("code") for result in made].count("QUOTA_EXCEEDED") == 3
    assert await _rows(people, ApiKey) == MAX_KEYS


async def test_of_revoked_keys_the_last_are_kept(people: People) -> None:
    """Else keys that are made and revoked in turn would fill the table."""
    shop = await people.shop()
    given, workspace_id = Given(people.services.database), parse_id(shop.id)[1]
    first = await given.api_key(workspace_id, key_hash="first")
    for number in range(MAX_REVOKED_KEYS - 1):
        await given.api_key(workspace_id, key_hash=f"hash {number}")
    old = update(ApiKey).values(revoked_at=ApiKey.created_at)
    await people.services.database.write(lambda session: session.execute(old))
    payload = "createApiKey ... on CreateApiKeyPayload { apiKey { id } }"
    last = (await shop.owner.change(payload, workspaceId=shop.id, name="last"))["apiKey"]["id"]

    revoked = "revokeApiKey ... on RevokeApiKeyPayload { apiKey { revokedAt } }"
    assert (await shop.owner.change(revoked, id=last))["apiKey"]["revokedAt"]

    kept = {key for (key,) in await fetch(people.services.database, select(ApiKey.id))}
    assert len(kept) == MAX_REVOKED_KEYS
    assert parse_id(last)[1] in kept
    assert first not in kept


async def test_a_workspace_is_shared_with_so_many_and_no_more(people: People) -> None:
    shop = await people.shop()
    given, workspace_id = Given(people.services.database), parse_id(shop.id)[1]
    for number in range(MAX_MEMBERS):
        await given.member(workspace_id, await given.account(f"reader{number}@example.com"))
    await given.account("one.more@example.com")

    refused = await shop.owner.change("shareWorkspace", id=shop.id, email="one.more@example.com")
    again = await shop.owner.change("shareWorkspace", id=shop.id, email="reader7@example.com")

    assert refused["code"] == "QUOTA_EXCEEDED"
    assert again["__typename"] == "UpdateWorkspacePayload", "sharing twice stores nothing"


async def test_one_login_too_many_ends_the_session_used_least_recently(people: People) -> None:
    person, email = await people.account()
    used = [
        (await people.anyone.change("login ... on Session { accessToken }", email=email, password=PASSWORD))
        for _ in range(MAX_SESSIONS - 1)
    ]
    least, *others = [person, *(replace(person, token=session["accessToken"]) for session in used)]

    login = {"email": email, "password": PASSWORD}
    assert (await people.anyone.change("login", **login))["__typename"] == "Session"

    assert await _rows(people, AppSession) == MAX_SESSIONS
    assert await least.refusal("{ me { id } }") == "UNAUTHENTICATED"
    assert (await others[0].ask("{ me { id } }"))["me"]


async def test_a_conversation_that_is_full_takes_no_more_and_another_can_be_begun(people: People) -> None:
    visitor = await (await people.shop()).visitor()
    events = await visitor.chat("When does it open?")
    conversation, message = events[0]["conversation"]["id"], events[0]["message"]["id"]
    full = update(Conversation).values(message_count=MAX_MESSAGES)
    await people.services.database.write(lambda session: session.execute(full))

    with pytest.raises(Refused) as refused:
        await visitor.chat("And on Sunday?", conversationId=conversation)
    regenerated = await visitor.change("regenerateAnswer", messageId=message)

    assert refused.value.args[0][0].extensions["code"] == "CONVERSATION_FULL"
    assert regenerated["code"] == "CONVERSATION_FULL"
    assert (await visitor.chat("And on Sunday?"))[-1]["__typename"] == "AnswerFinished"


@pytest.mark.parametrize("rate", ["conversation_per_visitor", "message_per_address_daily"])
async def test_a_visitor_begins_no_more_conversations_than_the_rate_allows(
    people: People, services: Services, rate: str
) -> None:
    visitor = await (await people.shop()).visitor()
    limit = parsed("1/day")
    assert limit is not None
    counting = RateLimiter({rate: limit})
    limited = replace(visitor, services=replace(services, rate_limiter=counting))
    begun = await limited.chat("When does it open?")

    with pytest.raises(Refused, match="Too many"):
        await limited.chat("And on Sunday?")

    if rate == "conversation_per_visitor":
        conversation = begun[0]["conversation"]["id"]
        events = await limited.chat("And on Monday?", conversationId=conversation)
        assert events[-1]["__typename"] == "AnswerFinished", "a conversation goes on"


async def test_a_visit_stores_no_row(people: People) -> None:
    shop = await people.shop()
    key = await shop.key()
    counts = {mapper.class_: await _rows(people, mapper.class_) for mapper in Model.registry.mappers}

    for _ in range(5):
        await people.anyone.change("startVisit ... on Visit { token }", apiKey=key)

    assert {model: await _rows(people, model) for model in counts} == counts
