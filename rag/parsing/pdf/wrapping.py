"""Cells of several lines: which rows of words are one row of a table."""

import re
from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from rag.parsing.pdf.rows import Row
from rag.parsing.pdf.strips import Columns
from rag.parsing.pdf.words import Word

NUMBER = re.compile(r"[^\w]*\d[\d\s.,:/%-]*\s?\S{0,4}")
"""A cell that holds a number and no more than its unit."""
_SMALLEST_GAP = 0.5
_LARGER_GAP = 1.25
"""A gap between rows this many times the smallest one divides rows of which some have cells of several lines."""
_SEVERAL = 2


def logical_rows(rows: Sequence[Row], columns: Columns) -> list[list[Row]]:
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
    gaps = [below.bottom - above.bottom for above, below in pairwise(rows)]
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

    Several cells are filled, and not all of several again and again. None has a number in each line, and each line goes
    on one that had no room for more.
    """
    if sum(map(any, zip(*filled, strict=True))) < _SEVERAL:
        return False
    if columns.count > _SEVERAL and sum(map(all, filled)) >= _SEVERAL:
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
            if words and NUMBER.fullmatch(" ".join(word.text for word in words)):
                numbers[number] += 1
    return max(numbers) < _SEVERAL


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
    if not has_wrapped or len(groups) == 1 or len(groups) < len(rows) / 8:
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
    tight = median(below.bottom - above.bottom for above, below in pairwise(rows))
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
