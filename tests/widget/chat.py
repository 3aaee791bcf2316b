"""The chat as a visitor handles it, by what is seen and read aloud rather than by how it is made."""

from dataclasses import dataclass

from playwright.async_api import BrowserContext, Locator, Page, expect


@dataclass(frozen=True)
class Chat:
    """The chat of one page."""

    page: Page

    @property
    def launcher(self) -> Locator:
        """The button in the corner."""
        return self.page.locator("monitora-chat .launcher")

    @property
    def field(self) -> Locator:
        """Where a question is written."""
        return self.page.get_by_role("textbox", name="Your message")

    @property
    def region(self) -> Locator:
        """Where the conversation is read, which scrolls."""
        return self.page.get_by_role("region", name="Conversation")

    @property
    def messages(self) -> Locator:
        """Questions and answers."""
        return self.page.get_by_role("article")

    @property
    def questions(self) -> Locator:
        """What the visitor said."""
        return self.page.get_by_role("article", name="You")

    @property
    def answers(self) -> Locator:
        """The texts of the answers, without what is around them."""
        return self.page.locator("monitora-chat .answer .prose")

    @property
    def said_aloud(self) -> Locator:
        """What screen readers were told."""
        return self.page.get_by_role("log").locator("p")

    def button(self, name: str) -> Locator:
        """Return the latest button of a name."""
        return self.page.get_by_role("button", name=name, exact=True).last

    async def open(self) -> None:
        """Press the button in the corner."""
        await self.launcher.click()
        await expect(self.field).to_be_focused()

    async def ask(self, question: str) -> None:
        """Write a question and send it."""
        await self.field.fill(question)
        await self.field.press("Enter")

    async def last_word(self) -> str:
        """Wait until the latest answer is complete, and return it."""
        await expect(self.page.locator("monitora-chat .answer").last).to_have_attribute("aria-busy", "false")
        return (await self.answers.last.text_content() or "").strip()


async def chat_at(visitor: BrowserContext, address: str) -> Chat:
    """Open a page of a visitor's, and return its chat."""
    page = await visitor.new_page()
    await page.goto(address)
    return Chat(page)
