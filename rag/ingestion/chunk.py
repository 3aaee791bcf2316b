"""A passage of a document, as the pipeline stores it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Chunk:
    """A passage of a document, short enough to be quoted and long enough to be understood.

    `index` counts from 0 within the document. `location` is where a reader finds the chunk ("page 3",
    "Billing › Refunds"), or None. `token_count` is approximate, as `rag.text.tokens.count_tokens` counts.
    """

    index: int
    content: str
    heading: tuple[str, ...]
    location: str | None
    token_count: int


def indexed_text(document_name: str, chunk: Chunk) -> str:
    """Return the text a chunk is embedded by: a passage alone often does not say what it is about."""
    return "\n".join([document_name, *chunk.heading, chunk.content])
