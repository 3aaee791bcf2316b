"""The rows of an office document's tables as lines, where the document does not say which row names the columns."""

from collections.abc import Sequence

from rag.parsing.tables import numbered_rows

NAMES_MARK = "\ue0f6"
"""A private character that begins each row which the document itself says names the columns."""
_MOST = 0.8
_PAIR = 2


def lines(rows: Sequence[Sequence[str]], header: int | None = None) -> list[tuple[int, str]]:
    """Return (position, line) of the rows that hold something.

    In a table of two columns the first names the second, as in a form or a data sheet, unless `header` or the numbers
    below its first row tell otherwise: "Serial number: SN-4471-B". See `numbered_rows` for all others. The header's
    row is a line too where a column has a name and nothing else.
    """
    if header is None and all(len(row) == _PAIR for row in rows):
        if not _numbers_below_a_name(rows):
            cells = ([cell.strip() for cell in row] for row in rows)
            return [(at, ": ".join(dict.fromkeys(filter(None, row)))) for at, row in enumerate(cells) if any(row)]
        header = 0
    found = list(numbered_rows(rows, header))
    at = header or 0
    if found and all(position != at for position, _ in found):
        unused = {column for column, cell in enumerate(rows[at]) if cell.strip()}
        for row in rows[at + 1 :]:
            unused.difference_update([column for column in unused if "".join(row[column : column + 1]).strip()])
            if not unused:
                break
        if unused:
            names = dict.fromkeys(cell.strip() for cell in rows[at] if cell.strip())
            found.insert(at, (at, " | ".join(names)))
    return found


def _numbers_below_a_name(rows: Sequence[Sequence[str]]) -> bool:
    """Tell whether the second column holds numbers below a first cell without one."""
    head, *below = ([any(map(str.isdigit, cell)) for cell in row] for row in rows)
    return not any(head) and bool(below) and sum(second for _, second in below) >= _MOST * len(below)
