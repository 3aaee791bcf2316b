"""Word documents (DOCX, and with macros or as templates: DOCM, DOTX, DOTM).

The library reads what `word_markup` makes of the parts; headers and footers are read with the body, once each.
"""

from collections.abc import Iterator

from lxml import etree

from rag.parsing.office.document import Reading, modelled
from rag.parsing.office.package import Package, Relationship, damaged, local_name, value
from rag.parsing.office.word_markup import Styles, prepare, shown_text, without_page_numbers
from rag.parsing.outline import Outline

_NOTES = frozenset({"footnotes", "endnotes"})


def read_docx(content: bytes) -> Outline:
    """Read a document: its headings, paragraphs, list items, table rows and notes.

    Raises `UnreadableDocument`: see `Package` and `modelled`.
    """
    package = Package(content)
    outline = Outline(package.core_title())
    _prepare_parts(package, package.main_part("word/document.xml"))
    reading = Reading(outline, modelled(package.pack(), "docx"))
    reading.add_all(reading.document.blocks)
    return outline


def _prepare_parts(package: Package, main: str) -> None:
    """Make the body and the notes plain, and put headers and footers into the body. The trees are gone after this."""
    document = package.tree(main)
    body = next((each for each in document.iter("{*}body")), None) if document is not None else None
    if document is None or body is None:
        raise damaged()
    relationships = package.relationships(main)
    styles = _styles(package, relationships)
    for each in relationships:
        if each.kind in _NOTES and (notes := package.tree(each.target)) is not None:
            prepare(notes, styles)
            package.put(each.target, notes)
    headers, footers = _headers_and_footers(package, body, relationships, styles)
    prepare(document, styles)
    for number, block in enumerate(headers):
        body.insert(number, block)
    body.extend(footers)
    package.put(main, document)


def _styles(package: Package, relationships: list[Relationship]) -> Styles:
    name = next((each.target for each in relationships if each.kind == "styles"), "")
    root = package.tree(name)
    styles = Styles(root)
    if root is not None:
        package.put(name, root)
    return styles


def _tree(package: Package, relationships: list[Relationship], kind: str) -> etree._Element | None:
    return next((package.tree(each.target) for each in relationships if each.kind == kind), None)


def _headers_and_footers(
    package: Package, body: etree._Element, relationships: list[Relationship], styles: Styles
) -> tuple[list[etree._Element], list[etree._Element]]:
    """Return the blocks of the headers and of the footers that are shown, each text once."""
    settings = _tree(package, relationships, "settings")
    even = settings is not None and settings.find("{*}evenAndOddHeaders") is not None
    found: dict[str, list[etree._Element]] = {"headerReference": [], "footerReference": []}
    seen: set[str] = set()
    for section in body.iter("{*}sectPr"):
        first = section.find("{*}titlePg") is not None
        for reference in section.iterchildren("{*}headerReference", "{*}footerReference"):
            pages = value(reference, "type")
            if (pages == "first" and not first) or (pages == "even" and not even):
                continue
            target = next((each.target for each in relationships if each.id == value(reference, "id")), "")
            root = package.tree(target)
            if root is not None and target not in seen:
                seen.add(target)
                prepare(root, styles)
                found[local_name(reference)] += _new_blocks(root, seen)
    return found["headerReference"], found["footerReference"]


def _new_blocks(root: etree._Element, seen: set[str]) -> Iterator[etree._Element]:
    """Yield the blocks of a header whose text was not seen before."""
    for block in list(root):
        without_page_numbers(block)
        text = " ".join(shown_text(block).split())
        if text and text not in seen:
            seen.add(text)
            yield block
