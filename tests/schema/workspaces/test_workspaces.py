"""Workspaces, keys and visits."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from core.clock import now, today
from core.security.keys import digest
from data.models import AnalyticsDaily, ApiKey, Document, InsightsCache, Role, Workspace, WorkspaceMember
from schema.relay.node import parse_id
from tests.support.files import content_of
from tests.support.people import People, Person
from tests.support.statements import Statements

CREATED = "createWorkspace ... on CreateWorkspacePayload { workspace { id name allowedDomains } }"
VISIT = "startVisit ... on Visit { token visitorId expiresAt widget { title welcome suggestedQuestions position } }"


async def test_a_new_workspace_has_its_defaults_its_day_and_its_empty_insights(people: People) -> None:
    shop = await people.shop()

    fields = "name model temperature maxTokens isActive insights { totalMessages } analytics { date totalMessages }"
    workspace = (await shop.owner.ask(f"query ($id: ID!) {{ workspace(id: $id) {{ {fields} }} }}", id=shop.id))[
        "workspace"
    ]

    assert workspace == {
        "name": "Garden",
        "model": "mistral-small",
        "temperature": 0.7,
        "maxTokens": 900,
        "isActive": True,
        "insights": {"totalMessages": 0},
        "analytics": [{"date": today().isoformat(), "totalMessages": 0}],
    }
    days, insights = (select(func.count()).select_from(model) for model in (AnalyticsDaily, InsightsCache))
    assert await people.services.database.read(lambda unit: unit.scalar(days)) == 1
    assert await people.services.database.read(lambda unit: unit.scalar(insights)) == 1


@pytest.mark.parametrize(
    ("bad", "path"),
    [
        ({"name": " "}, ["name"]),
        ({"name": "x" * 256}, ["name"]),
        ({"temperature": 2.0}, ["temperature"]),
        ({"temperature": -0.1}, ["temperature"]),
        ({"maxTokens": 0}, ["maxTokens"]),
        ({"maxTokens": 4001}, ["maxTokens"]),
        ({"systemPrompt": "x" * 10_001}, ["systemPrompt"]),
        ({"allowedDomains": ["not a domain"]}, ["allowedDomains"]),
        ({"allowedDomains": ["example.com"] * 51}, ["allowedDomains"]),
        ({"widget": {"accentColor": "red"}}, ["widget", "accentColor"]),
        ({"widget": {"suggestedQuestions": ["?"] * 7}}, ["widget", "suggestedQuestions"]),
    ],
)
async def test_a_value_out_of_its_bounds_is_refused_and_nothing_is_stored(
    people: People, bad: dict[str, Any], path: list[str]
) -> None:
    admin = await people.admin()

    refused = await admin.change(CREATED, **{"name": "Garden", **bad})

    assert (refused["code"], refused["path"]) == ("BAD_USER_INPUT", path)
    assert await people.services.database.read(lambda unit: unit.scalar(select(Workspace))) is None


async def test_domains_are_kept_in_one_form(people: People) -> None:
    admin = await people.admin()

    made = await admin.change(
        CREATED,
        name="Garden",
        allowedDomains=["https://Example.com/", "*.Example.org", "bücher.de", "http://localhost:5173/"],
    )

    kept = ["example.com", "*.example.org", "xn--bcher-kva.de", "http://localhost:5173"]
    assert made["workspace"]["allowedDomains"] == kept


async def test_an_update_changes_what_it_names_and_null_clears(people: People) -> None:
    shop = await people.shop(description="Plants", systemPrompt="Be kind.")
    updated = "updateWorkspace ... on UpdateWorkspacePayload { workspace { name description systemPrompt } }"

    changed = await shop.owner.change(updated, id=shop.id, name="Orchard", description=None)

    assert changed["workspace"] == {"name": "Orchard", "description": None, "systemPrompt": "Be kind."}


LOOK = """updateWorkspace ... on UpdateWorkspacePayload { workspace { name widget {
    title welcome suggestedQuestions accentColor position avatarUrl locale } } }"""
FULL_LOOK = {
    "title": "Garden help",
    "welcome": "Hello!",
    "suggestedQuestions": ["When do you open?"],
    "accentColor": "#112233",
    "position": "bottom-left",
    "avatarUrl": "https://example.com/a.png",
    "locale": "fr",
}


async def test_a_change_of_the_colour_leaves_the_widget_s_other_settings(people: People) -> None:
    shop = await people.shop(widget=FULL_LOOK)

    changed = await shop.owner.change(LOOK, id=shop.id, widget={"accentColor": "#445566"})

    assert changed["workspace"]["widget"] == {**FULL_LOOK, "accentColor": "#445566"}
    assert (await shop.owner.change(LOOK, id=shop.id, widget={}))["workspace"] == changed["workspace"]


@pytest.mark.parametrize(
    ("name", "default"),
    [
        ("title", "Garden"),
        ("welcome", None),
        ("suggestedQuestions", []),
        ("accentColor", None),
        ("position", "bottom-right"),
        ("avatarUrl", None),
        ("locale", None),
    ],
)
async def test_null_gives_a_setting_of_the_widget_its_default(people: People, name: str, default: Any) -> None:
    shop = await people.shop(widget=FULL_LOOK)

    changed = await shop.owner.change(LOOK, id=shop.id, widget={name: None})

    assert changed["workspace"]["widget"] == {**FULL_LOOK, name: default}


async def test_null_for_the_widget_resets_all_of_it(people: People) -> None:
    shop, plain = await people.shop(widget=FULL_LOOK), await people.shop(widget=dict.fromkeys(FULL_LOOK))
    defaults = (await plain.owner.change(LOOK, id=plain.id))["workspace"]

    changed = await shop.owner.change(LOOK, id=shop.id, widget=None)

    assert changed["workspace"] == defaults
    assert defaults["widget"]["title"] == "Garden"


async def test_a_setting_out_of_its_bounds_is_refused_and_the_others_stay(people: People) -> None:
    shop = await people.shop(widget=FULL_LOOK)

    refused = await shop.owner.change(LOOK, id=shop.id, widget={"welcome": "Hi!", "position": "middle"})

    assert (refused["code"], refused["path"]) == ("BAD_USER_INPUT", ["widget", "position"])
    unchanged = await shop.owner.change(LOOK, id=shop.id)
    assert unchanged["workspace"]["widget"] == FULL_LOOK


async def test_changes_of_different_settings_at_the_same_time_all_stay(people: People) -> None:
    shop = await people.shop()

    await asyncio.gather(
        *(shop.owner.change(LOOK, id=shop.id, widget={name: value}) for name, value in FULL_LOOK.items())
    )

    stored = (await shop.owner.change(LOOK, id=shop.id))["workspace"]["widget"]
    assert stored == FULL_LOOK


async def test_deleting_a_workspace_erases_what_it_held_and_its_files(people: People) -> None:
    shop = await people.shop()
    await shop.learn()
    await (await shop.visitor()).chat("When does the garden centre open?")
    path = await people.services.database.read(lambda unit: unit.scalar(select(Document.file_path)))
    assert path is not None

    await shop.owner.change("deleteWorkspace ... on DeleteWorkspacePayload { deletedId }", id=shop.id)

    assert await shop.owner.refusal("query ($id: ID!) { workspace(id: $id) { id } }", id=shop.id) == "NOT_FOUND"
    assert await people.services.database.read(lambda unit: unit.scalar(select(Document.id))) is None
    with pytest.raises(LookupError):
        await content_of(people.services.storage, path)


async def test_a_reader_reads_what_was_shared_and_changes_nothing(people: People) -> None:
    shop = await people.shop()
    reader, email = await people.account(Role.LECTEUR)
    named = "query ($id: ID!) { workspace(id: $id) { name } }"
    assert await reader.refusal(named, id=shop.id) == "NOT_FOUND"

    await shop.owner.change(
        "shareWorkspace ... on UpdateWorkspacePayload { workspace { id } }", id=shop.id, email=email
    )

    assert (await reader.ask(named, id=shop.id))["workspace"] == {"name": "Garden"}
    rename = 'mutation ($id: ID!) { updateWorkspace(input: {id: $id, name: "Mine"}) { __typename } }'
    assert await reader.refusal(rename, id=shop.id) == "FORBIDDEN"
    assert await reader.refusal('mutation { createWorkspace(input: {name: "Mine"}) { __typename } }') == "FORBIDDEN"
    await shop.owner.change(
        "unshareWorkspace ... on UpdateWorkspacePayload { workspace { id } }", id=shop.id, email=email
    )
    assert await reader.refusal(named, id=shop.id) == "NOT_FOUND"


MEMBERS = """query ($id: ID!, $first: Int, $after: String) { workspace(id: $id) {
    members(first: $first, after: $after) {
        totalCount nodes { email fullName role createdAt } pageInfo { hasNextPage endCursor } } } }"""
SHARE = "shareWorkspace ... on UpdateWorkspacePayload { workspace { members { nodes { email } } } }"
UNSHARE = SHARE.replace("share", "unshare", 1)


async def test_the_owner_reads_whom_a_workspace_is_shared_with(people: People) -> None:
    shop, other = await people.shop(), await people.shop()
    (_, reader), (_, admin) = await people.account(Role.LECTEUR), await people.account()

    await shop.owner.change(SHARE, id=shop.id, email=reader)
    await shop.owner.change(SHARE, id=shop.id, email=admin)
    await other.owner.change(SHARE, id=other.id, email=reader)

    members = (await shop.owner.ask(MEMBERS, id=shop.id))["workspace"]["members"]
    assert members["totalCount"] == 2
    shown = [(member["email"], member["fullName"], member["role"]) for member in members["nodes"]]
    assert shown == [(admin, None, "ADMIN"), (reader, None, "LECTEUR")], "the newest first"
    assert all(member["createdAt"] for member in members["nodes"])
    left = await shop.owner.change(UNSHARE, id=shop.id, email=members["nodes"][0]["email"])
    assert left["workspace"]["members"]["nodes"] == [{"email": reader}]


async def test_who_only_reads_a_workspace_does_not_learn_of_the_others(people: People) -> None:
    shop = await people.shop()
    readers = [await people.account(role) for role in Role]
    for _, email in readers:
        await shop.owner.change(SHARE, id=shop.id, email=email)

    for reader, _ in readers:
        assert (await reader.ask(MEMBERS, id=shop.id))["workspace"] == {"members": None}


async def test_members_added_at_the_same_moment_are_each_on_one_page(people: People) -> None:
    shop = await people.shop()
    emails = [(await people.account(Role.LECTEUR))[1] for _ in range(5)]
    for email in emails:
        await shop.owner.change(SHARE, id=shop.id, email=email)
    at_once = update(WorkspaceMember).values(created_at=now())
    await people.services.database.write(lambda unit: unit.execute(at_once))

    seen: list[str] = []
    after, more = None, True
    while more:
        page = (await shop.owner.ask(MEMBERS, id=shop.id, first=2, after=after))["workspace"]["members"]
        seen += [member["email"] for member in page["nodes"]]
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]

    assert sorted(seen) == sorted(emails)


async def test_a_key_is_shown_once_and_kept_as_a_hash(people: People) -> None:
    shop = await people.shop()

    secret = await shop.key()

    stored = await people.services.database.read(lambda unit: unit.scalar(select(ApiKey)))
    assert stored is not None
    assert stored.key_hash == digest(secret)
    assert secret.startswith(stored.key_prefix)
    assert len(stored.key_prefix) < len(secret) / 2


async def test_a_key_opens_a_visit_and_notes_its_use(people: People) -> None:
    shop = await people.shop(widget={"welcome": "Hello!", "suggestedQuestions": ["When do you open?"]})

    visit = await people.anyone.change(VISIT, apiKey=await shop.key())

    assert visit["widget"] == {
        "title": "Garden",
        "welcome": "Hello!",
        "suggestedQuestions": ["When do you open?"],
        "position": "bottom-right",
    }
    keys = "query ($id: ID!) { workspace(id: $id) { apiKeys { nodes { lastUsedAt } } } }"
    assert (await shop.owner.ask(keys, id=shop.id))["workspace"]["apiKeys"]["nodes"][0]["lastUsedAt"]


async def test_a_returning_visitor_is_recognised_and_a_stranger_is_not(people: People) -> None:
    shop, other = await people.shop(), await people.shop()
    key = await shop.key()
    first = await people.anyone.change(VISIT, apiKey=key)

    again = await people.anyone.change(VISIT, apiKey=key, visitorToken=first["token"])
    elsewhere = await people.anyone.change(VISIT, apiKey=await other.key(), visitorToken=first["token"])
    forged = await people.anyone.change(VISIT, apiKey=key, visitorToken=first["token"] + "x")

    assert again["visitorId"] == first["visitorId"]
    assert first["visitorId"] not in {elsewhere["visitorId"], forged["visitorId"]}


async def test_an_unknown_a_revoked_and_an_expired_key_open_nothing(people: People) -> None:
    shop = await people.shop()
    expiring = await shop.key(expiresAt=(now() + timedelta(days=1)).isoformat())
    revoked = await shop.key()
    keys = "query ($id: ID!) { workspace(id: $id) { apiKeys(first: 1) { nodes { id } } } }"
    newest = (await shop.owner.ask(keys, id=shop.id))["workspace"]["apiKeys"]["nodes"][0]["id"]
    await shop.owner.change("revokeApiKey ... on RevokeApiKeyPayload { apiKey { revokedAt } }", id=newest)

    async def expire(unit: Any) -> None:
        key = await unit.scalar(select(ApiKey).where(ApiKey.key_hash == digest(expiring)))
        key.expires_at = now() - timedelta(seconds=1)

    await people.services.database.write(expire)

    assert (await people.anyone.change("startVisit", apiKey="mk_unknown"))["code"] == "API_KEY_INVALID"
    assert (await people.anyone.change("startVisit", apiKey=revoked))["code"] == "API_KEY_INVALID"
    assert (await people.anyone.change("startVisit", apiKey=expiring))["code"] == "API_KEY_EXPIRED"


@pytest.mark.parametrize(
    ("origin", "code"),
    [
        ("https://example.com", None),
        ("http://testserver", None),
        ("http://example.com", "ORIGIN_NOT_ALLOWED"),
        ("https://example.com:8443", "ORIGIN_NOT_ALLOWED"),
        ("https://evil.net", "ORIGIN_NOT_ALLOWED"),
        ("null", "ORIGIN_NOT_ALLOWED"),
        ("", "ORIGIN_NOT_ALLOWED"),
        (None, "ORIGIN_MISSING"),
    ],
)
async def test_a_visit_begins_on_a_page_of_a_listed_site_or_of_the_server_s_own(
    people: People, origin: str | None, code: str | None
) -> None:
    shop = await people.shop(allowedDomains=["example.com"])

    visit = await Person(people.services, origin=origin).change(VISIT, apiKey=await shop.key())

    assert visit.get("code") == code


async def test_a_workspace_that_lists_no_site_is_shown_by_the_server_alone(people: People) -> None:
    key = await (await people.shop()).key()

    assert (await people.anyone.change(VISIT, apiKey=key))["__typename"] == "Visit"
    elsewhere = await Person(people.services, origin="https://example.com").change(VISIT, apiKey=key)
    assert elsewhere["code"] == "ORIGIN_NOT_ALLOWED"


@pytest.mark.parametrize(
    ("origin", "entry"),
    [("https://example.com", "example.com"), ("http://localhost:5173", "http://localhost:5173")],
)
async def test_a_site_that_is_refused_is_told_the_entry_that_allows_it(people: People, origin: str, entry: str) -> None:
    shop = await people.shop()
    key = await shop.key()
    page = Person(people.services, origin=origin)

    refused = await page.change(VISIT, apiKey=key)

    told = f"The site {origin} may not show this assistant: add {entry} to the workspace's allowed domains."
    assert refused["message"] == told
    listed = "updateWorkspace ... on UpdateWorkspacePayload { workspace { id } }"
    await shop.owner.change(listed, id=shop.id, allowedDomains=[entry])
    assert (await page.change(VISIT, apiKey=key))["__typename"] == "Visit"


async def test_a_rush_of_visits_notes_the_use_of_the_key_once(people: People, statements: Statements) -> None:
    shop = await people.shop()
    key = await shop.key()

    with statements.recorded() as sent:
        await asyncio.gather(*(people.anyone.change(VISIT, apiKey=key) for _ in range(5)))
        first = await people.services.database.read(lambda unit: unit.scalar(select(ApiKey.last_used_at)))
        del sent[:]
        await asyncio.gather(*(people.anyone.change(VISIT, apiKey=key) for _ in range(5)))
        assert {text.split()[0] for text in sent} == {"SELECT"}

    long_ago = update(ApiKey).values(last_used_at=now() - timedelta(minutes=2))
    await people.services.database.write(lambda unit: unit.execute(long_ago))
    await people.anyone.change(VISIT, apiKey=key)
    last = await people.services.database.read(lambda unit: unit.scalar(select(ApiKey.last_used_at)))
    assert first is not None
    assert last is not None
    assert last > first


async def test_a_refused_visit_is_no_use_of_the_key(people: People) -> None:
    shop = await people.shop()
    key = await shop.key()
    used = "query ($id: ID!) { workspace(id: $id) { apiKeys { nodes { lastUsedAt } } } }"

    await Person(people.services, origin="https://example.com").change(VISIT, apiKey=key)
    assert (await shop.owner.ask(used, id=shop.id))["workspace"]["apiKeys"]["nodes"] == [{"lastUsedAt": None}]

    await people.anyone.change(VISIT, apiKey=key)
    assert (await shop.owner.ask(used, id=shop.id))["workspace"]["apiKeys"]["nodes"][0]["lastUsedAt"]


async def test_a_visitor_s_token_is_good_on_the_site_it_was_given_to_and_nowhere_else(people: People) -> None:
    shop = await people.shop(allowedDomains=["example.com", "www.example.com"])
    key = await shop.key()
    visit = await Person(people.services, origin="https://example.com").change(VISIT, apiKey=key)
    anything = (
        'mutation { sendMessage(input: {content: "?", clientMessageId: "0a4d55a8-d778-48e5-9acb-9ba07e5b0c4e"}) '
        "{ __typename } }"
    )

    for origin in ("https://evil.net", "https://www.example.com", "http://example.com", "http://testserver"):
        elsewhere = Person(people.services, visit["token"], origin=origin)
        assert await elsewhere.refusal(anything) == "UNAUTHENTICATED"
        renewed = await elsewhere.change(VISIT, apiKey=key, visitorToken=visit["token"])
        assert renewed.get("visitorId") != visit["visitorId"]

    assert (await Person(people.services, visit["token"], origin=None).ask(anything))["sendMessage"]
    at_home = Person(people.services, visit["token"], origin="https://EXAMPLE.com:443")
    assert (await at_home.ask(anything))["sendMessage"]["__typename"] == "SendMessagePayload"
    assert (await at_home.change(VISIT, apiKey=key, visitorToken=visit["token"]))["visitorId"] == visit["visitorId"]


async def test_an_assistant_switched_off_starts_no_visit(people: People) -> None:
    shop = await people.shop()
    key = await shop.key()
    await shop.owner.change(
        "updateWorkspace ... on UpdateWorkspacePayload { workspace { id } }", id=shop.id, isActive=False
    )

    assert (await people.anyone.change("startVisit", apiKey=key))["code"] == "WORKSPACE_INACTIVE"


async def test_an_identifier_names_the_kind_and_the_key(people: People) -> None:
    shop = await people.shop()

    assert parse_id(shop.id)[0] == "Workspace"
    assert (await shop.owner.ask("query ($id: ID!) { node(id: $id) { __typename id } }", id=shop.id))["node"] == {
        "__typename": "Workspace",
        "id": shop.id,
    }
    for bad in ("", "?", "V29ya3NwYWNl", "x" * 10_000, "é"):
        assert await shop.owner.refusal("query ($id: ID!) { workspace(id: $id) { id } }", id=bad) == "NOT_FOUND"
