"""What was said before: pages of it, and what another tab does to it."""

import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing

import pytest
from playwright.async_api import BrowserContext, expect

from tests.support.mistral_server import Answer
from tests.widget.chat import Chat, chat_at
from tests.widget.conftest import Assistant

LONG_AGO = """
WITH RECURSIVE numbers(number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < 120)
INSERT INTO messages (id, conversation_id, role, content, is_resolved, created_at, updated_at)
SELECT lower(hex(randomblob(16))), conversation_id, iif(number % 2, 'user', 'assistant'),
    printf('Message %d of long ago', number), 0, moment, moment
FROM (
    SELECT number, conversation_id,
        strftime('%Y-%m-%d %H:%M:%f000', created_at, '-1 day', number || ' seconds') AS moment
    FROM numbers, messages WHERE content = ?)
"""


async def _remembered(chat: Chat, assistant: Assistant, question: str) -> None:
    """Have a conversation of 122 messages, of which one is a question, and load its page again."""
    assistant.will_say(Answer(["That was", " long ago."]))
    await chat.ask(question)
    await chat.last_word()
    with closing(sqlite3.connect(assistant.folder / "monitora.db", isolation_level=None)) as database:
        database.execute(LONG_AGO, (question,))
    await chat.page.reload()
    await expect(chat.messages).to_have_count(50)
    await expect(chat.messages.last).to_be_in_viewport()


async def test_scrolling_up_shows_earlier_messages_and_keeps_the_reader_s_place(
    chat: Chat, assistant: Assistant
) -> None:
    await _remembered(chat, assistant, "Do you remember by scrolling?")
    oldest = chat.page.get_by_text("Message 73 of long ago", exact=True)
    await oldest.scroll_into_view_if_needed()
    before = await oldest.bounding_box()

    await chat.region.evaluate("region => region.scrollBy(0, -1)")
    await expect(chat.messages).to_have_count(100)

    after = await oldest.bounding_box()
    assert before is not None
    assert after is not None
    assert abs(after["y"] - before["y"]) <= 2
    await chat.region.evaluate("region => region.scrollTo(0, 0)")
    await expect(chat.messages).to_have_count(122)
    await expect(chat.button("Earlier messages")).to_have_count(0)
    numbers = [f"Message {number} of long ago" for number in range(1, 121)]
    assert (await chat.messages.all_inner_texts())[:120] == numbers
    await expect(chat.page.get_by_text("Message 23 of long ago", exact=True)).to_be_in_viewport()


async def _press(chat: Chat) -> None:
    await chat.page.keyboard.press("Enter")


async def _scroll_up(chat: Chat) -> None:
    await chat.region.evaluate("region => region.scrollTo(0, 0)")


@pytest.mark.parametrize("load", [_press, _scroll_up])
async def test_earlier_messages_are_reached_by_the_keyboard_which_keeps_its_place(
    chat: Chat, assistant: Assistant, load: Callable[[Chat], Awaitable[None]]
) -> None:
    await _remembered(chat, assistant, f"Do you remember by the keyboard ({load.__name__})?")
    button = chat.button("Earlier messages")

    await button.focus()  # which brings the beginning into view, where earlier messages are loaded
    await expect(chat.messages).to_have_count(100)
    await expect(button).to_be_focused()
    await load(chat)

    await expect(chat.messages).to_have_count(122)
    await expect(button).to_have_count(0)
    await expect(chat.region).to_be_focused()


async def test_what_another_tab_says_is_added_under_the_pages_that_were_loaded(
    visitor: BrowserContext, chat: Chat, assistant: Assistant
) -> None:
    await _remembered(chat, assistant, "Do both tabs remember?")
    await chat.button("Earlier messages").focus()  # a click would load a second page if it came after the first
    await expect(chat.messages).to_have_count(100)
    other = await chat_at(visitor, chat.page.url)
    await other.open()
    await expect(other.messages).to_have_count(50)

    assistant.will_say(Answer(["Now", " as well."]))
    await other.ask("And what now?")

    await expect(chat.messages).to_have_count(102)
    await expect(chat.answers.last).to_have_text("Now as well.")
    await expect(chat.page.get_by_text("Message 23 of long ago", exact=True)).to_have_count(1)


async def test_a_rating_given_in_another_tab_is_seen(visitor: BrowserContext, chat: Chat, assistant: Assistant) -> None:
    assistant.will_say(Answer(["It", " is."]))
    await chat.ask("Is this good?")
    await chat.last_word()
    other = await chat_at(visitor, chat.page.url)
    await other.open()

    await other.button("Helpful").click()
    await expect(chat.button("Helpful")).to_have_attribute("aria-pressed", "true")
    await other.button("Not helpful").click()
    await expect(chat.button("Not helpful")).to_have_attribute("aria-pressed", "true")
    await chat.button("Not helpful").click()

    await expect(other.button("Not helpful")).to_have_attribute("aria-pressed", "false")
    await expect(other.button("Helpful")).to_have_attribute("aria-pressed", "false")
