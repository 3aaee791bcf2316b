"""Words put into rows: what stands side by side at one height."""

import re
from collections.abc import Iterable, Iterator, Sequence

from rag.parsing.pdf.words import HYPHEN, Word

WIDE_GAP = 1.0
"""A gap of this many times the size of the letters is more than one between two words."""
_SAME_ROW = 0.5
"""The share of the lower word's height that two words of one row have in common."""
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]")
_CUT_WORD = re.compile(f"(?:[{HYPHEN}\x02\xad]|(?<=[^\\W_])[-\u2010])$")
_TICKED = {True: "yes", False: "no"}


class Row:
    """Words at one height, from left to right.

    `widest_gap` is that between neighbours, 0.0 where they touch. `is_field` says whether one is the value of a form.
    """

    __slots__ = ("_text", "bottom", "is_field", "left", "right", "size", "top", "widest_gap", "words")

    def __init__(self, words: list[Word]) -> None:
        """Take `words`, at least one, from left to right."""
        self.words = words
        self._text: str | None = None
        first = words[0]
        self.left = first.left
        self.is_field = first.is_field
        right, size, gap = first.right, first.size, 0.0
        if len(words) == 1:
            self.top, self.bottom, self.right, self.size, self.widest_gap = first.top, first.bottom, right, size, gap
            return
        middle = len(words) // 2
        self.top = sorted([word.top for word in words])[middle]
        self.bottom = sorted([word.bottom for word in words])[middle]
        for word in words:
            # max() takes five times as long, and there are some hundred words on a page.
            if word.left - right > gap:  # noqa: PLR1730
                gap = word.left - right
            if word.right > right:  # noqa: PLR1730
                right = word.right
            if word.size > size:  # noqa: PLR1730
                size = word.size
            if word.is_field:
                self.is_field = True
        self.right, self.size, self.widest_gap = right, size, gap

    @property
    def bold(self) -> bool:
        """Whether all of it is bold."""
        return self.words[0].bold and all(word.bold for word in self.words)

    def gaps(self) -> Iterator[tuple[float, float]]:
        """Yield (end, start) between neighbouring words."""
        end = self.words[0].right
        for word in self.words[1:]:
            if word.left > end:
                yield end, word.left
            end = max(end, word.right)

    def segments(self, gap: float = WIDE_GAP) -> list["Row"]:
        """Return its parts between gaps that are wider than `gap` times the size of its letters."""
        if self.widest_gap <= gap * self.size:
            return [self]
        parts: list[list[Word]] = [[]]
        end = self.left
        for word in self.words:
            if word.left - end > gap * self.size:
                parts.append([])
            parts[-1].append(word)
            end = max(end, word.right)
        return [Row(part) for part in parts if part]

    def text(self) -> str:
        """Return its words, as they are read."""
        if self._text is None:
            self._text = "; ".join(labelled(self.words)) if self.is_field else _read(self.words)
        return self._text


def _read(words: list[Word]) -> str:
    text = " ".join([word.text for word in words])
    if not text.isascii() and _RIGHT_TO_LEFT.search(text):
        return " ".join(word.text for word in sorted(words, key=lambda word: word.order))
    return text


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
    return [Row(sorted(row, key=lambda word: word.left)) for row in rows]


def _is_beside(word: Word, other: Word) -> bool:
    common = min(word.bottom, other.bottom) - max(word.top, other.top)
    return common >= _SAME_ROW * min(word.bottom - word.top, other.bottom - other.top)


def joined(lines: Sequence[str]) -> str:
    """Join lines into one, with the words that are cut at their ends made whole."""
    return "".join(in_one(lines))


def in_one(lines: Sequence[str]) -> list[str]:
    """Return what each line is in a text: with a blank after it, or without the hyphen of a cut word at its end."""
    parts: list[str] = []
    for line in lines:
        if not parts:
            pass
        elif _CUT_WORD.search(parts[-1][-2:]):
            # A cut name or number ("Jean-Pierre", "2024-2025") keeps its hyphen.
            parts[-1] = parts[-1][:-1] + ("" if line[:1].islower() else "-")
        else:
            parts[-1] += " "
        parts.append(line)
    return [part.replace(HYPHEN, "-").replace("\x02", "-") for part in parts]


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
