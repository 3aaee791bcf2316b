"""Documents of OpenDocument (ODT), and what all its kinds share: the title, and what is not shown.

Element names are those of OpenDocument 1.3 part 3.
"""

from collections.abc import Iterator

from lxml import etree

from rag.parsing.office.document import Reading, modelled
from rag.parsing.office.grids import NAMES_MARK
from rag.parsing.office.package import Package, damaged, encrypted, local_name, text_of, value
from rag.parsing.outline import Outline

_CONTENT, _STYLES, _META, _MANIFEST = "content.xml", "styles.xml", "meta.xml", "META-INF/manifest.xml"
_REMOVED = ("tracked-changes", "annotation", "annotation-end", "table-of-content")
_HEADERS = ("header-first", "header", "header-left")
_FOOTERS = ("footer-first", "footer", "footer-left")
_PAGE_NUMBERS = frozenset({"page-number", "page-count", "page-continuation"})
_WORDS_AROUND_A_PAGE_NUMBER = 2


def read_odt(content: bytes) -> Outline:
    """Read a document: its headings, paragraphs, list items, table rows and notes; headers and footers once.

    Raises `UnreadableDocument`: see `Package` and `modelled`.
    """
    package, outline, body = open_document(content)
    text = next(body.iter("{*}text"), body)
    styles = package.tree(_STYLES)
    if styles is not None:
        seen: set[str] = set()
        for number, block in enumerate(_page_blocks(styles, _HEADERS, seen)):
            text.insert(number, block)
        text.extend(_page_blocks(styles, _FOOTERS, seen))
    package.put(_CONTENT, body.getroottree().getroot())
    del text, body
    Reading(outline, document := modelled(package.pack(), "odt")).add_all(document.blocks)
    return outline


def open_document(content: bytes) -> tuple[Package, Outline, etree._Element]:
    """Return the package, an outline with its title, and the body of its content without what is not shown."""
    package = Package(content)
    manifest = package.tree(_MANIFEST)
    if manifest is not None and next(manifest.iter("{*}encryption-data"), None) is not None:
        raise encrypted()
    outline = Outline(text_of(package.tree(_META), "title"))
    root = package.tree(_CONTENT)
    body = next(root.iter("{*}body"), None) if root is not None else None
    if body is None:
        raise damaged()
    for element in list(body.iter(*(f"{{*}}{name}" for name in _REMOVED))):
        remove(element)
    hiding = {
        value(style, "name")
        for part in (root, package.tree(_STYLES))
        for style in (part.iter("{*}style") if part is not None else ())
        if value(style.find("{*}text-properties"), "display") == "none"
    }
    for element in list(body.iter("{*}span", "{*}p", "{*}h")) if hiding else ():
        if value(element, "style-name") in hiding:
            remove(element)
    for element in list(body.iter("{*}section", "{*}hidden-text", "{*}hidden-paragraph")):
        if value(element, "display") == "none" or value(element, "is-hidden") == "true":
            remove(element if local_name(element) != "hidden-paragraph" else element.getparent())
    for row in body.iterfind(".//{*}table-header-rows/{*}table-row"):
        if (paragraph := next(row.iter("{*}p"), None)) is not None:
            paragraph.text = NAMES_MARK + (paragraph.text or "")
    return package, outline, body


def _page_blocks(styles: etree._Element, names: tuple[str, ...], seen: set[str]) -> Iterator[etree._Element]:
    """Yield the paragraphs, lists and tables of the headers or footers of all pages, each text once."""
    for master in styles.iter("{*}master-page"):
        for name in names:
            for block in master.iterfind(f"{{*}}{name}/*"):
                numbers = [each for each in block.iter() if local_name(each) in _PAGE_NUMBERS]
                for each in numbers:
                    each.text = None
                text = " ".join("".join(block.itertext()).split())
                words = [word for word in text.split() if any(map(str.isalpha, word))]
                if text and text not in seen and not (numbers and len(words) <= _WORDS_AROUND_A_PAGE_NUMBER):
                    seen.add(text)
                    yield block


def remove(element: etree._Element | None) -> None:
    """Take an element out of its tree, and leave the text after it there."""
    parent = element.getparent() if element is not None else None
    if element is None or parent is None:
        return
    before = element.getprevious()
    if element.tail and before is not None:
        before.tail = (before.tail or "") + element.tail
    elif element.tail:
        parent.text = (parent.text or "") + element.tail
    parent.remove(element)
