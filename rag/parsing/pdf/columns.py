"""Columns of text that stand side by side, put one after the other."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from rag.parsing.pdf.rows import Row

_BUCKET = 2.0
"""Points: how finely a page is looked at from left to right."""
_MARGIN = 0.4
"""A gutter is wider than twice this many times the size of the letters."""
_ROWS = 3
"""How many rows each side of a gutter has at least."""
_CANDIDATES = 4
_DEPTH = 6
_PROSE_CHARACTERS = 28
_PROSE_WORDS = 0.6
_FULL_LINE = 0.15
_VALUE_CHARACTERS = 14
_VALUE_SHARE = 0.35
_ALIGNED = 0.8
_COUNTED = 0.8
_CHANGES = 0.12
"""Where the file draws columns one after the other, it changes the side less often than in this share of the rows."""


@dataclass(frozen=True, slots=True)
class _Gutter:
    """A strip from top to bottom between `rows[start]` and `rows[end]`, which no word crosses."""

    start: int
    end: int
    at: float


def reading_order(rows: Sequence[Row], depth: int = _DEPTH) -> list[list[Row]]:
    """Return the areas of a page as they are read, each with its rows from top to bottom."""
    gutter = _gutter(rows) if depth else None
    if gutter is None:
        return [list(rows)] if rows else []
    left, right = _split(rows[gutter.start : gutter.end], gutter.at)
    parts = (rows[: gutter.start], left, right, rows[gutter.end :])
    return [area for part in parts for area in reading_order(part, depth - 1)]


def _split(rows: Sequence[Row], at: float) -> tuple[list[Row], list[Row]]:
    sides: tuple[list[Row], list[Row]] = ([], [])
    for row in rows:
        words = ([word for word in row.words if word.right <= at], [word for word in row.words if word.right > at])
        for side, part in zip(sides, words, strict=True):
            if part:
                side.append(Row(part))
    return sides


def _gutter(rows: Sequence[Row]) -> _Gutter | None:
    """Return the gutter between two columns of text that has the most rows beside it."""
    if len(rows) < _ROWS or not _has_gap(rows):
        return None
    leftmost = min(row.left for row in rows)
    width = int((max(row.right for row in rows) - leftmost) / _BUCKET) + 1
    if not 1 < width < 100_000:  # noqa: PLR2004 - a page of 3 km
        return None
    taken = _taken(rows, leftmost, width)
    scores, starts, ends = _runs(taken)
    for _ in range(_CANDIDATES):
        best = int(scores.max())
        if best < _ROWS:
            return None
        buckets = np.flatnonzero(scores == best)
        first = int(buckets[0])
        plateau = [bucket for bucket in buckets if starts[bucket] == starts[first] and ends[bucket] == ends[first]]
        middle = int(plateau[len(plateau) // 2])
        gutter = _Gutter(int(starts[middle]), int(ends[middle]), leftmost + (middle + 0.5) * _BUCKET)
        if _divides_columns(rows[gutter.start : gutter.end], gutter.at):
            return gutter
        scores[plateau] = 0
    return None


def _has_gap(rows: Sequence[Row]) -> bool:
    """Tell whether any rows stand side by side: a wide gap in one, or two of which one begins where the other ends."""
    for row, following in pairwise(rows):
        if following.left >= row.right or row.left >= following.right:
            return True
    return any(row.widest_gap > 2 * _MARGIN * row.size for row in rows)


def _taken(rows: Sequence[Row], leftmost: float, width: int) -> NDArray[np.bool_]:
    """Return which buckets of each row are covered by words or too near to them."""
    taken = np.zeros((len(rows), width), dtype=np.bool_)
    for number, row in enumerate(rows):
        margin = _MARGIN * row.size
        begin, end = row.left, row.right
        for gap_start, gap_end in row.gaps() if row.widest_gap > 2 * margin else ():
            if gap_end - gap_start > 2 * margin:
                _take(taken[number], begin - margin - leftmost, gap_start + margin - leftmost)
                begin = gap_end
        _take(taken[number], begin - margin - leftmost, end + margin - leftmost)
    return taken


def _take(buckets: NDArray[np.bool_], start: float, end: float) -> None:
    buckets[max(int(start / _BUCKET), 0) : int(end / _BUCKET) + 1] = True


def _runs(taken: NDArray[np.bool_]) -> tuple[NDArray[np.int_], NDArray[np.int_], NDArray[np.int_]]:
    """Return for each bucket the run of rows that leave it free: its score, its first row and the one after it.

    The score is the number of rows on the side that has fewer.
    """
    before = np.logical_or.accumulate(taken, axis=1) & ~taken
    after = np.logical_or.accumulate(taken[:, ::-1], axis=1)[:, ::-1] & ~taken
    width = taken.shape[1]
    start, left, right = (np.zeros(width, dtype=np.int_) for _ in range(3))
    score, best_start, best_end = (np.zeros(width, dtype=np.int_) for _ in range(3))
    if np.minimum(before.sum(axis=0), after.sum(axis=0)).max() < _ROWS:
        return score, best_start, best_end
    for number in range(len(taken)):
        free = ~taken[number]
        left = (left + before[number]) * free
        right = (right + after[number]) * free
        start = np.where(free, start, number + 1)
        better = np.minimum(left, right)
        grown = (better >= score) & (better > 0)
        score[grown], best_start[grown], best_end[grown] = better[grown], start[grown], number + 1
    return score, best_start, best_end


def _divides_columns(rows: Sequence[Row], at: float) -> bool:
    """Tell whether what stands on the two sides are columns of text, and not cells of one table.

    The file itself tells: it draws a column from its top to its bottom, and a table row by row. Where it draws line by
    line over both sides, only running text is two columns.
    """
    left, right = _split(rows, at)
    aligned = len(left) + len(right) - len(rows)
    fewer = min(len(left), len(right))
    if any(row.is_field for row in rows):
        return False  # labels and their values, which the file draws apart
    if (_counts(left) and _is_prose(right)) or (_counts(right) and _is_prose(left)):
        return True  # the numbers of the lines
    if _changes(rows, at) <= max(1, _CHANGES * fewer):
        are_cells = aligned >= _ALIGNED * fewer and (_are_values(left) or _are_values(right))
        return not are_cells or (_is_prose(left) and _is_prose(right))
    return _is_prose(left) and _is_prose(right) and (_changes(rows, at) > 1.2 * aligned or aligned < fewer / 2)


def _changes(rows: Sequence[Row], at: float) -> int:
    """Return how often the file changes the side while it draws `rows`."""
    words = sorted((word for row in rows for word in row.words), key=lambda word: word.order)
    sides = [word.right > at for word in words]
    return sum(side != following for side, following in pairwise(sides))


def _characters(row: Row) -> int:
    return sum(len(word.text) + 1 for word in row.words)


def _are_values(rows: Sequence[Row]) -> bool:
    """Tell whether many of `rows` hold a number, and little else or several cells."""
    values = [
        row
        for row in rows
        if any(letter.isdigit() for word in row.words for letter in word.text)
        and (_characters(row) <= _VALUE_CHARACTERS or row.widest_gap > row.size)
    ]
    return len(values) >= _VALUE_SHARE * len(rows)


def _counts(rows: Sequence[Row]) -> bool:
    """Tell whether `rows` are the numbers of lines: each alone, nearly all the next of the one above."""
    numbers = [int(row.words[0].text) for row in rows if len(row.words) == 1 and row.words[0].text.isdecimal()]
    steps = [below - above for above, below in pairwise(numbers)]
    return len(numbers) >= _COUNTED * len(rows) and steps.count(max(steps, key=steps.count, default=0)) >= (
        _COUNTED * len(steps)
    )


def _is_prose(rows: Sequence[Row]) -> bool:
    """Tell whether `rows` are lines of running text: long, without wide gaps, most of them full, and not of numbers."""
    if sum(map(_characters, rows)) < _PROSE_CHARACTERS * len(rows):
        return False
    if sum(row.widest_gap > row.size for row in rows) > len(rows) / 4:
        return False
    words = [word.text for row in rows for word in row.words]
    if sum(any(letter.isalpha() for letter in word) for word in words) < _PROSE_WORDS * len(words):
        return False
    right = max(row.right for row in rows)
    full = right - _FULL_LINE * (right - min(row.left for row in rows))
    return sum(row.right >= full for row in rows) >= len(rows) / 2
