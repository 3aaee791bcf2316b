"""Workbooks: XLSX (with macros or as templates: XLSM, XLTX), XLSB, XLS and ODS.

The library gives each visible sheet as a grid of displayed values, without hidden rows and columns. In an XLSX a mark
in cell A1 makes the grid begin there, so that a row's cells can be told.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from itertools import count, islice

import anydoc

from rag.parsing.document import BlockKind, Place, Unit
from rag.parsing.errors import UnreadableDocument
from rag.parsing.office.document import Reading, modelled
from rag.parsing.office.grids import lines
from rag.parsing.office.opendocument import open_document, remove
from rag.parsing.office.package import Package, value
from rag.parsing.outline import Outline

_MARK = "\ue0f5"
_MAIN = "xl/workbook.xml"
_SHEET_DATA = re.compile(rb"<((?:\w+:)?)sheetData\s*(/?)>")
_ROW = re.compile(rb"<(?:\w+:)?row\b[^<>]*>")
_COLUMN = re.compile(rb"<(?:\w+:)?col\b[^<>]*>")
_HIDDEN = re.compile(rb"\shidden\s*=\s*[\"'](?:1|true)[\"']")
_ATTRIBUTE = r"\s{}\s*=\s*[\"'](\d+)[\"']"
_NUMBER, _FIRST, _LAST = (re.compile(_ATTRIBUTE.format(name).encode()) for name in ("r", "min", "max"))
_WHOLE_MINUTE = re.compile(r"((?:\d{4}-\d\d-\d\d )?\d{1,4}:\d\d):00")
_PRINTED = re.compile(rb"<(?:\w+:)?(?:odd|even|first)(?:Header|Footer)>([^<]+)<")
_PRINT_CODE = re.compile(r"&(?:\"[^\"]*\"|[A-Z0-9+]\d*)")
_LETTERS = 26
_MAX_COLUMNS = 16_384


@dataclass(slots=True)
class _Sheet:
    """A visible sheet. `hidden_rows` and `hidden_columns` count from 1; `texts` are those of its shapes."""

    name: str
    starts_at_a1: bool = False
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    texts: list[str] = field(default_factory=list)


def read_xlsx(content: bytes) -> Outline:
    """Read a workbook: a line for each row of its visible sheets, as the cells are displayed.

    Raises `UnreadableDocument`: see `Package` and `modelled`.
    """
    try:
        return _read_xlsx(content, marked=True)
    except UnreadableDocument:
        # A sheet may have its cells so far from A1 that a grid which begins there is too large.
        return _read_xlsx(content, marked=False)


def _read_xlsx(content: bytes, *, marked: bool) -> Outline:
    package = Package(content)
    main = package.main_part(_MAIN)
    outline = Outline(package.core_title())
    sheets = _sheets(package, main, outline)
    for name, sheet in sheets.items() if marked else ():
        _mark(package, name, sheet)
    _add_sheets(Reading(outline, modelled(package.pack(), "xlsx")), list(sheets.values()))
    return outline


def read_xlsb(content: bytes) -> Outline:
    """Read a workbook in binary parts. Raises `UnreadableDocument`: see `Package` and `modelled`."""
    package = Package(content)
    outline = Outline(package.core_title())
    _add_sheets(Reading(outline, modelled(package.pack(), "xlsx")), [])
    return outline


def read_xls(content: bytes) -> Outline:
    """Read a workbook of Excel 97 to 2003. Raises `UnreadableDocument`: see `modelled`."""
    outline = Outline()
    _add_sheets(Reading(outline, modelled(content, "xlsx")), [])
    return outline


def read_ods(content: bytes) -> Outline:
    """Read a workbook of OpenDocument. Raises `UnreadableDocument`: see `Package` and `modelled`."""
    package, outline, body = open_document(content)
    hiding = {
        value(style, "name")
        for style in body.getroottree().iter("{*}style")
        if value(style.find("{*}table-properties"), "display") == "false"
    }
    sheets = []
    for table in list(body.iterfind("{*}spreadsheet/{*}table")):
        sheet = _Sheet(value(table, "name") or "", starts_at_a1=True)
        if value(table, "style-name") in hiding:
            outline.warn(f"The sheet “{sheet.name}” is hidden and not read.")
            remove(table)
        else:
            sheets.append(sheet)
    package.put("content.xml", body.getroottree().getroot())
    del body
    _add_sheets(Reading(outline, modelled(package.pack(), "ods")), sheets)
    return outline


def _sheets(package: Package, main: str, outline: Outline) -> dict[str, _Sheet]:
    """Return the visible sheets by the names of their parts, in order."""
    workbook = package.tree(main)
    targets = {each.id: each for each in package.relationships(main)}
    sheets: dict[str, _Sheet] = {}
    for entry in workbook.iterfind("{*}sheets/{*}sheet") if workbook is not None else ():
        name = entry.get("name", "")
        target = targets.get(value(entry, "id") or "")
        if entry.get("state") in {"hidden", "veryHidden"}:
            outline.warn(f"The sheet “{name}” is hidden and not read.")
        elif target and target.kind == "worksheet":
            sheets[target.target] = _Sheet(name, texts=_texts_of_shapes(package, target.target))
    return sheets


def _texts_of_shapes(package: Package, sheet: str) -> list[str]:
    """Return the texts of the shapes and the charts on a sheet, and of its printed header and footer."""
    printed = _PRINTED.findall(package.part(sheet) or b"")
    texts = [_PRINT_CODE.sub(" ", unescape(text.decode(errors="replace"))) for text in printed]
    name = package.related(sheet, "drawing")
    drawings = [package.tree(name)] if name else []
    drawings += [package.tree(each.target) for each in package.relationships(name) if name and each.kind == "chart"]
    for drawing in drawings:
        for body in drawing.iter("{*}txBody", "{*}rich") if drawing is not None else ():
            lines_of_body = ("".join(each.itertext()) for each in body.iterfind("{*}p"))
            texts.append("\n".join(lines_of_body))
    return list(dict.fromkeys(texts))


def _mark(package: Package, name: str, sheet: _Sheet) -> None:
    """Put the mark into cell A1, where a value of the sheet stands before it, and note what is hidden."""
    content = package.part(name) or b""
    numbers = [(_NUMBER.search(row), row) for row in _ROW.findall(content)]
    sheet.hidden_rows = {int(number[1]) for number, row in numbers if number and _HIDDEN.search(row)}
    for column in _COLUMN.findall(content):
        first, last = _FIRST.search(column), _LAST.search(column)
        if first and last and _HIDDEN.search(column) and int(last[1]) <= _MAX_COLUMNS:
            sheet.hidden_columns.update(range(int(first[1]), int(last[1]) + 1))
    if all(number for number, _ in numbers) and 1 not in sheet.hidden_rows | sheet.hidden_columns:
        marked = _SHEET_DATA.sub(_marked_cell, content, count=1)
        sheet.starts_at_a1 = marked != content
        package.put_bytes(name, marked)


def _marked_cell(element: re.Match[bytes]) -> bytes:
    prefix = element[1].decode()
    cell = f'<{prefix}c r="A1" t="inlineStr"><{prefix}is><{prefix}t>{_MARK}</{prefix}t></{prefix}is></{prefix}c>'
    end = f"</{prefix}sheetData>" if element[2] else ""
    return f'<{prefix}sheetData><{prefix}row r="1">{cell}</{prefix}row>{end}'.encode()


def _add_sheets(reading: Reading, sheets: list[_Sheet]) -> None:
    """Add the grids of a model, each under its sheet's name. Without `sheets` their names are those of the model."""
    number = 0
    sheet = sheets[0] if sheets else None
    for block in reading.document.blocks:
        if block.kind == "heading":
            name = reading.text(block.content)
            number, sheet = next(
                ((at, each) for at, each in enumerate(sheets[number:], number + 1) if each.name == name),
                (number + 1, _Sheet(name)),
            )
        elif block.kind == "table" and block.table:
            _add_sheet(reading, block.table, sheet, max(number, 1))
        else:
            reading.add(block)


