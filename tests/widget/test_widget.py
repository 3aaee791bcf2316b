"""The chat on a website, in a real browser, against the real server: what a visitor sees and what is stored."""

import json
import re
import threading
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, expect

from tests.support.mistral_server import Answer
from tests.widget.chat import Chat, chat_at
from tests.widget.conftest import Assistant
from tests.widget.proxy import Proxy

WORDS = (
    "Voilà: the garden opens at nine ☀. It closes at seven. Trees are delivered in autumn, plants at any time of year."
)
TOKENS = re.findall(r"\S+\s*", WORDS)
BEGINNING = "".join(TOKENS[:9]).strip()
ARTEFACTS = Path(__file__).parents[2] / "artefacts"
STORED = "SELECT role FROM messages WHERE content = ?"


def in_two_parts(go_on: threading.Event) -> Answer:
    """Return an answer that waits in the middle, in its second sentence."""
    return Answer([*TOKENS[:9], go_on, *TOKENS[9:]])


async def test_a_question_is_answered_word_by_word_and_read_aloud_by_the_sentence(
    chat: Chat, assistant: Assistant
) -> None:
    go_on = threading.Event()
    assistant.will_say(in_two_parts(go_on))
    await chat.ask("When does it open?")

    await expect(chat.answers).to_have_text(BEGINNING)
    await expect(chat.said_aloud).to_have_text(["Looking through the documents…", "Voilà: the garden opens at nine ☀."])
    go_on.set()

    assert await chat.last_word() == WORDS
    sentences = ["Voilà: the garden opens at nine ☀.", "It closes at seven.", WORDS.split(". ")[2]]
    await expect(chat.said_aloud).to_have_text(["Looking through the documents…", *sentences])


async def test_a_reload_in_mid_answer_goes_on_to_the_same_words(chat: Chat, assistant: Assistant) -> None:
    go_on = threading.Event()
    assistant.will_say(in_two_parts(go_on))
    await chat.ask("What if I reload?")
    await expect(chat.answers).to_have_text(BEGINNING)

    await chat.page.reload()
    await expect(chat.answers).to_have_text(BEGINNING)
    go_on.set()

    assert await chat.last_word() == WORDS
    await expect(chat.questions).to_have_text(["What if I reload?"])
    assert assistant.calls() == 1
    assert assistant.rows(STORED, "What if I reload?") == [("user",)]


async def test_a_connection_cut_in_mid_answer_loses_and_repeats_nothing(
    visitor: BrowserContext, assistant: Assistant
) -> None:
    async with Proxy(assistant.server.host) as proxy:
        chat = await chat_at(visitor, f"http://{proxy.host}/demo")
        await chat.open()
        go_on = threading.Event()
        assistant.will_say(in_two_parts(go_on))
        await chat.ask("What if the line is cut?")
        await expect(chat.answers).to_have_text(BEGINNING)

        assert proxy.cut() >= 1
        go_on.set()

        assert await chat.last_word() == WORDS
    assert assistant.calls() == 1
    answers = assistant.rows(
        "SELECT a.content FROM messages a JOIN messages q ON a.reply_to_id = q.id WHERE q.content = ?",
        "What if the line is cut?",
    )
    assert answers == [(WORDS,)]


async def test_a_question_sent_while_the_server_is_away_is_asked_once_it_is_back(
    visitor: BrowserContext, chat: Chat, assistant: Assistant
) -> None:
    await visitor.set_offline(True)
    await chat.ask("Is the shop open on Mondays?")
    await expect(chat.page.get_by_text("You are offline.")).to_be_visible()

    assistant.will_say(Answer(["Yes."]))
    await visitor.set_offline(False)

    assert await chat.last_word() == "Yes."
    await expect(chat.page.get_by_text("You are offline.")).to_be_hidden()
    assert assistant.rows(STORED, "Is the shop open on Mondays?") == [("user",)]


