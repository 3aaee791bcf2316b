"""Tables told by the places of their words: cells that stand under one another."""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rag.parsing.pdf.rows import Row, joined, labelled
from rag.parsing.pdf.strips import NARROW_GAP, Columns, Strip, all_strips, columns_of, free, interior, narrowed
from rag.parsing.pdf.wrapping import NUMBER, logical_rows

_FIRST_GAP = 1.2
"""How many times the size of its letters a gap of a table's first row is wide at least."""
_KEPT_STRIPS = 0.6
"""The share of the strips of its first row that a table keeps in each of the others."""
_LEAST_ROWS = 2
_LIST_COLUMNS = 2
_FAR = 3.0
"""A row this many times its height below the one before belongs to another table."""
_ENUMERATOR = re.compile(
    r"(?:[-–—•◦▪‣●○■*·✓➢❖]|\(?\d{1,3}(?:\.\d{1,3})*[.)]?|\(?[a-zA-Z][.)]|\(?[ivxl]{1,5}[.)]|\[\d+\])"
)


def tables_and_rows(rows: Sequence[Row]) -> "Iterator[Grid | Row]":
    """Yield the tables among `rows`, which are one area of a page, and the rows that are in none."""
    position = 0
    while position < len(rows):
        end, strips = _extent(rows, position)
        if strips:
            yield _grid(rows[position:end], strips)
        else:
            end = max(end, position + 1)
            yield from rows[position:end]
        position = end


def _extent(rows: Sequence[Row], start: int) -> tuple[int, list[Strip]]:
    """Return where the table or the list that begins at `start` ends, and the strips of a table."""
    first = rows[start]
    if first.widest_gap < _FIRST_GAP * first.size:
        return start, []
    strips = interior(free(first), first)
    if not any(end - begin >= _FIRST_GAP * first.size for begin, end in strips):
        return start, []
    wanted = max(1, math.ceil(_KEPT_STRIPS * len(strips)))
    end = start + 1
    for row in rows[start + 1 :]:
        if row.top - rows[end - 1].bottom > _FAR * max(row.size, first.size):
            break
        remaining = narrowed(strips, free(row), NARROW_GAP * row.size)
        if len(remaining) < wanted:
            break
        strips = remaining
        end += 1
    columns = Columns(strips)
    while end > start and not _fills_several(rows[end - 1], columns) and not _continues(rows, end - 1, columns):
        end -= 1
    filled = sum(_fills_several(row, columns) for row in rows[start:end])
    if filled < _LEAST_ROWS:
        return start, []
    return end, [] if _is_list(rows[start:end], columns) else all_strips(rows[start:end])


@dataclass(slots=True)
class Grid:
    """A table: its cells, row by row. `rows` are the rows of its words."""

    cells: list[list[str]]
    header: int | None
    columns: Columns
    rows: list[Row]

    @property
    def is_form(self) -> bool:
        """Whether it holds the values of fields of a form."""
        return any(row.is_field for row in self.rows)

    def fields(self) -> Iterator[str]:
        """Yield "label: value" for each field; labels stand beside their values or above them."""
        labels: list[str] = []
        for number, row in enumerate(self.rows):
            columns = self.columns.of(row)
            following = self.rows[number + 1] if number + 1 < len(self.rows) else None
            if all(word.is_field for word in row.words) and labels:
                for label, words in zip(labels, columns, strict=True):
                    value = Row(words).text() if words else ""
                    yield f"{label.rstrip(' :')}: {value}" if label and value else label or value
                labels = []
            elif not row.is_field and following and all(word.is_field for word in following.words):
                labels = [Row(words).text() if words else "" for words in columns]
            else:
                yield from labelled(row.words)

    def goes_on_with(self, other: "Grid") -> bool:
        """Tell whether `other`, on the next page, has the columns of this one."""
        strips, others = self.columns.strips, other.columns.strips
        return (
            self.columns.count == other.columns.count
            and len(strips) == len(others)
            and all(
                start < other_end and other_start < end
                for (start, end), (other_start, other_end) in zip(strips, others, strict=True)
            )
        )


def _fills_several(row: Row, columns: Columns) -> bool:
    return sum(map(bool, columns.of(row))) > 1


def _continues(rows: Sequence[Row], number: int, columns: Columns) -> bool:
    """Tell whether a row that fills one column is a further line of a cell: not in the first, or close and tight."""
    row = rows[number]
    if not columns.of(row)[0]:
        return True
    return row.words[0].text[:1].islower() and row.top - rows[number - 1].bottom < row.size / 2


def _is_list(rows: Sequence[Row], columns: Columns) -> bool:
    """Tell whether the only two columns are the marks or numbers of a list and its text."""
    if columns.count != _LIST_COLUMNS:
        return False
    marks = [joined([word.text for word in words]) for row in rows if (words := columns.of(row)[0])]
    return all(_ENUMERATOR.fullmatch(mark) for mark in marks) and not all(mark.isdigit() for mark in marks[1:])


def _grid(rows: Sequence[Row], strips: list[Strip]) -> Grid:
    columns = columns_of(rows, strips)
    groups = logical_rows(rows, columns)
    cells = [[_cell(group, number, columns) for number in range(columns.count)] for group in groups]
    return Grid(cells, _header(groups, cells), columns, list(rows))


def _cell(rows: Sequence[Row], number: int, columns: Columns) -> str:
    return joined([Row(words).text() for row in rows if (words := columns.of(row)[number])])


def _header(groups: Sequence[Sequence[Row]], cells: Sequence[Sequence[str]]) -> int | None:
    """Return the position of the row that names the columns, where the letters or the values tell which it is."""
    first = cells[0]
    if len(cells) < 2 or 2 * len(set(first)) <= len(first) or any(map(NUMBER.fullmatch, first)):  # noqa: PLR2004
        return None
    if sum(map(bool, first)) < max(2, len(first) - 1):
        return None
    rest = [row for group in groups[1:] for row in group]
    is_bold = all(row.bold for row in groups[0]) and sum(row.bold for row in rest) <= len(rest) / 2
    numbers = [
        sum(NUMBER.fullmatch(row[column]) is not None for row in cells[1:] if row[column])
        for column in range(len(first))
    ]
    has_values = any(number >= max(1, 0.6 * (len(cells) - 1)) for number in numbers)
    if is_bold or (has_values and (len(first) > 2 or len(cells) > 2) and not first[0].endswith(":")):  # noqa: PLR2004
        return 0
    return 0 if len(first) > 2 and all(first) and len(cells) > 2 else None  # noqa: PLR2004
