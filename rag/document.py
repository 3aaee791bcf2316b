"""A document on its way from file to index: blocks as the parser reads them, chunks as retrieval keeps them."""

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


@dataclass(frozen=True, slots=True)
class Chunk:
    """A passage of a document, short enough to be quoted and long enough to be understood.

    `index` counts from 0 within the document. `location` is where a reader finds the chunk ("page 3",
    "Billing › Refunds"), or None. `token_count` is approximate, as `rag.chunking.count_tokens` counts.
    """

    index: int
    content: str
    heading: tuple[str, ...]
    location: str | None
    token_count: int


def indexed_text(document_name: str, chunk: Chunk) -> str:
    """Return the text a chunk is embedded by: a passage alone often does not say what it is about."""
    return "\n".join([document_name, *chunk.heading, chunk.content])
