"""Markdown, read line by line: headings, lists, tables and code kept whole, the marks of emphasis and links taken off.

A full CommonMark parser would serve as well and is not used for one reason: in pure Python, files made for that purpose
keep it busy for minutes. Every step here is linear in the size of the file.
"""

import re
from collections.abc import Iterator
from html import unescape
from itertools import takewhile

from rag.parsing.document import BlockKind
from rag.parsing.encodings import decode
from rag.parsing.html import read_fragment
from rag.parsing.outline import Outline
from rag.parsing.tables import described_rows

# Possessive quantifiers (++, {3,}+) and bounded repetitions keep every expression linear on hostile lines.
_HEADING = re.compile(r" {0,3}(#{1,6})(?!\S)")
_UNDERLINE = re.compile(r" {0,3}(=++|-++)[ \t]*$")
_RULE = re.compile(r" {0,3}([-*_])[ \t]*+(?:\1[ \t]*+){2,}$")
_FENCE = re.compile(r" {0,3}(`{3,}+|~{3,}+)[^`]*$")
_ITEM = re.compile(r"[ \t]*+(?:[-*+]|\d{1,9}[.)])[ \t]++\S")
_TABLE_RULE = re.compile(r"\|?:?-++:?(?:\|:?-*+:?)*$")  # of a line without its blanks
_QUOTE = re.compile(r"(?: {0,3}> ?)*")
_NOTE = re.compile(r" {0,3}\[\^([^\]\n]{1,100})\]:[ \t]*+")
_NOTE_CALL = re.compile(r"\[\^([^\]\n]{1,100})\]")
_MARKUP = re.compile(r" {0,3}<(table|dl|ul|ol|figure)\b", re.IGNORECASE)
_LINK_DEFINITION = re.compile(r" {0,3}\[[^\]\n]{1,200}\]:[ \t]*+\S+")

_COMMENT = re.compile(r"<!--[^<>]{0,1000}-->")
_LINK = re.compile(r"!?\[([^\[\]]{0,500})\](?:\([^()\s]{0,2000}(?:[ \t]\"[^\"\n]{0,500}\")?\)|\[[^\[\]]{0,200}\])")
_AUTOLINK = re.compile(r"<((?:https?://|mailto:)[^<>\s]{1,2000})>")
_TAG = re.compile(r"</?[a-zA-Z][^<>\n]{0,500}>")
_EMPHASIS = re.compile(
    r"(?<![\w*])(\*{1,3}|_{1,3}|~~)(?=\S)([^*_~\n]{1,1000})(?<=\S)\1(?![\w*])|(\*\*)(?=\S)([^*\n]{1,1000})(?<=\S)\*\*"
)
_CODE = re.compile(r"(`{1,2})([^`\n]{1,1000})\1")
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")
_HARD_BREAK = re.compile(r"(?<!\\)\\$")
_CELL_END = re.compile(r"(?<!\\)\|")
_MARK = re.compile(r"[\[<*_~`\\&]")
"""What each of those marks begins with."""
_MAX_HEADER_LINES = 200


def read_markdown(content: bytes) -> Outline:
    """Read Markdown: the title from the front matter or the first heading of level 1, a block for each part."""
    lines = decode(content).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    title, position = _front_matter(lines)
    outline = Outline(title)
    lines, notes = _without_notes(lines[position:])
    position = 0
    while position < len(lines):
        end = _read_part(lines, position, outline)
        called = _NOTE_CALL.findall("\n".join(lines[position:end]))
        outline.add_all((notes.pop(name) for name in called if name in notes), BlockKind.NOTE)
        position = end
    outline.add_all(notes.values(), BlockKind.NOTE)
    return outline


def _without_notes(lines: list[str]) -> tuple[list[str], dict[str, str]]:
    """Return the lines without the footnotes, and the text of each footnote by its name."""
    kept: list[str] = []
    notes: dict[str, list[str]] = {}
    open_note: list[str] | None = None
    for line in lines:
        if note := _NOTE.match(line):
            open_note = notes.setdefault(note[1], [])
            open_note.append(line[note.end() :])
        elif open_note is not None and line.startswith(("    ", "\t")):
            open_note.append(line.strip())
        else:
            open_note = open_note if not line.strip() else None
            kept.append(line)
    return kept, {name: f"[{name}] {_plain(' '.join(text))}" for name, text in notes.items()}


def _read_part(lines: list[str], start: int, outline: Outline) -> int:
    """Read what begins at the line `start` and return where the next part begins."""
    line = lines[start]
    end = start + 1
    if heading := _HEADING.match(line):
        outline.enter(len(heading[1]), _plain(line[heading.end() :].strip().rstrip("#")))
    elif fence := _FENCE.match(line):
        end = _read_code(lines, start + 1, fence[1], outline)
    elif markup := _MARKUP.match(line):
        end = _read_markup(lines, start, markup[1].lower(), outline)
    elif line.startswith("<!--"):
        end = _after_comment(lines, start)
    elif _ITEM.match(line) and not _RULE.match(line):
        end = _read_list(lines, start, outline)
    elif "|" in line and start + 1 < len(lines) and _TABLE_RULE.match("".join(lines[start + 1].split())):
        end = _read_table(lines, start, outline)
    elif line.strip() and not _RULE.match(line) and not _LINK_DEFINITION.match(line):
        end = _read_paragraph(lines, start, outline)
    return end


