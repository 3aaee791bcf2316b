"""Tables as lines that can be read alone: "column: value; column: value"."""

import re
from collections.abc import Iterator, Sequence
from itertools import islice, pairwise

_DIGIT = re.compile(r"\d")
_NUMBER = re.compile(r"[-+]?[\d\s.,]+%?")
_DIGITS = re.compile(r"[\d.,]+")
_YEAR = re.compile(r"(?:19|20)\d\d")
_SENTENCE = re.compile(r"[.!?…]$")
_LABELS = frozenset(
    """name nom title titre item article product produit description price prix cost coût quantity quantité qty
    date day jour time heure city ville country pays address adresse phone téléphone email question
    answer réponse key clé value valeur term meaning category catégorie type code ref reference référence
    unit unité size taille colour color couleur status field column label property parameter option
    feature model modèle id no number numéro year année month mois region région amount montant total
    bezeichnung preis artikel menge datum ort frage antwort person role service place lieu who what when
    where""".split()  # noqa: SIM905
)
"""What columns are often called. A table of two columns of words may have no header at all."""
_MAX_TITLE_ROWS = 10
_SAMPLE_ROWS = 50
_LONGEST_LABEL = 60
_TWO, _LONGEST_NUMBER = 2, 5
_MOST, _NEARLY_ALL = 0.6, 0.8


def described_rows(rows: Sequence[Sequence[str]], header: int | None = None) -> Iterator[str]:
    """Yield a line for each row that holds something, as `numbered_rows` does."""
    for _, line in numbered_rows(rows, header):
        yield line


def numbered_rows(
    rows: Sequence[Sequence[str]], header: int | None = None, *, expected: bool = False
) -> Iterator[tuple[int, str]]:
    """Yield (position, line) of each row that holds something, the header's own row aside.

    `rows` are the cells of a table from its first row on; a merged cell is repeated in each cell that it covers.
    `header` is the position of the row that names the columns, where the format tells; otherwise it is guessed, as
    `guess_header` does. Rows above the header are titles. Without a header a line is "value | value".
    """
    if header is None:
        header = guess_header(rows, expected=expected)
    columns = rows[header] if header is not None and len(rows) > header + 1 else []
    for number, row in enumerate(rows):
        cells = [" ".join(cell.split()) for cell in row]
        if any(cells) and not (columns and number == header):
            yield number, _described(columns, cells) if columns and number > (header or 0) else _plain(cells)


def guess_header(rows: Sequence[Sequence[str]], *, expected: bool = False) -> int | None:
    """Return the position of the row that names the columns, below the titles; None where the rows do not tell.

    `expected` says that tables of this format have a header as a rule, as those of CSV do.
    """
    width = max((len(row) for row in islice(rows, _SAMPLE_ROWS)), default=0)
    if width < _TWO:
        return None
    for number, row in enumerate(islice(rows, _MAX_TITLE_ROWS)):
        filled = [cell for cell in row if cell.strip()]
        if len(set(filled)) > 1 and len(filled) >= _TWO:
            below = [each for each in rows[number + 1 : number + 1 + _SAMPLE_ROWS] if any(each)]
            return number if below and _names_columns(row, below, width, expected) else None
    return None


def _names_columns(row: Sequence[str], below: Sequence[Sequence[str]], width: int, expected: bool) -> bool:
    """Tell whether a row holds labels, and not values as the rows below it do."""
    if any(len(cell) > _LONGEST_LABEL for cell in row) or _is_sequence(below[0]):
        return False
    counts = _is_sequence(row)
    told = counts
    for number, cell in enumerate(row):
        label = cell.strip()
        values = [each[number].strip() for each in below if number < len(each) and each[number].strip()]
        if not label or not values:
            continue
        if label in values and not _is_merged(row, number, below):
            return False
        figures = sum(_DIGIT.search(value) is not None for value in values) >= _MOST * len(values)
        if _DIGIT.search(label):
            if counts and _NUMBER.fullmatch(label):
                continue
            if _NUMBER.fullmatch(label) or (figures and _shape(label) in {_shape(value) for value in values}):
                return False
        elif figures and (width > _TWO or expected or label.lower() in _LABELS or _are_alike(values)):
            told = True
    if told:
        return True
    labels = [cell.strip() for cell in row]
    plain = all(labels) and len(set(labels)) == len(labels) and not any(map(_SENTENCE.search, labels))
    return plain and (expected or width > _TWO or any(label.lower() in _LABELS for label in labels))


def _is_merged(row: Sequence[str], number: int, below: Sequence[Sequence[str]]) -> bool:
    """Tell whether a label is repeated below because its cell reaches down."""
    return number < len(below[0]) and below[0][number] == row[number] and len(below) > 1


def _is_sequence(row: Sequence[str]) -> bool:
    """Tell whether the numbers of a row count: years, or three and more with one step between them."""
    numbers = [
        int(cell) for cell in map(str.strip, row) if cell.isascii() and cell.isdigit() and len(cell) <= _LONGEST_NUMBER
    ]
    figures = sum(_NUMBER.fullmatch(cell.strip()) is not None for cell in row if cell.strip())
    if len(numbers) < _TWO or len(numbers) != figures:
        return False
    steps = {after - before for before, after in pairwise(numbers)}
    years = all(_YEAR.fullmatch(str(number)) for number in numbers)
    return len(steps) == 1 and 0 not in steps and (years or len(numbers) > _TWO)


def _are_alike(values: Sequence[str]) -> bool:
    """Tell whether the values of a column are figures of one kind, "49 EUR" and "12 EUR"."""
    shapes = [_shape(value) for value in values]
    return max(map(shapes.count, set(shapes))) >= _NEARLY_ALL * len(shapes)


def _shape(value: str) -> str:
    return _DIGITS.sub("0", value)


def _described(columns: Sequence[str], cells: Sequence[str]) -> str:
    if len(cells) > 1 and len(set(cells)) == 1 and " " in cells[0]:
        return cells[0]  # one cell over all columns, a title inside the table
    described = []
    for number, cell in enumerate(cells):
        column = " ".join(columns[number].split()).rstrip(":") if number < len(columns) else ""
        if cell:
            described.append(f"{column}: {cell}" if column and column != cell else cell)
    return "; ".join(described)


def _plain(cells: Sequence[str]) -> str:
    return " | ".join(cell for cell in cells if cell)
