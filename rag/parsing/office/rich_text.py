"""Rich text (RTF): what is hidden goes, and headers and footers become text, before the library reads it.

Control words are those of the Rich Text Format Specification 1.9.1.
"""

import re

from rag.parsing.office.document import Reading, modelled
from rag.parsing.outline import Outline

_TITLE = re.compile(rb"\{\\title ([^{}]{1,400})\}")
_ESCAPE = re.compile(r"\\'([0-9a-fA-F]{2})|\\u(-?\d{1,5}) ?\??|\\([\\{}])")
_TOLD = re.compile(rb"\\(?:v|header|footer)")
_TOKEN = re.compile(
    rb"\\[{}\\]|(?P<brace>[{}])|\\v(?P<hidden>\d?)(?![a-z0-9]) ?|\\plain(?P<plain>)(?![a-z0-9])"
    rb"|\\(?:header|footer)[lrf]?(?P<page>)(?![a-z0-9]) ?"
)
_FIELD = re.compile(rb"\{\\field[^{}]{0,200}\{[^{}]{0,200}\{?[^{}]{0,200}(?:NUM)?PAGE|\\chpgn")
_WORD = re.compile(rb"\\'[0-9a-f]{2}|\\[a-z]+-?\d* ?|[{}]|(?P<word>[A-Za-z]+)")
_WORDS_AROUND_A_PAGE_NUMBER = 4
"""The words of a field that shows a number of a page, and those around it."""


def read_rtf(content: bytes) -> Outline:
    """Read a document: its paragraphs, list items, table rows and notes.

    Raises `UnreadableDocument`: see `modelled`.
    """
    title = _TITLE.search(content)
    outline = Outline(_decoded(title[1]) if title else "")
    shown = _shown(content) if _TOLD.search(content) else content
    Reading(outline, document := modelled(shown, "rtf")).add_all(document.blocks)
    return outline


def _shown(content: bytes) -> bytes:
    """Return rich text without hidden text, and with each header and footer as a paragraph where it is defined."""
    parts: list[bytes] = []
    groups: list[tuple[bool, int]] = []  # whether the text before the group is hidden, and where a header begins
    hidden, at = False, 0
    seen: set[bytes] = set()
    for token in _TOKEN.finditer(content):
        if not hidden:
            parts.append(content[at : token.start()])
        at = token.end()
        if token["brace"] == b"{":
            groups.append((hidden, -1))
            parts.append(b"{")
        elif token["brace"] == b"}":
            before, begins = groups.pop() if groups else (False, -1)
            hidden = before
            parts.append(b"}")
            if begins >= 0:
                parts[begins:] = [_header(b"".join(parts[begins:]), seen)]
        elif token["hidden"] is not None:
            hidden = token["hidden"] != b"0"
        elif token["page"] is not None and groups:
            groups[-1] = (groups[-1][0], len(parts))
        elif token["plain"] is not None:
            hidden = False
            parts.append(token[0])
        elif not hidden:
            parts.append(token[0])
    parts.append(content[at:])
    return b"".join(parts)


def _header(content: bytes, seen: set[bytes]) -> bytes:
    """Return the rest of a header's group as a paragraph; only its end where it is known or a page's number alone."""
    words = [word["word"] for word in _WORD.finditer(content) if word["word"]]
    text = b" ".join(words)
    if not words or text in seen or (_FIELD.search(content) and len(words) <= _WORDS_AROUND_A_PAGE_NUMBER):
        return b"}"
    seen.add(text)
    return content[:-1] + b"\\par}"


def _decoded(text: bytes) -> str:
    def character(escape: re.Match[str]) -> str:
        if escape[1]:
            return bytes([int(escape[1], 16)]).decode("cp1252", errors="replace")
        return chr(int(escape[2]) % 0x10000) if escape[2] else escape[3]

    return _ESCAPE.sub(character, text.decode("cp1252", errors="replace"))
