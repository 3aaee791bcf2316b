"""What a child process sends: frames of a kind, a length and plain data. The server believes none of it unchecked.

A reading is one `HEAD`, then for every `BATCH_CHUNKS` chunks one `CHUNKS` frame and, where the child embeds, one
`VECTORS` frame, then the attachments that the head names, in `ATTACHMENT` frames of at most `PIECE_BYTES`. A `REFUSAL`
or a `FAILURE` may stand in the place of any frame, and is the last.
"""

import json
import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Any

import numpy as np

from core.errors import ErrorCode
from rag.ingestion.chunk import Chunk
from rag.ingestion.chunking import LOCATION_CHARACTERS, MAX_CHUNKS, MAX_PLACES, MAX_ROW_TOKENS
from rag.models.protocols import Vectors
from rag.parsing.document import YEARS, Places
from rag.parsing.errors import MAX_FILE_BYTES, MAX_PAGES, UnreadableDocument, place_of
from rag.parsing.outline import (
    MAX_ATTACHMENT_NAME,
    MAX_ATTACHMENTS,
    MAX_HEADING_CHARACTERS,
    MAX_WARNING_CHARACTERS,
    MAX_WARNINGS,
    UNPRINTABLE,
)
from rag.text.stop_words import LANGUAGES

BATCH_CHUNKS = 64
"""The most chunks of a frame."""

PIECE_BYTES = 1024 * 1024
"""The most bytes of an attachment in one frame."""

_HEADER = struct.Struct(">BI")
HEADER_BYTES = _HEADER.size
_MAX_FRAME_BYTES = 4 * 1024 * 1024
_MAX_CONTENT_CHARACTERS = 20 * MAX_ROW_TOKENS  # eight letters and seven blanks a token, and some
_MAX_HEADINGS = 20
_DATES = 2
_MAX_MESSAGE_CHARACTERS = 1_000
_UNIT = 1e-3  # how far the length of a vector may be from 1
_FILE_CODES = frozenset(code for code in ErrorCode if code.name.startswith("FILE_"))
_DEFECT = re.compile(r"[\w.:/<> -]{1,300}", re.ASCII)


class Frame(IntEnum):
    """The kinds of frames."""

    HEAD = 1
    CHUNKS = 2
    VECTORS = 3
    REFUSAL = 4
    FAILURE = 5
    ATTACHMENT = 6
    VERDICT = 7
    """Of a child that checks a statement instead of reading a document (`rag.databases.guard`)."""


_KINDS = frozenset(Frame)


class BadFrame(ValueError):
    """A child sent what no reading has: it is not the program that was started."""


@dataclass(frozen=True, slots=True)
class Head:
    """What is known of a document once it is cut."""

    title: str
    language: str
    chunk_count: int
    page_count: int
    warnings: tuple[str, ...] = ()
    attachments: tuple[tuple[str, int], ...] = ()
    """The name and the size in bytes of each file that comes with the document."""
    published_at: datetime | None = None
    modified_at: datetime | None = None


def frame(kind: Frame, payload: bytes = b"") -> bytes:
    """Return a frame as it is sent."""
    return _HEADER.pack(kind, len(payload)) + payload


def read_header(header: bytes) -> tuple[Frame, int]:
    """Return the kind of the frame that follows and its length in bytes. Raises `BadFrame`."""
    kind, length = _HEADER.unpack(header)
    if kind not in _KINDS or length > _MAX_FRAME_BYTES:
        raise BadFrame(f"A frame of kind {kind} and {length} bytes.")
    return Frame(kind), length


def encode_head(head: Head) -> bytes:
    """Return the payload of a `HEAD`."""
    told = [list(head.warnings), head.attachments]
    dates = [None if date is None else date.isoformat() for date in (head.published_at, head.modified_at)]
    return _encoded([head.title, head.language, head.chunk_count, head.page_count, *told, dates])


def decode_head(payload: bytes) -> Head:
    """Read a `HEAD`. Raises `BadFrame`."""
    match _decoded(payload):
        case [str(title), str(language), int(chunks), int(pages), list(warnings), list(attachments), [*dates]] if (
            language in LANGUAGES
            and 0 < chunks <= MAX_CHUNKS
            and 0 < pages <= MAX_PAGES
            and len(warnings) <= MAX_WARNINGS
            and len(attachments) <= MAX_ATTACHMENTS
            and len(dates) == _DATES
        ):
            told = tuple(_text(each, MAX_WARNING_CHARACTERS) for each in warnings)
            brought = _attachments(attachments)
            published, modified = map(_date, dates)
            named = _text(title, MAX_HEADING_CHARACTERS)
            return Head(named, language, chunks, pages, told, brought, published, modified)
    raise BadFrame("No head of a document.")


def _date(value: Any) -> datetime | None:
    """Return a moment in UTC, if it is one that a reader gives."""
    try:
        moment = None if value is None else datetime.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise BadFrame("No date of a document.") from error
    if moment is not None and (moment.utcoffset() != timedelta(0) or moment.year not in YEARS):
        raise BadFrame("No date of a document.")
    return moment


