"""What a parser makes of a file: blocks in reading order."""

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


@dataclass(frozen=True, slots=True)
class ParsedDocument:
    """What a parser makes of a file: title, language (ISO 639-1: "en", "fr") and blocks in reading order."""

    title: str
    language: str
    blocks: list[Block]
