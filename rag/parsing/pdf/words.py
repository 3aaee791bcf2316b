"""The words of a PDF's pages, with their places as PDFium tells them."""

import ctypes
import math
import re
from collections import Counter
from dataclasses import dataclass, field

import pypdfium2
import pypdfium2.raw as pdfium

from rag.parsing.errors import too_much_text

HYPHEN = "\ufffe"
"""What PDFium puts for the hyphen of a word that is cut at the end of a line."""

_WORD = re.compile(f"[^\\s\\x00{HYPHEN}]+{HYPHEN}?")  # PDFium draws the parts of a cut word as one
_CUT = re.compile(f"(?<={HYPHEN})")
_WIDE = re.compile(r"\s\s|\x00")
_PROSE_CHARACTERS = 25
_WIDER = 1.08
"""A line this many times wider than usual for its letters may have a gap between cells or columns."""
_WIDEST = 0.65
"""The same for a line whose letters are this wide, in times their size. Those of typewriters are 0.6."""
_HALF = re.compile("[\ud800-\udfff]")
_FONT_NAME_BYTES = 128
_BOLD = re.compile(rb"bold|black|heavy|demi", re.IGNORECASE)
_SMALLEST = 0.5
"""In points. Fonts that give no height are taken for this high."""
_LINE_HEIGHT = 1.15
"""The height of a line of letters for a size of 1."""


_loose_box = pdfium.FPDFText_GetLooseCharBox


@dataclass(slots=True)
class Word:
    """A word and its box: points from the top left of the page, as its text is upright.

    `size` is the size of its font as it is drawn. `order` counts the words as the file draws them. `ticked` is set for
    a box or a button of a form, which has no text; `is_field` for the value of any field.
    """

    text: str
    left: float
    right: float
    top: float
    bottom: float
    size: float
    order: int
    bold: bool = False
    is_field: bool = False
    ticked: bool | None = None


@dataclass(slots=True)
class Page:
    """The words of a page. `aside` are the lines that are drawn in another direction than most of the text."""

    number: int
    words: list[Word] = field(default_factory=list)
    aside: list[str] = field(default_factory=list)
    turn: int = 0
    """Quarter turns, against the clock, of most of the text."""

    @property
    def is_empty(self) -> bool:
        """Whether it holds no text."""
        return not self.words and not self.aside


@dataclass(frozen=True, slots=True)
class _Font:
    """How the letters of a line are set."""

    size: float
    turn: int
    bold: bool


def read_words(page: pypdfium2.PdfPage, number: int, most: int) -> Page:
    """Return the words of `page`, in the order the file draws them.

    Raises `pypdfium2.PdfiumError`, and `UnreadableDocument` (FILE_TOO_LARGE) for more than `most` characters.
    """
    text_page = page.get_textpage()
    try:
        if text_page.count_chars() > most:
            raise too_much_text()
        return _Words(text_page).page(number)
    finally:
        text_page.close()


