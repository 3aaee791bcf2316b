"""Footnotes: small lines at the foot of a column, with a mark that the text above carries."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rag.parsing.pdf.paragraphs import Levels
from rag.parsing.pdf.rows import Row, joined

_MARKED = re.compile(r"\[?(\d{1,3}|[*†‡§]{1,3}|[a-z](?=[\s)]))[\])]?\s*(?=[^\W\d_]|[\"“«(])")


@dataclass(slots=True)
class Note:
    """A footnote, with its mark before its text."""

    mark: re.Pattern[str]
    """What carries it: a word, or what ends a sentence, with the mark behind."""
    text: str

    def belongs_to(self, text: str) -> bool:
        """Tell whether `text` carries the mark."""
        return self.mark.search(text) is not None


def without_notes(area: Sequence[Row], page: Sequence[Row], levels: Levels) -> tuple[Sequence[Row], list[Note]]:
    """Return the rows of an area of a `page` without those of its footnotes, and the footnotes."""
    foot = len(area)
    while foot and levels.is_small(area[foot - 1]):
        foot -= 1
    groups: list[tuple[re.Pattern[str], list[Row]]] = []
    for number, row in enumerate(area[foot:], foot):
        marked = _MARKED.match(row.text())
        pattern = _carried(marked[1], page, levels) if marked else None
        if pattern is not None:
            groups.append((pattern, [row]))
        elif groups:
            groups[-1][1].append(row)
        else:
            foot = number + 1
    return area[:foot], [Note(pattern, joined([row.text() for row in rows])) for pattern, rows in groups]


def _carried(mark: str, page: Sequence[Row], levels: Levels) -> re.Pattern[str] | None:
    """Return the pattern of `mark` behind a word, if a line of the text has it."""
    pattern = re.compile(rf"(?:[^\W\d_]|[.,;:!?…)\]\"”»])[\[(]?{re.escape(mark)}(?![\w.,]\d|\w)")
    return pattern if any(not levels.is_small(row) and pattern.search(row.text()) for row in page) else None
