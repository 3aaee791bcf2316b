"""Reading an answer: what stays in view, in windows of every size, and what is offered under it."""

import json
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, Locator, Page, expect

from tests.support.mistral_server import Answer
from tests.support.server import running
from tests.widget.chat import Chat, chat_at
from tests.widget.conftest import Assistant, Prepared

ARTEFACTS = Path(__file__).parents[2] / "artefacts"
PARAGRAPHS = [f"Step {number}: open the valve, wait for the water, and close it.\n\n" for number in range(1, 31)]
WINDOWS = {
    "a laptop at 200 %": (683, 330),
    "1280 x 720 at 200 %": (640, 360),
    "1920 x 1080 at 200 %": (960, 475),
    "a wide screen at 200 %": (1280, 620),
    "a laptop": (1366, 630),
    "a low window": (1366, 400),
    "1280 x 1024 at 400 %": (320, 256),
    "1280 x 720 at 400 %": (320, 180),
    "a phone": (390, 844),
    "a phone on its side": (844, 390),
}


async def test_a_long_answer_keeps_its_first_line_in_view_as_it_is_written(chat: Chat, assistant: Assistant) -> None:
    go_on = threading.Event()
    assistant.will_say(Answer([*PARAGRAPHS[:20], go_on, *PARAGRAPHS[20:]]))
    await chat.ask("How is the garden watered?")

    await expect(chat.answers).to_contain_text("Step 20:")

    await expect(chat.answers.get_by_text("Step 1:")).to_be_in_viewport(ratio=1)
    await expect(chat.button("Go to the latest message")).to_be_visible()
    go_on.set()
    await chat.last_word()
    await expect(chat.answers.get_by_text("Step 1:")).to_be_in_viewport(ratio=1)
    await chat.page.reload()
    await expect(chat.answers.get_by_text("Step 1:")).to_be_in_viewport(ratio=1)


async def test_a_reader_who_goes_to_the_end_of_an_answer_is_kept_there(chat: Chat, assistant: Assistant) -> None:
    go_on = threading.Event()
    assistant.will_say(Answer([*PARAGRAPHS[:20], go_on, *PARAGRAPHS[20:]]))
    await chat.ask("How is the garden watered?")
    await expect(chat.answers).to_contain_text("Step 20:")

    await chat.button("Go to the latest message").click()

    await expect(chat.answers.get_by_text("Step 20:")).to_be_in_viewport()
    await expect(chat.button("Go to the latest message")).to_be_hidden()
    go_on.set()
    await chat.last_word()
    await expect(chat.answers.get_by_text("Step 30:")).to_be_in_viewport()


async def test_a_reader_who_went_elsewhere_stays_there_also_when_the_page_is_replaced(
    chat: Chat, assistant: Assistant
) -> None:
    go_on = threading.Event()
    assistant.will_say(Answer([*PARAGRAPHS[:20], go_on, *PARAGRAPHS[20:]]))
    await chat.ask("How is the garden watered?")
    await expect(chat.answers).to_contain_text("Step 20:")
    await chat.answers.get_by_text("Step 9:").evaluate("(element) => element.scrollIntoView({ block: 'center' })")
    await expect(chat.answers.get_by_text("Step 1:")).not_to_be_in_viewport()

    await chat.page.evaluate("document.body.replaceWith(document.createElement('body'))")

    await expect(chat.answers.get_by_text("Step 9:")).to_be_in_viewport(ratio=1)
    go_on.set()
    await chat.last_word()
    await expect(chat.answers.get_by_text("Step 9:")).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize("window", WINDOWS)
async def test_the_conversation_has_half_of_the_window_however_small_it_is(
    chat: Chat, assistant: Assistant, window: str
) -> None:
    width, height = WINDOWS[window]
    assistant.will_say(Answer(PARAGRAPHS))
    await chat.ask("How is the garden watered?")
    await chat.last_word()

    await chat.page.set_viewport_size({"width": width, "height": height})

    await expect(chat.page.get_by_role("dialog")).to_have_css("--height", f"{height}px")
    assert await _height(chat.region) >= height / 2
    await expect(chat.field).to_be_focused()
    for name in ("Close", "Send", "New conversation"):
        await expect(chat.button(name)).to_be_in_viewport(ratio=1)
    await expect(chat.page.get_by_text("Written by a machine")).to_be_in_viewport()
    await chat.page.screenshot(path=ARTEFACTS / f"widget-{width}-{height}.png")
    await chat.field.fill("A question\nof\nmany\nlines\nand\nmore")
    assert await _height(chat.region) >= height / 2
    await chat.button("Close").click()
    await expect(chat.launcher).to_be_in_viewport(ratio=1)


