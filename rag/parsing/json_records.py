"""JSON and JSON lines: a line for each record, "path: value; path: value"."""

import json
from collections.abc import Iterator
from typing import Any

from core.errors import ErrorCode
from rag.parsing.document import BlockKind, Place, Unit
from rag.parsing.encodings import decode
from rag.parsing.errors import UnreadableDocument
from rag.parsing.outline import MAX_HEADING_CHARACTERS, Outline

_MAX_DEPTH = 100
_MAX_VALUES = 2_000_000
_TITLES = ("title", "name")
_LONG_TEXT = 200
"""A longer value, or a sentence of some words, is text under its key, as under a heading."""
_FEW_BLANKS = 1


def read_json(content: bytes) -> Outline:
    """Read a file of JSON, or of JSON lines: each record is one row, nested values are named by their path.

    An object of texts and objects reads as headings and text. Raises `UnreadableDocument` (FILE_UNREADABLE,
    FILE_TOO_COMPLEX) where it is no JSON, or nested too deeply.
    """
    text = decode(content)
    outline = Outline()
    try:
        _Reader(outline).read(_loaded(text), "", 1)
    except RecursionError:
        raise _unreadable("is nested too deeply") from None
    except ValueError:
        _read_lines(text, outline)
    return outline


def _loaded(text: str) -> Any:
    """Return what JSON holds, its decimals as they are written: 19.90 stays that."""
    return json.loads(text, strict=False, parse_float=str, parse_constant=str)


def _read_lines(text: str, outline: Outline) -> None:
    """Read a record a line. A line that is no JSON is told, and the others are read."""
    reader = _Reader(outline)
    bad = 0
    lines = text.split("\n")
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            reader.read_record(_loaded(line), Place(Unit.LINE, number))
        except (ValueError, RecursionError):
            bad += 1
            if bad == 1:
                outline.warn(f"Line {number} is no JSON and was left out.")
    if not outline.blocks():
        raise _unreadable("is no JSON, and no JSON lines")


def _unreadable(why: str) -> UnreadableDocument:
    return UnreadableDocument(
        ErrorCode.FILE_UNREADABLE, f"The file {why}. Check it in the program that made it, save it again and send that."
    )


class _Reader:
    """The state of reading one file: how many values were seen."""

    def __init__(self, outline: Outline) -> None:
        self._outline = outline
        self._values = 0

    def read(self, value: Any, key: str, level: int, place: Place | None = None) -> None:
        """Read a value that is no record: an object of objects and texts as sections, an array as rows."""
        if isinstance(value, list):
            if key:
                self._outline.enter(level, key)
            for each in value:
                self.read_record(each, place)
        elif isinstance(value, dict) and level < _MAX_DEPTH and _is_sectioned(value):
            title = next((value[name] for name in _TITLES if isinstance(value.get(name), str)), "")
            if level == 1 and title and len(title) <= MAX_HEADING_CHARACTERS:
                self._outline.title = " ".join(title.split())
            elif key:
                self._outline.enter(level, key)
            self._read_sections(value, level + 1)
        elif key and isinstance(value, str):
            self._outline.enter(level, key)
            self._outline.add(value, place)
        else:
            self.read_record({key: value} if key else value, place)

    def _read_sections(self, value: dict[str, Any], level: int) -> None:
        plain = {key: inner for key, inner in value.items() if not _is_section(inner)}
        if plain:
            self.read_record(plain, None)
        for key, inner in value.items():
            if _is_section(inner):
                self.read(inner, key, level)
                self._outline.leave(level)

    def read_record(self, value: Any, place: Place | None) -> None:
        """Add a record as one row."""
        line = "; ".join(f"{path}: {text}" if path else text for path, text in self._flattened(value))
        self._outline.add(line, place, BlockKind.TABLE_ROW)

    def _flattened(self, value: Any) -> Iterator[tuple[str, str]]:
        """Yield (path, text) of each value inside a record, depth first."""
        waiting: list[tuple[str, Any]] = [("", value)]
        while waiting:
            path, inner = waiting.pop()
            self._values += 1
            if self._values > _MAX_VALUES:
                raise UnreadableDocument(
                    ErrorCode.FILE_TOO_LARGE, f"The file holds more than {_MAX_VALUES:,} values. Split it."
                )
            if isinstance(inner, dict):
                waiting += [(f"{path}.{key}" if path else key, each) for key, each in reversed(inner.items())]
            elif isinstance(inner, list) and any(isinstance(each, dict | list) for each in inner):
                waiting += [(path, each) for each in reversed(inner)]
            else:
                values = inner if isinstance(inner, list) else [inner]
                if text := ", ".join(_written(each) for each in values if each is not None and each != ""):
                    yield path[-MAX_HEADING_CHARACTERS:], " ".join(text.split())


def _is_sectioned(value: dict[str, Any]) -> bool:
    """Tell whether an object holds sections: objects, arrays of objects, or long texts."""
    return any(map(_is_section, value.values()))


def _is_section(value: Any) -> bool:
    if isinstance(value, str):
        return len(value) > _LONG_TEXT or (
            value.rstrip().endswith((".", "!", "?", "。")) and value.count(" ") >= _FEW_BLANKS
        )
    if isinstance(value, list):
        return any(isinstance(each, dict) for each in value)
    return isinstance(value, dict) and len(value) > 0


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
