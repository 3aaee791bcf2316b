"""HTML pages: what a reader came for, without the menus around it.

The page is parsed by libxml2, which stops at a depth of 2,048; parsers that build the tree of the HTML standard take
time in the square of the depth (two minutes for a megabyte of unclosed <div>).
"""

import codecs
import contextlib
import re
from collections.abc import Iterator

from lxml import etree

from core.errors import ErrorCode
from rag.parsing.document import BlockKind
from rag.parsing.errors import MAX_MARKUP_BYTES, UnreadableDocument, check_markup
from rag.parsing.outline import Outline
from rag.parsing.text import decode

_LEFT_OUT = frozenset(
    """script style noscript template svg math iframe object canvas audio video map nav aside footer
    button select option datalist input textarea label fieldset dialog head""".split()  # noqa: SIM905
)
_LEFT_OUT_ROLES = frozenset(
    """navigation banner contentinfo complementary search menu menubar
    dialog alertdialog""".split()  # noqa: SIM905
)
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_INLINE = frozenset(
    """a abbr acronym b bdi bdo big cite code data del dfn em font i img ins kbd mark nobr q ruby rb rp rt s samp small
    span strike strong sub sup time tt u var wbr""".split()  # noqa: SIM905
)
_FLOWING = _INLINE | {"br"}
_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_:.-]{1,40})", re.IGNORECASE)
_NOT_OF_PAGES = frozenset({"idna", "punycode", "raw-unicode-escape", "unicode-escape"})
"""Codecs of Python that no page is in. The first two take the square of the length."""
_CHARSET_WITHIN_BYTES = 4_096


def read_html(content: bytes) -> Outline:
    """Read a page: its title, and a block for each paragraph, list, table and listing of its main part.

    Raises `UnreadableDocument`: FILE_TOO_LARGE over `MAX_MARKUP_BYTES` or `MAX_MARKUP_NODES`, FILE_UNREADABLE where
    elements are nested too deeply.
    """
    if len(content) > MAX_MARKUP_BYTES:
        limit = MAX_MARKUP_BYTES // (1024 * 1024)
        raise UnreadableDocument(ErrorCode.FILE_TOO_LARGE, f"A page of HTML may have {limit} MiB. Split it into pages.")
    root = _parse(_decode(content).encode("utf-8", errors="replace"))
    if root is None:
        return Outline()
    outline = Outline(_words(root.find(".//title")))
    _Page(outline).read(_main_part(root))
    return outline


def _decode(content: bytes) -> str:
    """Decode as the page declares, if it holds to what it declares; else as any text."""
    declared = _CHARSET.search(content, 0, _CHARSET_WITHIN_BYTES)
    if declared and not content.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        # Of bytes, so that no codec is taken that unpacks them, as "zlib" does.
        with contextlib.suppress(LookupError, ValueError):
            encoding = codecs.lookup(declared[1].decode("ascii")).name
            if encoding not in _NOT_OF_PAGES:
                return content.decode(encoding)
    return decode(content)


def _parse(markup: bytes) -> etree._Element | None:
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


def _main_part(root: etree._Element) -> etree._Element:
    """Return the element that the page itself marks as its main part, if that holds text, else the whole page."""
    for path in (".//main", ".//*[@role='main']", ".//article"):
        parts = root.findall(path)
        if len(parts) == 1 and _words(parts[0]):
            return parts[0]
    return root


def _is_left_out(element: etree._Element) -> bool:
    if element.tag in _LEFT_OUT or element.get("role") in _LEFT_OUT_ROLES:
        return True
    if element.get("hidden") is not None or element.get("aria-hidden") == "true":
        return True
    if element.tag == "a" and (element.text or "").strip() in {"#", "¶"}:
        return True  # the link that a documentation tool puts beside its headings
    # A page's banner; the header of an article or of the main part holds its heading.
    return element.tag == "header" and next(element.iterancestors("main", "article", "section"), None) is None


