"""Rows put together into headings, paragraphs and items of lists."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from rag.parsing.document import BlockKind
from rag.parsing.pdf.rows import Row, joined

_HEADING_SIZE = 1.15
"""How many times the size of the body's letters makes a line a heading."""
_NOTE_SIZE = 0.93
"""How many times the size of the body's letters those of a note have at most."""
_MAX_HEADING_LINES = 3
MAX_HEADING_CHARACTERS = 160
_MAX_HEADING_LEVELS = 3
_SAME_SIZE = 1.06
_LARGER_PITCH = 1.3
_DOUBLE_SPACED = 4
"""So many lines far apart are a text with double spacing, fewer are paragraphs."""
_LEAST_PITCH = 1.1
_OTHER_SIZE = 1.2
_WHOLE_LINE = 0.95
_SHORT_LINE = 0.85
_INDENT = 0.8
_BULLET = re.compile(r"^[•◦▪‣●○■□*·–—➢➤✓✔❖\uf0b7\uf0a7\uf0d8]\s+")
_ITEM = re.compile(r"(?:[-–—•◦▪‣●○■□*·➢➤✓✔❖\uf0b7\uf0a7\uf0d8]|\(?\d{1,3}[.)]|\(?[a-zA-Z][.)])\s+\S")
_LONE_MARK = re.compile(r"[-–—•◦▪‣●○■□*·➢➤✓✔❖\uf0b7\uf0a7\uf0d8]|\(?\d{1,3}[.)]")
_SENTENCE_END = re.compile(r"[.!?…:;。！？][\"'»”’)\]]*(?:\[?\d{1,3}\]?)?$")
_END = 20
"""How many of the last characters tell whether a sentence ends."""
_LETTER = re.compile(r"[^\W\d_]")


@dataclass(slots=True)
class Paragraph:
    """A piece of text that reads as one. `level` is that of a heading, 0 for other text."""

    text: str
    kind: BlockKind
    level: int = 0


class Levels:
    """The levels of headings, told by the sizes of a document's letters."""

    def __init__(self, rows: Iterable[Row]) -> None:
        letters: Counter[float] = Counter()
        bold = total = 0
        for row in rows:
            characters = sum(len(word.text) for word in row.words)
            letters[_rounded(row.size)] += characters
            total += characters
            bold += characters if row.bold else 0
        self._body = letters.most_common(1)[0][0] if letters else 0.0
        self._bold_is_rare = bold < total / 3
        self._sizes: list[float] = []
        for size in sorted((size for size in letters if size >= self._body * _HEADING_SIZE), reverse=True):
            if not self._sizes or self._sizes[-1] > size * _SAME_SIZE:
                self._sizes.append(size)

    def level(self, row: Row) -> int:
        """Return the level that the size of a row's letters gives it, 0 for text."""
        if self._body <= 0 or row.size < self._body * _HEADING_SIZE:
            return 0
        smaller = sum(size > _rounded(row.size) * _SAME_SIZE for size in self._sizes)
        return min(smaller + 1, _MAX_HEADING_LEVELS)

    def is_small(self, row: Row) -> bool:
        """Tell whether a row's letters are smaller than those of the text, as notes are set."""
        return row.size <= self._body * _NOTE_SIZE

    def bold_level(self, row: Row) -> int:
        """Return the level of a bold line that stands alone, 0 where bold letters say nothing."""
        if not self._bold_is_rare or not row.bold or row.size < self._body * 0.95:
            return 0
        return min(len(self._sizes), _MAX_HEADING_LEVELS) + 1


def _rounded(size: float) -> float:
    return round(size * 2) / 2


def paragraphs(rows: Sequence[Row], levels: Levels) -> list[Paragraph]:
    """Return the headings, paragraphs and items of `rows`, which follow one another in one area of a page."""
    if not rows:
        return []
    area = _Area(rows)
    groups: list[list[Row]] = []
    for number, row in enumerate(rows):
        if not groups or area.begins(groups[-1], number, levels):
            groups.append([])
        groups[-1].append(row)
    found = []
    for number, group in enumerate(groups):
        found.append(_paragraph(group, levels, is_last=number == len(groups) - 1))
    return found


