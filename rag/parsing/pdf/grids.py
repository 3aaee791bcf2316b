"""Tables told by the places of their words: cells that stand under one another."""

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from rag.parsing.pdf.rows import Row, joined, labelled, row_of
from rag.parsing.pdf.words import Word

_FIRST_GAP = 1.2
"""How many times the size of its letters a gap of a table's first row is wide at least."""
_NARROW_GAP = 0.45
"""How wide the strip between two columns is at least, over all rows."""
_BLANKS = 1.6
_NO_BLANK = 0.1
_KNOWN_BLANK = 0.7
"""Between these many times the size of its letters a gap is a blank between two words."""
_KEPT_STRIPS = 0.6
_EVEN_ROWS = 0.8
_FAR = 3.0
"""A row this many times its height below the one before belongs to another table."""
_SMALLEST_GAP = 0.5
_LARGER_GAP = 1.25
"""A gap between rows this many times the smallest one divides rows of which some have cells of several lines."""
_ENUMERATOR = re.compile(
    r"(?:[-–—•◦▪‣●○■*·✓➢❖]|\(?\d{1,3}(?:\.\d{1,3})*[.)]?|\(?[a-zA-Z][.)]|\(?[ivxl]{1,5}[.)]|\[\d+\])"
)
_NUMBER = re.compile(r"[^\w]*\d[\d\s.,:/%-]*\s?\S{0,4}")

Strip = tuple[float, float]


def tables_and_rows(rows: Sequence[Row]) -> "Iterator[Grid | Row]":
    """Yield the tables among `rows`, which are one area of a page, and the rows that are in none."""
    position = 0
    while position < len(rows):
        end, strips = _extent(rows, position)
        if not strips:
            yield rows[position]
            position += 1
            continue
        yield _grid(rows[position:end], strips)
        position = end


def _extent(rows: Sequence[Row], start: int) -> tuple[int, list[Strip]]:
    """Return where the table that begins at `start` ends, and its strips; no strips where none begins."""
    first = rows[start]
    strips = _interior(_free(first), first)
    if not any(end - begin >= _FIRST_GAP * first.size for begin, end in strips):
        return start, []
    wanted = max(1, math.ceil(_KEPT_STRIPS * len(strips)))
    end = start + 1
    for row in rows[start + 1 :]:
        if row.top - rows[end - 1].bottom > _FAR * max(row.size, first.size):
            break
        narrowed = _narrowed(strips, _free(row), _NARROW_GAP * row.size)
        if len(narrowed) < wanted:
            break
        strips = narrowed
        end += 1
    columns = Columns(strips)
    while end > start and not _fills_several(rows[end - 1], columns) and not _continues(rows, end - 1, columns):
        end -= 1
    filled = sum(_fills_several(row, columns) for row in rows[start:end])
    if filled < 2 or _is_list(rows[start:end], columns):  # noqa: PLR2004 - one row is no table
        return start, []
    return end, _all_strips(rows[start:end])


def _all_strips(rows: Sequence[Row]) -> list[Strip]:
    """Return every strip that all of `rows` leave free, with words of several rows on its sides."""
    strips = [(-math.inf, math.inf)]
    for row in rows:
        narrow = _NARROW_GAP * row.size
        strips = [strip for strip in _common(strips, _free(row)) if strip[1] - strip[0] >= narrow]
    return [strip for strip in strips if strip[0] > -math.inf and strip[1] < math.inf]


def _blank(row: Row) -> float:
    """Return the least width of a gap between two cells of `row`: wider than the blanks between its words."""
    known = _KNOWN_BLANK * row.size
    blanks = [start - end for end, start in row.gaps() if _NO_BLANK * row.size < start - end < known]
    return max(_NARROW_GAP * row.size, _BLANKS * min(blanks, default=0.0))


def _free(row: Row) -> list[Strip]:
    """Return the strips that `row` leaves free, those at its sides among them."""
    gap = _blank(row)
    inner = [(end, start) for end, start in row.gaps() if start - end >= gap]
    return [(-math.inf, row.left), *inner, (row.right, math.inf)]


def _interior(strips: Sequence[Strip], row: Row) -> list[Strip]:
    return [strip for strip in strips if strip[0] >= row.left and strip[1] <= row.right]


def _common(strips: Sequence[Strip], others: Sequence[Strip]) -> list[Strip]:
    """Return what both leave free."""
    return [(max(a, c), min(b, d)) for a, b in strips for c, d in others if min(b, d) > max(a, c)]


