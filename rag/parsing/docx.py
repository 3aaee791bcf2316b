"""Word documents (DOCX): the XML inside the archive, read directly.

Element and style names are those of ECMA-376 part 1, WordprocessingML; the strict and the transitional namespaces are
both read, by local names. Deleted text, fields' codes and tables of contents are left out; headers, footers and notes
too.
"""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree

from core.errors import ErrorCode
from rag.parsing.archive import open_archive
from rag.parsing.document import BlockKind
from rag.parsing.errors import MAX_DOCX_PART_BYTES, UnreadableDocument, check_markup
from rag.parsing.outline import Outline

DOCUMENT_PART = "word/document.xml"
_STYLES_PART = "word/styles.xml"
_PROPERTIES_PART = "docProps/core.xml"

_DIGIT = re.compile(r"[0-9]")
_BODY_LEVEL = 9  # the outline level of what is no heading
_HEADING_NAME = re.compile(r"heading (\d)", re.IGNORECASE)
_LEFT_OUT = frozenset({"del", "moveFrom", "Fallback", "instrText", "delText", "pPr", "rPr", "sectPr"})
_CONTAINERS = frozenset({"sdt", "sdtContent", "customXml", "smartTag", "ins", "moveTo", "body", "document"})
_INHERITANCE_DEPTH = 20


@dataclass(frozen=True, slots=True)
class _Style:
    """What a style makes of a paragraph: a heading, a list item, a line of contents. Outline levels count from 0."""

    name: str = ""
    based_on: str | None = None
    outline_level: int | None = None
    is_list: bool = False


@dataclass(slots=True)
class _Reading:
    outline: Outline
    styles: dict[str, _Style]
    items: list[str] = field(default_factory=list)

    def end_list(self) -> None:
        if self.items:
            self.outline.add_all(self.items, BlockKind.LIST_ITEM)
            self.items.clear()


def read_docx(content: bytes) -> Outline:
    """Read a document: its title, and a block for each paragraph, list and table.

    Raises `UnreadableDocument`: FILE_UNREADABLE for a damaged archive or XML, FILE_TOO_LARGE when a part unpacks to
    more than `MAX_DOCX_PART_BYTES` or has more than `MAX_MARKUP_NODES`, FILE_ENCRYPTED for an archive with a password.
    """
    try:
        with open_archive(io.BytesIO(content)) as archive:
            document = _part(archive, DOCUMENT_PART)
            styles = _part(archive, _STYLES_PART)
            properties = _part(archive, _PROPERTIES_PART)
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        OSError,
        ValueError,
        NotImplementedError,
        etree.XMLSyntaxError,
    ) as error:
        raise _damaged() from error
    if document is None:
        raise _damaged()
    reading = _Reading(Outline(_title(properties)), _styles(styles))
    for element in _body(document):
        if _name(element) == "tbl":
            reading.end_list()
            reading.outline.add_all(_rows(element), BlockKind.TABLE_ROW)
        else:
            _read_paragraph(element, reading)
    reading.end_list()
    return reading.outline


def _damaged() -> UnreadableDocument:
    return UnreadableDocument(
        ErrorCode.FILE_UNREADABLE,
        "The Word document is damaged. Open it in Word, save it again as .docx and send that.",
    )


def _part(archive: zipfile.ZipFile, name: str) -> etree._Element | None:
    """Return the root of one XML part, or None if the archive has no such part."""
    try:
        entry = archive.getinfo(name)
    except KeyError:
        return None
    if entry.flag_bits & 0x1:
        raise UnreadableDocument(
            ErrorCode.FILE_ENCRYPTED,
            "The Word document is protected by a password. Remove the password and send it again.",
        )
    with archive.open(entry) as part:
        content = part.read(MAX_DOCX_PART_BYTES + 1)  # what the archive declares cannot be trusted
    if len(content) > MAX_DOCX_PART_BYTES:
        raise UnreadableDocument(
            ErrorCode.FILE_TOO_LARGE,
            "The Word document unpacks to more text than can be read. Split it into smaller files.",
        )
    check_markup(content)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True, remove_comments=True, remove_pis=True
    )
    root = etree.fromstring(content, parser)
    if root.getroottree().docinfo.internalDTD is not None:
        raise _damaged()  # the standard forbids a document type, and only an attack brings one
    return root