def _attachments(values: list[Any]) -> tuple[tuple[str, int], ...]:
    """Return the names and sizes of attachments if together they are no larger than a file may be."""
    attachments = []
    for value in values:
        match value:
            case [str(name), int(size)] if name and 0 < size <= MAX_FILE_BYTES:
                attachments.append((_text(name, MAX_ATTACHMENT_NAME), size))
            case _:
                raise BadFrame("No attachment.")
    if sum(size for _, size in attachments) > MAX_FILE_BYTES:
        raise BadFrame("Too large attachments.")
    return tuple(attachments)


def decode_piece(payload: bytes, size: int) -> bytes:
    """Read a piece of an attachment, which has `size` bytes. Raises `BadFrame`."""
    if len(payload) != size:
        raise BadFrame("Another size of an attachment.")
    return payload


def encode_chunks(chunks: Sequence[Chunk]) -> bytes:
    """Return the payload of `CHUNKS`."""
    return _encoded(
        [[each.content, list(each.heading), each.location, each.token_count, each.places] for each in chunks]
    )


def decode_chunks(payload: bytes, first: int, count: int) -> tuple[Chunk, ...]:
    """Read `count` chunks whose first has the index `first`. Raises `BadFrame`."""
    values = _decoded(payload)
    if not isinstance(values, list) or len(values) != count:
        raise BadFrame("Another number of chunks.")
    return tuple(_chunk(index, value) for index, value in enumerate(values, start=first))


def encode_vectors(vectors: Vectors) -> bytes:
    """Return the payload of `VECTORS`."""
    return vectors.astype("<f4").tobytes()


def decode_vectors(payload: bytes, count: int, dimensions: int) -> Vectors:
    """Read `count` vectors of length 1 or 0. Raises `BadFrame`."""
    if len(payload) != 4 * count * dimensions:
        raise BadFrame("Another number of vectors.")
    vectors = np.frombuffer(payload, "<f4").reshape(count, dimensions)
    lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors, dtype=np.float64))
    if not np.all((np.abs(lengths - 1) < _UNIT) | (lengths == 0)):
        raise BadFrame("Vectors that are not of unit length.")
    return vectors.astype(np.float32, copy=False)


def encode_refusal(refusal: UnreadableDocument) -> bytes:
    """Return the payload of a `REFUSAL`."""
    return _encoded([refusal.code, refusal.message, refusal.defect])


def decode_refusal(payload: bytes) -> UnreadableDocument:
    """Read a `REFUSAL`. Raises `BadFrame`."""
    match _decoded(payload):
        case [str(code), str(message), (str() | None) as defect] if code in _FILE_CODES:
            if defect is None or _DEFECT.fullmatch(defect):
                return UnreadableDocument(ErrorCode(code), _text(message, _MAX_MESSAGE_CHARACTERS), defect=defect)
    raise BadFrame("No refusal of a document.")


def encode_failure(error: Exception) -> bytes:
    """Return the payload of a `FAILURE`."""
    return _encoded(place_of(error))


def decode_failure(payload: bytes) -> str:
    """Read a `FAILURE`: the type of an exception and where it was raised. Raises `BadFrame`."""
    match _decoded(payload):
        case str(defect) if _DEFECT.fullmatch(defect):
            return defect
    raise BadFrame("No failure.")


def _encoded(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _decoded(payload: bytes) -> Any:
    try:
        return json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise BadFrame("No JSON.") from error


def _chunk(index: int, value: Any) -> Chunk:
    match value:
        case [str(content), list(heading), (str() | None) as location, int(tokens), list(places)]:
            if 0 <= tokens <= MAX_ROW_TOKENS and len(heading) <= _MAX_HEADINGS and content.strip():
                return Chunk(
                    index,
                    _text(content, _MAX_CONTENT_CHARACTERS),
                    tuple(_text(each, MAX_HEADING_CHARACTERS) for each in heading),
                    None if location is None else _text(location, LOCATION_CHARACTERS),
                    tokens,
                    _places(places, len(content)),
                )
    raise BadFrame("No chunk.")


def _places(values: list[Any], characters: int) -> Places:
    """Return the places of the parts of a chunk if they are in order."""
    offset = -1
    places = []
    for value in values[: MAX_PLACES + 1]:
        match value:
            case [int(start), str(place)] if offset < start < characters:
                places.append((start, _text(place, LOCATION_CHARACTERS)))
                offset = start
            case _:
                raise BadFrame("No place of a chunk.")
    if len(places) > MAX_PLACES:
        raise BadFrame("Too many places of a chunk.")
    return tuple(places)


def _text(value: Any, characters: int) -> str:
    """Return `value` if it is a text that a reader of files may have made."""
    if not isinstance(value, str) or len(value) > characters or UNPRINTABLE.search(value):
        raise BadFrame("No text of a document.")
    return value
