"""What a parser makes of a file: blocks in reading order."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of a document that reads as one: a paragraph, a whole list, a whole table, a whole listing of code.

    Lines inside `text` are separated by a line feed; a list item, a table row or a line of code is one line.
    `heading` is the path of headings above the block, outermost first, without the document's title.
    `page` is the page the block starts on, counted from 1, or None where the format has no pages.
    """

    text: str
    heading: tuple[str, ...] = ()
    page: int | None = None


PAGE_CHARACTERS = 3_000
"""What counts as a page of text where the format has no pages, or has more text on one than a page holds."""


@dataclass(frozen=True, slots=True)
class ParsedDocument:
    """What a parser makes of a file: title, language (ISO 639-1: "en", "fr") and blocks in reading order."""

    title: str
    language: str
    blocks: list[Block]

    @property
    def page_count(self) -> int:
        """How many pages a quota counts: up to the last page with text, or 3,000 characters each if that gives more."""
        last = max((block.page or 0 for block in self.blocks), default=0)
        characters = sum(len(block.text) for block in self.blocks)
        return max(last, math.ceil(characters / PAGE_CHARACTERS))
