"""Fetching from a site: one request at a time to a host, with a pause, and redirects that are looked at."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit
from weakref import WeakValueDictionary

from core.http_client import FetchFailed, FetchFault, HttpClient, HttpResponse
from rag.parsing.errors import MAX_FILE_BYTES, MAX_MARKUP_BYTES
from rag.sources.crawler.addresses import canonical

MAX_REDIRECTS = 5
REDIRECTS = frozenset({301, 302, 303, 307, 308})
MOVED = frozenset({301, 308})
"""The redirects that are meant to stay."""
MAX_PAUSE = 30.0
"""The longest pause that a robots.txt is granted, in seconds."""
MAX_HOLD = 120.0
"""The longest that a server may have us wait before the next request, in seconds."""


@dataclass(frozen=True, slots=True)
class CrawlLimits:
    """How a crawl treats the sites of others, and what it may cost. Durations are in seconds.

    `pause` passes between two requests to a host, and `retry_after` before a page that failed is asked for again, for
    `attempts` in all. A turn ends after `turn`, so that other crawls have theirs. A crawl ends after `failures` pages
    in a row that failed: the site is down.
    """

    user_agent: str = "Monitora"
    pause: float = 1.0
    retry_after: float = 20.0
    attempts: int = 3
    failures: int = 10
    fetch: float = 30.0
    turn: float = 300.0
    max_duration: float = timedelta(hours=6).total_seconds()
    max_depth: int = 100
    max_bytes: int = 4 * 2**30
    max_page_bytes: int = MAX_MARKUP_BYTES
    max_file_bytes: int = MAX_FILE_BYTES


class _Pace:
    """The turn of a host: who has it makes one request."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._free_at = 0.0

    @asynccontextmanager
    async def turn(self, pause: float) -> AsyncIterator[None]:
        """Wait for the turn, have it, and let `pause` pass before the next."""
        clock = asyncio.get_running_loop().time
        async with self._lock:
            await asyncio.sleep(max(self._free_at - clock(), 0))
            try:
                yield
            finally:
                self._free_at = max(self._free_at, clock() + pause)

    def hold(self, seconds: float) -> None:
        """Let nobody have a turn for a while."""
        self._free_at = max(self._free_at, asyncio.get_running_loop().time() + seconds)


class Paces:
    """The hosts that crawls of this process talk to."""

    def __init__(self) -> None:
        self._paces: WeakValueDictionary[str, _Pace] = WeakValueDictionary()

    def of(self, address: str) -> _Pace:
        """Return the pace of an address's host."""
        return self._paces.setdefault(urlsplit(address).hostname or "", _Pace())


class Fetcher:
    """Fetches for one crawl. `pause` may be made longer by what robots.txt asks."""

    def __init__(self, client: HttpClient, paces: Paces, limits: CrawlLimits) -> None:
        self._client = client
        self._paces = paces
        self._limits = limits
        self._held: set[_Pace] = set()
        self.pause = limits.pause

    def obey(self, delay: float) -> None:
        """Make the pause as long as robots.txt asks, within reason."""
        self.pause = max(self._limits.pause, min(delay, MAX_PAUSE))

    async def get(
        self, address: str, *, max_bytes: int, headers: Mapping[str, str] | None = None, packed: bool = True
    ) -> HttpResponse:
        """Return what the host answers, when it is the crawl's turn. Raises `FetchFailed`."""
        pace = self._paces.of(address)
        self._held.add(pace)  # the crawl's own reference keeps it
        async with pace.turn(self.pause):
            return await self._client.get(
                address, max_bytes=max_bytes, seconds=self._limits.fetch, headers=headers, packed=packed
            )

    async def follow(self, address: str, max_bytes: int) -> tuple[HttpResponse, bool]:
        """Return what is found at the end of at most `MAX_REDIRECTS`, and whether all of them are meant to stay.

        The response has the address where it was found. Raises `FetchFailed`.
        """
        stays = True
        for _ in range(MAX_REDIRECTS + 1):
            response = await self.get(address, max_bytes=max_bytes)
            target = redirect_of(response)
            if target is None:
                return response, stays
            stays &= response.status in MOVED
            address = target
        raise FetchFailed(FetchFault.NO_CONNECTION, "too many redirects")

    def hold(self, address: str, seconds: float) -> None:
        """Leave a host alone for as long as it asks, within reason."""
        self._paces.of(address).hold(min(seconds, MAX_HOLD))


def redirect_of(response: HttpResponse) -> str | None:
    """Return the canonical address that a response leads to, if it is a redirect to one."""
    if response.status not in REDIRECTS:
        return None
    # Written in bytes of UTF-8 by some, where only ASCII is allowed.
    location = response.headers.get("location", "").encode("latin-1").decode("utf-8", errors="replace")
    return canonical(location, response.url) if location else None
