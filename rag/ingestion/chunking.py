"""Documents cut into passages of about 200 tokens, at headings, blocks, lines and sentences."""

import re
from collections.abc import Callable, Iterator
from itertools import islice, pairwise

from core.errors import ErrorCode
from rag.ingestion.chunk import Chunk
from rag.parsing.document import Block, ParsedDocument
from rag.parsing.errors import UnreadableDocument
from rag.text.sentences import sentence_spans
from rag.text.tokens import _TOKEN, count_tokens

# The most tokens of a chunk, as `count_tokens` counts them.
CHUNK_TOKENS = 200
MAX_CHUNKS = 50_000
"""The most chunks of a document: eight times what a file of plain text, as long as one may be, is cut into."""

LOCATION_CHARACTERS = 500
_WINDOW_CHARACTERS = 50_000
"""A block longer than this is cut into windows first, so that its sentences and words are not all in memory at once."""
_TOKENS_TOGETHER = 10
"""How many tokens a piece has where a text has no separator at all."""

Span = tuple[int, int]


def _cuts(pattern: str) -> Callable[[str], list[Span]]:
    separator = re.compile(pattern)

    def spans(text: str) -> list[Span]:
        edges = [0, *(match.end() for match in separator.finditer(text)), len(text)]
        return list(pairwise(edges))

    return spans


def _sentences(text: str) -> list[Span]:
    starts = [start for start, _ in sentence_spans(text)]
    return list(pairwise([0, *starts[1:], len(text)]))


def _tokens(text: str) -> list[Span]:
    ends = (match.end() for match in _TOKEN.finditer(text))
    edges = [0, *islice(ends, _TOKENS_TOGETHER - 1, None, _TOKENS_TOGETHER), len(text)]
    return list(pairwise(edges))


# Separators, in order of preference.
_SEPARATORS = (_cuts(r"\n+"), _sentences, _cuts(r"[;:,]\s+"), _cuts(r"\s+"), _tokens)


def _pieces(text: str, offset: int = 0, separator: int = 0) -> Iterator[tuple[int, int, int]]:
    """Yield (start, end, tokens) of the pieces of `text`, each within `CHUNK_TOKENS`, which together are all of it."""
    tokens = count_tokens(text)
    if tokens <= CHUNK_TOKENS or separator == len(_SEPARATORS):
        yield offset, offset + len(text), tokens
        return
    for start, end in _SEPARATORS[separator](text):
        if start < end:
            yield from _pieces(text[start:end], offset + start, separator + 1)


def _windows(text: str) -> Iterator[str]:
    """Yield `text` in pieces of at most `_WINDOW_CHARACTERS`, cut after a line or a blank where there is one."""
    start = 0
    while len(text) - start > _WINDOW_CHARACTERS:
        middle, end = start + _WINDOW_CHARACTERS // 2, start + _WINDOW_CHARACTERS
        cut = text.rfind("\n", middle, end) + 1 or text.rfind(" ", middle, end) + 1 or end
        yield text[start:cut]
        start = cut
    yield text[start:]


def _split(text: str) -> list[str]:
    """Cut a text that does not fit one chunk into the fewest chunks, of about equal length."""
    if not text.strip():
        return []
    pieces = list(_pieces(text))
    total = sum(tokens for _, _, tokens in pieces)
    target = total / -(-total // CHUNK_TOKENS)
    parts: list[str] = []
    begin, length = 0, 0
    for start, _, tokens in pieces:
        if length and (length + tokens > CHUNK_TOKENS or length + tokens / 2 > target):
            parts.append(text[begin:start])
            begin, length = start, 0
        length += tokens
    parts.append(text[begin:])
    return [part.strip() for part in parts if part.strip()]


def _location(blocks: list[Block]) -> str | None:
    if blocks[0].page is not None:
        return f"page {blocks[0].page}"
    return " › ".join(blocks[0].heading)[:LOCATION_CHARACTERS] or None


def _packed(blocks: list[Block]) -> Iterator[tuple[list[Block], str]]:
    """Yield the texts of chunks, each with the blocks it comes from: whole blocks together while they fit."""
    together: list[Block] = []
    length = 0
    for block in blocks:
        if not block.text.strip():
            continue
        tokens = count_tokens(block.text)
        if together and (block.heading != together[0].heading or length + tokens > CHUNK_TOKENS):
            yield together, "\n\n".join(each.text.strip() for each in together)
            together, length = [], 0
        if tokens > CHUNK_TOKENS:
            for window in _windows(block.text):
                for part in _split(window):
                    yield [block], part
        else:
            together.append(block)
            length += tokens
    if together:
        yield together, "\n\n".join(each.text.strip() for each in together)


def chunk(document: ParsedDocument) -> list[Chunk]:
    """Cut `document` into chunks of at most `CHUNK_TOKENS` tokens, none empty, in reading order.

    A chunk holds blocks of one heading. A block that fits is never cut; one that does not is cut at lines, then
    sentences, clauses, words, and at last anywhere. Together the chunks hold every character that is not white space.

    Raises `UnreadableDocument` (FILE_TOO_LARGE) when there are more than `MAX_CHUNKS`.
    """
    chunks: list[Chunk] = []
    for index, (blocks, content) in enumerate(_packed(document.blocks)):
        if index == MAX_CHUNKS:
            raise UnreadableDocument(
                ErrorCode.FILE_TOO_LARGE,
                f"The file is cut into more than {MAX_CHUNKS:,} passages. Split it into smaller files.",
            )
        chunks.append(Chunk(index, content, blocks[0].heading, _location(blocks), count_tokens(content)))
    return chunks