def _paragraph(group: Sequence[Row], levels: Levels, *, is_last: bool) -> Paragraph:
    text = joined([row.text() for row in group])
    if any(row.is_field for row in group):
        return Paragraph(text, BlockKind.FORM_FIELD)
    level = levels.level(group[0])
    if not level and not is_last and not text.endswith((".", ",", ";", "!")) and all(row.bold for row in group):
        level = levels.bold_level(group[0])
    fits = len(group) <= _MAX_HEADING_LINES and len(text) <= MAX_HEADING_CHARACTERS
    if level and fits and len(_LETTER.findall(text)) > 1:
        return Paragraph(text, BlockKind.TEXT, level)
    if _ITEM.match(text):
        return Paragraph(_BULLET.sub("- ", text, count=1), BlockKind.LIST_ITEM)
    return Paragraph(text, BlockKind.TEXT)


class _Area:
    """The measures of one area: where its lines begin and end, and how far apart they are."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows = rows
        self._left = min(row.left for row in rows)
        self._right = max(row.right for row in rows)
        pitches = [
            (below.bottom - above.bottom) / max(below.size, 1)
            for above, below in pairwise(rows)
            if below.bottom > above.bottom and below.size <= above.size * _SAME_SIZE
        ]
        close = [pitch for pitch in pitches if pitch < 2]  # noqa: PLR2004 - double spacing
        self._pitch = median(close or (pitches if len(pitches) >= _DOUBLE_SPACED else [1.2]))

    def begins(self, group: Sequence[Row], number: int, levels: Levels) -> bool:
        """Tell whether row `number` begins a paragraph, after those of `group`."""
        row, previous = self._rows[number], group[-1]
        level = levels.level(row)
        if self._is_apart(row, previous) or level != levels.level(previous):
            return True
        text, before = row.text(), previous.text()
        if _ITEM.match(text):
            return not _LONE_MARK.fullmatch(before) and not self._goes_on(text, before, group, row)
        if level:
            return not _same_size(row, previous)
        return (
            self._is_set_otherwise(group, row)
            or row.is_field
            or previous.is_field
            or self._is_indented(number, group)
            or self._ended(previous, before, text)
        )

    def _is_apart(self, row: Row, previous: Row) -> bool:
        """Tell whether there is more between two rows than between the lines of a paragraph."""
        pitch = (row.bottom - previous.bottom) / max(row.size, 1)
        return not 0 < pitch <= max(self._pitch, _LEAST_PITCH) * _LARGER_PITCH

    def _is_set_otherwise(self, group: Sequence[Row], row: Row) -> bool:
        """Tell whether `row` is in bold letters, or in letters of another size, and the row before is not."""
        previous = group[-1]
        if max(row.size, previous.size) > _OTHER_SIZE * min(row.size, previous.size):
            return True
        if row.bold == previous.bold or row.text()[:1].islower():
            return False
        return row.bold or (len(group) == 1 and previous.right < self._right * _WHOLE_LINE)

    def _goes_on(self, text: str, before: str, group: Sequence[Row], row: Row) -> bool:
        """Tell whether what looks like a mark is a number or a dash inside a sentence that goes on."""
        if text[0] in "-–—" or text[0].isalnum():
            is_full = group[-1].right >= self._right - (self._right - self._left) * (1 - _SHORT_LINE)
            starts_with_item = _ITEM.match(group[0].text()) is not None
            same_margin = abs(row.left - group[0].left) < row.size * _INDENT
            return (
                is_full
                and not _SENTENCE_END.search(before[-_END:])
                and (not starts_with_item or not same_margin)
                and row.left >= group[0].left - row.size * _INDENT
                and not before.endswith(":")
            )
        return False

    def _is_indented(self, number: int, group: Sequence[Row]) -> bool:
        """Tell whether row `number` is the first line of a paragraph, set in from the lines around it."""
        row, previous = self._rows[number], group[-1]
        if row.left < previous.left + _INDENT * row.size or _ITEM.match(group[0].text()):
            return False
        if number + 1 >= len(self._rows):
            return bool(_SENTENCE_END.search(previous.text()[-_END:]))
        return self._rows[number + 1].left < row.left - _INDENT * row.size / 2 and len(group) != 1

    def _ended(self, previous: Row, before: str, text: str) -> bool:
        """Tell whether a paragraph ended: its last line is short, and what follows does not go on with it."""
        width = self._right - self._left
        if previous.right >= self._left + width * _SHORT_LINE or text[:1].islower():
            return False
        if _SENTENCE_END.search(before[-_END:]):
            return True
        return previous.right < self._left + width * 0.6 and not before.endswith(",")


def _same_size(row: Row, other: Row) -> bool:
    return max(row.size, other.size) <= _SAME_SIZE * min(row.size, other.size)


def goes_on(before: str, text: str) -> bool:
    """Tell whether a paragraph that ends with `before` goes on with `text`, on the next page or in the next column."""
    return text[:1].islower() and not _SENTENCE_END.search(before[-_END:])
