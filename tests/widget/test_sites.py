"""The chat on a customer's site: what the site allows, what its workspace chose, and what its pages say to the chat."""

import threading
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, expect

from tests.rag.parsing.pdf_files import make_pdf
from tests.support.mistral_server import Answer
from tests.widget.chat import Chat, chat_at
from tests.widget.conftest import Assistant
from tests.widget.customer_site import NONCE, CustomerSite


async def test_a_site_that_is_not_allowed_shows_no_chat(
    visitor: BrowserContext, customer_site: CustomerSite, assistant: Assistant
) -> None:
    key = await assistant.publish(name="Garden", allowedDomains=["localhost"])
    customer_site.embed(f'<script src="http://{assistant.server.host}/widget.js" data-key="{key}" async></script>')
    page = await visitor.new_page()

    async with page.expect_console_message(lambda message: "ORIGIN_NOT_ALLOWED" in message.text):
        await page.goto(f"http://127.0.0.1:{customer_site.port}/")

    await expect(page.locator("monitora-chat")).to_have_count(1)
    await expect(page.locator("monitora-chat .launcher")).to_have_count(0)


@pytest.mark.parametrize("policy", ["by host", "by nonce"])
async def test_one_script_tag_puts_the_chat_on_a_strict_site_and_leaves_nothing_else_behind(
    visitor: BrowserContext, customer_site: CustomerSite, assistant: Assistant, policy: str
) -> None:
    if policy == "by nonce":
        customer_site.by_nonce()
    key = await assistant.publish(name="Garden", allowedDomains=["localhost"])
    address = f"http://localhost:{customer_site.port}/"
    page = await visitor.new_page()
    await page.goto(address)
    names = await page.evaluate("Object.getOwnPropertyNames(window)")
    customer_site.embed(
        f'<script nonce="{NONCE}" src="http://{assistant.server.host}/widget.js" data-key="{key}" async></script>'
    )
    violations: list[str] = []
    page.on("console", lambda message: violations.append(message.text) if "Content Security" in message.text else None)

    await page.goto(address)
    chat = Chat(page)
    await chat.open()
    assistant.will_say(Answer(["From the shop."]))
    await chat.ask("Where do you answer from?")

    assert await chat.last_word() == "From the shop."
    assert violations == []
    assert set(await page.evaluate("Object.getOwnPropertyNames(window)")) <= set(names)
    assert await visitor.cookies() == []


async def test_a_page_talks_to_the_chat_and_hears_from_it(chat: Chat, assistant: Assistant) -> None:
    assistant.will_say(Answer(["Answered to the page."]))
    heard = await chat.page.evaluate(
        """async () => {
            const chat = document.querySelector("monitora-chat");
            const heard = [];
            for (const name of ["open", "close", "question"]) chat.on(name, (detail) => heard.push([name, detail]));
            const answered = new Promise((resolve) => chat.on("answer", resolve));
            await chat.close();
            await chat.send("Asked by the page");
            return [...heard, ["answer", await answered]];
        }"""
    )
    assert heard == [
        ["close", {}],
        ["open", {}],
        ["question", {"content": "Asked by the page"}],
        ["answer", {"content": "Answered to the page."}],
    ]


@pytest.mark.parametrize(
    ("attributes", "label"), [("", "Ouvrir la discussion"), (' data-lang="en"', "Open the chat")], ids=["own", "tag"]
)
async def test_a_workspace_chooses_language_colour_corner_and_style_and_the_tag_has_the_last_word(
    visitor: BrowserContext, customer_site: CustomerSite, assistant: Assistant, attributes: str, label: str
) -> None:
    look = {"locale": "fr", "accentColor": "#0a7d4f", "position": "bottom-left", "title": "Jardinerie"}
    style = ".launcher { border-radius: 4px } h1, button { letter-spacing: 3px }"
    key = await assistant.publish(name="Garden", allowedDomains=["localhost"], customCss=style, widget=look)
    script = f'<script src="http://{assistant.server.host}/widget.js" data-key="{key}"{attributes} async></script>'
    customer_site.embed(script, direction="rtl")

    chat = await chat_at(visitor, f"http://localhost:{customer_site.port}/")

    await expect(chat.launcher).to_have_attribute("aria-label", label)
    await expect(chat.launcher).to_have_css("background-color", "rgb(10, 125, 79)")
    await expect(chat.launcher).to_have_css("border-radius", "4px")
    box = await chat.launcher.bounding_box()
    assert box is not None
    assert box["x"] == 20
    await chat.launcher.click()
    await expect(chat.page.get_by_role("dialog", name="Jardinerie")).to_be_visible()
    await expect(chat.launcher).to_have_css("letter-spacing", "3px")
    for name in ("h1", "button"):  # the site's own
        await expect(chat.page.locator(f"main {name}")).to_have_css("letter-spacing", "normal")