async def test_two_tabs_show_the_same_conversation_as_it_is_written(
    visitor: BrowserContext, chat: Chat, assistant: Assistant
) -> None:
    other = await chat_at(visitor, chat.page.url)
    await other.open()
    go_on = threading.Event()
    assistant.will_say(in_two_parts(go_on))

    await chat.ask("Do both tabs show it?")

    await expect(other.answers).to_have_text(BEGINNING)
    go_on.set()
    assert await other.last_word() == await chat.last_word() == WORDS
    await expect(other.questions).to_have_text(["Do both tabs show it?"])
    assert assistant.calls() == 1

    await chat.button("New conversation").click()

    await expect(other.questions).to_have_count(0)


async def test_a_stopped_answer_keeps_what_was_written(chat: Chat, assistant: Assistant) -> None:
    assistant.will_say(in_two_parts(threading.Event()))
    await chat.ask("Say a lot")
    await expect(chat.answers).to_have_text(BEGINNING)

    await chat.button("Stop the answer").click()

    await expect(chat.page.get_by_text("You stopped this answer.")).to_be_visible()
    await expect(chat.answers).to_have_text(BEGINNING)
    await chat.page.reload()
    await expect(chat.page.get_by_text("You stopped this answer.")).to_be_visible()
    await expect(chat.answers).to_have_text(BEGINNING)


async def test_a_rating_and_its_comment_are_stored_and_taken_back(chat: Chat, assistant: Assistant) -> None:
    async def stored(feedback: int | None, comment: str | None) -> None:
        await expect(chat.button("Helpful")).to_have_attribute("aria-pressed", str(feedback == 1).lower())
        await expect(chat.button("Not helpful")).to_have_attribute("aria-pressed", str(feedback == -1).lower())
        row = assistant.rows(
            "SELECT feedback, feedback_comment FROM messages WHERE content = ?", "Nine, says the sign."
        )
        assert row == [(feedback, comment)]

    async def press(name: str) -> None:
        async with chat.page.expect_response("**/graphql"):
            await chat.button(name).click()

    assistant.will_say(Answer(["Nine, says", " the sign."]))
    await chat.ask("When does the shop open?")
    await chat.last_word()

    await press("Helpful")
    await stored(1, None)
    await press("Helpful")
    await stored(None, None)
    await press("Not helpful")
    await chat.page.get_by_role("textbox", name="What was missing?").fill("The closing time")
    async with chat.page.expect_response("**/graphql"):
        await chat.page.keyboard.press("Enter")
    await stored(-1, "The closing time")

    await chat.page.reload()
    await stored(-1, "The closing time")


async def test_sources_open_at_their_passage_from_the_citation(chat: Chat, assistant: Assistant) -> None:
    assistant.will_say(Answer(["By one script tag [1]."]))
    await chat.ask("How do I put the chat on a website?")
    await chat.last_word()
    source = chat.page.locator("monitora-chat .sources details").first
    passage = source.locator("blockquote")
    await expect(passage).to_be_hidden()

    await chat.button("Source 1").click()

    await expect(passage).to_be_visible()
    (row,) = assistant.rows("SELECT rag_sources FROM messages WHERE content = ?", "By one script tag [1].")
    stored = json.loads(row[0])[0]
    await expect(source.locator(".name")).to_have_text(stored["document_name"])
    places = await source.locator(".location").all_text_contents()
    assert places == [stored["location"]] if stored["location"] else places == []
    assert await passage.text_content() == stored["excerpt"]


async def test_markdown_is_shown_as_elements_and_html_as_text(chat: Chat, assistant: Assistant) -> None:
    written = '**Bold** <img src=x onerror="alert(1)"> [site](https://example.com) [trap](javascript:alert(1))\n\n- one'
    assistant.will_say(Answer([written]))
    await chat.ask("Show me everything")
    await chat.last_word()

    await expect(chat.answers.locator("strong")).to_have_text("Bold")
    await expect(chat.answers.locator("li")).to_have_text("one")
    await expect(chat.answers.locator("img")).to_have_count(0)
    links = chat.answers.locator("a")
    await expect(links).to_have_text(["site"])
    await expect(links).to_have_attribute("rel", "noopener noreferrer")
    assert '<img src=x onerror="alert(1)">' in await chat.answers.inner_text()


