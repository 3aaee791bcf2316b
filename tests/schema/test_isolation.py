"""Two companies on one server do not see each other, by any field, identifier or stream."""

from uuid import uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from data.models import WorkspaceDatabase
from data.models.workspaces import DatabaseType
from schema.node import parse_id
from tests.people import People, Person, Shop

QUESTION = "When does the garden centre open?"
EVERYTHING = """
{ workspaces { totalCount nodes {
    name stats { totalMessages } insights { totalMessages } analytics { totalMessages } dailyMetrics { date }
    metrics { totalChunks } apiKeys { totalCount nodes { id } } databases { totalCount nodes { id } }
    topics { totalCount nodes { id } } documents { totalCount nodes { id } }
    conversations { totalCount nodes { id messages { totalCount nodes { id } } } }
} } }
"""


async def _full_shop(people: People) -> tuple[Shop, dict[str, str]]:
    """Return a workspace with something of everything, and the identifier of each."""
    shop = await people.shop()
    document = await shop.learn()
    events = await (await shop.visitor()).chat(QUESTION)
    key = parse_id(shop.id)[1]
    database = WorkspaceDatabase(
        workspace_id=key, name="erp", db_type=DatabaseType.POSTGRES, host="db", port=5432, database="erp"
    )

    async def store(unit: AsyncSession) -> None:
        unit.add(database)

    await people.services.database.write(store)
    listed = await shop.owner.ask(
        """query ($id: ID!) {
            workspace(id: $id) { apiKeys { nodes { id } } insights { id } analytics { id } } me { id } }""",
        id=shop.id,
    )
    return shop, {
        "workspace": shop.id,
        "document": document["id"],
        "conversation": events[0]["conversation"]["id"],
        "question": events[0]["message"]["id"],
        "answer": events[-1]["message"]["id"],
        "key": listed["workspace"]["apiKeys"]["nodes"][0]["id"],
        "insights": listed["workspace"]["insights"]["id"],
        "day": listed["workspace"]["analytics"][0]["id"],
        "user": listed["me"]["id"],
        "database": database.global_id,
    }


async def test_lists_and_figures_hold_one_s_own_alone(people: People) -> None:
    mine, _ = await _full_shop(people)
    theirs, _ = await _full_shop(people)

    for shop in (mine, theirs):
        listed = (await shop.owner.ask(EVERYTHING))["workspaces"]
        assert listed["totalCount"] == 1
        workspace = listed["nodes"][0]
        assert workspace["stats"] == workspace["insights"] == {"totalMessages": 2}
        assert workspace["analytics"] == [{"totalMessages": 2}]
        for name in ("apiKeys", "databases", "documents", "conversations"):
            assert workspace[name]["totalCount"] == len(workspace[name]["nodes"]) == 1, name
        assert workspace["conversations"]["nodes"][0]["messages"]["totalCount"] == 2


async def test_another_s_identifiers_find_nothing(people: People) -> None:
    _, identifiers = await _full_shop(people)
    stranger = await people.admin()
    visitor = await (await people.shop()).visitor()

    for person in (stranger, visitor, people.anyone):
        for kind, identifier in identifiers.items():
            found = await person.ask("query ($id: ID!) { node(id: $id) { __typename id } }", id=identifier)
            assert found == {"node": None}, kind


REFUSED = {
    "workspace": "query ($workspace: ID!) { workspace(id: $workspace) { id } }",
    "conversation": "query ($conversation: ID!) { conversation(id: $conversation) { id } }",
    "rename": 'mutation ($workspace: ID!) { updateWorkspace(input: {id: $workspace, name: "Mine"}) { __typename } }',
    "delete": "mutation ($workspace: ID!) { deleteWorkspace(input: {id: $workspace}) { __typename } }",
    "share": """mutation ($workspace: ID!) {
        shareWorkspace(input: {id: $workspace, email: "person1@example.com"}) { __typename } }""",
    "unshare": """mutation ($workspace: ID!) {
        unshareWorkspace(input: {id: $workspace, email: "person1@example.com"}) { __typename } }""",
    "delete document": "mutation ($document: ID!) { deleteDocument(input: {id: $document}) { __typename } }",
    "retry document": "mutation ($document: ID!) { retryDocument(input: {id: $document}) { __typename } }",
    "make key": """mutation ($workspace: ID!) {
        createApiKey(input: {workspaceId: $workspace, name: "x"}) { __typename } }""",
    "revoke key": "mutation ($key: ID!) { revokeApiKey(input: {id: $key}) { __typename } }",
    "ask": """mutation ($workspace: ID!) { sendMessage(input: {workspaceId: $workspace, content: "?",
        clientMessageId: "0a4d55a8-d778-48e5-9acb-9ba07e5b0c4e"}) { __typename } }""",
    "go on": """mutation ($conversation: ID!) { sendMessage(input: {conversationId: $conversation, content: "?",
        clientMessageId: "0a4d55a8-d778-48e5-9acb-9ba07e5b0c4e"}) { __typename } }""",
    "stop": "mutation ($answer: ID!) { stopAnswer(input: {answerId: $answer}) { __typename } }",
    "again": "mutation ($question: ID!) { regenerateAnswer(input: {messageId: $question}) { __typename } }",
    "rate": "mutation ($answer: ID!) { rateMessage(input: {messageId: $answer, feedback: -1}) { __typename } }",
    "resolve": "mutation ($answer: ID!) { resolveMessage(input: {messageId: $answer}) { __typename } }",
    "count": "mutation ($workspace: ID!) { recalculateInsights(input: {workspaceId: $workspace}) { __typename } }",
}


