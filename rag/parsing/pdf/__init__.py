"""PDF files, read by PDFium: what a person sees on the pages, told by the places of its words."""

from collections.abc import Sequence

from core.errors import ErrorCode
from rag.parsing.errors import UnreadableDocument
from rag.parsing.outline import Outline
from rag.parsing.pdf.assembly import Assembly
from rag.parsing.pdf.recognition import MAX_PAGES, Recognition
from rag.parsing.pdf.source import read_source

__all__ = ["read_pdf"]

_WHAT_TO_DO = "Run the file through an OCR program and send the result."


def read_pdf(content: bytes) -> Outline:
    """Read a PDF: its title, and its headings, paragraphs, items, rows of tables and fields of forms, page by page.

    Raises `UnreadableDocument`: FILE_ENCRYPTED, FILE_UNREADABLE for a damaged file, FILE_TOO_LARGE over `MAX_PAGES` or
    `MAX_TEXT_CHARACTERS`, FILE_WITHOUT_TEXT for a file of images.
    """
    title, pages = read_source(content)
    empty = [page.number for page in pages if page.is_empty]
    if len(empty) == len(pages):
        raise UnreadableDocument(
            ErrorCode.FILE_WITHOUT_TEXT,
            f"The PDF holds no text: its pages are probably scanned images. {_why_not_recognised()} {_WHAT_TO_DO}",
        )
    outline = Outline(title)
    if empty:
        outline.warn(f"{_named(empty)} no text, probably scanned images. {_why_not_recognised()} {_WHAT_TO_DO}")
    Assembly(outline).add(pages)
    return outline


def _why_not_recognised() -> str:
    if not Recognition.is_installed:
        return "Text recognition is not installed on this server."
    return f"Text recognition found none there, or had read its {MAX_PAGES} pages."


def _named(numbers: Sequence[int]) -> str:
    """Return "Page 3 holds", "Pages 2, 4 to 6 and 9 hold"."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1] = [runs[-1][0], number]
        else:
            runs.append([number])
    names = [" to ".join(map(str, run)) for run in runs]
    if len(numbers) == 1:
        return f"Page {names[0]} holds"
    if len(names) > _NAMED_RUNS:
        return f"{len(numbers)} pages, {names[0]} the first of them, hold"
    return f"Pages {' and '.join(part for part in (', '.join(names[:-1]), names[-1]) if part)} hold"


_NAMED_RUNS = 12
