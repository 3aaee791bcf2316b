"""Running heads, page numbers and tables of contents: what says nothing about the page it stands on."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise

from rag.parsing.pdf.rows import Row

_EDGE_ROWS = 2
"""How many rows at the top and at the bottom of a page may be running heads and page numbers."""
_APART = 4.0
"""A page number is this many times its size away from other text at its height."""
_RUNNING_PAGES = 3
_RUNNING_SHARE = 0.5
"""A text at the edge of this share of the pages, and of at least so many, is a running head."""
_BODY_GAP = 0.8
"""A running head is this many times its height away from the text of the page."""
_NUMBER = r"(?:\d{1,4}|[ivxlcdm]{1,7})"
_PAGE_WORD = r"(?:pages?|p\.|pg\.?|seite|pagina|página|side|sida|strana|str\.|s\.)"
_OF = r"(?:/|of|von|sur|de|di|van|av|z)"
_PAGE_NUMBER = re.compile(rf"\W*{_PAGE_WORD}?\W*({_NUMBER})(?:\W*{_OF}\W*\d{{1,4}})?\W*", re.IGNORECASE)
_ROMAN = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100, "d": 500, "m": 1000}

_LEADERS = re.compile(r"(?:[ \t]?[.…·]){4,}[ \t.…·]*")
_MAX_CONTENTS_CHARACTERS = 500
_CONTENTS_LINES = 3
_CONTENTS_SHARE = 0.5
"""A page of contents has at least so many lines with dot leaders, which are at least this share of it."""
_CONTENTS_LINE = re.compile(rf".+?(?:[ \t]?[.…·]){{4}}[ \t.…·]*({_NUMBER})", re.IGNORECASE)
_DOTS = re.compile(r"[.…·] ?[.…·]")


def without_running_heads(pages: Sequence[Sequence[Row]]) -> list[list[Row]]:
    """Return the rows of the pages without page numbers that count up, and running heads after their first page."""
    dropped: list[set[int]] = [set() for _ in pages]
    for number, part in _page_numbers(pages):
        dropped[number].add(id(part))
    for number, part in _repeated(pages):
        dropped[number].add(id(part))
    return [[row for row in rows if not drop or id(row) not in drop] for rows, drop in zip(pages, dropped, strict=True)]


def in_parts(rows: Sequence[Row]) -> list[Row]:
    """Return the rows of a page, those at its edges in the parts that wide gaps divide them into."""
    if len(rows) <= 2 * _EDGE_ROWS:
        return [part for row in rows for part in row.segments()]
    edges = (rows[:_EDGE_ROWS], rows[-_EDGE_ROWS:])
    first, last = ([part for row in edge for part in row.segments()] for edge in edges)
    return [*first, *rows[_EDGE_ROWS:-_EDGE_ROWS], *last]


def whole(rows: Sequence[Row]) -> list[Row]:
    """Return `rows` with the parts of `in_parts` that stand side by side put together again."""
    together: list[Row] = []
    for row in rows:
        if together and row.left > together[-1].right and _level(row, together[-1]):
            together[-1] = Row([*together[-1].words, *row.words])
        else:
            together.append(row)
    return together


def _level(row: Row, other: Row) -> bool:
    common = min(row.bottom, other.bottom) - max(row.top, other.top)
    return common >= min(row.bottom - row.top, other.bottom - other.top) / 2


def _edges(rows: Sequence[Row]) -> Iterator[tuple[str, Row]]:
    """Yield (edge, row) of what may be a running head: the rows before the first gap, or the outermost row."""
    for edge, ordered in (("top", list(rows)), ("bottom", list(reversed(rows)))):
        for heights in range(1, _EDGE_ROWS + 1):
            outer = _outermost(ordered, heights)
            if len(outer) == len(ordered) or _distance(outer[-1], ordered[len(outer)]) >= _BODY_GAP * outer[-1].size:
                break
        else:
            outer = _outermost(ordered, 1)
        yield from ((edge, row) for row in outer)


def _outermost(rows: Sequence[Row], heights: int) -> Sequence[Row]:
    """Return the first of `rows`, at so many heights."""
    found = 0
    for number, row in enumerate(rows):
        if number == 0 or not _level(row, rows[number - 1]):
            found += 1
        if found > heights:
            return rows[:number]
    return rows


def _distance(row: Row, other: Row) -> float:
    return max(row.top - other.bottom, other.top - row.bottom)


def _page_numbers(pages: Sequence[Sequence[Row]]) -> Iterator[tuple[int, Row]]:
    """Yield (page, row) of the page numbers: alone on their part of a row, and one more on each page."""
    found: dict[tuple[str, int], dict[int, Row]] = defaultdict(dict)
    for number, rows in enumerate(pages):
        for edge, row in _ends(rows):
            match = _PAGE_NUMBER.fullmatch(row.text())
            value = _value(match[1]) if match else None
            if value is not None and len(rows) > 1 and _is_apart(row, rows):
                found[edge, value - number][number] = row
    for rows_found in found.values():
        if len(rows_found) >= max(2, min(_RUNNING_PAGES, len(pages))):
            yield from rows_found.items()


def _is_apart(row: Row, rows: Sequence[Row]) -> bool:
    """Tell whether nothing stands near to the sides of `row`, as the text of an item does to its number."""
    near = _APART * row.size
    return not any(
        other is not row and _level(row, other) and row.left - near < other.right and other.left < row.right + near
        for other in rows
    )


def _ends(rows: Sequence[Row]) -> Iterator[tuple[str, Row]]:
    """Yield the parts of the two outermost rows at each edge."""
    for edge, ordered in (("top", list(rows)), ("bottom", list(reversed(rows)))):
        yield from ((edge, row) for row in _outermost(ordered, 2))


def _repeated(pages: Sequence[Sequence[Row]]) -> Iterator[tuple[int, Row]]:
    """Yield (page, row) of the running heads: one text at the edge of most pages, its first page aside."""
    found: dict[tuple[str, str], list[tuple[int, Row]]] = defaultdict(list)
    for number, rows in enumerate(pages):
        seen: Counter[tuple[str, str]] = Counter()
        for edge, row in _edges(rows):
            key = edge, row.text()
            seen[key] += 1
            if seen[key] == 1:
                found[key].append((number, row))
    wanted = max(_RUNNING_PAGES, _RUNNING_SHARE * len(pages))
    for rows_found in found.values():
        if len(rows_found) >= wanted:
            yield from rows_found[1:]


def _value(number: str) -> int | None:
    """Return the value of a page number in digits or in Roman numerals."""
    if number.isdecimal():
        return int(number)
    values = [_ROMAN[letter] for letter in number.lower()]
    total = 0
    for value, following in zip(values, [*values[1:], 0], strict=True):
        total += -value if value < following else value
    return total or None


def is_contents(texts: Sequence[str]) -> bool:
    """Tell whether the lines with dot leaders among `texts` are a table of contents: page numbers that go up."""
    numbers = []
    for text in texts:
        match = _CONTENTS_LINE.fullmatch(text) if has_leaders(text) else None
        if match:
            numbers.append(_value(match[1]) or 0)
    return (
        len(numbers) >= max(_CONTENTS_LINES, _CONTENTS_SHARE * len(texts))
        and all(before <= after for before, after in pairwise(numbers))
        and numbers[0] < numbers[-1]
    )


def has_leaders(text: str) -> bool:
    """Tell whether `text` is a line with dot leaders: words, dots and what they lead to."""
    return len(text) <= _MAX_CONTENTS_CHARACTERS and bool(_DOTS.search(text) and _LEADERS.search(text))


def without_leaders(text: str) -> str:
    """Return `text` with its dot leaders made a colon: "Espresso ..... 2.50" is "Espresso: 2.50"."""
    if not has_leaders(text):
        return text
    name, _, value = _LEADERS.sub("\0", text).strip("\0 ").partition("\0")
    value = " ".join(value.replace("\0", " ").split())
    return f"{name.rstrip(' :')}: {value}" if value else name