async def test_a_tablet_s_keyboard_leaves_half_of_what_is_seen_to_the_conversation(chat: Chat) -> None:
    await chat.page.set_viewport_size({"width": 1024, "height": 768})
    await _raise_keyboard(chat.page, 368)

    box = await chat.page.get_by_role("dialog").bounding_box()

    assert box is not None
    assert box["y"] + box["height"] <= 368
    assert await _height(chat.region) >= 368 / 2


async def test_another_answer_is_offered_where_it_can_differ(
    visitor: BrowserContext, prepared: Prepared, restartable: Path, assistant: Assistant
) -> None:
    local = {name: value for name, value in prepared.settings.items() if not name.startswith("MISTRAL")}
    with running(restartable, **local) as server:
        chat = await chat_at(visitor, f"http://{server.host}/demo?lang=en")
        await chat.open()
        await chat.ask("How do I put the chat on a website?")
        await chat.last_word()
        await expect(chat.button("Helpful")).to_be_visible()
        await expect(chat.page.get_by_role("button", name="Answer again")).to_have_count(0)

    chat = await chat_at(visitor, f"http://{assistant.server.host}/demo?lang=en")
    await chat.open()
    assistant.will_say(Answer(["By one script tag."]))
    await chat.ask("How do I put the chat on a website?")
    await chat.last_word()
    await expect(chat.button("Answer again")).to_be_visible()


async def test_a_source_from_the_web_leads_to_its_page_in_a_new_tab(
    visitor: BrowserContext, prepared: Prepared, restartable: Path, assistant: Assistant
) -> None:
    with running(restartable, **prepared.settings) as server:
        chat = await chat_at(visitor, f"http://{server.host}/demo?lang=en")
        await chat.open()
        assistant.will_say(Answer(["By one script tag [1]."]))
        await chat.ask("How do I put the chat on a website?")
        await chat.last_word()
        _change_sources(restartable, {"location": "pages 3–4"}, url=f"http://{server.host}/demo?lang=fr")
        await chat.page.reload()

        link = chat.page.get_by_role("link", name="in a new tab").first
        await chat.button("Source 1").click()
        await chat.page.screenshot(path=ARTEFACTS / "widget-sources.png")
        await expect(link).to_have_attribute("rel", "noopener noreferrer")
        await expect(chat.page.locator("monitora-chat .sources .location").first).to_have_text("pages 3–4")
        async with visitor.expect_page() as opened:
            await link.click()
        assert (await opened.value).url == f"http://{server.host}/demo?lang=fr"
        assert await (await opened.value).evaluate("window.opener") is None

        _change_sources(restartable, {}, url="javascript:alert(1)")
        await chat.page.reload()
        await expect(chat.button("Source 1")).to_be_visible()
        await expect(chat.page.get_by_role("link", name="in a new tab")).to_have_count(0)


async def _height(element: Locator) -> float:
    box = await element.bounding_box()
    assert box is not None
    return box["height"]


async def _raise_keyboard(page: Page, height: int) -> None:
    """Do what a tablet does when its keyboard comes up over the page: this height of it is still seen."""
    await page.evaluate(
        """(height) => {
            Object.defineProperty(visualViewport, "height", { value: height });
            visualViewport.dispatchEvent(new Event("resize"));
        }""",
        height,
    )


def _change_sources(folder: Path, changes: dict[str, str], *, url: str) -> None:
    """Let the stored answers rest on a page of the web."""
    with closing(sqlite3.connect(folder / "monitora.db")) as database, database:
        rows = database.execute("SELECT id, rag_sources FROM messages WHERE role = 'assistant'").fetchall()
        for identifier, stored in rows:
            sources = [{**source, **changes, "url": url} for source in json.loads(stored or "[]")]
            database.execute("UPDATE messages SET rag_sources = ? WHERE id = ?", (json.dumps(sources), identifier))