def _add_sheet(reading: Reading, table: anydoc.Table, sheet: _Sheet | None, number: int) -> None:
    rows = [[_without_seconds(cell) for cell in row] for row in reading.rows_of(table)[0]]
    if rows and rows[0] and rows[0][0] == _MARK:
        rows[0][0] = ""
    name = sheet.name if sheet else ""
    texts = sheet.texts if sheet else []
    if any(map(any, rows)) or texts:
        reading.outline.enter(2, name, Place(Unit.SHEET, number, name) if name else None)
    header: list[str] = []
    columns: list[int] = []
    for first, group in _groups(rows):
        addresses = _Addresses(sheet, number, first)
        while group and _is_title(group):
            reading.outline.add(max(group[0]), addresses.place(group.pop(0)))
            addresses.row += 1
        if not group:
            continue
        used = [column for column in range(max(map(len, group))) if any(_cell(row, column) for row in group)]
        cells = [[_cell(row, column) for column in used] for row in group]
        above = 0
        if header and used == columns and any(map(str.isdigit, "".join(cells[0]))):
            above = 1  # the table goes on below a blank row
            cells.insert(0, header)
        found = lines(cells, 0 if above else None)
        if not above:
            header, columns = (cells[0], used) if found and found[0][0] else ([], [])
        for position, line in found:
            place = addresses.place(group[position - above], position - above)
            reading.outline.add(line, place, BlockKind.TABLE_ROW)
    for text in texts:
        reading.outline.add(text, Place(Unit.SHEET, number, name))


