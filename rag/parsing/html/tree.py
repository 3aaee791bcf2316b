"""A page as a tree of elements, and the words in an element.

The page is parsed by libxml2, which stops at a depth of 2,048; parsers that build the tree of the HTML standard take
time in the square of the depth (two minutes for a megabyte of unclosed <div>).
"""

import codecs
import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from lxml import etree

from core.errors import ErrorCode
from rag.parsing.encodings import better, decode, is_utf8
from rag.parsing.errors import MAX_MARKUP_BYTES, UnreadableDocument, check_markup

HEADINGS = {f"h{level}": level for level in range(1, 7)}
INLINE = frozenset(
    """a abbr acronym b bdi bdo big cite code data del dfn em font i img ins kbd label mark math nobr q ruby rb rp rt s
    samp small span strike strong sub sup time tt u var wbr mi mn mo mrow ms mtext msup msub mfrac msqrt""".split()  # noqa: SIM905
)
"""Elements whose words stand in the line around them."""
BREAK = "\v"
"""Stands for <br> in the text of a paragraph. It is white space to Python, and none to HTML."""
FEW_ELEMENTS = 100
_FILE_NAME = re.compile(r"\S{0,200}(?:\.\w{2,4}|_\S{0,200}|\d{4}\S{0,200})|")
_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_:.-]{1,40})", re.IGNORECASE)
_NOT_OF_PAGES = frozenset({"idna", "punycode", "raw-unicode-escape", "unicode-escape"})
"""Codecs of Python that no page is in. The first two take the square of the length."""
_ONE_BYTE = re.compile(r"cp(?:125\d|437|85\d|866)|iso8859|latin|mac|koi8|ascii")
_CHARSET_WITHIN_BYTES = 4_096
_OF_HEAD = frozenset({"title", "meta", "link", "style", "script", "base", "noscript", "template"})
_ENDS_OF_PAGE = re.compile(r"</(?:body|html)\s*>", re.IGNORECASE)
"""libxml2 drops what stands behind them, which browsers show."""
_TAG = re.compile(rb"<[a-zA-Z](?:[^\"'>]++|\"[^\"]*+\"?|'[^']*+'?)*+")
_QUOTED = re.compile(rb"\"[^\"]*+\"?|'[^']*+'?")
_MAX_ATTRIBUTES = 2_000
"""Of one element: libxml2 takes the square of their number."""


@dataclass(frozen=True, slots=True)
class Tree:
    """A page, without comments.

    Whoever reads it holds all its elements: when lxml lets go of one, it walks up to the next that somebody holds.
    """

    root: etree._Element
    elements: list[etree._Element]


def parse(content: bytes) -> Tree | None:
    """Return the tree of a page; None where there is nothing.

    Raises `UnreadableDocument`: FILE_TOO_LARGE over `MAX_MARKUP_BYTES` or `MAX_MARKUP_NODES`, FILE_UNREADABLE where
    elements are nested too deeply.
    """
    if len(content) > MAX_MARKUP_BYTES:
        limit = MAX_MARKUP_BYTES // (1024 * 1024)
        raise UnreadableDocument(ErrorCode.FILE_TOO_LARGE, f"A page of HTML may have {limit} MiB. Split it into pages.")
    text = _decode(content).replace("\0", "")
    markup = _ENDS_OF_PAGE.sub("", _without_sections(text)).encode("utf-8", errors="replace")
    check_markup(markup)
    _check_attributes(markup)
    parser = etree.HTMLParser(
        encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True, huge_tree=True, recover=True
    )
    root = etree.fromstring(markup, parser)
    if any(entry.type_name == "ERR_RESOURCE_LIMIT" for entry in parser.error_log):
        raise UnreadableDocument(
            ErrorCode.FILE_UNREADABLE,
            "The page's elements are nested too deeply to be read. Save its text as a simpler page and send that.",
        )
    if root is None:
        return None
    _end_head(root)
    return Tree(root, list(root.iter()))


