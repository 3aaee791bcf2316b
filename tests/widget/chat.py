"""The chat as a visitor handles it, by what is seen and read aloud rather than by how it is made."""

from dataclasses import dataclass

from playwright.async_api import Locator, Page, expect


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
    def questions(self) -> Locator:
        """What the visitor said."""
        return self.page.get_by_role("article", name="You")

    @property
    def answers(self) -> Locator:
        """The texts of the answers, without what is around them."""
        return self.page.locator("monitora-chat .answer .prose")

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

    async def first_words(self) -> str:
        """Wait until an answer has begun, and return what there is of it."""
        await expect(self.page.locator("monitora-chat .answer.writing .prose p").first).to_be_visible()
        return await self.text()

    async def last_word(self) -> str:
        """Wait until the latest answer is complete, and return it."""
        await expect(self.page.locator("monitora-chat .answer").last).to_have_attribute("aria-busy", "false")
        return await self.text()

    async def text(self) -> str:
        """Return what there is of the latest answer."""
        return (await self.answers.last.text_content() or "").strip()
