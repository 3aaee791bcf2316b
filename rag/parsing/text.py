"""Plain text and CSV, and the decoding of bytes that every textual format shares."""

import codecs
import csv
import re
from collections.abc import Iterator

from core.errors import ErrorCode
from rag.parsing.document import BlockKind, Place, Unit
from rag.parsing.errors import MAX_RAW_CHARACTERS, UnreadableDocument, too_much_text
from rag.parsing.outline import Outline
from rag.parsing.tables import numbered_rows

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark begins it
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_BLANK_LINES = re.compile(r"\n[^\S\n]*\n\s*")
_DELIMITERS = ",;\t|"
_SAMPLE_LINES = 20


def decode(content: bytes) -> str:
    """Return the text of `content`: as its byte order mark says, else UTF-8 if it is strictly that, else cp1252.

    cp1252 is what Windows programs write where they do not write UTF-8; its five unassigned bytes become U+FFFD.

    Raises `UnreadableDocument` (FILE_TOO_LARGE) over `MAX_RAW_CHARACTERS`, before any of them is looked at.
    """
    text = _decoded(content)
    if len(text) > MAX_RAW_CHARACTERS:
        raise too_much_text()
    return text


def _decoded(content: bytes) -> str:
    for mark, encoding in _BYTE_ORDER_MARKS:
        if content.startswith(mark):
            return content[len(mark) :].decode(encoding, errors="replace")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def paragraphs(text: str) -> list[str]:
    """Split `text` at blank lines."""
    return _BLANK_LINES.split(text.replace("\r\n", "\n").replace("\r", "\n"))


def read_text(content: bytes) -> Outline:
    """Read plain text, a block for each paragraph."""
    outline = Outline()
    for paragraph in paragraphs(decode(content)):
        outline.add(paragraph)
    return outline


def read_csv(content: bytes) -> Outline:
    """Read a table as one block for each row, "column: value" where a row names the columns.

    A row that names its columns is found and understood alone, wherever the table is cut into chunks.
    """
    outline = Outline()
    rows = list(_rows(decode(content)))
    for line, text in numbered_rows(rows):
        outline.add(text, Place(Unit.LINE, line + 1), BlockKind.TABLE_ROW)
    return outline


def _rows(text: str) -> Iterator[list[str]]:
    """Yield the rows that hold something, their cells without line breaks."""
    lines = text.splitlines(keepends=True)
    try:
        for row in csv.reader(lines, delimiter=_delimiter(lines)):
            cells = [" ".join(cell.split()) for cell in row]
            if any(cells):
                yield cells
    except csv.Error as error:
        raise UnreadableDocument(
            ErrorCode.FILE_UNREADABLE,
            "The table cannot be read: a cell is too long or a quotation mark is never closed. "
            "Check the file in a spreadsheet and save it again as CSV.",
        ) from error


def _delimiter(lines: list[str]) -> str:
    """Return the delimiter that cuts the first lines into the most columns, the same number in each.

    A delimiter that no line holds cuts nothing: the comma then stands for a table of one column.
    """
    sample = [line for line in lines[:_SAMPLE_LINES] if line.strip()]

    def regularity(delimiter: str) -> tuple[float, int]:
        try:
            widths = [len(row) for row in csv.reader(sample, delimiter=delimiter) if row]
        except csv.Error:
            return 0.0, 0
        width = max(set(widths), key=widths.count, default=1)
        return (widths.count(width) / len(widths), width) if width > 1 else (0.0, 0)

    return max(_DELIMITERS, key=regularity)
