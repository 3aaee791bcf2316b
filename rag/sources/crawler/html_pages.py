"""What the crawler needs of an HTML page: its links, what it asks of crawlers, and whether its content changed.

The page is read as a stream of events: no tree is built, so that memory stays small whatever a site sends. Its text is
read later, where documents are.
"""

import codecs
import hashlib
import re
from dataclasses import dataclass
from typing import Any

from lxml import etree

from rag.sources.crawler.addresses import Site, canonical
from rag.sources.crawler.robots import AGENT, Directives

MAX_ELEMENTS = 100_000
"""Elements of a page that are looked at; what follows counts for its fingerprint as it is."""
MAX_LINKS = 5_000
"""Pages of its site that one page leads to."""
MAX_HREFS = 20_000
"""Links of one page that are looked at."""
MAX_TITLE_CHARACTERS = 500
_PIECE = 64 * 1024
_UNSEEN = frozenset({"script", "style", "noscript", "template"})
_MEANT_ATTRIBUTES = (
    *("alt", "aria-hidden", "aria-label", "class", "colspan", "headers", "hidden", "lang", "role", "rowspan"),
    *("scope", "start", "style", "value"),
)
"""The attributes that change what a reader of the page is given. Others often change with each request."""
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE)
_NO_TEXT_CODECS = frozenset({"idna", "punycode", "raw_unicode_escape", "unicode_escape", "raw-unicode-escape"})


@dataclass(frozen=True, slots=True)
class HtmlPage:
    """What was found. `links` are canonical addresses of the site, each once, in the order of the page.

    `canonical` is where the page says that its content lives, if that is on the site. `fingerprint` changes when a
    reader of the page would read something else. `text_characters` counts what is shown.
    """

    title: str
    links: list[str]
    canonical: str | None
    directives: Directives
    fingerprint: bytes
    text_characters: int
    has_scripts: bool


def read_html_page(content: bytes, address: str, site: Site) -> HtmlPage:
    """Read a page. Whatever it holds, something is returned."""
    reading = _Reading(address, site)
    encoding = _encoding(content)
    if encoding is not None:
        content = content.replace(b"\0", b"")  # the parser takes a long time over each
    parser = etree.HTMLParser(target=reading, encoding=encoding, huge_tree=True, no_network=True)
    try:
        for start in range(0, len(content), _PIECE):
            parser.feed(content[start : start + _PIECE])
            if reading.elements > MAX_ELEMENTS:
                reading.fingerprint.update(content[start + _PIECE :])
                break
        else:
            parser.close()
    except (etree.LxmlError, LookupError, ValueError):
        reading.fingerprint.update(content)
    return reading.page()


def in_utf8(content: bytes, content_type: str) -> bytes:
    """Return a page as UTF-8 with its mark, where the header names an encoding: it counts more than the page's own."""
    named = _CHARSET.search(content_type)
    if named is None or content.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content
    try:
        codec = codecs.lookup(named[1])
        if codec.name in _NO_TEXT_CODECS:
            return content
        # Of bytes: no codec is taken that unpacks them.
        return codecs.BOM_UTF8 + content.decode(codec.name).encode()
    except (LookupError, ValueError):
        return content


class _Reading:
    """What the parser tells, taken down."""

    def __init__(self, address: str, site: Site) -> None:
        self.elements = 0
        self.fingerprint = hashlib.sha256()
        self._site = site
        self._address = address
        self._base = address
        self._hrefs: set[str] = set()
        self._links: dict[str, None] = {}
        self._canonical: str | None = None
        self._directives = Directives()
        self._title: list[str] = []
        self._text: list[str] = []
        self._text_characters = 0
        self._has_scripts = False
        self._unseen = ""
        self._in_title = False

    def start(self, tag: Any, attributes: Any) -> None:
        self._end_text()
        self.elements += 1
        name = str(tag).lower()
        if name in _UNSEEN and not self._unseen:
            self._unseen = "" if attributes.get("type", "").lower() == "application/ld+json" else name
            self._has_scripts |= name == "script"
        self._in_title = name == "title" and not self._title
        meant = [f"{key}={attributes[key]}" for key in _MEANT_ATTRIBUTES if key in attributes]
        self.fingerprint.update("\0".join(["<", name, *meant]).encode("utf-8", "replace"))
        handler = getattr(self, f"_start_{name}", None)
        if handler is not None:
            handler(attributes)

    def end(self, tag: Any) -> None:
        self._end_text()
        if str(tag).lower() == self._unseen:
            self._unseen = ""
        self._in_title = False

    def data(self, text: str) -> None:
        if not self._unseen:
            self._text.append(text)

    def comment(self, _text: str) -> None:
        """Comments are not shown."""

    def pi(self, _target: str, _data: str | None = None) -> None:
        """Nor are instructions."""

    def close(self) -> None:
        self._end_text()

    def page(self) -> HtmlPage:
        self._end_text()
        for link in self._links:
            self.fingerprint.update(link.encode())
        return HtmlPage(
            title=" ".join("".join(self._title).split())[:MAX_TITLE_CHARACTERS],
            links=list(self._links),
            canonical=self._canonical,
            directives=self._directives,
            fingerprint=self.fingerprint.digest(),
            text_characters=self._text_characters,
            has_scripts=self._has_scripts,
        )

    def _end_text(self) -> None:
        """Take the words since the last tag: in which pieces the parser hands them over means nothing."""
        if not self._text:
            return
        words = " ".join("".join(self._text).split())
        self._text.clear()
        self.fingerprint.update(words.encode("utf-8", "replace"))
        if self._in_title:
            self._title.append(words)
        else:
            self._text_characters += len(words)

    def _start_base(self, attributes: Any) -> None:
        if self._base == self._address and attributes.get("href"):
            self._base = canonical(attributes["href"], self._address) or self._address

    def _start_a(self, attributes: Any) -> None:
        if "nofollow" not in attributes.get("rel", "").lower().split():
            self._add(attributes.get("href"))

    _start_area = _start_a

    def _start_iframe(self, attributes: Any) -> None:
        self._add(attributes.get("src"))

    _start_frame = _start_iframe

    def _start_link(self, attributes: Any) -> None:
        relations = attributes.get("rel", "").lower().split()
        if "canonical" in relations and self._canonical is None:
            self._canonical = self._site.address(attributes.get("href") or "", self._base)
        elif {"next", "prev"} & set(relations) or ("alternate" in relations and attributes.get("hreflang")):
            self._add(attributes.get("href"))

    def _start_meta(self, attributes: Any) -> None:
        content = attributes.get("content") or ""
        if attributes.get("name", "").strip().lower() in {"robots", AGENT.lower()}:
            self._directives |= Directives.read(content)
        elif attributes.get("http-equiv", "").strip().lower() == "refresh":
            _, found, target = content.partition("=")
            self._add(target.strip().strip("'\"") if found else None)

    def _add(self, href: str | None) -> None:
        if href and href not in self._hrefs and len(self._hrefs) < MAX_HREFS and len(self._links) < MAX_LINKS:
            self._hrefs.add(href)
            address = self._site.address(href, self._base)
            if address is not None and address != self._address:
                self._links[address] = None


def _encoding(content: bytes) -> str | None:
    """Return UTF-8 for what is; None lets the parser look at what the page declares."""
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return "utf-8"
