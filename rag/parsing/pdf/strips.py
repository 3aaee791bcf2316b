"""The strips that the rows of a table leave free between its columns."""

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from statistics import median

from rag.parsing.pdf.rows import Row
from rag.parsing.pdf.words import Word

NARROW_GAP = 0.45
"""How many times the size of its letters the strip between two columns is wide at least."""
_NO_BLANK = 0.1
_KNOWN_BLANK = 0.7
"""Between these many times the size of its letters a gap is a blank between two words."""
_BLANKS = 1.6
"""How many times the narrowest blank of a row a gap between its cells is wide at least."""
_EVEN_ROWS = 0.8
_LEAST_ROWS = 3

Strip = tuple[float, float]
"""Where a strip begins and ends, from left to right."""


def all_strips(rows: Sequence[Row]) -> list[Strip]:
    """Return every strip that all of `rows` leave free, with words of several rows on its sides."""
    strips = [(-math.inf, math.inf)]
    for row in rows:
        narrow = NARROW_GAP * row.size
        strips = [strip for strip in _common(strips, free(row)) if strip[1] - strip[0] >= narrow]
    return [strip for strip in strips if strip[0] > -math.inf and strip[1] < math.inf]


def _blank(row: Row) -> float:
    """Return the least width of a gap between two cells of `row`: wider than the blanks between its words."""
    known = _KNOWN_BLANK * row.size
    blanks = [start - end for end, start in row.gaps() if _NO_BLANK * row.size < start - end < known]
    return max(NARROW_GAP * row.size, _BLANKS * min(blanks, default=0.0))


def free(row: Row) -> list[Strip]:
    """Return the strips that `row` leaves free, those at its sides among them."""
    gap = _blank(row)
    inner = [(end, start) for end, start in row.gaps() if start - end >= gap]
    return [(-math.inf, row.left), *inner, (row.right, math.inf)]


def interior(strips: Sequence[Strip], row: Row) -> list[Strip]:
    """Return the `strips` between words of `row`."""
    return [strip for strip in strips if strip[0] >= row.left and strip[1] <= row.right]


def _common(strips: Sequence[Strip], others: Sequence[Strip]) -> list[Strip]:
    """Return what both leave free."""
    return [(max(a, c), min(b, d)) for a, b in strips for c, d in others if min(b, d) > max(a, c)]


def narrowed(strips: Sequence[Strip], free: Sequence[Strip], width: float) -> list[Strip]:
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
        self._starts = [start for start, _ in strips]
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
            columns[bisect_left(self._starts, (word.left + word.right) / 2)].append(word)
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


def columns_of(rows: Sequence[Row], strips: Sequence[Strip]) -> Columns:
    """Return the columns of a table: by its strips, or by its cells where nearly all rows have one number of them.

    The columns of a text set without tabulators shift from row to row, and leave fewer strips free.
    """
    cells = [_cells(row) for row in rows]
    count, times = Counter(map(len, cells)).most_common(1)[0]
    if count <= len(strips) + 1 or times < max(_LEAST_ROWS, _EVEN_ROWS * len(rows)):
        return Columns(strips)
    even = [row for row in cells if len(row) == count]
    return Columns(
        strips, [median((row[number][0].left + row[number][-1].right) / 2 for row in even) for number in range(count)]
    )
