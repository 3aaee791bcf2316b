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
        for start, end, font in lines:
            if font.turn == page.turn:
                self._add_words(page, start, end, font)
            else:
                page.aside.append(" ".join(self._text[start:end].split()))
        return page

    def _lines(self) -> list[tuple[int, int]]:
        """Return (start, end) of each line that holds something, without the blanks around it."""
        lines = []
        start = 0
        for line in self._text.splitlines(keepends=True):
            stripped = line.strip()
            if stripped:
                begin = start + len(line) - len(line.lstrip())
                lines.append((begin, begin + len(stripped)))
            start += len(line)
        return lines

    def _add_words(self, page: Page, start: int, end: int, font: _Font) -> None:
        text, turn, size, bold, words = self._text, font.turn, font.size, font.bold, page.words
        for match in _WORD.finditer(text, start, end):
            first, last = match.span()
            last -= 1
            if last > first and text[last] == HYPHEN:
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
            words.append(Word(_whole(match[0]), left, right, top, bottom, letters, len(words), bold))

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
        matrix = pdfium.FS_MATRIX()
        scale, turn = 1.0, 0
        if pdfium.FPDFText_GetMatrix(self._raw, index, matrix):
            scale = math.hypot(matrix.c, matrix.d)
            turn = round(math.atan2(matrix.b, matrix.a) / (math.pi / 2)) % 4
        size = pdfium.FPDFText_GetFontSize(self._raw, index) * scale
        name = ctypes.create_string_buffer(_FONT_NAME_BYTES)
        flags = ctypes.c_int()
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
