"""What the scripts of a page may have: texts, with GET, from their own site or the public internet, within bounds."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from core.http_client import FetchFailed, HttpClient, HttpResponse
from rag.sources.crawler.addresses import MAX_URL_CHARACTERS, Site
from rag.sources.crawler.fetching import Fetcher
from rag.sources.crawler.opening import OpenedSite, SiteUnreachable, read_robots
from rag.sources.crawler.robots import Robots

MAX_REQUESTS = 200
"""Requests of the scripts of one page."""
MAX_BYTES = 32 * 2**20
"""What they are given in all."""
MAX_ONE_BYTES = 8 * 2**20
MAX_HOSTS = 20
"""Hosts beside the site's own that the pages of a crawl's turn may ask."""
MAX_KEPT_BYTES = 32 * 2**20
"""Scripts and styles that are kept for the next page."""
SECONDS = 10.0
_TEXTS = frozenset({"Script", "Stylesheet", "XHR", "Fetch"})
_KEPT = frozenset({"Script", "Stylesheet"})
_NOT_SENT = frozenset(
    "accept-encoding connection content-length cookie host proxy-authorization range user-agent".split()  # noqa: SIM905
)
_GIVEN = frozenset({"content-type", "location", "x-content-type-options"})


@dataclass(slots=True)
class Spent:
    """What the scripts of one page have had so far."""

    requests: int = 0
    byte_count: int = 0


@dataclass(frozen=True, slots=True)
class Given:
    """What a script's request is answered with."""

    status: int
    headers: dict[str, str]
    content: bytes = b""


@dataclass(slots=True)
class ScriptRequests:
    """Answers the requests of the scripts of one crawl's pages.

    `client` may connect where the operator lets the crawl go, and is asked for the site alone; `outside` connects to
    public addresses only, so that no page reads what is beside it in a private network.
    """

    client: HttpClient
    outside: HttpClient
    fetcher_outside: Fetcher
    opened: OpenedSite
    _robots: dict[str, Robots | None] = field(default_factory=dict)
    _asking: asyncio.Lock = field(default_factory=asyncio.Lock)
    _kept: dict[str, HttpResponse] = field(default_factory=dict)
    _kept_bytes: int = 0

    async def answer(self, request: dict[str, Any], kind: str, spent: Spent) -> Given | None:
        """Return what a request is answered with; None when it is refused.

        `kind` is what the browser wants it for. `spent` is brought up to date.
        """
        address, method = str(request["url"]).partition("#")[0], request["method"]
        if kind not in _TEXTS or len(address) > MAX_URL_CHARACTERS or not address.startswith(("http://", "https://")):
            return None
        spent.requests += 1
        if spent.requests > MAX_REQUESTS or spent.byte_count >= MAX_BYTES:
            return None
        if method == "OPTIONS":
            return _preflight(request["headers"])
        try:
            if method != "GET" or not await self._allows(address):
                return None
            response = self._kept.get(address) or await self._fetched(address, request["headers"])
        except (FetchFailed, ValueError):
            return None
        spent.byte_count += len(response.content)
        if kind in _KEPT and response.content and self._kept_bytes + len(response.content) <= MAX_KEPT_BYTES:
            self._kept_bytes += 0 if address in self._kept else len(response.content)
            self._kept[address] = response
        shown = {
            name: value
            for name, value in response.headers.items()
            if name in _GIVEN or name.startswith(("access-control-", "cross-origin-"))
        }
        return Given(response.status, shown, response.content)

    async def _fetched(self, address: str, headers: dict[str, str]) -> HttpResponse:
        client = self.client if self._is_inside(address) else self.outside
        sent = {name: value for name, value in headers.items() if name.lower() not in _NOT_SENT}
        return await client.get(address, max_bytes=MAX_ONE_BYTES, seconds=SECONDS, headers=sent)

    def _is_inside(self, address: str) -> bool:
        return self.opened.site.holds(address)

    async def _allows(self, address: str) -> bool:
        """Tell whether the robots.txt of an address's host allows it. Raises `ValueError`."""
        if self._is_inside(address):
            return self.opened.robots.allows(address)
        site = Site.of(address)
        async with self._asking:
            if site.origin not in self._robots:
                if len(self._robots) >= MAX_HOSTS:
                    return False
                try:
                    self._robots[site.origin] = await read_robots(self.fetcher_outside, site)
                except SiteUnreachable:
                    self._robots[site.origin] = None
        robots = self._robots[site.origin]
        return robots is not None and robots.allows(address)


def _preflight(headers: dict[str, str]) -> Given:
    """Let the browser ask with GET; the answer to that says who may read it."""
    named = {name.lower(): value for name, value in headers.items()}
    allowed = named.get("access-control-request-headers", "")
    origin = {"access-control-allow-origin": named.get("origin", "*"), "access-control-allow-methods": "GET"}
    return Given(204, {**origin, "access-control-allow-headers": allowed, "access-control-allow-credentials": "true"})
