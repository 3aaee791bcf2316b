"""One address, fetched as a file."""

import asyncio
from dataclasses import dataclass

from core.http_client import FetchFailed, FetchFault
from rag.sources.crawler.addresses import canonical
from rag.sources.crawler.fetching import Fetcher
from rag.sources.crawler.html_pages import in_utf8
from rag.sources.crawler.kinds import file_name, is_html

FOUND = 200


class NothingThere(Exception):
    """The server of the address answers with something else than a file: `status` says what."""

    def __init__(self, status: int) -> None:
        super().__init__(f"status {status}")
        self.status = status


@dataclass(frozen=True, slots=True)
class FetchedFile:
    """What was found, the address where it was, and the name of a file of its kind."""

    address: str
    name: str
    content: bytes


async def fetch_file(fetcher: Fetcher, address: str, max_bytes: int) -> FetchedFile:
    """Return the file at an address, behind a few redirects at most. Raises `FetchFailed` and `NothingThere`."""
    begin = canonical(address, address)
    if begin is None:
        raise FetchFailed(FetchFault.NOT_ALLOWED, "no address of the web")
    response, _ = await fetcher.follow(begin, max_bytes)
    if response.status != FOUND:
        raise NothingThere(response.status)
    kind, content = response.headers.get("content-type", ""), response.content
    name = file_name(response.url, kind)
    if is_html(kind, content):
        content = await asyncio.to_thread(in_utf8, content, kind)
        name = name if name.lower().endswith((".html", ".htm", ".xhtml")) else f"{name}.html"
    return FetchedFile(response.url, name, content)
