"""Tables of a page as lines, a merged cell repeated in each cell that it covers."""

from collections.abc import Iterator

from lxml import etree

from rag.parsing.html.tree import HEADINGS, words
from rag.parsing.tables import described_rows

_MAX_COLUMNS = 200
_LONGEST_SPAN = 6
_MAX_CELLS = 200_000
_MAX_REPEATED_CHARACTERS = 500
_MAX_CELL_CHARACTERS = 1_500
"""A table with a longer cell lays out a page."""


def lays_out(table: etree._Element) -> bool:
    """Tell whether a table only lays out the page: it holds tables or headings, or texts that are no cells."""
    if table.get("role") in {"presentation", "none"}:
        return True
    if next(table.iterdescendants("table"), None) is not None:
        return True
    if next(table.iterdescendants("th", "caption", "thead"), None) is not None:
        return False
    return next(table.iterdescendants("pre", *HEADINGS), None) is not None or _is_column(table)


def _is_column(table: etree._Element) -> bool:
    """Tell whether no row has two cells, or a cell holds a text of several paragraphs."""
    several = False
    for row in _rows(table):
        several = several or len(row) > 1
        for cell in row:
            if len("".join(cell.itertext())) > _MAX_CELL_CHARACTERS:
                return True
    return not several


def lines(table: etree._Element) -> Iterator[str]:
    """Yield the caption of a table, then a line for each row that holds something."""
    caption = table.find("caption")
    if caption is not None:
        yield words(caption)
    rows = _rows(table)
    grid, spans = _grid(rows)
    header = _header_rows(rows, spans)
    if header:
        named = _joined(grid[:header])
        yield from described_rows([named, *grid[header:]], header=0)
    elif rows and all(_names_its_row(row) for row in rows):
        yield from (f"{cells[0].rstrip(' :')}: {'; '.join(dict.fromkeys(cells[1:]))}" for cells in grid if any(cells))
    else:
        yield from described_rows(grid)


def _rows(table: etree._Element) -> list[etree._Element]:
    rows = []
    walk = etree.iterwalk(table, events=("start",), tag="tr")
    for _, row in walk:
        walk.skip_subtree()  # a row inside a cell is words of that cell, and is not read again
        rows.append(row)
    return rows


def _names_its_row(row: etree._Element) -> bool:
    return len(row) > 1 and row[0].tag == "th" and row[1].tag == "td"


def _header_rows(rows: list[etree._Element], spans: list[int]) -> int:
    """Return how many of the first rows name the columns."""
    count = 0
    for row in rows:
        parent = row.getparent()
        cells = list(row.iterchildren("td", "th"))
        marked = bool(cells) and all(cell.tag == "th" for cell in cells)
        if not ((parent is not None and parent.tag == "thead") or marked):
            break
        count += 1
    # The names reach into the rows that their cells span.
    reach = max((number + span for number, span in enumerate(spans[:count])), default=0)
    return min(max(count, min(reach, count + 1) if count else 0), max(0, len(rows) - 1))


def _joined(rows: list[list[str]]) -> list[str]:
    """Return one name a column from rows of names, "2024 Sales"."""
    width = max(len(row) for row in rows)
    columns = ([row[column] for row in rows if column < len(row)] for column in range(width))
    return [" ".join(name for name in dict.fromkeys(column) if name) for column in columns]


def _grid(rows: list[etree._Element]) -> tuple[list[list[str]], list[int]]:
    """Return the cells of each row, merged ones repeated, and how many rows the tallest cell of each row covers."""
    grid: list[list[str]] = []
    spans: list[int] = []
    down: dict[int, tuple[int, str]] = {}
    total = 0
    for row in rows:
        cells: list[str] = []
        tallest = 1
        for cell in row.iterchildren("td", "th"):
            _fill(cells, down)
            text = words(cell)
            height = _span(cell, "rowspan") if len(text) <= _MAX_REPEATED_CHARACTERS else 1
            tallest = max(tallest, height)
            for _ in range(_span(cell, "colspan")):
                if len(cells) < _MAX_COLUMNS:
                    if height > 1:
                        down[len(cells)] = (height - 1, text)
                    cells.append(text)
                text = text if len(text) <= _MAX_REPEATED_CHARACTERS else ""
        _fill(cells, down)
        total += len(cells)
        if total > _MAX_CELLS:
            down.clear()
        grid.append(cells)
        spans.append(tallest)
    return grid, spans


def _fill(cells: list[str], down: dict[int, tuple[int, str]]) -> None:
    """Add the cells that reach down from the rows above."""
    while len(cells) in down:
        left, text = down.pop(len(cells))
        if left > 1:
            down[len(cells)] = (left - 1, text)
        cells.append(text)


def _span(cell: etree._Element, name: str) -> int:
    value = (cell.get(name) or "").strip()
    return max(1, min(int(value), 1_000)) if value.isascii() and value.isdigit() and len(value) < _LONGEST_SPAN else 1