def _narrowed(strips: Sequence[Strip], free: Sequence[Strip], width: float) -> list[Strip]:
    """Return the widest part of each strip that is `free` too, where it is not less than `width`."""
    parts = []
    for strip in strips:
        common = _common([strip], free)
        widest = max(common, key=lambda part: part[1] - part[0], default=(0.0, 0.0))
        if widest[1] - widest[0] >= width:
            parts.append(widest)
    return parts


class Columns:
    """Says which words of a row stand in which column, by the strips between the columns or by the order of cells."""

    def __init__(self, strips: Sequence[Strip], middles: Sequence[float] = ()) -> None:
        """Divide by `strips`. Where `middles` of cells are given, a row of as many cells has one in each column."""
        self.strips = strips
        self._middles = middles

    @property
    def count(self) -> int:
        """How many columns there are."""
        return len(self._middles) or len(self.strips) + 1

    def of(self, row: Row) -> list[list[Word]]:
        """Return the words of `row` in each column."""
        if self._middles:
            return self._by_cells(row)
        columns: list[list[Word]] = [[] for _ in range(self.count)]
        for word in row.words:
            middle = (word.left + word.right) / 2
            columns[sum(middle > strip[0] for strip in self.strips)].append(word)
        return columns

    def _by_cells(self, row: Row) -> list[list[Word]]:
        cells = _cells(row)
        if len(cells) == len(self._middles):
            return cells
        columns: list[list[Word]] = [[] for _ in self._middles]
        for cell in cells:
            middle = (cell[0].left + cell[-1].right) / 2
            nearest = min(range(len(columns)), key=lambda number: abs(self._middles[number] - middle))
            columns[nearest].extend(cell)
        return columns


def _cells(row: Row) -> list[list[Word]]:
    return [segment.words for segment in row.segments(_blank(row) / row.size)]


def _columns(rows: Sequence[Row], strips: Sequence[Strip]) -> Columns:
    """Return the columns of a table: by its strips, or by its cells where nearly all rows have one number of them.

    The columns of a text set without tabulators shift from row to row, and leave fewer strips free.
    """
    cells = [_cells(row) for row in rows]
    count, times = Counter(map(len, cells)).most_common(1)[0]
    if count <= len(strips) + 1 or times < max(3, _EVEN_ROWS * len(rows)):
        return Columns(strips)
    even = [row for row in cells if len(row) == count]
    return Columns(
        strips, [median((row[number][0].left + row[number][-1].right) / 2 for row in even) for number in range(count)]
    )


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
                    value = row_of(words).text() if words else ""
                    yield f"{label.rstrip(' :')}: {value}" if label and value else label or value
                labels = []
            elif not row.is_field and following and all(word.is_field for word in following.words):
                labels = [row_of(words).text() if words else "" for words in columns]
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
    if columns.count != 2:
        return False
    marks = [joined([word.text for word in words]) for row in rows if (words := columns.of(row)[0])]
    return all(_ENUMERATOR.fullmatch(mark) for mark in marks) and not all(mark.isdigit() for mark in marks[1:])


def _grid(rows: Sequence[Row], strips: list[Strip]) -> Grid:
    columns = _columns(rows, strips)
    groups = _logical_rows(rows, columns)
    cells = [[_cell(group, number, columns) for number in range(columns.count)] for group in groups]
    return Grid(cells, _header(groups, cells), columns, list(rows))


def _cell(rows: Sequence[Row], number: int, columns: Columns) -> str:
    return joined([row_of(words).text() for row in rows if (words := columns.of(row)[number])])


def _logical_rows(rows: Sequence[Row], columns: Columns) -> list[list[Row]]:
    """Put together the rows that are lines of the same cells."""
    filled = [[bool(words) for words in columns.of(row)] for row in rows]
    starts = (
        _starts_by_gaps(rows, columns, filled) or _starts_by_order(rows, columns) or _starts_by_first_cell(rows, filled)
    )
    groups: list[list[Row]] = []
    for row, begins in zip(rows, starts, strict=True):
        if begins or not groups:
            groups.append([])
        groups[-1].append(row)
    return groups