async def test_a_source_opens_its_document_s_title_page_and_passage(
    visitor: BrowserContext, customer_site: CustomerSite, assistant: Assistant, tmp_path: Path
) -> None:
    manual = tmp_path / "greenhouse.pdf"
    manual.write_bytes(
        make_pdf(["# Watering\nThe greenhouse is watered at six.", "# Harvest\nTomatoes are harvested in July."])
    )
    key = await assistant.publish(manual, name="Garden", allowedDomains=["localhost"])
    customer_site.embed(f'<script src="http://{assistant.server.host}/widget.js" data-key="{key}" async></script>')
    chat = await chat_at(visitor, f"http://localhost:{customer_site.port}/")
    await chat.open()
    assistant.will_say(Answer(["In July [1]."]))
    await chat.ask("When are tomatoes harvested?")

    await chat.button("Source 1").click()

    source = chat.page.locator("monitora-chat .sources details[open]")
    await expect(source.locator(".name")).to_have_text("greenhouse.pdf")
    await expect(source.locator(".location")).to_have_text("page 2")
    await expect(source.locator("blockquote")).to_contain_text("Tomatoes are harvested in July.")


async def test_the_chat_speaks_the_page_s_language_also_when_the_page_changes_it(
    visitor: BrowserContext, customer_site: CustomerSite, assistant: Assistant
) -> None:
    key = await assistant.publish(name="Garden", allowedDomains=["localhost"])
    customer_site.embed(f'<script src="http://{assistant.server.host}/widget.js" data-key="{key}" async></script>')
    chat = await chat_at(visitor, f"http://localhost:{customer_site.port}/")
    await chat.open()

    await chat.page.evaluate("document.documentElement.lang = 'fr-CA'")

    await expect(chat.launcher).to_have_attribute("aria-label", "Fermer la discussion")
    await expect(chat.page.get_by_role("textbox", name="Votre message")).to_be_visible()


async def test_words_that_run_the_other_way_than_the_page_keep_their_order(
    visitor: BrowserContext, customer_site: CustomerSite, assistant: Assistant
) -> None:
    look = {"title": "الحديقة", "welcome": "مرحبا!", "avatarUrl": "https://example.com/avatar.png"}
    key = await assistant.publish(name="Garden", allowedDomains=["localhost"], widget=look)
    script = f'<script src="http://{assistant.server.host}/widget.js" data-key="{key}" async></script>'
    customer_site.embed(script, direction="rtl")
    chat = await chat_at(visitor, f"http://localhost:{customer_site.port}/")
    await chat.open()
    assistant.will_say(Answer(["نعم، في الصباح.\n\nThe shop opens at nine."]))
    await chat.ask("متى تفتحون؟")
    await chat.last_word()

    for text in ("The shop opens at nine.", "Written by a machine, sometimes wrong: check the sources."):
        ends = await chat.page.get_by_text(text, exact=True).first.evaluate(
            """(element) => {
                const place = (at) => {
                    const range = document.createRange();
                    range.setStart(element.firstChild, at);
                    range.setEnd(element.firstChild, at + 1);
                    return range.getBoundingClientRect().x;
                };
                return [place(0), place(element.firstChild.length - 1)];
            }"""
        )
        assert ends[0] < ends[1], f"the full stop of {text!r} is at its beginning"
    # The site's policy lets no picture of another host in: the title's first letter stands for it.
    await expect(chat.page.locator("monitora-chat .avatar")).to_have_text("ا")


async def test_what_moves_keeps_still_for_who_asked_for_it(chat: Chat, assistant: Assistant) -> None:
    moving = """document.querySelector("monitora-chat").shadowRoot.getAnimations()
        .filter(({ playState }) => playState === "running").length"""
    go_on = threading.Event()
    assistant.will_say(Answer([go_on, "Nothing."]))
    await chat.ask("What moves?")
    await expect(chat.page.locator("monitora-chat .dots")).to_be_visible()

    assert await chat.page.evaluate(moving) == 0
    await chat.page.emulate_media(reduced_motion="no-preference")
    await chat.page.wait_for_function(f"() => {moving} > 0")
    go_on.set()


async def test_a_phone_s_keyboard_does_not_cover_the_chat(visitor: BrowserContext, assistant: Assistant) -> None:
    page = await visitor.new_page()
    await page.set_viewport_size({"width": 390, "height": 844})
    await page.goto(f"http://{assistant.server.host}/demo?lang=en")
    chat = Chat(page)
    await chat.open()

    # What a phone does when its keyboard comes up over the page.
    await page.evaluate(
        """() => {
            Object.defineProperty(visualViewport, "height", { value: 500 });
            visualViewport.dispatchEvent(new Event("resize"));
        }"""
    )

    await expect(page.get_by_role("dialog")).to_have_css("height", "500px")
    box = await page.get_by_role("dialog").bounding_box()
    assert box == {"x": 0, "y": 0, "width": 390, "height": 500}
