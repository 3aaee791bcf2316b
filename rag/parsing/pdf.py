"""PDF files, read by PDFium: lines put back into paragraphs, headings told by their size, running heads left out."""

import re
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import pypdfium2
import pypdfium2.raw as pdfium

from core.errors import ErrorCode
from rag.parsing.document import Place, Unit
from rag.parsing.errors import MAX_PAGES, MAX_TEXT_CHARACTERS, UnreadableDocument, too_much_text
from rag.parsing.outline import Outline

# PDFium is one program with one state: two threads inside it crash the process.
_PDFIUM = threading.Lock()

_HEADING_SIZE = 1.15
"""How many times the size of the body's letters makes a line a heading."""
_MAX_HEADING_CHARACTERS = 120
_MAX_HEADING_LEVELS = 3
_SHORT_LINE = 0.75
"""A line shorter than this share of the page's long lines may be the last of its paragraph."""
_EDGE_LINES = 2
"""How many lines at the top and at the bottom of a page may be running heads and page numbers."""
_RUNNING_SHARE = 0.5
_RUNNING_PAGES = 4
"""A line at the edge of more than this share of the pages, and of at least so many, is a running head."""

_HYPHEN = "\ufffe"  # what PDFium puts for the hyphen of a word cut at the end of a line; older versions put U+0002
_ITEM = re.compile(r"(?:[-–—•◦▪‣●○■*·]|\(?\d{1,3}[.)]|\(?[a-z][.)])\s+\S")
_BULLET = re.compile(r"[•◦▪‣●○■*·–—]\s+")
_CONTENTS_LINE = re.compile(r"(?:[ \t]?\.){5}[ \t.]*\w*$")
_MAX_CONTENTS_CHARACTERS = 500
"""A longer line is not one of a table of contents. Looking for its dots takes the square of the length."""
_PAGE_NUMBER = re.compile(r"\W{0,3}(?:\d{1,4}|[ivxl]{1,6})\W{0,3}", re.IGNORECASE)
_SENTENCE_END = re.compile(r"[.!?…:;][\"'»”)\]]*$")
_FILE_NAME = re.compile(
    r"^microsoft \w+ - |\.(?:docx?|odt|rtf|pdf|tex|indd|qxd|pptx?|xlsx?|html?|dvi|ps)$|^untitled", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of a page; `size` is that of its first letter in points, 0.0 where the file does not say."""

    text: str
    size: float


def read_pdf(content: bytes) -> Outline:
    """Read a PDF: its title, and a block for each paragraph and list with the page it is on.

    Raises `UnreadableDocument`: FILE_ENCRYPTED, FILE_UNREADABLE for a damaged file, FILE_TOO_LARGE over `MAX_PAGES` or
    `MAX_TEXT_CHARACTERS`, FILE_WITHOUT_TEXT for a file of images.
    """
    with _PDFIUM:
        title, pages = _extract(content)
    if not any(pages):
        raise UnreadableDocument(
            ErrorCode.FILE_WITHOUT_TEXT,
            "The PDF holds no text: its pages are probably scanned images, and text in images is not recognised. "
            "Run it through a text recognition (OCR) program and send the result.",
        )
    outline = Outline("" if _FILE_NAME.search(title) else title)
    levels = _heading_levels(pages)
    running = _running_lines(pages)
    bodies = [_body(lines, running) for lines in pages]
    if not any(bodies):
        bodies = pages  # all that the pages say looks like their edges: it is the text
    for number, lines in enumerate(bodies, start=1):
        _read_page(number, lines, levels, outline)
    return outline


def _extract(content: bytes) -> tuple[str, list[list[_Line]]]:
    """Return the title in the file's properties, and the lines of each page."""
    try:
        document = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        if error.err_code == pdfium.FPDF_ERR_PASSWORD:
            raise UnreadableDocument(
                ErrorCode.FILE_ENCRYPTED, "The PDF is protected by a password. Remove the password and send it again."
            ) from error
        raise _damaged() from error
    try:
        if len(document) > MAX_PAGES:
            raise UnreadableDocument(
                ErrorCode.FILE_TOO_LARGE, f"The PDF has more than {MAX_PAGES:,} pages. Split it into smaller files."
            )
        title = str(document.get_metadata_value("Title"))
        pages: list[list[_Line]] = []
        characters = 0
        for number in range(len(document)):
            lines = _page_lines(document, number)
            characters += sum(len(line.text) for line in lines)
            if characters > MAX_TEXT_CHARACTERS:
                raise too_much_text()
            pages.append(lines)
    except pypdfium2.PdfiumError as error:
        raise _damaged() from error
    finally:
        document.close()
    return title, pages


def _damaged() -> UnreadableDocument:
    return UnreadableDocument(
        ErrorCode.FILE_UNREADABLE,
        "The PDF is damaged. Open it in a PDF reader, save or print it as a new PDF and send that.",
    )


def _page_lines(document: pypdfium2.PdfDocument, number: int) -> list[_Line]:
    page = document[number]
    text_page = page.get_textpage()
    try:
        text = text_page.get_text_range()
        lines: list[_Line] = []
        start = 0
        for line in text.splitlines(keepends=True):
            if line.strip():
                blanks = len(line) - len(line.lstrip())
                size = float(pdfium.FPDFText_GetFontSize(text_page.raw, start + blanks))
                lines.append(_Line(line.strip(), size))
            start += len(line)
        return lines
    finally:
        text_page.close()
        page.close()


def _heading_levels(pages: list[list[_Line]]) -> dict[float, int]:
    """Return the level of each size that headings have: the sizes above that of most of the text, largest first."""
    letters: Counter[float] = Counter()
    for lines in pages:
        for line in lines:
            letters[round(line.size, 1)] += len(line.text)
    body = letters.most_common(1)[0][0]
    sizes = sorted((size for size in letters if size >= body * _HEADING_SIZE and body > 0), reverse=True)
    return {size: min(level, _MAX_HEADING_LEVELS) for level, size in enumerate(sizes, start=1)}


def _running_lines(pages: list[list[_Line]]) -> set[str]:
    """Return the lines, digits aside, that stand at the edge of so many pages that they say nothing of any."""
    seen: Counter[str] = Counter()
    for lines in pages:
        edges = [*lines[:_EDGE_LINES], *lines[-_EDGE_LINES:]]
        seen.update({_without_digits(line.text) for line in edges})
    wanted = max(_RUNNING_PAGES, _RUNNING_SHARE * len(pages))
    return {text for text, count in seen.items() if count >= wanted}


def _without_digits(text: str) -> str:
    return re.sub(r"\d+", "#", text)


def _body(lines: list[_Line], running: set[str]) -> list[_Line]:
    """Return the lines of a page without running heads, page numbers and lines of a table of contents."""
    last = len(lines) - 1

    def says_nothing(number: int, text: str) -> bool:
        at_edge = number < _EDGE_LINES or number > last - _EDGE_LINES
        return (
            (at_edge and _without_digits(text) in running)
            or (number in {0, last} and last > 0 and _PAGE_NUMBER.fullmatch(text) is not None)
            or (len(text) <= _MAX_CONTENTS_CHARACTERS and _CONTENTS_LINE.search(text) is not None)
        )

    return [line for number, line in enumerate(lines) if not says_nothing(number, line.text)]


def _read_page(number: int, lines: list[_Line], levels: dict[float, int], outline: Outline) -> None:
    place = Place(Unit.PAGE, number)
    for level, group in _groups(lines, levels):
        text = _joined(group)
        if level:
            outline.enter(level, text.replace("\n", " "), place)
        else:
            outline.add(text, place)


def _groups(lines: list[_Line], levels: dict[float, int]) -> Iterator[tuple[int, list[str]]]:
    """Yield (level, lines) of each heading, and (0, lines) of each paragraph or list."""
    long_line = max((len(line.text) for line in lines), default=0) * _SHORT_LINE
    group: list[str] = []
    group_level = 0
    for line in lines:
        level = levels.get(round(line.size, 1), 0) if len(line.text) <= _MAX_HEADING_CHARACTERS else 0
        if group and (level != group_level or (not level and _begins_paragraph(group, line.text, long_line))):
            yield group_level, group
            group = []
        group.append(line.text)
        group_level = level
    if group:
        yield group_level, group


def _begins_paragraph(group: list[str], line: str, long_line: float) -> bool:
    """Tell whether `line` begins a paragraph: the line before ended one, by its length and its last mark."""
    if _ITEM.match(line):
        return not group[-1].endswith(":") and not any(_ITEM.match(previous) for previous in group)
    previous = group[-1]
    return len(previous) < long_line and bool(_SENTENCE_END.search(previous)) and not line[0].islower()


def _joined(lines: list[str]) -> str:
    """Join the lines of a paragraph into one, words cut by a hyphen made whole; each item of a list is a line."""
    parts: list[str] = []
    for line in lines:
        if _ITEM.match(line):
            parts += ("\n" if parts else "", _BULLET.sub("- ", line, count=1))
        elif parts and parts[-1].endswith((_HYPHEN, "\x02")):
            parts[-1] = parts[-1][:-1]
            parts.append(line)
        else:
            parts += (" " if parts else "", line)
    return "".join(parts)
