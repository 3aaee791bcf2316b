"""The chat on pages that are hard on it: routers that replace what is in them, style sheets that match all there is."""

import re
import threading

import pytest
from playwright.async_api import BrowserContext, FloatRect, Page, expect

from tests.support.mistral_server import Answer
from tests.widget.chat import Chat, chat_at
from tests.widget.conftest import Assistant
from tests.widget.customer_site import CustomerSite

BEGINNING = "The garden opens"
REST = " at nine."

NEXT_PAGE = """
    const script = document.querySelector("script[data-key]");
    const body = document.createElement("body");
    body.append(Object.assign(document.createElement("h1"), { textContent: "Second page" }));
    const again = document.createElement("script");
    for (const { name, value } of script?.attributes ?? []) again.setAttribute(name, value);
    if (script) body.append(again);
"""
ROUTERS = {
    "Turbo": NEXT_PAGE + "document.documentElement.replaceChild(body, document.body);",
    "Turbo, restoring a page": NEXT_PAGE
    + "const snapshot = document.body.cloneNode(true); document.body.replaceWith(body); body.replaceWith(snapshot);",
    "a boosted link of htmx": NEXT_PAGE + "document.body.replaceChildren(...body.childNodes);",
    "htmx, restoring a page": "const before = document.body.innerHTML; document.body.innerHTML = before;",
    "a router that removes what it does not know": (
        'for (const node of document.querySelectorAll("body > :not(main, script)")) node.remove();'
    ),
    "a router that replaces the whole document": NEXT_PAGE
    + """const html = document.createElement("html");
    html.append(document.createElement("head"), body);
    document.replaceChild(html, document.documentElement);""",
    "a router that fetches between the pages": NEXT_PAGE
    + """document.body.remove();
    await new Promise((resolve) => setTimeout(resolve, 100));
    document.documentElement.append(body);""",
    "a page that is moved into a wrapper": """
    const wrapper = document.createElement("div");
    wrapper.append(...document.body.childNodes);
    document.body.append(wrapper);""",
}

STYLES = [
    "body > * { position: relative; z-index: 1 } h1 { height: 300px }",
    "* { position: relative }",
    "* { position: static !important; inset: 0 auto auto 0 !important }",
    "body { display: grid } body > * { width: 100%; height: 100vh; margin: 40px; padding: 40px }",
    "* { all: unset }",
    "body > *, monitora-chat { all: revert !important; display: none !important; visibility: hidden !important }",
    ":not(main, h1, html, body) { display: none; opacity: 0; pointer-events: none; clip-path: circle(0) }",
    "* { transform: rotate(2deg) translateX(50px) !important; translate: 40px; scale: 0.5; rotate: 10deg }",
    "html, body { transform: translateX(40px) !important; filter: blur(2px); perspective: 10px; height: 3000px }",
    "body { contain: strict; container-type: size; overflow: hidden; width: 300px; height: 200px; opacity: 0 }",
    "* { contain: strict; will-change: transform; backdrop-filter: blur(1px); isolation: isolate }",
    "html { font-size: 40px; zoom: 1.5 } body { zoom: 0.5 }",
    "* { zoom: 1.2; font-size: 40px !important; line-height: 4; letter-spacing: 1em; text-transform: uppercase }",
    "html { overflow: hidden } main { position: fixed; inset: 0; z-index: 2147483647; background: white }",
    "* { animation: away 1s forwards; transition: all 9s } @keyframes away { to { right: 900px; opacity: 0 } }",
    "*::backdrop { background: red; display: block; pointer-events: auto !important }",
    "* { --text: red; --accent: red; --unzoom: 3; color: red; background: red; cursor: none; user-select: none }",
    "* { writing-mode: vertical-rl; columns: 3; float: left; order: -1; margin: auto !important; inset: auto }",
]

LAUNCHER = FloatRect(x=1212, y=750, width=4, height=4)
"""Some of the button's colour, on the screen."""


@pytest.fixture
async def shop(visitor: BrowserContext, customer_site: CustomerSite, assistant: Assistant) -> Chat:
    """The chat on a customer's page, closed."""
    customer_site.freely()
    key = await assistant.publish(name="Garden", allowedDomains=["localhost"])
    customer_site.embed(f'<script src="http://{assistant.server.host}/widget.js" data-key="{key}" async></script>')
    chat = await chat_at(visitor, f"http://localhost:{customer_site.port}/")
    await expect(chat.launcher).to_be_visible()
    return chat


async def restyle(page: Page, text: str) -> None:
    """Give a page this style sheet in place of the one before. Its policy lets no style element in."""
    await page.evaluate(
        """(text) => {
            const sheet = new CSSStyleSheet();
            sheet.replaceSync(text);
            document.adoptedStyleSheets = [sheet];
        }""",
        text,
    )


