"""Two companies on one server do not see each other: what the walk of `access` does not ask."""

from typing import Any
from uuid import uuid4

import pytest

from data.engine import Session
from data.models import DatabaseType, Model, WorkspaceDatabase, global_id
from schema.graph import NODES
from schema.relay.node import parse_id
from tests.support.people import People, Person, Shop

QUESTION = "When does the garden centre open?"
EVERYTHING = """
{ workspaces { totalCount nodes {
    name stats { totalMessages } insights { totalMessages } analytics { totalMessages } dailyMetrics { date }
    metrics { totalChunks } members { totalCount nodes { email } }
    apiKeys { totalCount nodes { id } } databases { totalCount nodes { id } }
    topics { totalCount nodes { id } } documents { totalCount nodes { id } }
    conversations { totalCount nodes { id messages { totalCount nodes { id } } } }
} } }
"""


async def _full_shop(people: People) -> Shop:
    """Return a workspace with a document, a key, a conversation and an external database."""
    shop = await people.shop()
    await shop.learn()
    await (await shop.visitor()).chat(QUESTION)
    database = WorkspaceDatabase(
        workspace_id=parse_id(shop.id)[1],
        name="erp",
        db_type=DatabaseType.POSTGRES,
        host="db",
        port=5432,
        database="erp",
    )

    async def store(unit: Session) -> None:
        unit.add(database)

    await people.services.database.write(store)
    return shop


async def test_lists_and_figures_hold_one_s_own_alone(people: People) -> None:
    mine, theirs = await _full_shop(people), await _full_shop(people)

    for shop in (mine, theirs):
        listed = (await shop.owner.ask(EVERYTHING))["workspaces"]
        assert listed["totalCount"] == 1
        workspace = listed["nodes"][0]
        assert workspace["stats"] == workspace["insights"] == {"totalMessages": 2}
        assert workspace["analytics"] == [{"totalMessages": 2}]
        for name in ("apiKeys", "databases", "documents", "conversations"):
            assert workspace[name]["totalCount"] == len(workspace[name]["nodes"]) == 1, name
        assert workspace["conversations"]["nodes"][0]["messages"]["totalCount"] == 2


async def test_identifiers_of_what_is_no_part_of_the_graph_find_nothing(people: People) -> None:
    shop = await _full_shop(people)
    inside = {mapper.class_.node_name for mapper in Model.registry.mappers if hasattr(mapper.class_, "node_name")}
    tables = {mapper.class_.__name__ for mapper in Model.registry.mappers} | set(Model.metadata.tables)

    for kind in (inside | tables) - set(NODES):
        for identifier in (global_id(kind, parse_id(shop.id)[1]), global_id(kind, uuid4())):
            assert await shop.owner.ask("query ($id: ID!) { node(id: $id) { id } }", id=identifier) == {"node": None}


@pytest.mark.parametrize("name", ["apiKeys", "documents", "conversations"])
@pytest.mark.parametrize("side", ["after", "before"])
async def test_another_s_cursor_is_a_place_in_one_s_own_list(people: People, name: str, side: str) -> None:
    mine, theirs = await _full_shop(people), await _full_shop(people)
    query = f"""query ($id: ID!, $cursor: String) {{
        workspace(id: $id) {{ {name}({side}: $cursor) {{ edges {{ cursor node {{ id }} }} }} }} }}"""

    async def edges(shop: Shop, cursor: str | None = None) -> list[Any]:
        found = await shop.owner.ask(query, id=shop.id, cursor=cursor)
        return list(found["workspace"][name]["edges"])

    own = await edges(mine)
    (cursor,) = {edge["cursor"] for edge in await edges(theirs)}
    assert all(edge in own for edge in await edges(mine, cursor))


async def test_another_s_cursor_opens_no_workspace(people: People) -> None:
    theirs, stranger = await people.shop(), await people.admin()
    query = "query ($after: String) { workspaces(after: $after) { nodes { id } edges { cursor } totalCount } }"
    cursor = (await theirs.owner.ask(query))["workspaces"]["edges"][0]["cursor"]

    found = await stranger.ask(query, after=cursor)

    assert found == {"workspaces": {"nodes": [], "edges": [], "totalCount": 0}}


async def test_a_visitor_s_workspace_is_the_token_s_whatever_the_input_says(people: People) -> None:
    mine, theirs = await people.shop(), await people.shop()
    visitor = await mine.visitor()

    events = await visitor.chat("Hello?", workspaceId=theirs.id)

    conversation = events[0]["conversation"]["id"]
    assert (await mine.owner.ask("query ($id: ID!) { node(id: $id) { id } }", id=conversation))["node"]
    assert (await theirs.owner.ask("query ($id: ID!) { node(id: $id) { id } }", id=conversation))["node"] is None


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
