"""How a crawl begins: where the website is now, what its robots.txt asks, and what its sitemaps list."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from http import HTTPStatus

from core.errors import ErrorCode, MonitoraError
from core.http_client import SUCCESS, FetchFailed, FetchFault
from rag.sources.crawler.addresses import Site
from rag.sources.crawler.fetching import Fetcher
from rag.sources.crawler.robots import MAX_ROBOTS_BYTES, Robots
from rag.sources.crawler.sitemaps import MAX_SITEMAP_BYTES, MAX_SITEMAPS, UnreadableSitemap, read_sitemap

_PROBE_BYTES = 8 * 2**20
_NOT_FOUND = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})


class SiteUnreachable(MonitoraError):
    """The website cannot be crawled now. Nothing of it is removed."""


@dataclass(frozen=True, slots=True)
class OpenedSite:
    """A website that answers: the address of its start page, its site, and its rules."""

    root: str
    site: Site
    robots: Robots


async def open_site(fetcher: Fetcher, url: str, known_root: str | None) -> OpenedSite:
    """Find out where a website is now, and read its robots.txt.

    `known_root` is where it was. Raises `SiteUnreachable`: also where it is elsewhere for a while only, which would
    take all of its pages away.
    """
    return await reopen_site(fetcher, await _root(fetcher, url, known_root))


async def reopen_site(fetcher: Fetcher, root: str) -> OpenedSite:
    """Read the robots.txt of a website that is at a known address. Raises `SiteUnreachable`."""
    site = Site.of(root)
    robots = await read_robots(fetcher, site)
    fetcher.obey(robots.delay)
    return OpenedSite(root, site, robots)


async def listed_pages(fetcher: Fetcher, opened: OpenedSite) -> AsyncIterator[list[str] | None]:
    """Yield, a sitemap at a time, the addresses of the site that its sitemaps list; None for one that cannot be read.

    Without one in robots.txt, the usual place is looked at.
    """
    named = [address for text in opened.robots.sitemaps if (address := opened.site.address(text, opened.root))]
    usual = f"{opened.site.origin}/sitemap.xml"
    waiting = list(dict.fromkeys(named or [usual]))
    seen = set(waiting)
    while waiting:
        found = await _sitemap(fetcher, waiting.pop(0))
        if found is None:
            yield None
            continue
        pages, sitemaps = found
        yield list(dict.fromkeys(address for text in pages if (address := opened.site.address(text, opened.root))))
        for text in sitemaps:
            address = opened.site.address(text, opened.root)
            if address is not None and address not in seen and len(seen) < MAX_SITEMAPS:
                seen.add(address)
                waiting.append(address)


async def _root(fetcher: Fetcher, url: str, known_root: str | None) -> str:
    try:
        response, stays = await fetcher.follow(url, _PROBE_BYTES)
    except FetchFailed as error:
        if error.fault is FetchFault.TOO_LARGE:
            return known_root or url
        raise _unreachable(error) from error
    if response.status not in SUCCESS:
        message = f"The website's start page answers {response.status}. Check the address; nothing was changed."
        raise SiteUnreachable(ErrorCode.WEBSITE_UNREACHABLE, message)
    if known_root is not None and not stays and not Site.of(known_root).holds(response.url):
        message = "The website leads to another one for the time being. Nothing was changed; it is tried again later."
        raise SiteUnreachable(ErrorCode.WEBSITE_UNREACHABLE, message)
    return response.url


async def read_robots(fetcher: Fetcher, site: Site) -> Robots:
    """Read a site's robots.txt. One that is refused or not there allows everything, as RFC 9309 has it.

    Raises `SiteUnreachable`.
    """
    try:
        response, _ = await fetcher.follow(f"{site.origin}/robots.txt", MAX_ROBOTS_BYTES)
    except FetchFailed as error:
        if error.fault is FetchFault.TOO_LARGE:
            # Its rules are not known, so nothing is allowed.
            message = "The website's robots.txt is larger than 512 kB. Ask who runs it for a shorter one."
            raise SiteUnreachable(ErrorCode.WEBSITE_UNREACHABLE, message) from error
        raise _unreachable(error) from error
    if response.status in SUCCESS:
        return await asyncio.to_thread(Robots.read, response.content)
    if response.status >= HTTPStatus.INTERNAL_SERVER_ERROR or response.status == HTTPStatus.TOO_MANY_REQUESTS:
        message = f"The website's robots.txt answers {response.status}, so its rules are not known: try again later."
        raise SiteUnreachable(ErrorCode.WEBSITE_UNREACHABLE, message)
    return Robots()


async def _sitemap(fetcher: Fetcher, address: str) -> tuple[list[str], list[str]] | None:
    try:
        response, _ = await fetcher.follow(address, MAX_SITEMAP_BYTES)
        if response.status in _NOT_FOUND:
            return [], []
        if response.status not in SUCCESS:
            return None
        found = await asyncio.to_thread(read_sitemap, response.content)
    except (FetchFailed, UnreadableSitemap):
        return None
    return found.pages, found.sitemaps


def _unreachable(error: FetchFailed) -> SiteUnreachable:
    if error.fault is FetchFault.NOT_ALLOWED:
        message = (
            "The server may not connect to the website: it does not exist, or is in a network that the operator has "
            "not allowed (MONITORA_ALLOWED_NETWORKS)."
        )
        return SiteUnreachable(ErrorCode.HOST_NOT_ALLOWED, message)
    message = "The website does not answer. Check the address, or try again later; nothing was changed."
    return SiteUnreachable(ErrorCode.WEBSITE_UNREACHABLE, message)
