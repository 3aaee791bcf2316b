"""The server's own pages in a real browser, under the Content-Security-Policy they come with."""

from pathlib import Path

from playwright.async_api import BrowserContext, Page, expect

from tests.support.mistral_server import Answer
from tests.support.server import running
from tests.widget.chat import Chat
from tests.widget.conftest import Assistant, Prepared
from tests.widget.graphiql import GraphiQL


async def _watched(visitor: BrowserContext, address: str) -> tuple[Page, list[str]]:
    """Open a page, and return it with what its policy will have kept from it."""
    page = await visitor.new_page()
    violations: list[str] = []
    page.on(
        "console",
        lambda said: violations.append(said.text) if "Content Security Policy" in said.text else None,
    )
    await page.goto(address)
    return page, violations


async def test_the_demo_page_does_all_it_does_under_its_policy(visitor: BrowserContext, assistant: Assistant) -> None:
    page, violations = await _watched(visitor, f"http://{assistant.server.host}/demo?lang=en&theme=dark")
    chat = Chat(page)

    await chat.open()
    assistant.will_say(Answer(["It is."]))
    await chat.ask("Is this allowed?")

    assert await chat.last_word() == "It is."
    assert violations == []


async def test_graphiql_logs_in_asks_and_shows_the_schema_under_its_policy(
    visitor: BrowserContext, prepared: Prepared
) -> None:
    page, violations = await _watched(visitor, f"http://{prepared.server.host}/graphiql")
    # This server shows its schema to accounts alone.
    await page.get_by_label("Show Documentation Explorer").click()
    await expect(page.get_by_text("Error fetching schema")).to_be_visible()

    await GraphiQL(page).log_in(prepared.password)
    await expect(page.get_by_role("link", name="ChatInput")).to_be_visible()
    await page.get_by_role("button", name="Execute query").click()
    await expect(page.locator(".graphiql-response")).to_contain_text("totalCount")

    await page.get_by_role("button", name="Log out").click()
    await expect(page.get_by_text("Error fetching schema")).to_be_visible()
    assert violations == []


async def test_graphiql_asks_where_nobody_is_shown_the_schema(
    visitor: BrowserContext, prepared: Prepared, restartable: Path
) -> None:
    with running(restartable, **prepared.settings, MONITORA_INTROSPECTION="nobody") as server:
        page, violations = await _watched(visitor, f"http://{server.host}/graphiql")
        await GraphiQL(page).log_in(prepared.password)
        await page.get_by_role("button", name="Execute query").click()
        await expect(page.locator(".graphiql-response")).to_contain_text("totalCount")

    assert violations == []
