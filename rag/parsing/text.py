"""Plain text: paragraphs between blank lines, and the headings, lists and questions that are plain to see."""

import re
from collections.abc import Iterator

from rag.parsing.document import BlockKind, Place, Unit
from rag.parsing.encodings import decode
from rag.parsing.outline import Outline

_ITEM = re.compile(r"\s*(?:[-*•–‣◦]|\(?\d{1,3}[.)]|[a-z]\))\s+\S")
_INDENTED = re.compile(r"\s{2,}\S|\t")
_UNDERLINE = re.compile(r"\s*(={3,}+|-{3,}+|~{3,}+|\*{3,}+)\s*$")
_RULE = re.compile(r"[\W_]{3,}$")
_NUMBERED = re.compile(r"(\d{1,2}(?:\.\d{1,2}){1,4})\.?\s+\S")
_QUESTION = re.compile(r"\s*(?:Q(?:uestion)?|F(?:rage)?)\s?\d{0,3}\s?[:.)]\s*\S", re.IGNORECASE)
_ANSWER = re.compile(r"\s*(?:A(?:nswer)?|R(?:éponse)?|Antwort)\s?\d{0,3}\s?[:.)]\s*\S", re.IGNORECASE)
_LONGEST_HEADING, _FEWEST_LETTERS = 80, 4
_CAPITALS_LEVEL = 2
"""Below the level of a title: a line in capitals does not name the document."""

Line = tuple[int, str]


def read_text(content: bytes) -> Outline:
    """Read plain text: a block for each paragraph and each item of a list, with its line."""
    outline = Outline()
    add_text(outline, decode(content))
    return outline


def add_text(outline: Outline, text: str) -> None:
    """Add the blocks of a plain text."""
    waiting: list[Line] = []
    for paragraph in _paragraphs(text):
        if waiting and _ANSWER.match(paragraph[0][1]):
            paragraph = waiting + paragraph  # noqa: PLW2901 - a question and its answer read as one
        elif waiting:
            _add(outline, waiting)
        waiting = []
        if _QUESTION.match(paragraph[0][1]) and not any(_ANSWER.match(line) for _, line in paragraph):
            waiting = paragraph
        else:
            _read_paragraph(outline, paragraph)
    if waiting:
        _add(outline, waiting)


def _paragraphs(text: str) -> Iterator[list[Line]]:
    """Yield the numbered lines between blank lines."""
    paragraph: list[Line] = []
    for number, line in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), start=1):
        if line.strip():
            paragraph.append((number, line))
        elif paragraph:
            yield paragraph
            paragraph = []
    if paragraph:
        yield paragraph


def _read_paragraph(outline: Outline, paragraph: list[Line]) -> None:
    first = paragraph[0][1].strip()
    underline = _UNDERLINE.match(paragraph[1][1]) if len(paragraph) > 1 and len(first) <= _LONGEST_HEADING else None
    if underline and len(underline[1]) >= len(first) / 2 and not _RULE.match(first):
        outline.enter(1 if underline[1][0] in "=*" else 2, first, Place(Unit.LINE, paragraph[0][0]))
        paragraph = paragraph[2:]
        if not paragraph:
            return
    elif len(paragraph) == 1 and (level := _heading_level(first)):
        outline.enter(level, first, Place(Unit.LINE, paragraph[0][0]))
        return
    if any(_ITEM.match(line) for _, line in paragraph):
        _read_list(outline, paragraph)
        return
    together: list[Line] = []
    for line in paragraph:
        if together and _QUESTION.match(line[1]):
            _add(outline, together)
            together = []
        together.append(line)
    _add(outline, together)


def _heading_level(line: str) -> int:
    """Return the level of a line that stands alone if it is a heading, "2.1 Delivery" or "DELIVERY"; else 0."""
    if len(line) > _LONGEST_HEADING or line.endswith((".", ",", ";", ":", "!", "?")):
        return 0
    if numbered := _NUMBERED.match(line):
        return _CAPITALS_LEVEL + numbered[1].count(".")
    letters = [letter for letter in line if letter.isalpha()]
    return (
        _CAPITALS_LEVEL if len(letters) >= _FEWEST_LETTERS and line.isupper() and not any(map(str.isdigit, line)) else 0
    )


def _read_list(outline: Outline, paragraph: list[Line]) -> None:
    """Read the lines before the first item as text, then each item with the lines that continue it."""
    together: list[Line] = []
    in_list = False
    for line in paragraph:
        if _ITEM.match(line[1]):
            _add(outline, together, BlockKind.LIST_ITEM if in_list else BlockKind.TEXT)
            together, in_list = [], True
        elif in_list and not _INDENTED.match(line[1]) and together[-1][1].rstrip().endswith((".", "!", "?", ":")):
            _add(outline, together, BlockKind.LIST_ITEM)
            together, in_list = [], False
        together.append(line)
    _add(outline, together, BlockKind.LIST_ITEM if in_list else BlockKind.TEXT)


def _add(outline: Outline, lines: list[Line], kind: BlockKind = BlockKind.TEXT) -> None:
    if lines:
        outline.add("\n".join(line for _, line in lines), Place(Unit.LINE, lines[0][0]), kind)