def _events(element: etree._Element) -> Iterator[tuple[str, etree._Element]]:
    """Yield ("start" or "end", element) in document order, skipping what is left out; no recursion, at any depth."""
    walk = etree.iterwalk(element, events=("start", "end"))
    left_out: etree._Element | None = None
    for event, node in walk:
        if left_out is not None:
            if node is left_out and event == "end":
                left_out = None
                yield "skipped", node
        elif event == "start" and node is not element and _is_left_out(node):
            walk.skip_subtree()
            left_out = node
        else:
            yield event, node


def _words(element: etree._Element | None) -> str:
    """Return the words shown inside `element` on one line."""
    if element is None:
        return ""
    parts: list[str] = []
    for event, node in _events(element):
        if event == "start":
            parts += ["" if node.tag in _INLINE else " ", node.text or ""]
        elif node is not element:
            parts += ["" if node.tag in _INLINE else " ", node.tail or ""]
    return " ".join("".join(parts).split())


class _Page:
    """The state of reading one page: the words of the paragraph, the list or the table that is open."""

    def __init__(self, outline: Outline) -> None:
        self._outline = outline
        self._text: list[str] = []
        self._whole: etree._Element | None = None
        self._layout: set[etree._Element] = set()

    def read(self, root: etree._Element) -> None:
        self._layout = _holders_of_sections(root)
        for event, element in _events(root):
            if self._whole is not None:
                if element is self._whole and event == "end":
                    self._whole = None
                    self._write(element.tail if element is not root else "")
            elif event == "start":
                self._start(element)
            else:
                if event == "end" and element.tag not in _FLOWING:
                    self._end_paragraph()
                self._write(element.tail if element is not root else "")
        self._end_paragraph()

    def _start(self, element: etree._Element) -> None:
        if element.tag not in _FLOWING:
            self._end_paragraph()
        if element.tag in _HEADINGS:
            self._outline.enter(_HEADINGS[element.tag], _words(element))
            self._whole = element
        elif element.tag == "pre":
            self._outline.add("".join(element.itertext()), kind=BlockKind.CODE)
            self._whole = element
        elif element.tag in {"ul", "ol", "dl"} and element not in self._layout:
            self._outline.add_all(_items(element), BlockKind.LIST_ITEM)
            self._whole = element
        elif element.tag == "table" and element not in self._layout:
            self._outline.add_all(_rows(element), BlockKind.TABLE_ROW)
            self._whole = element
        else:
            self._write(" " if element.tag == "br" else element.text)

    def _write(self, text: str | None) -> None:
        self._text.append(text or "")

    def _end_paragraph(self) -> None:
        self._outline.add(" ".join("".join(self._text).split()))
        self._text.clear()


def _holders_of_sections(root: etree._Element) -> set[etree._Element]:
    """Return what holds headings, tables or listings: a list or a table among them only lays out the page."""
    holders: set[etree._Element] = set()
    for section in root.iter("table", "pre", *_HEADINGS):
        for ancestor in section.iterancestors():
            if ancestor in holders:
                break
            holders.add(ancestor)
    return holders


def _items(element: etree._Element) -> Iterator[str]:
    """Yield a line for each item of a list, and of the lists inside it."""
    parts: list[str] = []
    for event, node in _events(element):
        if event == "start" and node.tag in {"li", "dt", "dd"}:
            yield from _item(parts)
            parts = ["- " if node.tag == "li" else "", node.text or ""]
        elif event == "start":
            parts += ["" if node.tag in _INLINE else " ", node.text or ""]
        elif node is not element:
            parts += ["" if node.tag in _INLINE else " ", node.tail or ""]
    yield from _item(parts)


def _item(parts: list[str]) -> Iterator[str]:
    line = " ".join("".join(parts).split())
    if line.strip("- "):
        yield line


def _rows(table: etree._Element) -> Iterator[str]:
    """Yield the caption of a table, then a line for each row, its cells between bars."""
    walk = etree.iterwalk(table, events=("start",), tag=("caption", "tr"))
    for _, element in walk:
        walk.skip_subtree()  # a row inside a cell is words of that cell, and is not read again
        if element.tag == "caption":
            yield _words(element)
        else:
            cells = [_words(cell) for cell in element.iterchildren("td", "th")]
            if any(cells):
                yield " | ".join(cells)