def _read_markup(lines: list[str], start: int, tag: str, outline: Outline) -> int:
    """Read an element of HTML, to the line that ends it or to the next blank line."""
    end = start
    while end < len(lines) and lines[end].strip() and f"</{tag}>" not in lines[end].lower():
        end += 1
    read_fragment(outline, "\n".join(lines[start : end + 1]))
    return end + 1


def _front_matter(lines: list[str]) -> tuple[str, int]:
    """Return the title that a YAML header gives ("" without one), and where the text begins."""
    if lines[0].rstrip() != "---":
        return "", 0
    header = list(takewhile(lambda line: line.rstrip() not in {"---", "..."}, lines[1:_MAX_HEADER_LINES]))
    if len(header) == len(lines[1:_MAX_HEADER_LINES]):
        return "", 0
    entries = dict(line.partition(":")[::2] for line in reversed(header))
    return entries.get("title", "").strip(" \t\"'"), len(header) + 2


def _after_comment(lines: list[str], start: int) -> int:
    end = start
    while end < len(lines) and "-->" not in lines[end]:
        end += 1
    return end + 1


def _read_code(lines: list[str], start: int, fence: str, outline: Outline) -> int:
    end = start
    while end < len(lines) and not _closes(lines[end], fence):
        end += 1
    outline.add("\n".join(lines[start:end]), kind=BlockKind.CODE)
    return end + 1


def _closes(line: str, fence: str) -> bool:
    mark = line.strip()
    return len(mark) >= len(fence) and not mark.strip(fence[0])


def _read_list(lines: list[str], start: int, outline: Outline) -> int:
    """Read items, their continuation lines and nested items; a blank line ends the list unless it goes on after it."""
    end = start + 1
    while end < len(lines):
        line = lines[end]
        if not line.strip():
            following = lines[end + 1] if end + 1 < len(lines) else ""
            if not (_ITEM.match(following) or following.startswith(("  ", "\t"))):
                break
        elif _HEADING.match(line) or _FENCE.match(line) or (_RULE.match(line) and not _ITEM.match(line)):
            break
        end += 1
    items = (line for line in lines[start:end] if line.strip())
    outline.add_all((_plain(line) for line in _join_continuations(items)), BlockKind.LIST_ITEM)
    return end


def _join_continuations(lines: Iterator[str]) -> Iterator[str]:
    """Yield one line for each item, with the lines that continue it."""
    item: list[str] = []
    for line in lines:
        if _ITEM.match(line) and item:
            yield " ".join(item)
            item = []
        item.append(line.strip())
    yield " ".join(item)


def _read_table(lines: list[str], start: int, outline: Outline) -> int:
    end = start + 2
    while end < len(lines) and "|" in lines[end]:
        end += 1
    rows = [lines[start], *lines[start + 2 : end]]
    cells = ([_plain(cell).strip() for cell in _CELL_END.split(row.strip().strip("|"))] for row in rows)
    outline.add_all(described_rows(list(cells), header=0), BlockKind.TABLE_ROW)
    return end


def _read_paragraph(lines: list[str], start: int, outline: Outline) -> int:
    """Read to the next blank line or the next part; underlined with === or ---, it is a heading."""
    text: list[str] = []
    for position in range(start, len(lines)):
        line = lines[position]
        if text and (underline := _UNDERLINE.match(line)):
            outline.enter(1 if underline[1][0] == "=" else 2, _plain(" ".join(text)))
            return position + 1
        if not line.strip() or (text and _interrupts(line)):
            outline.add(_plain(" ".join(text)))
            return position
        quote = _QUOTE.match(line)
        text.append(_HARD_BREAK.sub("", line[quote.end() if quote else 0 :].strip()))
    outline.add(_plain(" ".join(text)))
    return len(lines)


def _interrupts(line: str) -> bool:
    return bool(_HEADING.match(line) or _FENCE.match(line) or _ITEM.match(line) or _RULE.match(line))


def _plain(text: str) -> str:
    """Return a line's words without the marks of links, emphasis, code and inline HTML.

    What stands between backquotes is code, where the other marks mean themselves.
    """
    parts: list[str] = []
    end = 0
    for code in _CODE.finditer(text):
        parts += _without_marks(text[end : code.start()]), code[2]
        end = code.end()
    return "".join([*parts, _without_marks(text[end:])])


def _without_marks(text: str) -> str:
    if not _MARK.search(text):
        return text
    text = _NOTE_CALL.sub(r"[\1]", text)
    text = _LINK.sub(r"\1", _LINK.sub(r"\1", text))  # twice: a link may hold an image
    text = _AUTOLINK.sub(r"\1", text)
    text = _TAG.sub("", _COMMENT.sub("", text))
    text = _EMPHASIS.sub(r"\2\4", _EMPHASIS.sub(r"\2\4", text))  # twice: **bold with _emphasis_**
    return unescape(_ESCAPE.sub(r"\1", text))
