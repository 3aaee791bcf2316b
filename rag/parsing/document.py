"""What a reader makes of a file: blocks in reading order."""

import math
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

YEARS = range(1900, 2200)
"""The years that a document may be of."""
PAGE_CHARACTERS = 3_000
"""What counts as a page of text where the format has no pages, or has more text on one than a page holds."""


class BlockKind(StrEnum):
    """What a block is to a person who reads it."""

    TEXT = "text"
    LIST_ITEM = "list item"
    """With its bullet or its number: "- Tea", "3. Press reset"."""
    TABLE_ROW = "table row"
    """One line: "column: value; column: value", or "value | value" where no header can be told."""
    CODE = "code"
    NOTE = "note"
    """A footnote, an endnote or a speaker's note, right after the text it belongs to."""
    FORM_FIELD = "form field"
    """One line: "label: value"."""


class Unit(StrEnum):
    """What the places of a format are counted in."""

    PAGE = "page"
    SLIDE = "slide"
    SHEET = "sheet"
    LINE = "line"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a reader finds a block in the file. `number` counts from 1.

    On a sheet, `sheet` is its name and `cells` the range of cells ("A4:D4").
    """

    unit: Unit
    number: int
    sheet: str = ""
    cells: str = ""

    def __str__(self) -> str:
        if self.unit is not Unit.SHEET:
            return f"{self.unit} {self.number}"
        return f"{self.sheet or f'sheet {self.number}'}, {self.cells}" if self.cells else self.sheet

    def to(self, last: "Place") -> str:
        """Return what a reader calls everything from here to `last`: "page 3", "pages 3–5", "Prices, A4:D9"."""
        if str(self) == str(last):
            return str(self)
        if self.unit is Unit.SHEET and last.unit is Unit.SHEET:
            first_cell, _, _ = self.cells.partition(":")
            _, _, last_cell = last.cells.rpartition(":")
            if self.sheet == last.sheet and first_cell and last_cell:
                return str(Place(Unit.SHEET, self.number, self.sheet, f"{first_cell}:{last_cell}"))
            return f"{self} – {last}"
        return f"{self.unit}s {self.number}–{last.number}"


Places = tuple[tuple[int, str], ...]
"""Where the parts of a text stand: (offset in the text, place) of each part, in order."""


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of a document that reads as one: a paragraph, an item of a list, a row of a table, a listing of code.

    Lines inside `text` are separated by a line feed. The items of one list and the rows of one table follow one
    another. `heading` is the path of headings above the block, outermost first, without the document's title.
    `place` is where the block starts, or None where the format has no places. `continued` tells where in `text` each
    further place begins, of a paragraph that goes on over pages.
    """

    text: str
    heading: tuple[str, ...] = ()
    place: Place | None = None
    kind: BlockKind = BlockKind.TEXT
    continued: tuple[tuple[int, Place], ...] = ()

    @property
    def last_place(self) -> Place | None:
        """Where the block ends."""
        return self.continued[-1][1] if self.continued else self.place

    def part(self, start: int, text: str) -> "Block":
        """Return the part of it whose `text` stands at `start`, with its own places."""
        place, continued = self.place, []
        for offset, following in self.continued:
            if offset <= start:
                place = following
            elif offset < start + len(text):
                continued.append((offset - start, following))
        return Block(text, self.heading, place, self.kind, tuple(continued))


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file inside a file, which becomes a document of its own. `name` is what it is called there."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class ParsedDocument:
    """What a reader makes of a file.

    `title` is what the file itself says it is called, or "". `language` is ISO 639-1 ("en", "fr"). `warnings` tell
    people, a sentence each, what of the file could not be read. `published_at` and `modified_at` are when the file says
    that it was, in UTC.
    """

    title: str
    language: str
    blocks: list[Block]
    warnings: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    published_at: datetime | None = None
    modified_at: datetime | None = None

    @property
    def page_count(self) -> int:
        """How many pages a quota counts: up to the last page with text, or 3,000 characters each if that gives more."""
        paged = {Unit.PAGE, Unit.SLIDE}
        last = max(
            (place.number for block in self.blocks if (place := block.last_place) and place.unit in paged), default=0
        )
        characters = sum(len(block.text) for block in self.blocks)
        return max(last, math.ceil(characters / PAGE_CHARACTERS))
