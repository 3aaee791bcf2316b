"""Rich text (RTF): what is hidden goes, and headers and footers become text, before the library reads it.

Control words are those of the Rich Text Format Specification 1.9.1.
"""

import codecs
import re

from rag.parsing.encodings import FALLBACK
from rag.parsing.office.document import Reading, modelled
from rag.parsing.outline import Outline

_TITLE = re.compile(rb"\{\\title ([^{}]{1,400})\}")
_CODE_PAGE = re.compile(rb"\\ansicpg(\d{3,5})(?!\d)")
_STRAY_STAR = re.compile(rb"(?:(?<=[a-z0-9])|(?<=[a-z0-9] ))\\\*(?=\\[a-z])")
"""A mark of groups that may be skipped where no group begins: LibreOffice writes it before styles of characters."""
_LETTERS = re.compile(rb"(?:\\'[0-9a-fA-F]{2})+")
_ESCAPE = re.compile(r"\\u(-?\d{1,5}) ?\??|\\([\\{}])")
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
    outline = Outline(_decoded(title[1], _code_page(content)) if title else "")
    content = _STRAY_STAR.sub(b"", content)
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


def _code_page(content: bytes) -> str:
    """Return the encoding that a document names for its letters beyond ASCII."""
    named = _CODE_PAGE.search(content)
    try:
        return codecs.lookup(f"cp{int(named[1])}").name if named else FALLBACK
    except LookupError:
        return FALLBACK


def _decoded(text: bytes, encoding: str) -> str:
    def letters(escapes: re.Match[bytes]) -> bytes:
        return bytes.fromhex(escapes[0].replace(b"\\'", b"").decode())

    def character(escape: re.Match[str]) -> str:
        return chr(int(escape[1]) % 0x10000) if escape[1] else escape[2]

    return _ESCAPE.sub(character, _LETTERS.sub(letters, text).decode(encoding, errors="replace"))
