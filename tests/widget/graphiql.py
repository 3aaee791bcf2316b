"""GraphiQL as a person of the team handles it."""

import json
from dataclasses import dataclass
from typing import Any

from playwright.async_api import BrowserContext, Locator, Page, expect

EMAIL = "admin@monitora.example"
EDITORS = 4
"""Query, variables, headers and response: each loads parts of its own."""


@dataclass(frozen=True)
class GraphiQL:
    """GraphiQL in one page."""

    page: Page

    @property
    def response(self) -> Locator:
        """What the operation was answered."""
        return self.page.locator(".graphiql-response")

    @property
    def account(self) -> Locator:
        """Who is logged in."""
        return self.page.locator(".account-bar span")

    @property
    def status(self) -> Locator:
        """What is said of the log-in."""
        return self.page.locator(".account-bar").get_by_role("status")

    @property
    def password(self) -> Locator:
        """Where the password is asked for, while nobody is logged in."""
        return self.page.get_by_label("Password")

    async def wait_until_loaded(self) -> None:
        """Wait until all parts of the page are there."""
        await expect(self.page.locator(".CodeMirror")).to_have_count(EDITORS)

    async def reload(self) -> None:
        """Load the page again."""
        await self.page.reload()
        await self.wait_until_loaded()

    async def try_to_log_in(self, password: str, email: str = EMAIL) -> None:
        """Write an address and a password, and send them."""
        await self.page.get_by_label("E-mail").fill(email)
        await self.password.fill(password)
        await self.page.get_by_role("button", name="Log in", exact=True).click()

    async def log_in(self, password: str) -> None:
        """Log in as the administrator."""
        await self.try_to_log_in(password)
        await expect(self.account).to_contain_text(EMAIL)

    async def log_out(self) -> None:
        """Log out."""
        await self.page.get_by_role("button", name="Log out").click()

    async def choose(self, example: str) -> None:
        """Show the tab of an example."""
        await self.page.get_by_role("tab", name=example, exact=True).click()

    async def set_variables(self, variables: dict[str, Any]) -> None:
        """Put variables in the place of those that are there."""
        editor = self.page.locator(".graphiql-editor-tool .CodeMirror").first
        await editor.evaluate("(editor, text) => editor.CodeMirror.setValue(text)", json.dumps(variables))

    async def execute(self) -> None:
        """Run the tab's operation."""
        await self.page.get_by_role("button", name="Execute query").click()


async def graphiql_at(visitor: BrowserContext, address: str) -> GraphiQL:
    """Open GraphiQL in a page of its own."""
    page = await visitor.new_page()
    await page.goto(address)
    graphiql = GraphiQL(page)
    await graphiql.wait_until_loaded()
    return graphiql
