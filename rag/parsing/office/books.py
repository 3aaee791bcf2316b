"""Books (EPUB), and documents of Word 97 to 2003 (DOC)."""

from rag.parsing.office.document import Reading, modelled
from rag.parsing.office.package import Package, text_of
from rag.parsing.outline import Outline

_CONTAINER = "META-INF/container.xml"


def read_epub(content: bytes) -> Outline:
    """Read a book: its chapters in their order. Raises `UnreadableDocument`: see `Package` and `modelled`."""
    package = Package(content)
    outline = Outline(_book_title(package))
    reading = Reading(outline, modelled(package.pack(), "epub"))
    blocks = reading.document.blocks
    begins_with_title = blocks and blocks[0].kind == "heading" and reading.text(blocks[0].content) == outline.title
    reading.add_all(blocks[1:] if begins_with_title else blocks)
    return outline


def read_doc(content: bytes) -> Outline:
    """Read a document of Word 97 to 2003. Raises `UnreadableDocument`: see `modelled`."""
    outline = Outline()
    Reading(outline, document := modelled(content, "doc")).add_all(document.blocks)
    return outline


def _book_title(package: Package) -> str:
    container = package.tree(_CONTAINER)
    for root in container.iter("{*}rootfile") if container is not None else ():
        if title := text_of(package.tree(root.get("full-path", "")), "title"):
            return title
    return ""
