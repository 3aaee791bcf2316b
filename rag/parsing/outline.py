"""What a reader fills in: the title, the headings it is under, and the blocks in reading order."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from core.errors import ErrorCode
from rag.parsing.document import Block
from rag.parsing.errors import MAX_BLOCKS, MAX_RAW_CHARACTERS, MAX_TEXT_CHARACTERS, UnreadableDocument, too_much_text


def _ranges_of_marks() -> Iterator[tuple[str, str]]:
    """Yield the first and the last of each run of combining marks."""
    marks = [code for code in range(0x300, 0x1E950) if unicodedata.combining(chr(code))]
    for _, run in groupby(enumerate(marks), lambda numbered: numbered[1] - numbered[0]):
        codes = [code for _, code in run]
        yield chr(codes[0]), chr(codes[-1])


UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u200b\u2060\ufeff\ufffe\uffff\ud800-\udfff]")
_MARKS = "".join(f"{first}-{last}" for first, last in _ranges_of_marks())
_STACK = re.compile(f"([{_MARKS}]{{30}})[{_MARKS}]+")
"""More accents on a letter than any language has (UAX 15, 12.2): putting them in order takes their number's square."""
_BLANKS = re.compile(r"[^\S\n]+")
MAX_HEADING_CHARACTERS = 200


def clean_code(text: str) -> str:
    """Return `text` composed (NFC), without control characters, invisible marks or blanks at the ends of lines."""
    printable = UNPRINTABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    text = printable if printable.isascii() else unicodedata.normalize("NFC", _STACK.sub(r"\1", printable))
    return "\n".join(line.rstrip() for line in text.split("\n")).strip("\n")


def clean(text: str) -> str:
    """Return `text` like `clean_code`, without indentation and with single blanks inside a line."""
    return "\n".join(_BLANKS.sub(" ", line).strip() for line in clean_code(text).split("\n")).strip("\n")


@dataclass(frozen=True, slots=True)
class _BareHeading:
    level: int
    page: int | None


class Outline:
    """A document being read. Every text that enters is cleaned; their sum is bounded by `MAX_TEXT_CHARACTERS`.

    `title` is what the file itself says it is called, or "" where it does not say.
    """

    def __init__(self, title: str = "") -> None:
        self.title = " ".join(clean(title).split())[:MAX_HEADING_CHARACTERS]
        self._blocks: list[Block] = []
        self._path: list[tuple[int, str]] = []
        self._bare_heading: _BareHeading | None = None
        self._characters = 0

    def enter(self, level: int, heading: str, page: int | None = None) -> None:
        """Begin a section: `level` 1 is the outermost. The first of level 1 is the title of a document without one."""
        heading = " ".join(clean(heading).split())[:MAX_HEADING_CHARACTERS]
        if not heading:
            return
        if self._bare_heading and self._bare_heading.level >= level:
            self._keep_bare_heading()
        if not self.title and level == 1:
            self.title = heading
        while self._path and self._path[-1][0] >= level:
            self._path.pop()
        self._path.append((level, heading))
        self._bare_heading = _BareHeading(level, page)

    def add(self, text: str, page: int | None = None) -> None:
        """Add a paragraph, a list or a table: what should stay together. Blank text is left out.

        Raises `UnreadableDocument` (FILE_TOO_LARGE) when the document's text or its number of blocks passes its bound.
        """
        self._append(clean(_checked(text)), self._headings(), page)

    def add_code(self, text: str) -> None:
        """Add preformatted text, with its indentation. Raises as `add` does."""
        self._append(clean_code(_checked(text)), self._headings(), None)

    def blocks(self) -> list[Block]:
        """Return the blocks read, in order."""
        self._keep_bare_heading()
        return self._blocks

    def _headings(self) -> list[str]:
        """Return the path of headings above what is read now, without the one that is the document's title."""
        path = [heading for _, heading in self._path]
        return path[1:] if path[:1] == [self.title] else path

    def _keep_bare_heading(self) -> None:
        """Make a block of a heading that nothing stands under: its words must be found too."""
        if self._bare_heading:
            self._append(self._path[-1][1], self._headings()[:-1], self._bare_heading.page)

    def _append(self, text: str, headings: list[str], page: int | None) -> None:
        if not text:
            return
        self._bare_heading = None
        self._characters += len(text)
        if self._characters > MAX_TEXT_CHARACTERS:
            raise too_much_text()
        if len(self._blocks) == MAX_BLOCKS:
            raise UnreadableDocument(
                ErrorCode.FILE_TOO_LARGE,
                f"The file holds more than {MAX_BLOCKS:,} paragraphs or rows. Split it into smaller files.",
            )
        self._blocks.append(Block(text=text, heading=tuple(headings), page=page))


def _checked(text: str) -> str:
    """Return `text` if it is short enough to be cleaned."""
    if len(text) > MAX_RAW_CHARACTERS:
        raise too_much_text()
    return text
