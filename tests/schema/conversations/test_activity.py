"""What the team sees of conversations, as they happen."""

import asyncio
from typing import Any

from tests.support.people import People, Shop
from tests.support.waiting import HANG_SECONDS, subscribed

ACTIVITY = """subscription ($id: ID!) { conversationActivity(workspaceId: $id) {
    kind conversation { messageCount } message { role content feedback } } }"""


async def _watched(shop: Shop, count: int) -> list[dict[str, Any]]:
    seen: list[dict[str, Any]] = []
    async for event in shop.owner.stream(ACTIVITY, id=shop.id):
        seen.append(event["conversationActivity"])
        if len(seen) == count:
            return seen
    raise AssertionError("the stream ended")


async def test_the_team_sees_conversations_messages_and_ratings_as_they_happen(people: People) -> None:
    shop, other = await people.shop(), await people.shop()
    await shop.learn()
    watching = asyncio.create_task(_watched(shop, 4))
    await subscribed(people.services.answers.events)

    await (await other.visitor()).chat("Is anybody there?")
    visitor = await shop.visitor()
    events = await visitor.chat("When does the garden centre open?")
    await visitor.change(
        "rateMessage ... on RateMessagePayload { ratedMessage { id } }",
        messageId=events[-1]["message"]["id"],
        feedback=1,
    )

    seen = await asyncio.wait_for(watching, HANG_SECONDS)
    assert [(event["kind"], event["message"]["role"]) for event in seen] == [
        ("CONVERSATION_STARTED", "USER"),
        ("MESSAGE_ADDED", "USER"),
        ("MESSAGE_ADDED", "ASSISTANT"),
        ("MESSAGE_RATED", "ASSISTANT"),
    ]
    assert seen[-1]["message"]["feedback"] == 1
    assert seen[-1]["conversation"] == {"messageCount": 2}
    assert all("anybody" not in event["message"]["content"] for event in seen), "another workspace's are not told"
