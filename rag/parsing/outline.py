"""What a reader fills in: the title, the headings it is under, and the blocks in reading order."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from core.errors import ErrorCode
from rag.parsing.document import Attachment, Block, BlockKind, Place
from rag.parsing.errors import (
    MAX_BLOCKS,
    MAX_FILE_BYTES,
    MAX_RAW_CHARACTERS,
    MAX_TEXT_CHARACTERS,
    UnreadableDocument,
    too_much_text,
)


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
"""A longer heading is text that was only set like one."""
MAX_WARNINGS = 20
MAX_ATTACHMENTS = 50
MAX_ATTACHMENT_NAME = 200
MAX_WARNING_CHARACTERS = 300


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
    place: Place | None


class Outline:
    """A document being read. Every text that enters is cleaned; their sum is bounded by `MAX_TEXT_CHARACTERS`.

    `title` is what the file itself says it is called, or "" where it does not say; `language` is the ISO 639-1 code
    that it gives itself, or "". `published_at` and `modified_at` are when it says that it was.
    """

    def __init__(self, title: str = "", language: str = "") -> None:
        self.language = language
        self.title = _line(title)[:MAX_HEADING_CHARACTERS]
        self.published_at: datetime | None = None
        self.modified_at: datetime | None = None
        self.warnings: list[str] = []
        self.attachments: list[Attachment] = []
        self._blocks: list[Block] = []
        self._path: list[tuple[int, str]] = []
        self._bare_heading: _BareHeading | None = None
        self._characters = 0

    def enter(self, level: int, heading: str, place: Place | None = None) -> None:
        """Begin a section: `level` 1 is the outermost. The first of level 1 is the title of a document without one.

        What is too long for a heading is added as text.
        """
        heading = _line(_checked(heading))
        if len(heading) > MAX_HEADING_CHARACTERS:
            self.add(heading, place)
            return
        if not heading:
            return
        if self._bare_heading and self._bare_heading.level >= level:
            self._keep_bare_heading()
        if not self.title and level == 1:
            self.title = heading
        while self._path and self._path[-1][0] >= level:
            self._path.pop()
        self._path.append((level, heading))
        self._bare_heading = _BareHeading(level, place)

    def surround(self, level: int, heading: str) -> None:
        """Put everything that follows under a heading that is not of the document itself, but of what is around it."""
        if heading := _line(_checked(heading))[:MAX_HEADING_CHARACTERS]:
            self._path.append((level, heading))

    def leave(self, level: int) -> None:
        """End the sections of `level` and those inside them: what comes next stands under the ones around."""
        if self._bare_heading and self._bare_heading.level >= level:
            self._keep_bare_heading()
            self._bare_heading = None
        while self._path and self._path[-1][0] >= level:
            self._path.pop()

    def add_parts(self, parts: Sequence[tuple[str, Place]]) -> None:
        """Add a paragraph that goes on over pages: what is on each, with the blank after it. Raises as `add` does."""
        texts: list[str] = []
        places: list[tuple[int, Place]] = []
        length = 0
        for part, place in parts:
            text = clean(f"{_checked(part)}.")[:-1]  # which keeps the blank at the end
            places.append((length, place))
            texts.append(text)
            length += len(text)
        self._append("".join(texts).rstrip(), self._headings(), places[0][1], BlockKind.TEXT, tuple(places[1:]))

    def add(self, text: str, place: Place | None = None, kind: BlockKind = BlockKind.TEXT) -> None:
        """Add a block: a paragraph, an item of a list, a row of a table. Blank text is left out.

        The text of an item, a row or a form field becomes one line. Raises `UnreadableDocument` (FILE_TOO_LARGE) when
        the document's text or its number of blocks passes its bound.
        """
        text = _checked(text)
        if kind is BlockKind.CODE:
            text = clean_code(text)
        else:
            text = clean(text) if kind in {BlockKind.TEXT, BlockKind.NOTE} else _line(text)
        self._append(text, self._headings(), place, kind)

    def add_all(self, texts: Iterable[str], kind: BlockKind, place: Place | None = None) -> None:
        """Add a block for each text: the items of a list, the rows of a table. Raises as `add` does."""
        for text in texts:
            self.add(text, place, kind)

    def warn(self, warning: str) -> None:
        """Tell people, in one sentence, what of the file could not be read."""
        warning = _line(warning)[:MAX_WARNING_CHARACTERS]
        if len(self.warnings) < MAX_WARNINGS and warning not in self.warnings:
            self.warnings.append(warning)

    def attach(self, name: str, content: bytes) -> None:
        """Add a file that came with this one. The first `MAX_ATTACHMENTS` are kept, and others told."""
        name = _line(_checked(name))[-MAX_ATTACHMENT_NAME:].strip() or "attachment"
        if len(self.attachments) == MAX_ATTACHMENTS:
            self.warn(f"Only the first {MAX_ATTACHMENTS} attachments are read.")
        elif sum(len(each.content) for each in self.attachments) + len(content) > MAX_FILE_BYTES:
            self.warn(f"The attachment “{name}” is too large to be read with the others. Upload it by itself.")
        elif content:
            self.attachments.append(Attachment(name, content))

    def blocks(self) -> list[Block]:
        """Return the blocks read, in order."""
        self._keep_bare_heading()
        return self._blocks

    def _headings(self) -> list[str]:
        """Return the path of headings above what is read now, without the one that is the document's title."""
        around = [heading for level, heading in self._path if level < 1]
        path = [heading for level, heading in self._path if level >= 1]
        return around + (path[1:] if path[:1] == [self.title] else path)

    def _keep_bare_heading(self) -> None:
        """Make a block of a heading that nothing stands under: its words must be found too."""
        if self._bare_heading:
            self._append(self._path[-1][1], self._headings()[:-1], self._bare_heading.place, BlockKind.TEXT)

    def _append(
        self,
        text: str,
        headings: list[str],
        place: Place | None,
        kind: BlockKind,
        continued: tuple[tuple[int, Place], ...] = (),
    ) -> None:
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
        self._blocks.append(Block(text, tuple(headings), place, kind, continued))


def _line(text: str) -> str:
    return " ".join(clean(text).split())


def _checked(text: str) -> str:
    """Return `text` if it is short enough to be cleaned."""
    if len(text) > MAX_RAW_CHARACTERS:
        raise too_much_text()
    return text
