"""How many statements an operation costs: a constant, whatever the number of rows.

The look-up of the session is not among them: an operation before made it.
"""

from uuid import UUID

import pytest

from data.engine import Session
from data.models import Conversation, Document, Message, MessageRole
from schema.relay.node import parse_id
from tests.support.people import People
from tests.support.statements import Statements

TREE = """
{ workspaces(first: 20) { nodes { name
    documents(first: 20) { totalCount nodes { name } }
    conversations(first: 20) { totalCount nodes { title messages(first: 20) { totalCount nodes { content } } } }
} } }
"""


async def _fill(people: People, workspace_id: UUID, rows: int) -> None:
    async def store(unit: Session) -> None:
        for number in range(rows):
            unit.add(
                Document(workspace_id=workspace_id, name=f"{number}.md", file_path="x", file_type="text", file_size=1)
            )
            conversation = Conversation(workspace_id=workspace_id, visitor_id=f"v{number}", title=f"Question {number}")
            unit.add(conversation)
            await unit.flush()
            for turn in range(rows):
                unit.add(Message(conversation_id=conversation.id, role=MessageRole.USER, content=f"Message {turn}"))

    await people.services.database.write(store)


@pytest.mark.parametrize(("workspaces", "rows"), [(1, 1), (1, 8), (5, 3)])
async def test_a_tree_costs_the_same_whatever_its_size(
    people: People, statements: Statements, workspaces: int, rows: int
) -> None:
    owner = await people.admin()
    for _ in range(workspaces):
        shop = await people.shop(owner)
        await _fill(people, parse_id(shop.id)[1], rows)

    with statements.recorded() as sent:
        tree = (await owner.ask(TREE))["workspaces"]["nodes"]

    # workspaces; documents and their counts; conversations and theirs; messages and theirs.
    assert len(sent) == 7, sent
    assert len(tree) == workspaces
    assert {workspace["documents"]["totalCount"] for workspace in tree} == {rows}
    assert {len(conversation["messages"]["nodes"]) for conversation in tree[0]["conversations"]["nodes"]} == {rows}


@pytest.mark.parametrize(
    ("query", "cost"),
    [
        ("{ me { email } }", 1),
        ("{ workspaces { nodes { name } } }", 1),
        ("{ workspaces { totalCount nodes { name } } }", 2),
        ("{ workspaces { nodes { stats { totalMessages } } } }", 2),
        ("{ workspaces { nodes { storage { bytes maxBytes } } } }", 2),
        ("{ me { storage { bytes } } }", 2),
        ("{ workspaces { nodes { insights { totalMessages } analytics { date } } } }", 3),
        ("{ workspaces { nodes { members { totalCount nodes { email fullName role } } } } }", 4),
        ("{ workspaces { nodes { conversations { nodes { messages { nodes { conversation { title } } } } } } } }", 4),
    ],
)
async def test_what_an_operation_costs(people: People, statements: Statements, query: str, cost: int) -> None:
    owner = await people.admin()
    for _ in range(3):
        await _fill(people, parse_id((await people.shop(owner)).id)[1], 2)

    with statements.recorded() as sent:
        await owner.ask(query)

    assert len(sent) == cost, sent


async def test_what_a_cached_answer_costs(people: People, statements: Statements) -> None:
    shop = await people.shop()
    await shop.learn()
    visitor = await shop.visitor()
    await visitor.chat("When does the garden centre open?")

    with statements.recorded() as sent:
        await visitor.chat("When does the garden centre open?")

    assert len(sent) == 18, sent