@pytest.mark.parametrize("router", ROUTERS)
async def test_the_chat_comes_back_as_it_was_when_a_router_takes_it_away(
    shop: Chat, assistant: Assistant, router: str
) -> None:
    await shop.open()
    go_on = threading.Event()
    assistant.will_say(Answer([BEGINNING, go_on, REST]))
    await shop.ask("When does the garden open?")
    await expect(shop.answers).to_have_text(BEGINNING)
    await shop.field.fill("And when does it close")
    await shop.field.press("Home")

    await shop.page.evaluate(f"async () => {{ {ROUTERS[router]} }}")

    await expect(shop.page.locator("monitora-chat")).to_have_count(1)
    await expect(shop.page.get_by_role("dialog")).to_be_visible()
    await expect(shop.answers).to_have_text(BEGINNING)
    await expect(shop.field).to_be_focused()
    await shop.page.keyboard.type("Oh! ")
    await expect(shop.field).to_have_value("Oh! And when does it close")
    go_on.set()
    assert await shop.last_word() == BEGINNING + REST
    await shop.button("Close").click()
    await expect(shop.page.get_by_role("dialog")).to_be_hidden()
    assert assistant.calls() == 1


async def test_the_chat_is_where_and_how_it_is_whatever_the_page_s_style_matches(shop: Chat) -> None:
    page = shop.page
    before, picture = await _look(page), await page.screenshot(clip=LAUNCHER)
    assert (before[".launcher"]["right"], before[".launcher"]["bottom"]) == (1260, 780)

    for style in STYLES:
        await restyle(page, style)
        assert await _look(page) == before, style
        assert await page.screenshot(clip=LAUNCHER) == picture, style


async def _look(page: Page) -> dict[str, dict[str, object]]:
    """Open the chat, close it, and return where its parts were, how they looked, and what their middle shows."""
    looks: dict[str, dict[str, object]] = await page.evaluate(
        """async () => {
            const chat = document.querySelector("monitora-chat");
            await chat.open();
            const looks = {};
            for (const part of [".launcher", ".panel", "h2", "textarea", ".send"]) {
                const element = chat.shadowRoot.querySelector(part);
                const { x, y, right, bottom, width, height } = element.getBoundingClientRect();
                const { color, backgroundColor, fontSize, letterSpacing, cursor } = getComputedStyle(element);
                const pressed = document.elementFromPoint(x + width / 2, y + height / 2)?.localName;
                looks[part] = { x, y, right, bottom, color, backgroundColor, fontSize, letterSpacing, cursor, pressed };
            }
            await chat.close();
            return looks;
        }"""
    )
    return looks


async def test_a_workspace_s_own_style_moves_the_chat_where_the_page_s_does_not(
    visitor: BrowserContext, customer_site: CustomerSite, assistant: Assistant
) -> None:
    own = """
        :host { bottom: 90px; --accent-text: rgb(1, 2, 3); background: url("data:image/svg+xml;utf8,<svg/>") no-repeat }
        @media all { :host([data-side="right"]) { right: 60px; font-size: 17px } }
    """
    key = await assistant.publish(name="Garden", allowedDomains=["localhost"], customCss=own)
    customer_site.embed(f'<script src="http://{assistant.server.host}/widget.js" data-key="{key}" async></script>')
    chat = await chat_at(visitor, f"http://localhost:{customer_site.port}/")
    await restyle(chat.page, "* { bottom: 0; right: 0 !important; --accent-text: red; font-size: 9px }")

    box = await chat.launcher.bounding_box()

    assert box is not None
    assert (box["x"] + box["width"], box["y"] + box["height"]) == (1220, 710)
    host = chat.page.locator("monitora-chat")
    await expect(host).to_have_css("font-size", "17px")
    await expect(host).to_have_css("--accent-text", "rgb(1, 2, 3)")
    await expect(host).to_have_css("background-image", re.compile("svg"))


async def test_a_page_that_wants_no_chat_hides_it(shop: Chat) -> None:
    await shop.page.evaluate("document.querySelector('monitora-chat').hidden = true")
    await expect(shop.launcher).to_be_hidden()


async def test_a_page_that_takes_the_chat_away_whenever_it_comes_stays_quick(shop: Chat) -> None:
    removals = await shop.page.evaluate(
        """async () => {
            let removals = 0;
            const removeChat = () => {
                const chat = document.querySelector("monitora-chat");
                if (chat) removals += 1;
                chat?.remove();
            };
            new MutationObserver(removeChat).observe(document.body, { childList: true });
            removeChat();
            await new Promise((resolve) => setTimeout(resolve, 1_000));
            return removals;
        }"""
    )
    assert 2 <= removals <= 12


async def test_a_script_that_is_loaded_twice_makes_one_chat_and_a_second_key_is_told(
    shop: Chat, assistant: Assistant
) -> None:
    said: list[str] = []
    shop.page.on("console", lambda message: said.append(message.text))
    own, other = "document.querySelector('script[data-key]').dataset.key", "'mk_of_another_workspace'"

    for key in (own, other):
        await shop.page.evaluate(
            f"""() => new Promise((resolve) => {{
                const script = document.createElement("script");
                script.src = "http://{assistant.server.host}/widget.js";
                script.dataset.key = {key};
                script.onload = resolve;
                document.head.append(script);
            }})"""
        )

    await expect(shop.page.locator("monitora-chat")).to_have_count(1)
    (told,) = [text for text in said if "Monitora" in text]
    assert "mk_of_another_workspace" in told
    assert await shop.page.evaluate(own) in told
