"""Words put into rows: what stands side by side at one height."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from rag.parsing.pdf.words import HYPHEN, Word

WIDE_GAP = 1.0
"""A gap of this many times the size of the letters is more than one between two words."""
_SAME_ROW = 0.5
"""The share of the lower word's height that two words of one row have in common."""
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]")
_CUT_WORD = (HYPHEN, "\x02", "\u00ad")
_TICKED = {True: "yes", False: "no"}


@dataclass(slots=True)
class Row:
    """Words at one height, from left to right."""

    words: list[Word]
    top: float
    bottom: float
    size: float

    @property
    def left(self) -> float:
        """Where the first word begins."""
        return self.words[0].left

    @property
    def right(self) -> float:
        """Where the word that reaches furthest ends."""
        return max(word.right for word in self.words)

    @property
    def bold(self) -> bool:
        """Whether all of it is bold."""
        return all(word.bold for word in self.words)

    @property
    def is_field(self) -> bool:
        """Whether it holds the value of a field of a form."""
        return any(word.is_field for word in self.words)

    def gaps(self) -> Iterator[tuple[float, float]]:
        """Yield (end, start) between neighbouring words."""
        end = self.words[0].right
        for word in self.words[1:]:
            if word.left > end:
                yield end, word.left
            end = max(end, word.right)

    def segments(self, gap: float = WIDE_GAP) -> list["Row"]:
        """Return its parts between gaps that are wider than `gap` times the size of its letters."""
        parts: list[list[Word]] = [[]]
        end = self.left
        for word in self.words:
            if word.left - end > gap * self.size:
                parts.append([])
            parts[-1].append(word)
            end = max(end, word.right)
        return [row_of(part) for part in parts if part]

    def text(self) -> str:
        """Return its words, as they are read."""
        words = self.words
        if self.is_field:
            return "; ".join(labelled(words))
        if any(_RIGHT_TO_LEFT.search(word.text) for word in words):
            words = sorted(words, key=lambda word: word.order)
        return " ".join(word.text for word in words)


def row_of(words: list[Word]) -> Row:
    """Return the row of `words`, which are from left to right."""
    if len(words) == 1:
        word = words[0]
        return Row(words, word.top, word.bottom, word.size)
    return Row(
        words, median(word.top for word in words), median(word.bottom for word in words), max(w.size for w in words)
    )


def rows_of(words: Iterable[Word]) -> list[Row]:
    """Put `words` into rows, from the top of the page to its bottom."""
    rows: list[list[Word]] = []
    reference: Word | None = None
    for word in sorted(words, key=lambda word: word.top + word.bottom):
        if reference is None or not _is_beside(word, reference):
            rows.append([])
            reference = word
        rows[-1].append(word)
        if word.right - word.left > reference.right - reference.left:
            reference = word
    return [row_of(sorted(row, key=lambda word: word.left)) for row in rows]


def _is_beside(word: Word, other: Word) -> bool:
    common = min(word.bottom, other.bottom) - max(word.top, other.top)
    return common >= _SAME_ROW * min(word.bottom - word.top, other.bottom - other.top)


def joined(lines: Sequence[str]) -> str:
    """Join lines into one, with the words that are cut at their ends made whole."""
    text = ""
    for line in lines:
        if not text:
            text = line
        elif text.endswith(_CUT_WORD):
            # A cut name or number ("Jean-Pierre", "2024-2025") keeps its hyphen.
            text = text[:-1] + line if line[:1].islower() else f"{text[:-1]}-{line}"
        else:
            text = f"{text} {line}"
    for mark in _CUT_WORD[:2]:
        text = text.replace(mark, "-")
    return text


def labelled(words: Sequence[Word]) -> list[str]:
    """Return "label: value" for each field of a form among `words`, and the words that belong to none.

    The label of a value stands before it, that of a box before or after it, whichever is nearer.
    """
    parts: list[str] = []
    label: list[Word] = []
    box: Word | None = None
    for number, word in enumerate(words):
        if not word.is_field:
            label.append(word)
            continue
        if box is not None:
            parts.append(_answer(label, box))
            label, box = [], None
        if word.ticked is None or (label and _is_nearer(label[-1], word, words[number + 1 :])):
            parts.append(_answer(label, word))
            label = []
        else:
            if label:
                parts.append(" ".join(each.text for each in label))
            label, box = [], word
    if box is not None:
        parts.append(_answer(label, box))
    elif label:
        parts.append(" ".join(each.text for each in label))
    return parts


def _is_nearer(before: Word, box: Word, following: Sequence[Word]) -> bool:
    """Tell whether the word before a box is its label, and not the one after it."""
    if not following or following[0].is_field:
        return True
    return box.left - before.right <= following[0].left - box.right


def _answer(label: Sequence[Word], field: Word) -> str:
    value = field.text if field.ticked is None else _TICKED[field.ticked]
    name = " ".join(word.text for word in label).rstrip(" :")
    return f"{name}: {value}" if name else value
