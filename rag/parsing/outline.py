"""What a reader fills in: the title, the headings it is under, and the blocks in reading order."""

import re
import unicodedata
from dataclasses import dataclass

from core.errors import ErrorCode
from rag.parsing.document import Block
from rag.parsing.errors import MAX_TEXT_CHARACTERS, UnreadableDocument

UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u200b\u2060\ufeff\ufffe\uffff\ud800-\udfff]")
_MARKS = "".join(chr(code) for code in range(0x300, 0x1E950) if unicodedata.combining(chr(code)))
_STACK = re.compile(f"([{_MARKS}]{{30}})[{_MARKS}]+")
"""More accents on a letter than any language has (UAX 15, 12.2): putting them in order takes their number's square."""
_BLANKS = re.compile(r"[^\S\n]+")
MAX_HEADING_CHARACTERS = 200


def clean_code(text: str) -> str:
    """Return `text` composed (NFC), without control characters, invisible marks or blanks at the ends of lines."""
    printable = UNPRINTABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    text = unicodedata.normalize("NFC", _STACK.sub(r"\1", printable))
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

        Raises `UnreadableDocument` (FILE_TOO_LARGE) when the document's text passes its bound.
        """
        self._append(clean(text), self._headings(), page)

    def add_code(self, text: str) -> None:
        """Add preformatted text, with its indentation. Raises as `add` does."""
        self._append(clean_code(text), self._headings(), None)

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
            raise UnreadableDocument(
                ErrorCode.FILE_TOO_LARGE,
                f"The file holds more than {MAX_TEXT_CHARACTERS:,} characters of text. Split it into smaller files.",
            )
        self._blocks.append(Block(text=text, heading=tuple(headings), page=page))
