"""Conversations that are put away or deleted: what stays, what goes, and what the figures say."""

from typing import Any

import pytest
from sqlalchemy import func, select

from data.models import Conversation, Message
from tests.support.people import People, Person, Shop

QUESTION = "When does the garden centre open?"
STATE = "query ($id: ID!) { conversation(id: $id) { isActive archivedAt messageCount } }"
FIGURES = """query ($id: ID!) { workspace(id: $id) {
    stats { totalConversations totalMessages uniqueVisitors } metrics { activeConversations } } }"""
ARCHIVE = "archiveConversation ... on ArchiveConversationPayload { conversation { isActive archivedAt } }"
LOG = """query ($id: ID!) { workspace(id: $id) {
    auditLog { totalCount nodes { action actorEmail subjectId rowCount createdAt } } } }"""
DELETE = "deleteConversation ... on DeleteConversationPayload { deletedId }"


@pytest.fixture
async def shop(people: People) -> Shop:
    shop = await people.shop()
    await shop.learn()
    return shop


async def _begun(visitor: Person) -> str:
    return str((await visitor.chat(QUESTION))[0]["conversation"]["id"])


async def _figures(shop: Shop) -> dict[str, Any]:
    found = (await shop.owner.ask(FIGURES, id=shop.id))["workspace"]
    return {**found["stats"], **found["metrics"]}


async def test_an_archived_conversation_is_kept_and_counts_as_closed(shop: Shop) -> None:
    conversation = await _begun(await shop.visitor())

    first = (await shop.owner.change(ARCHIVE, id=conversation))["conversation"]
    again = (await shop.owner.change(ARCHIVE, id=conversation))["conversation"]

    assert first["isActive"] is False
    assert again == first, "it stays away since the same moment"
    assert (await shop.owner.ask(STATE, id=conversation))["conversation"]["messageCount"] == 2
    assert await _figures(shop) == {
        "totalConversations": 1,
        "totalMessages": 2,
        "uniqueVisitors": 1,
        "activeConversations": 0,
    }


async def test_it_is_taken_out_by_the_team_and_by_its_visitor(shop: Shop) -> None:
    visitor = await shop.visitor()
    conversation = await _begun(visitor)
    open_again = {"isActive": True, "archivedAt": None}

    await shop.owner.change(ARCHIVE, id=conversation)
    taken_out = (await shop.owner.change(ARCHIVE, id=conversation, archived=False))["conversation"]
    await shop.owner.change(ARCHIVE, id=conversation)
    await visitor.chat("And on Sundays?", conversationId=conversation)

    assert taken_out == open_again
    assert (await shop.owner.ask(STATE, id=conversation))["conversation"] == {**open_again, "messageCount": 4}
    assert (await _figures(shop))["activeConversations"] == 1


async def test_a_deleted_conversation_goes_with_its_messages_and_from_the_figures(shop: Shop) -> None:
    visitor = await shop.visitor()
    conversation, kept = await _begun(visitor), await _begun(await shop.visitor())

    deleted = await shop.owner.change(DELETE, id=conversation)

    assert deleted["deletedId"] == conversation
    assert await shop.owner.refusal(STATE, id=conversation) == "NOT_FOUND"
    assert await visitor.refusal(STATE, id=conversation) == "NOT_FOUND"
    assert (await shop.owner.ask(STATE, id=kept))["conversation"]["messageCount"] == 2
    assert await _figures(shop) == {
        "totalConversations": 1,
        "totalMessages": 2,
        "uniqueVisitors": 1,
        "activeConversations": 1,
    }
    database = shop.owner.services.database
    assert await database.read(lambda unit: unit.scalar(select(func.count()).select_from(Conversation))) == 1
    assert await database.read(lambda unit: unit.scalar(select(func.count()).select_from(Message))) == 2


@pytest.mark.parametrize("mutation", ["archiveConversation", "deleteConversation"])
async def test_only_the_owner_puts_away_and_deletes(shop: Shop, people: People, mutation: str) -> None:
    visitor = await shop.visitor()
    conversation = await _begun(visitor)
    asked = f"mutation ($id: ID!) {{ {mutation}(input: {{id: $id}}) {{ __typename }} }}"
    stranger = (await people.shop()).owner

    assert await visitor.refusal(asked, id=conversation) == "FORBIDDEN"
    assert await stranger.refusal(asked, id=conversation) == "NOT_FOUND"
    assert (await shop.owner.ask(STATE, id=conversation))["conversation"]["isActive"]


async def test_the_owner_reads_who_did_what_and_nothing_of_what_was_said(shop: Shop) -> None:
    conversation = await _begun(await shop.visitor())
    email = (await shop.owner.ask("{ me { email } }"))["me"]["email"]

    await shop.owner.change(ARCHIVE, id=conversation)
    await shop.owner.change(ARCHIVE, id=conversation)
    await shop.owner.change(ARCHIVE, id=conversation, archived=False)
    await shop.owner.change(DELETE, id=conversation)
    log = (await shop.owner.ask(LOG, id=shop.id))["workspace"]["auditLog"]

    assert [entry["action"] for entry in log["nodes"]] == [
        "CONVERSATION_DELETED",
        "CONVERSATION_REOPENED",
        "CONVERSATION_ARCHIVED",
    ]
    assert {(entry["actorEmail"], entry["subjectId"], entry["rowCount"]) for entry in log["nodes"]} == {
        (email, conversation, 1)
    }
    assert log["totalCount"] == 3


async def test_who_only_reads_a_workspace_does_not_read_its_log(shop: Shop, people: People) -> None:
    reader, address = await people.account()
    await shop.owner.change("shareWorkspace", id=shop.id, email=address)
    await shop.owner.change(DELETE, id=await _begun(await shop.visitor()))

    assert (await reader.ask(LOG, id=shop.id))["workspace"]["auditLog"] is None