@dataclass(slots=True)
class _Addresses:
    """Where the rows of a grid are on their sheet. `row` is the position in the grid of the first."""

    sheet: _Sheet | None
    number: int
    row: int

    def place(self, cells: list[str], position: int = 0) -> Place | None:
        """Return the place of the cells of a row, from the first that holds something to the last."""
        if self.sheet is None:
            return None
        if not self.sheet.starts_at_a1:
            return Place(Unit.SHEET, self.number, self.sheet.name)
        used = [column for column, cell in enumerate(cells) if cell]
        row = _visible(self.sheet.hidden_rows, self.row + position)
        first, last = (_column(_visible(self.sheet.hidden_columns, column)) for column in (used[0], used[-1]))
        cells_of = f"{first}{row}" if first == last else f"{first}{row}:{last}{row}"
        return Place(Unit.SHEET, self.number, self.sheet.name, cells_of)


def _groups(rows: list[list[str]]) -> Iterator[tuple[int, list[list[str]]]]:
    """Yield the runs of rows between blank ones, and the position of each run's first."""
    group: list[list[str]] = []
    for position, row in enumerate([*rows, []]):
        if any(row):
            group.append(row)
        elif group:
            yield position - len(group), group
            group = []


def _is_title(group: list[list[str]]) -> bool:
    """Tell whether the first row is one text over the columns of a table, or over cells merged for it."""
    alone = _distinct(group[0]) == 1
    return alone and (sum(map(bool, group[0])) > 1 or max(map(_distinct, group)) > 1)


def _distinct(row: list[str]) -> int:
    return len(set(filter(None, row)))


def _cell(row: list[str], column: int) -> str:
    return row[column] if column < len(row) else ""


def _without_seconds(cell: str) -> str:
    """Return a time of day without seconds where they are none: the library shows those that the cell does not."""
    timed = _WHOLE_MINUTE.fullmatch(cell)
    return timed[1] if timed else cell


def _visible(hidden: set[int], position: int) -> int:
    """Return the number, from 1, of the visible row or column at a position, from 0."""
    if not hidden:
        return position + 1
    shown = (number for number in count(1) if number not in hidden)
    return next(islice(shown, position, None))


def _column(number: int) -> str:
    letters = ""
    while number:
        number, digit = divmod(number - 1, _LETTERS)
        letters = chr(ord("A") + digit) + letters
    return letters
