"""Documents cut into passages of about 200 tokens, at headings, blocks, lines and sentences."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice, pairwise

from core.errors import ErrorCode
from rag.ingestion.chunk import Chunk
from rag.parsing.document import Block, BlockKind, ParsedDocument, Places, Unit
from rag.parsing.errors import UnreadableDocument
from rag.text.sentences import sentence_spans
from rag.text.tokens import _TOKEN, count_tokens

# The most tokens of a chunk, as `count_tokens` counts them.
CHUNK_TOKENS = 200
MAX_CHUNKS = 50_000
"""The most chunks of a document: eight times what a file of plain text, as long as one may be, is cut into."""

LOCATION_CHARACTERS = 500
MAX_ROW_TOKENS = 2 * CHUNK_TOKENS
"""The longest row of a table that is kept whole."""
MAX_PLACES = 200
"""A chunk with parts in more places is located as a whole."""
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


def _location(blocks: Sequence[Block]) -> str | None:
    first, last = blocks[0].place, blocks[-1].last_place
    if first and last and first.unit is not Unit.LINE:
        return first.to(last)[:LOCATION_CHARACTERS]
    if heading := " › ".join(blocks[0].heading):
        return heading[:LOCATION_CHARACTERS]
    return first.to(last)[:LOCATION_CHARACTERS] if first and last else None


_TOGETHER = {BlockKind.LIST_ITEM, BlockKind.TABLE_ROW, BlockKind.FORM_FIELD}
"""Blocks that are lines of one list, table or form where they follow one another."""
_INTRODUCED = {BlockKind.LIST_ITEM, BlockKind.TABLE_ROW, BlockKind.CODE}

Piece = tuple[Block, str, int]
"""A block or a part of one, its text, and how many tokens that has."""


def _groups(blocks: Iterable[Block]) -> Iterator[list[Block]]:
    """Yield blocks that belong together: a list, a table or a listing, with the sentence that introduces it."""
    group: list[Block] = []
    for block in blocks:
        if not block.text.strip():
            continue
        if group and not _goes_on(group[-1], block):
            yield group
            group = []
        group.append(block)
    if group:
        yield group


def _goes_on(previous: Block, block: Block) -> bool:
    if previous.heading != block.heading:
        return False
    if previous.kind is block.kind:
        return block.kind in _TOGETHER
    introduces = previous.kind is BlockKind.TEXT and previous.text.rstrip().endswith(":")
    return (introduces and block.kind in _INTRODUCED) or block.kind is BlockKind.NOTE


def _parts_of(block: Block) -> Iterator[Piece]:
    """Yield a block whole, if it fits a chunk, else in parts that do. A row of a table may take twice that."""
    text = block.text.strip()
    tokens = count_tokens(text)
    if tokens <= (MAX_ROW_TOKENS if block.kind is BlockKind.TABLE_ROW else CHUNK_TOKENS):
        yield block, text, tokens
        return
    start = 0
    for window in _windows(text):
        for part in _split(window):
            start = text.index(part, start)
            yield block.part(start, part), part, count_tokens(part)
            start += len(part)


def _packed(blocks: Iterable[Block]) -> Iterator[list[Piece]]:
    """Yield the pieces of each chunk: whole groups of blocks together while they fit."""
    together: list[Piece] = []
    length = 0
    for group in _groups(blocks):
        pieces = [piece for block in group for piece in _parts_of(block)]
        total = sum(tokens for _, _, tokens in pieces)
        if together and (group[0].heading != together[0][0].heading or length + total > CHUNK_TOKENS):
            yield together
            together, length = [], 0
        if total <= CHUNK_TOKENS:
            together += pieces
            length += total
        else:
            yield from _spread(pieces, total)
    if together:
        yield together


def _spread(pieces: Sequence[Piece], total: int) -> Iterator[list[Piece]]:
    """Yield the pieces of a group that does not fit one chunk, in the fewest chunks of about equal length."""
    target = total / -(-total // CHUNK_TOKENS)
    together: list[Piece] = []
    length = 0
    for piece in pieces:
        tokens = piece[2]
        if together and (
            length + tokens > CHUNK_TOKENS or (length + tokens / 2 > target and not _introduces(together))
        ):
            yield together
            together, length = [], 0
        together.append(piece)
        length += tokens
    if together:
        yield together


def _introduces(together: Sequence[Piece]) -> bool:
    """Tell whether all there is yet is the sentence that introduces what follows."""
    return together[-1][0].kind is BlockKind.TEXT


def _joined(pieces: Sequence[Piece]) -> tuple[str, Places]:
    """Return the content of a chunk, and where its parts stand if that is not one place."""
    parts: list[str] = []
    places: list[tuple[int, str]] = []
    offset = 0
    previous: Block | None = None
    for block, text, _ in pieces:
        if previous is not None:
            separator = "\n" if previous.kind is block.kind and block.kind in _TOGETHER else "\n\n"
            parts.append(separator)
            offset += len(separator)
        if block.place and (not places or places[-1][1] != str(block.place)):
            places.append((offset, str(block.place)[:LOCATION_CHARACTERS]))
        places += [(offset + start, str(place)[:LOCATION_CHARACTERS]) for start, place in block.continued]
        parts.append(text)
        offset += len(text)
        previous = block
    return "".join(parts), tuple(places) if 1 < len(places) <= MAX_PLACES else ()


def chunk(document: ParsedDocument) -> list[Chunk]:
    """Cut `document` into chunks of at most `CHUNK_TOKENS` tokens, none empty, in reading order.

    A chunk holds blocks of one heading. A block that fits is never cut; one that does not is cut at lines, then
    sentences, clauses, words, and at last anywhere. A row of a table is not cut below `MAX_ROW_TOKENS`, which is then
    the length of its chunk. Lists, tables and listings stay with the sentence that introduces them. Together the chunks
    hold every character that is not white space.

    Raises `UnreadableDocument` (FILE_TOO_LARGE) when there are more than `MAX_CHUNKS`.
    """
    chunks: list[Chunk] = []
    for index, pieces in enumerate(_packed(document.blocks)):
        if index == MAX_CHUNKS:
            raise UnreadableDocument(
                ErrorCode.FILE_TOO_LARGE,
                f"The file is cut into more than {MAX_CHUNKS:,} passages. Split it into smaller files.",
            )
        content, places = _joined(pieces)
        blocks = [block for block, _, _ in pieces]
        chunks.append(Chunk(index, content, blocks[0].heading, _location(blocks), count_tokens(content), places))
    return chunks
