"""A page as a tree of elements, and the words in an element.

The page is parsed by libxml2, which stops at a depth of 2,048; parsers that build the tree of the HTML standard take
time in the square of the depth (two minutes for a megabyte of unclosed <div>).
"""

import codecs
import contextlib
import re
from collections.abc import Iterator

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


def parse(content: bytes) -> etree._Element | None:
    """Return the root of a page, without comments; None where there is nothing.

    Raises `UnreadableDocument`: FILE_TOO_LARGE over `MAX_MARKUP_BYTES` or `MAX_MARKUP_NODES`, FILE_UNREADABLE where
    elements are nested too deeply.
    """
    if len(content) > MAX_MARKUP_BYTES:
        limit = MAX_MARKUP_BYTES // (1024 * 1024)
        raise UnreadableDocument(ErrorCode.FILE_TOO_LARGE, f"A page of HTML may have {limit} MiB. Split it into pages.")
    markup = _decode(content).encode("utf-8", errors="replace")
    check_markup(markup)
    parser = etree.HTMLParser(
        encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True, huge_tree=True, recover=True
    )
    root = etree.fromstring(markup, parser)
    if any(entry.type_name == "ERR_RESOURCE_LIMIT" for entry in parser.error_log):
        raise UnreadableDocument(
            ErrorCode.FILE_UNREADABLE,
            "The page's elements are nested too deeply to be read. Save its text as a simpler page and send that.",
        )
    return root


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
