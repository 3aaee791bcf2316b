"""Tables as lines that can be read alone: "column: value; column: value"."""

import re
from collections.abc import Iterator, Sequence

_NUMBER = re.compile(r"[-+]?[\d\s.,]+%?")


def described_rows(rows: Sequence[Sequence[str]], header: int | None = None) -> Iterator[str]:
    """Yield a line for each row that holds something, as `numbered_rows` does."""
    for _, line in numbered_rows(rows, header):
        yield line


def numbered_rows(rows: Sequence[Sequence[str]], header: int | None = None) -> Iterator[tuple[int, str]]:
    """Yield (position, line) of each row that holds something, the header's own row aside.

    `rows` are the cells of a table from its first row on; a merged cell is repeated in each cell that it covers.
    `header` is the position of the row that names the columns, where the format tells; otherwise the first row is
    taken for it where it looks like one. Without a header a line is "value | value".
    """
    if header is None and rows and _names_columns(rows[0]):
        header = 0
    columns = rows[header] if header is not None and len(rows) > header + 1 else []
    for number, row in enumerate(rows):
        cells = [" ".join(cell.split()) for cell in row]
        if any(cells) and not (columns and number == header):
            yield number, _described(columns, cells) if columns and number > (header or 0) else _plain(cells)


def _names_columns(row: Sequence[str]) -> bool:
    """Tell whether a table's first row looks like the names of its columns: all there, all different, no number."""
    return len(row) > 1 and all(row) and len(set(row)) == len(row) and not any(map(_NUMBER.fullmatch, row))


def _described(columns: Sequence[str], cells: Sequence[str]) -> str:
    described = []
    for number, cell in enumerate(cells):
        column = columns[number].strip() if number < len(columns) else ""
        if cell:
            described.append(f"{column}: {cell}" if column and column != cell else cell)
    return "; ".join(described)


def _plain(cells: Sequence[str]) -> str:
    return " | ".join(cell for cell in cells if cell)
