"""A passage of a document, as the pipeline stores it."""

from collections.abc import Sequence
from dataclasses import dataclass

from rag.parsing.document import Places

_HEADING_SEPARATOR = " › "
"""What stands between the headings of a chunk where they are stored as one text."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A passage of a document, short enough to be quoted and long enough to be understood.

    `index` counts from 0 within the document. `location` is where a reader finds the chunk ("pages 3–4",
    "Billing › Refunds"), or None. `places` tells that of each part of a chunk with parts in several places, else it is
    empty. `token_count` is approximate, as `rag.text.tokens.count_tokens` counts.
    """

    index: int
    content: str
    heading: tuple[str, ...]
    location: str | None
    token_count: int
    places: Places = ()


def indexed_text(title: str, chunk: Chunk) -> str:
    """Return the text a chunk is embedded by: a passage alone often does not say what it is about.

    `title` is the document's own, or its name.
    """
    return text_to_embed(title, chunk.heading, chunk.content)


def text_to_embed(title: str, heading: Sequence[str], content: str) -> str:
    """Return what `indexed_text` does, of a chunk that is stored."""
    return "\n".join([title, *heading, content])


def stored_heading(heading: Sequence[str]) -> str | None:
    """Return the headings of a chunk as one text, as they are stored; None without any."""
    return _HEADING_SEPARATOR.join(heading) or None


def read_heading(stored: str | None) -> list[str]:
    """Return the headings that `stored_heading` made one text of."""
    return stored.split(_HEADING_SEPARATOR) if stored else []
