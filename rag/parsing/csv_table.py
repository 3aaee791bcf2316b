"""CSV and TSV: tables as programs export them, and as spreadsheets save them."""

import csv
import io
import re
from collections.abc import Iterator

from core.errors import ErrorCode
from rag.parsing.document import BlockKind, Place, Unit
from rag.parsing.encodings import decode
from rag.parsing.errors import UnreadableDocument
from rag.parsing.outline import Outline
from rag.parsing.tables import numbered_rows

_DELIMITERS = ";\t|,"
_SAMPLE_LINES = 20
_NAMED_DELIMITER = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)
_FORMULA_TEXT = re.compile(r'="?(.*?)"?', re.DOTALL)
_DECIMAL_COMMA = re.compile(r"\d,\d")
_REGULAR = 0.8
_QUOTED_SINGLY = re.compile(r"\s*'[^'\n]{1,200}'\s?[,;\t|]\s?'[^'\n]{1,200}'")


def read_csv(content: bytes) -> Outline:
    """Read a table as one block for each row, "column: value" where a row names the columns.

    A row that names its columns is found and understood alone, wherever the table is cut into chunks. Its place is its
    line in the file.
    """
    outline = Outline()
    lines, rows = [], []
    for line, row in _rows(decode(content)):
        lines.append(line)
        rows.append(row)
    for number, text in numbered_rows(rows, expected=True):
        outline.add(text, Place(Unit.LINE, lines[number]), BlockKind.TABLE_ROW)
    return outline


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield (line, cells) of each row that holds something, the cells without line breaks."""
    lines = io.StringIO(text, newline="")
    first = lines.readline()
    named = _NAMED_DELIMITER.fullmatch(first)
    before = 1 if named else 0
    if not named:
        lines.seek(0)
    delimiter = named[1] if named else _delimiter(text)
    reader = csv.reader(lines, delimiter=delimiter, quotechar="'" if _QUOTED_SINGLY.match(text) else '"')
    try:
        line = before + 1
        for row in reader:
            cells = [_cell(cell) for cell in row]
            if any(cells):
                yield line, cells
            line = before + reader.line_num + 1
    except csv.Error as error:
        raise UnreadableDocument(
            ErrorCode.FILE_UNREADABLE,
            "The table cannot be read: a cell is too long or a quotation mark is never closed. "
            "Check the file in a spreadsheet and save it again as CSV.",
        ) from error


def _cell(cell: str) -> str:
    """Return the text of a cell; of ="00123", as spreadsheets keep a number as it is written, what is in it."""
    if cell.startswith('="') and (text := _FORMULA_TEXT.fullmatch(cell)):
        cell = text[1]
    return " ".join(cell.split())


def _delimiter(text: str) -> str:
    """Return the delimiter that cuts the first lines into the most columns, the same number in each.

    A delimiter that no line holds cuts nothing: the comma then stands for a table of one column.
    """
    lines = io.StringIO(text, newline="")
    sample = [line for _, line in zip(range(_SAMPLE_LINES), lines, strict=False) if line.strip()]

    def regularity(delimiter: str) -> tuple[float, int]:
        try:
            widths = [len(row) for row in csv.reader(sample, delimiter=delimiter) if row]
        except csv.Error:
            return 0.0, 0
        width = max(set(widths), key=widths.count, default=1)
        return (widths.count(width) / len(widths), width) if width > 1 else (0.0, 0)

    found = {delimiter: regularity(delimiter) for delimiter in _DELIMITERS}
    joined = "".join(sample)
    if joined.count(",") == len(_DECIMAL_COMMA.findall(joined)) and max(found.values())[0] >= _REGULAR:
        others = {delimiter: share for delimiter, share in found.items() if delimiter != ","}
        if max(others.values())[0] >= _REGULAR:
            found = others
    best = max(found, key=lambda delimiter: found[delimiter])
    return best if found[best][1] else ","