def _name(element: etree._Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _value(element: etree._Element | None, attribute: str = "val") -> str | None:
    """Return an attribute by its local name."""
    if element is None:
        return None
    return next((value for key, value in element.attrib.items() if key.rpartition("}")[2] == attribute), None)


def _outline_level(element: etree._Element | None) -> int | None:
    """Return the value of an outline level, one digit; None where it is not that."""
    value = _value(element)
    return int(value) if value is not None and _DIGIT.fullmatch(value) else None


def _title(properties: etree._Element | None) -> str:
    title = properties.find("{*}title") if properties is not None else None
    return (title.text or "") if title is not None else ""


def _styles(root: etree._Element | None) -> dict[str, _Style]:
    styles: dict[str, _Style] = {}
    for style in root.iterchildren("{*}style") if root is not None else ():
        styles[_value(style, "styleId") or ""] = _Style(
            name=(_value(style.find("{*}name")) or "").lower(),
            based_on=_value(style.find("{*}basedOn")),
            outline_level=_outline_level(style.find("{*}pPr/{*}outlineLvl")),
            is_list=style.find("{*}pPr/{*}numPr") is not None,
        )
    return styles


def _inherited(style_id: str | None, styles: dict[str, _Style]) -> Iterator[_Style]:
    """Yield a style and those it is based on, nearest first."""
    for _ in range(_INHERITANCE_DEPTH):
        style = styles.get(style_id or "")
        if style is None:
            return
        yield style
        style_id = style.based_on


def _body(document: etree._Element) -> Iterator[etree._Element]:
    """Yield the paragraphs and tables in order, also inside content controls and revisions."""
    walk = etree.iterwalk(document, events=("start",))
    for _, element in walk:
        name = _name(element)
        if name in {"p", "tbl"}:
            yield element
        if name not in _CONTAINERS:
            walk.skip_subtree()


def _read_paragraph(paragraph: etree._Element, reading: _Reading) -> None:
    properties = paragraph.find("{*}pPr")
    style_id = _value(properties.find("{*}pStyle")) if properties is not None else None
    chain = list(_inherited(style_id, reading.styles))
    text = _text(paragraph)
    if not text.strip() or any(style.name.startswith("toc ") for style in chain):
        return
    level = _heading_level(properties, chain)
    if chain and chain[0].name == "title" and not reading.outline.title:
        reading.end_list()
        reading.outline.enter(1, text)
    elif level is not None:
        reading.end_list()
        reading.outline.enter(level, text)
    elif _is_item(properties, chain):
        reading.items.append("- " + " ".join(text.split()))
    else:
        reading.end_list()
        reading.outline.add(text)


def _heading_level(properties: etree._Element | None, chain: list[_Style]) -> int | None:
    """Return 1 to 9 for a heading, 1 being the outermost; an outline level counts from 0."""
    direct = _outline_level(properties.find("{*}outlineLvl")) if properties is not None else None
    if direct is not None:
        return direct + 1 if direct < _BODY_LEVEL else None
    for style in chain:
        if named := _HEADING_NAME.fullmatch(style.name):
            return max(1, int(named[1]))
        if style.outline_level is not None:
            return style.outline_level + 1 if style.outline_level < _BODY_LEVEL else None
    return None


def _is_item(properties: etree._Element | None, chain: list[_Style]) -> bool:
    """Tell whether a paragraph is a list item; numbering 0 takes away the numbering that its style gives."""
    numbering = properties.find("{*}numPr") if properties is not None else None
    if numbering is not None:
        return _value(numbering.find("{*}numId")) != "0"
    return any(style.is_list for style in chain)


def _text(element: etree._Element) -> str:
    """Return the text shown in a paragraph or a cell; paragraphs inside it, as in a text box, are lines."""
    parts: list[str] = []
    walk = etree.iterwalk(element, events=("start",))
    for _, node in walk:
        name = _name(node)
        if name in _LEFT_OUT:
            walk.skip_subtree()
        elif name == "t":
            parts.append(node.text or "")
        elif name in {"br", "cr"} or (name == "p" and node is not element):
            parts.append("\n")
        elif name in {"tab", "ptab", "tc"}:
            parts.append(" ")
        elif name == "noBreakHyphen":
            parts.append("-")
    return "".join(parts)


def _rows(table: etree._Element) -> Iterator[str]:
    """Yield a line for each row of a table, its cells between bars; a table in a cell is text of that cell."""
    for row in table.iterchildren("{*}tr"):
        cells = [" ".join(_text(cell).split()) for cell in row.iterchildren("{*}tc")]
        if any(cells):
            yield " | ".join(cells)
