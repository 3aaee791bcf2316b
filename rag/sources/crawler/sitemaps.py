"""Sitemaps (sitemaps.org): XML, text or a feed, packed or not, read within bounds and without entities."""

import zlib
from dataclasses import dataclass, field

from lxml import etree

MAX_SITEMAP_BYTES = 50 * 1024 * 1024
"""What the protocol lets a sitemap have, unpacked."""
MAX_LISTED = 50_000
"""What the protocol lets a sitemap list."""
MAX_SITEMAPS = 200
"""Sitemaps that are read of a site."""
_PIECE = 256 * 1024
_GZIP = b"\x1f\x8b"


class UnreadableSitemap(Exception):
    """It is no sitemap, or it is packed wrongly."""


@dataclass(slots=True)
class Sitemap:
    """What a sitemap lists, as it is written there: pages, and further sitemaps. It may be cut at `MAX_LISTED`."""

    pages: list[str] = field(default_factory=list)
    sitemaps: list[str] = field(default_factory=list)


def read_sitemap(content: bytes) -> Sitemap:
    """Read a sitemap. One that is damaged gives what comes before the damage. Raises `UnreadableSitemap`."""
    text = _unpacked(content) if content.startswith(_GZIP) else content
    if not text.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return _of_lines(text)
    target = _Listing()
    parser = etree.XMLParser(
        target=target, resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False, recover=True
    )
    try:
        for start in range(0, len(text), _PIECE):
            parser.feed(text[start : start + _PIECE])
            if target.is_full:
                break
        else:
            parser.close()
    except etree.XMLSyntaxError as error:
        if not target.found.pages and not target.found.sitemaps:
            raise UnreadableSitemap from error
    if not target.is_sitemap:
        raise UnreadableSitemap
    return target.found


class _Listing:
    """Takes the addresses out of the elements, as the parser comes by: no tree is built."""

    def __init__(self) -> None:
        self.found = Sitemap()
        self.is_sitemap = False
        self._within: list[str] = []
        self._text: list[str] = []

    @property
    def is_full(self) -> bool:
        return len(self.found.pages) + len(self.found.sitemaps) >= MAX_LISTED

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition("}")[2].lower()
        self.is_sitemap |= name in {"urlset", "sitemapindex", "rss", "feed"}
        self._within.append(name)
        self._text.clear()
        if name == "link" and self._parent == "entry" and attributes.get("rel", "alternate") == "alternate":
            self._add(self.found.pages, attributes.get("href", ""))

    def end(self, _tag: str) -> None:
        name = self._within.pop() if self._within else ""
        parent = self._within[-1] if self._within else ""
        text = "".join(self._text).strip()
        if (name, parent) in {("loc", "url"), ("link", "item")}:
            self._add(self.found.pages, text)
        elif (name, parent) == ("loc", "sitemap"):
            self._add(self.found.sitemaps, text)
        self._text.clear()

    def data(self, text: str) -> None:
        if self._within and self._within[-1] in {"loc", "link"}:
            self._text.append(text)

    def close(self) -> None:
        """Nothing is left to do."""

    @property
    def _parent(self) -> str:
        return self._within[-2] if len(self._within) > 1 else ""

    def _add(self, listed: list[str], text: str) -> None:
        if text and not self.is_full:
            listed.append(text)


def _of_lines(text: bytes) -> Sitemap:
    lines = text.decode("utf-8-sig", errors="replace").splitlines()[:MAX_LISTED]
    pages = [line.strip() for line in lines if line.strip().startswith(("http://", "https://"))]
    if not pages:
        raise UnreadableSitemap
    return Sitemap(pages)


def _unpacked(content: bytes) -> bytes:
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        unpacked = unpacker.decompress(content, MAX_SITEMAP_BYTES)
    except zlib.error as error:
        raise UnreadableSitemap from error
    if not unpacker.eof:
        raise UnreadableSitemap
    return unpacked
