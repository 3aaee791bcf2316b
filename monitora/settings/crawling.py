"""The settings of crawls: how the sites of others are treated, and how much of them is read."""

import shutil
from importlib.metadata import version

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings

from monitora.settings.values import WEB, checked_url
from rag.sources.crawler.browser.rendering import Browser
from rag.sources.crawler.fetching import CrawlLimits

RETRY_PAUSES = 20
"""Pauses that pass before a page that failed is asked for again."""


class CrawlSettings(BaseSettings):
    """What `Settings` holds of crawls."""

    crawls_at_once: int = Field(
        4, ge=1, le=64, description="Websites that one process crawls at a time, beside its other jobs."
    )
    crawl_pause_seconds: float = Field(
        1.0, ge=0, le=60, description="Pause between two requests to a host; a robots.txt may ask for up to 30 seconds."
    )
    crawler_url: str = Field(
        "", description="A page about your crawler, which it names to the sites it reads; none by default."
    )
    browser: str = Field(
        "",
        description="A Chromium, such as /usr/bin/chromium, for pages that are empty without scripts; none by default.",
    )
    max_website_pages: int = Field(10_000, ge=1, le=100_000, description="Pages that one website may keep.")

    @field_validator("crawler_url")
    @classmethod
    def _of_a_page(cls, url: str) -> str:
        return checked_url(url, WEB, "https://example.com/crawler")

    @field_validator("browser")
    @classmethod
    def _of_a_program(cls, program: str) -> str:
        found = shutil.which(program) if program else ""
        if found is None:
            raise ValueError("there is no such program: name an installed Chromium, such as /usr/bin/chromium")
        return found

    def script_browser(self) -> Browser | None:
        """Return what runs the scripts of pages, if there is a browser."""
        return Browser(self.browser) if self.browser else None

    def crawl_limits(self, max_file_bytes: int) -> CrawlLimits:
        """Return how crawls behave."""
        about = f" (+{self.crawler_url})" if self.crawler_url else ""
        return CrawlLimits(
            user_agent=f"Monitora/{version('monitora')}{about}",
            pause=self.crawl_pause_seconds,
            retry_after=self.crawl_pause_seconds * RETRY_PAUSES,
            max_file_bytes=max_file_bytes,
        )
