"""A page of HTML that was fetched is read: as it is, or as its scripts make it where it is empty without them."""

import asyncio
from dataclasses import dataclass, replace

from core.http_client import HttpResponse
from rag.sources.crawler.addresses import Site
from rag.sources.crawler.browser.rendering import FEW_CHARACTERS, Browser
from rag.sources.crawler.browser.requests import ScriptRequests
from rag.sources.crawler.html_pages import HtmlPage, in_utf8, read_html_page


@dataclass(frozen=True, slots=True)
class ReadPage:
    """A page and its markup in UTF-8. `byte_count` is what its scripts were given."""

    body: bytes
    page: HtmlPage
    byte_count: int = 0
    is_rendered: bool = False


@dataclass(frozen=True, slots=True)
class PageReader:
    """Reads the pages of one crawl. `reading` is shared by all crawls: one page at a time, which bounds the memory."""

    site: Site
    reading: asyncio.Lock
    browser: Browser | None = None
    requests: ScriptRequests | None = None

    async def read(self, response: HttpResponse) -> ReadPage:
        """Return what a page says without its scripts."""

        def read() -> ReadPage:
            body = in_utf8(response.content, response.headers.get("content-type", ""))
            return ReadPage(body, read_html_page(body, response.url, self.site))

        async with self.reading:
            return await asyncio.to_thread(read)

    def waits_for_scripts(self, read: ReadPage) -> bool:
        """Tell whether a page shows next to nothing before its scripts run, and there is a browser for them."""
        page = read.page
        return self.browser is not None and page.has_scripts and page.text_characters < FEW_CHARACTERS

    async def run_scripts(self, address: str, read: ReadPage) -> ReadPage:
        """Return the page as its scripts make it. Raises `BrowserFailed`."""
        if self.browser is None or self.requests is None:
            return read

        def page_of(markup: bytes) -> HtmlPage:
            return read_html_page(markup, address, self.site)

        rendered = await self.browser.render(
            address, read.body, self.requests, lambda markup: page_of(markup).text_characters
        )
        async with self.reading:
            page = await asyncio.to_thread(page_of, rendered.markup)
        led = [
            found for text in rendered.leads_to if (found := self.site.address(text, address)) not in {None, address}
        ]
        links = list(dict.fromkeys([*page.links, *(link for link in led if link)]))
        return ReadPage(rendered.markup, replace(page, links=links), rendered.byte_count, is_rendered=True)