def _starts_by_gaps(rows: Sequence[Row], columns: Columns, filled: Sequence[Sequence[bool]]) -> list[bool]:
    """Tell which rows begin one of the table, by larger gaps above them; nothing where the gaps do not tell."""
    gaps = [below.bottom - above.bottom for above, below in zip(rows, rows[1:], strict=False)]
    if not gaps:
        return []
    smallest = sorted(gaps)[len(gaps) // 10]
    starts = [True, *(gap >= _LARGER_GAP * max(smallest, _SMALLEST_GAP) for gap in gaps)]
    if sum(starts) < max(2, len(rows) / 6) or sum(starts) == len(rows):
        return []
    widths = _widths(rows, columns)
    positions = [number for number, begins in enumerate(starts) if begins]
    for start, end in zip(positions, [*positions[1:], len(rows)], strict=True):
        if end - start > 1 and not _is_one(rows[start:end], columns, filled[start:end], widths):
            return []
    return starts


def _is_one(rows: Sequence[Row], columns: Columns, filled: Sequence[Sequence[bool]], widths: Sequence[float]) -> bool:
    """Tell whether `rows` may be the lines of one row of a table.

    Several cells are filled, none has a number in each line, and each line goes on one that had no room for more.
    """
    if sum(map(any, zip(*filled, strict=True))) < 2:  # noqa: PLR2004
        return False
    numbers = [0] * columns.count
    above: list[list[Word]] = [[] for _ in range(columns.count)]
    for row in rows:
        cells = columns.of(row)
        if any(above) and not any(
            words and (not last or _is_full(last, words[0], width))
            for words, last, width in zip(cells, above, widths, strict=True)
        ):
            return False
        for number, words in enumerate(cells):
            above[number] = words or above[number]
            if words and _NUMBER.fullmatch(" ".join(word.text for word in words)):
                numbers[number] += 1
    return max(numbers) < 2  # noqa: PLR2004


def _is_full(line: Sequence[Word], following: Word, width: float) -> bool:
    """Tell whether a word more had no room in a line of a cell as wide as `width`."""
    return line[-1].right - line[0].left + following.right - following.left > width - following.size / 2


def _widths(rows: Sequence[Row], columns: Columns) -> list[float]:
    """Return the width of the widest line of each column."""
    widths = [0.0] * columns.count
    for row in rows:
        for number, words in enumerate(columns.of(row)):
            if words:
                widths[number] = max(widths[number], words[-1].right - words[0].left)
    return widths


def _starts_by_order(rows: Sequence[Row], columns: Columns) -> list[bool]:
    """Tell which rows begin one of the table, where the file draws cell by cell; nothing where it does not."""
    cells = []
    for number, row in enumerate(rows):
        for column, words in enumerate(columns.of(row)):
            if words:
                cells.append((min(word.order for word in words), column, number))
    cells.sort()
    groups: list[set[int]] = [set()]
    last_column, last_number = -1, -1
    has_wrapped = False
    for _, column, number in cells:
        if column < last_column or (column == last_column and number != last_number + 1):
            groups.append(set())
        elif number < last_number:
            has_wrapped = True
        groups[-1].add(number)
        last_column, last_number = column, number
    if not has_wrapped or len(groups) < len(rows) / 8:
        return []
    starts = [False] * len(rows)
    end = -1
    for group in groups:
        if min(group) <= end:
            return []  # the rows of two cells lie between one another
        starts[min(group)] = True
        end = max(group)
    return starts


def _starts_by_first_cell(rows: Sequence[Row], filled: Sequence[Sequence[bool]]) -> list[bool]:
    """Tell which rows begin one of the table: a row without a first cell, or with little more, goes on a tight one."""
    tight = median(below.bottom - above.bottom for above, below in zip(rows, rows[1:], strict=False))
    starts = [True]
    for number in range(1, len(rows)):
        cells = filled[number]
        close = rows[number].bottom - rows[number - 1].bottom <= 1.2 * tight
        if not close or sum(cells) > max(1, len(cells) / 2):
            starts.append(True)
        elif not cells[0]:
            starts.append(False)
        else:
            starts.append(sum(cells) > 1 or not rows[number].words[0].text[:1].islower())
    return starts


def _header(groups: Sequence[Sequence[Row]], cells: Sequence[Sequence[str]]) -> int | None:
    """Return the position of the row that names the columns, where the letters or the values tell which it is."""
    first = cells[0]
    if len(cells) < 2 or 2 * len(set(first)) <= len(first) or any(map(_NUMBER.fullmatch, first)):  # noqa: PLR2004
        return None
    if sum(map(bool, first)) < max(2, len(first) - 1):
        return None
    rest = [row for group in groups[1:] for row in group]
    is_bold = all(row.bold for row in groups[0]) and sum(row.bold for row in rest) <= len(rest) / 2
    numbers = [
        sum(_NUMBER.fullmatch(row[column]) is not None for row in cells[1:] if row[column])
        for column in range(len(first))
    ]
    has_values = any(number >= max(1, 0.6 * (len(cells) - 1)) for number in numbers)
    if is_bold or (has_values and (len(first) > 2 or len(cells) > 2) and not first[0].endswith(":")):  # noqa: PLR2004
        return 0
    return 0 if len(first) > 2 and all(first) and len(cells) > 2 else None  # noqa: PLR2004