async def test_an_answer_that_breaks_off_is_tried_again_without_asking_twice(chat: Chat, assistant: Assistant) -> None:
    assistant.will_say(Answer(["I might"], then="cut"))
    await chat.ask("Will you break off?")
    await expect(chat.page.get_by_role("alert")).to_have_text("The answer broke off.Try again")

    assistant.will_say(Answer(["No."]))
    await chat.button("Try again").click()

    await expect(chat.answers).to_have_text(["No."])
    await expect(chat.page.get_by_role("alert")).to_have_count(0)
    assert assistant.rows(STORED, "Will you break off?") == [("user",)]


async def test_another_answer_is_written_beside_the_first(chat: Chat, assistant: Assistant) -> None:
    assistant.will_say(Answer(["This is one answer."]))
    await chat.ask("Tell me more")
    await chat.last_word()

    assistant.will_say(Answer(["This is another."]))
    await chat.button("Answer again").click()

    await expect(chat.answers).to_have_text(["This is one answer.", "This is another."])
    await chat.page.reload()
    await expect(chat.answers).to_have_text(["This is one answer.", "This is another."])
    await expect(chat.questions).to_have_count(1)


async def test_a_message_that_was_not_sent_is_still_there_after_a_reload(chat: Chat) -> None:
    await chat.field.fill("Not finished y")
    await chat.page.reload()
    await expect(chat.field).to_have_value("Not finished y")


async def test_everything_is_done_with_the_keyboard_alone(visitor: BrowserContext, assistant: Assistant) -> None:
    chat = await chat_at(visitor, f"http://{assistant.server.host}/demo")
    await expect(chat.launcher).to_be_visible()
    assistant.will_say(Answer(["Yes, you can [1]."]))

    async def tab_to(name: str, key: str = "Tab") -> None:
        for _ in range(60):
            await chat.page.keyboard.press(key)
            focused = await chat.page.evaluate(
                "document.activeElement?.shadowRoot?.activeElement?.getAttribute('aria-label')"
            )
            if focused == name:
                return
        raise AssertionError(f"the keyboard does not reach {name}")

    await tab_to("Open the chat")
    await chat.page.keyboard.press("Enter")
    await expect(chat.field).to_be_focused()
    await chat.page.keyboard.type("How do I put the chat on a website without a mouse?")
    await chat.page.keyboard.press("Enter")
    assert (await chat.last_word()).startswith("Yes, you can")
    await tab_to("Helpful", "Shift+Tab")
    await chat.page.keyboard.press("Space")
    await expect(chat.button("Helpful")).to_have_attribute("aria-pressed", "true")
    await tab_to("Source 1", "Shift+Tab")
    await chat.page.keyboard.press("Enter")
    await expect(chat.page.locator("monitora-chat blockquote").first).to_be_visible()
    await chat.page.keyboard.press("Escape")
    await expect(chat.launcher).to_be_focused()
    await expect(chat.field).to_be_hidden()


@pytest.mark.parametrize(("look", "phone"), [("dark", False), ("light", True), ("dark", True)])
async def test_the_demo_page_shows_its_languages_themes_and_sizes(
    visitor: BrowserContext, assistant: Assistant, look: str, phone: bool
) -> None:
    page = await visitor.new_page()
    width, height = (390, 844) if phone else (1280, 800)
    await page.set_viewport_size({"width": width, "height": height})
    await page.goto(f"http://{assistant.server.host}/demo?lang=fr&theme={look}")
    await page.get_by_role("button", name="Ouvrir la discussion").click()
    field = page.get_by_role("textbox", name="Votre message")
    question = f"Comment ajouter la discussion ({look}, {width}) ?"
    assistant.will_say(Answer(["Par **une balise** dans vos pages [1]."]))
    await field.fill(question)
    await field.press("Enter")
    await page.get_by_role("button", name="Source 1").click()

    box = await page.get_by_role("dialog").bounding_box()

    assert box is not None
    assert (box["width"] == width) is phone
    surface = "rgb(23, 25, 30)" if look == "dark" else "rgb(255, 255, 255)"
    await expect(page.get_by_role("dialog")).to_have_css("background-color", surface)
    await page.screenshot(path=ARTEFACTS / f"widget-{look}-{'phone' if phone else 'desktop'}.png")