class _Words:
    def __init__(self, text_page: pypdfium2.PdfTextPage) -> None:
        self._raw = text_page.raw
        self._text = _text_of(text_page)
        self._box = pdfium.FS_RECTF()
        self._matrix = pdfium.FS_MATRIX()
        self._font_name = ctypes.create_string_buffer(_FONT_NAME_BYTES)
        self._flags = ctypes.c_int()
        self._tight = tuple(ctypes.c_double() for _ in range(4))

    def page(self, number: int) -> Page:
        lines = [(start, end, self._font(start)) for start, end in self._lines()]
        page = Page(number)
        if not lines:
            return page
        turns: Counter[int] = Counter()
        for start, end, font in lines:
            turns[font.turn] += end - start
        page.turn = turns.most_common(1)[0][0]
        prose = self._prose(lines, page.turn)
        for start, end, font in lines:
            if font.turn != page.turn:
                page.aside.append(" ".join(self._text[start:end].split()))
            elif start in prose:
                page.words.append(self._word(self._text[start:end], start, end - 1, font, len(page.words)))
            else:
                self._add_words(page, start, end, font)
        return page

    def _prose(self, lines: list[tuple[int, int, _Font]], turn: int) -> set[int]:
        """Return the starts of the lines that are one piece of running text: each is taken for one word.

        The file draws such a line at once, and it is as wide as others of as many letters.
        """
        widths = {}
        for start, end, font in lines:
            if end - start < _PROSE_CHARACTERS or font.turn != turn or not font.size or turn:
                continue
            if _WIDE.search(self._text, start, end) or pdfium.FPDFText_CountRects(self._raw, start, end - start) != 1:
                continue
            left, _, _, _ = self._upright(start, turn)
            last = end - 2 if self._text[end - 1] == HYPHEN else end - 1
            _, right, _, _ = self._upright(last, turn)
            widths[start] = (right - left) / (end - start) / font.size
        if not widths:
            return set()
        most = min(_WIDER * sorted(widths.values())[len(widths) // 2], _WIDEST)
        return {start for start, width in widths.items() if width <= most}

    def _lines(self) -> list[tuple[int, int]]:
        """Return (start, end) of each line that holds something, without the blanks around it."""
        lines = []
        start = 0
        for whole in self._text.splitlines(keepends=True):
            # PDFium joins the line that goes on with a cut word to the one before.
            for line in _CUT.split(whole) if HYPHEN in whole else (whole,):
                stripped = line.strip()
                if stripped:
                    begin = start + len(line) - len(line.lstrip())
                    lines.append((begin, begin + len(stripped)))
                start += len(line)
        return lines

    def _add_words(self, page: Page, start: int, end: int, font: _Font) -> None:
        words = page.words
        for match in _WORD.finditer(self._text, start, end):
            first, last = match.span()
            last -= 1
            words.append(self._word(match[0], first, last, font, len(words)))

    def _word(self, text: str, first: int, last: int, font: _Font, order: int) -> Word:
        """Return the word whose letters are `first` to `last` of the page."""
        turn, size = font.turn, font.size
        if last > first and text[-1] == HYPHEN:
            last -= 1  # its box is that of the next line
        left, right, top, bottom = self._upright(first, turn)
        if last > first:
            other_left, other_right, other_top, other_bottom = self._upright(last, turn)
            # Letters of a language that is written from right to left go to the left.
            left = min(left, other_left)
            right = max(right, other_right)
            top = min(top, other_top)
            bottom = max(bottom, other_bottom)
        height = bottom - top
        if height < size / 2:
            top = bottom - size
        letters = size or max(height / _LINE_HEIGHT, _SMALLEST)
        return Word(_whole(text), left, right, top, bottom, letters, order, font.bold)

    def _upright(self, index: int, turn: int) -> tuple[float, float, float, float]:
        """Return left, right, top and bottom of a letter, on a page turned so that the text is upright."""
        box = self._box
        is_known = _loose_box(self._raw, index, box)
        left, right, top, bottom = box.left, box.right, box.top, box.bottom
        if not is_known or right <= left:
            left, right, top, bottom = self._tight_box(index)
        if turn == 0:
            return left, right, -top, -bottom
        return upright((left, bottom, right, top), turn)

    def _tight_box(self, index: int) -> tuple[float, float, float, float]:
        left, right, bottom, top = self._tight
        pdfium.FPDFText_GetCharBox(self._raw, index, left, right, bottom, top)
        return left.value, right.value, top.value, bottom.value

    def _font(self, index: int) -> _Font:
        matrix, name, flags = self._matrix, self._font_name, self._flags
        scale, turn = 1.0, 0
        if pdfium.FPDFText_GetMatrix(self._raw, index, matrix):
            scale = math.hypot(matrix.c, matrix.d)
            turn = round(math.atan2(matrix.b, matrix.a) / (math.pi / 2)) % 4
        size = pdfium.FPDFText_GetFontSize(self._raw, index) * scale
        length = pdfium.FPDFText_GetFontInfo(self._raw, index, name, _FONT_NAME_BYTES, flags)
        bold = length <= _FONT_NAME_BYTES and _BOLD.search(name.value) is not None
        return _Font(round(size, 1) if math.isfinite(size) else 0.0, turn, bold)


def upright(box: tuple[float, float, float, float], turn: int) -> tuple[float, float, float, float]:
    """Return left, right, top and bottom of a PDF's `box` (left, bottom, right, top), for text turned `turn` times."""
    left, bottom, right, top = box
    if turn == 0:
        return left, right, -top, -bottom
    if turn == 1:
        return bottom, top, left, right
    if turn == 2:  # noqa: PLR2004 - quarter turns
        return -right, -left, bottom, top
    return -top, -bottom, -right, -left


def _text_of(text_page: pypdfium2.PdfTextPage) -> str:
    """Return the text, a character for each that PDFium counts."""
    text = text_page.get_text_range()
    count = text_page.count_chars()
    if len(text) == count:
        return str(text)
    codes = (pdfium.FPDFText_GetUnicode(text_page.raw, index) for index in range(count))
    return "".join(chr(code) if code <= 0x10FFFF else " " for code in codes)  # noqa: PLR2004 - the last of Unicode


def _whole(text: str) -> str:
    """Return `text` with the halves of characters put together: PDFium counts them as two."""
    if not text.isascii() and _HALF.search(text):
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")
    return text
