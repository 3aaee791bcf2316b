"""Text recognition (OCR) of pages that hold no text, where Tesseract and its data are installed: `monitora[ocr]`.

The data is loaded with this module, in the process that children are forked from: a child cannot open files.
"""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium

from rag.parsing.pdf.words import Page, Word

try:
    import tesserocr
except ImportError:
    tesserocr = None

_DATA_FOLDERS = (
    "/usr/share/tesseract-ocr/5/tessdata",
    "/usr/share/tesseract-ocr/4.00/tessdata",
    "/usr/share/tessdata",
    "/usr/local/share/tessdata",
    "/opt/homebrew/share/tessdata",
)
LANGUAGES = ("eng", "fra")
"""What is recognised, as Tesseract and the packages of its data call them."""
MAX_PAGES = 25
"""The most pages of a document that are recognised."""
_MAX_SECONDS = 30.0
"""The most time of a processor that all of them take together; a page takes one second or two."""
_MAX_PAGE_MILLISECONDS = 10_000
_RESOLUTION = 200
"""Points to an inch a page is drawn with: what Tesseract reads ordinary print best at."""
_MAX_PIXELS = 8_000_000
_POINTS = 72
_LEAST_CONFIDENCE = 25.0
_LETTER_SHARE = 0.75
"""The size of letters as a share of the height of their line."""


def _load() -> Any:
    """Return Tesseract with its languages, None where it or its data is not installed."""
    if tesserocr is None:
        return None
    for folder in map(Path, _DATA_FOLDERS):
        languages = [name for name in LANGUAGES if (folder / f"{name}.traineddata").is_file()]
        if languages:
            return tesserocr.PyTessBaseAPI(path=str(folder), lang="+".join(languages))
    return None


_TESSERACT = _load()


class Recognition:
    """Recognises pages of one document, as many as its bounds allow. Not for several threads at once."""

    is_installed = _TESSERACT is not None

    def __init__(self) -> None:
        self._pages = 0
        self._began: float | None = None

    @property
    def is_exhausted(self) -> bool:
        """Whether the bounds allow no further page."""
        return self._pages >= MAX_PAGES or (
            self._began is not None and time.process_time() - self._began > _MAX_SECONDS
        )

    def read(self, page: pypdfium2.PdfPage, number: int) -> Page:
        """Return page `number` with the words recognised on it: none where it shows none, or at the bounds."""
        read = Page(number)
        if not self.is_installed or self.is_exhausted or pdfium.FPDFPage_CountObjects(page.raw) <= 0:
            return read
        if self._began is None:
            self._began = time.process_time()
        self._pages += 1
        read.words.extend(_recognised(page))
        return read


def _recognised(page: pypdfium2.PdfPage) -> Iterator[Word]:
    width, height = page.get_size()
    if not (width > 0 and height > 0):
        return
    scale = min(_RESOLUTION / _POINTS, (_MAX_PIXELS / (width * height)) ** 0.5)
    if min(width, height) * scale < 1:
        return
    bitmap = page.render(scale=scale, grayscale=True)
    try:
        _TESSERACT.SetImageBytes(bytes(bitmap.buffer), bitmap.width, bitmap.height, 1, bitmap.stride)
        _TESSERACT.SetSourceResolution(round(scale * _POINTS))
        if _TESSERACT.Recognize(_MAX_PAGE_MILLISECONDS):
            yield from _words(scale)
    finally:
        _TESSERACT.Clear()
        bitmap.close()


def _words(scale: float) -> Iterator[Word]:
    """Yield the words that were recognised, with their places in points."""
    found = _TESSERACT.GetIterator()
    if found is None:
        return
    level, line_level = tesserocr.RIL.WORD, tesserocr.RIL.TEXTLINE
    order = 0
    for word in tesserocr.iterate_level(found, level):
        box, line = word.BoundingBox(level), word.BoundingBox(line_level)
        if box is None or line is None or word.Confidence(level) < _LEAST_CONFIDENCE:
            continue
        text = "".join(word.GetUTF8Text(level).split())
        if not text:
            continue
        left, _, right, _ = (edge / scale for edge in box)
        _, top, _, bottom = (edge / scale for edge in line)
        yield Word(text, left, right, top, bottom, round((bottom - top) * _LETTER_SHARE), order)
        order += 1