def _check_attributes(markup: bytes) -> None:
    for tag in _TAG.finditer(markup):
        if tag.end() - tag.start() > 2 * _MAX_ATTRIBUTES:
            names = _QUOTED.sub(b" ", tag[0])
            if max(names.count(b"="), len(names.split())) > _MAX_ATTRIBUTES:
                raise UnreadableDocument(
                    ErrorCode.FILE_UNREADABLE,
                    f"An element of the page has over {_MAX_ATTRIBUTES:,} attributes. Save its text as a simpler page "
                    "and send that.",
                )


def body_of(root: etree._Element) -> etree._Element:
    """Return what holds the text of a page."""
    body = root.find("body")
    return root if body is None else body


def _end_head(root: etree._Element) -> None:
    """Put into the body what belongs there: libxml2 leaves <main> and others in a head that no tag ends."""
    head = root.find("head")
    if head is None:
        return
    children = list(head)
    first = next((number for number, child in enumerate(children) if child.tag not in _OF_HEAD), len(children))
    if first == len(children):
        return
    body = root.find("body")
    if body is None:
        body = etree.SubElement(root, "body")
    moved = children[first:]
    moved[-1].tail, body.text = f"{moved[-1].tail or ''}{body.text or ''}", None
    body[:0] = moved


def _without_sections(markup: str) -> str:
    """Return XHTML with its CDATA sections as text, which a parser of HTML takes for comments."""
    if not markup.lstrip().startswith("<?xml"):
        return markup
    before, *sections = markup.split("<![CDATA[")
    parts = [before]
    for section in sections:
        text, _, after = section.partition("]]>")
        parts += escape(text, quote=False), after
    return "".join(parts)


def _decode(content: bytes) -> str:
    """Decode as the page declares, if it holds to what it declares; else as any text.

    Letters that are right in UTF-8 are that, whatever one-byte encoding is declared: those hold for any bytes.
    """
    declared = _CHARSET.search(content, 0, _CHARSET_WITHIN_BYTES)
    if declared and not content.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        # Of bytes, so that no codec is taken that unpacks them, as "zlib" does.
        with contextlib.suppress(LookupError, ValueError):
            encoding = codecs.lookup(better(declared[1].decode("ascii"))).name
            if encoding not in _NOT_OF_PAGES and not (_ONE_BYTE.match(encoding) and is_utf8(content)):
                return content.decode(encoding)
    return decode(content)


def words(element: etree._Element | None) -> str:
    """Return the words inside `element`, on one line."""
    return "" if element is None else " ".join("".join(_texts(element)).split())


def few_words(element: etree._Element, *, headings: bool = False) -> str:
    """Return the words inside `element`; "" where they are many, or hold a heading that is not asked for."""
    parts: list[str] = []
    for number, (event, node) in enumerate(etree.iterwalk(element, events=("start", "end"))):
        if number > 2 * FEW_ELEMENTS or (node.tag in HEADINGS and not headings):
            return ""
        text = node.text if event == "start" else node.tail if node is not element else ""
        parts.append((text or "") if node.tag in INLINE else f" {text or ''}")
    return " ".join("".join(parts).split())


def _texts(element: etree._Element) -> Iterator[str]:
    for event, node in etree.iterwalk(element, events=("start", "end")):
        if node.tag not in INLINE:
            yield " "
        if event == "start":
            yield f" {spoken(node)} " if node.tag == "img" else node.text or ""
        elif node is not element:
            yield node.tail or ""


def spoken(image: etree._Element) -> str:
    """Return the text that stands for an image; "" where it says nothing, as the name of a file does."""
    text = " ".join((image.get("alt") or "").split())
    return "" if _FILE_NAME.fullmatch(text) or not any(map(str.isalpha, text)) else text


def empty(element: etree._Element) -> None:
    """Take everything out of `element`, and leave what follows it where it is."""
    tag = "span" if element.tag in INLINE else "div"
    element.clear(keep_tail=True)
    element.tag = tag