async def test_another_administrator_s_things_do_not_exist(people: People) -> None:
    shop, identifiers = await _full_shop(people)
    before = await shop.owner.ask(EVERYTHING)
    stranger = await people.admin()

    for name, operation in REFUSED.items():
        used = {kind: identifier for kind, identifier in identifiers.items() if f"${kind}:" in operation}
        assert await stranger.refusal(operation, **used) == "NOT_FOUND", name

    assert await shop.owner.ask(EVERYTHING) == before, "and nothing of it changed"


async def test_nobody_without_a_token_changes_anything(people: People) -> None:
    _, identifiers = await _full_shop(people)

    for name, operation in REFUSED.items():
        used = {kind: identifier for kind, identifier in identifiers.items() if f"${kind}:" in operation}
        assert await people.anyone.refusal(operation, **used) == "UNAUTHENTICATED", name


async def test_a_visitor_changes_nothing_of_the_team_s(people: People) -> None:
    shop, identifiers = await _full_shop(people)
    visitor = await shop.visitor()
    visitors_own = {"conversation", "ask", "go on", "stop", "again", "rate"}

    for name, operation in REFUSED.items():
        used = {kind: identifier for kind, identifier in identifiers.items() if f"${kind}:" in operation}
        if name not in visitors_own:
            assert await visitor.refusal(operation, **used) == "FORBIDDEN", name
        elif name != "ask":
            assert await visitor.refusal(operation, **used) == "NOT_FOUND", name


async def test_a_visitor_s_workspace_is_the_token_s_whatever_the_input_says(people: People) -> None:
    mine, theirs = await people.shop(), await people.shop()
    visitor = await mine.visitor()

    events = await visitor.chat("Hello?", workspaceId=theirs.id)

    conversation = events[0]["conversation"]["id"]
    assert (await mine.owner.ask("query ($id: ID!) { node(id: $id) { id } }", id=conversation))["node"]
    assert (await theirs.owner.ask("query ($id: ID!) { node(id: $id) { id } }", id=conversation))["node"] is None


@pytest.mark.parametrize(
    "subscription",
    [
        "subscription ($workspace: ID!) { documentProgress(workspaceId: $workspace) { progress } }",
        "subscription ($workspace: ID!) { conversationActivity(workspaceId: $workspace) { kind } }",
        "subscription ($answer: ID!) { answer(answerId: $answer) { sequence } }",
        """subscription ($conversation: ID!) { chat(input: {conversationId: $conversation, content: "?",
            clientMessageId: "0a4d55a8-d778-48e5-9acb-9ba07e5b0c4e"}) { sequence } }""",
    ],
)
async def test_another_s_streams_do_not_open(people: People, subscription: str) -> None:
    _, identifiers = await _full_shop(people)
    used = {kind: identifier for kind, identifier in identifiers.items() if f"${kind}:" in subscription}

    for person, code in ((await people.admin(), "NOT_FOUND"), (people.anyone, "UNAUTHENTICATED")):
        with pytest.raises(AssertionError, match=code):
            [event async for event in person.stream(subscription, **used)]


async def test_a_visitor_sees_the_source_and_not_the_document(people: People) -> None:
    shop = await people.shop()
    await shop.learn()
    visitor = await shop.visitor()
    sent = await visitor.change(
        "sendMessage ... on SendMessagePayload { answerId }", content=QUESTION, clientMessageId=str(uuid4())
    )
    query = """subscription ($id: ID!) { answer(answerId: $id) { ... on AnswerFinished {
        message { isResolved sources { documentName document { id } } } } } }"""

    events = [event async for event in visitor.stream(query, id=sent["answerId"])]

    message = events[-1]["answer"]["message"]
    assert message["sources"][0] == {"documentName": "garden.md", "document": None}
    assert message["isResolved"] is None


async def test_a_token_for_visitors_is_not_one_for_staff(people: People) -> None:
    shop = await people.shop()
    visitor = await shop.visitor()

    assert await Person(people.services, visitor.token).refusal("{ workspaces { nodes { id } } }") == "FORBIDDEN"
    assert await visitor.ask("{ me { id } }") == {"me": None}
