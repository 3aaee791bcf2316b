"""From the words of pages to the blocks of a document, in reading order."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from rag.parsing.document import BlockKind, Place, Unit
from rag.parsing.outline import Outline
from rag.parsing.pdf.columns import reading_order
from rag.parsing.pdf.grids import Grid, tables_and_rows
from rag.parsing.pdf.notes import Note, without_notes
from rag.parsing.pdf.paragraphs import Levels, Paragraph, goes_on, paragraphs
from rag.parsing.pdf.rows import Row, in_one, joined, rows_of
from rag.parsing.pdf.running import has_leaders, in_parts, is_contents, whole, without_leaders, without_running_heads
from rag.parsing.pdf.words import Page
from rag.parsing.tables import described_rows


@dataclass(slots=True)
class _Pending:
    """A paragraph that the next column or page may go on with: its texts, and the place of each."""

    texts: list[str]
    places: list[Place]


class Assembly:
    """Fills an outline with the content of pages."""

    def __init__(self, outline: Outline) -> None:
        self._outline = outline
        self._pending: _Pending | None = None
        self._notes: list[tuple[Note, Place]] = []
        """The footnotes of the page that stand after no paragraph yet."""
        self._due: list[tuple[Note, Place]] = []
        """Those of the paragraph that is pending."""
        self._table: Grid | None = None
        """The table that the next page may go on with."""

    def add(self, pages: Sequence[Page]) -> None:
        """Add `pages`. Raises `UnreadableDocument` (FILE_TOO_LARGE) as `Outline.add` does."""
        rows = without_running_heads([in_parts(rows_of(page.words)) for page in pages])
        levels = Levels(row for page in rows for row in page)
        for page, parts in zip(pages, rows, strict=True):
            self._add_page(page, whole(parts), levels)
        self._flush()

    def _add_page(self, page: Page, rows: Sequence[Row], levels: Levels) -> None:
        place = Place(Unit.PAGE, page.number)
        if is_contents([row.text() for row in rows]):
            rows = [row for row in rows if not has_leaders(row.text())]
        is_first = True
        areas: list[Sequence[Row]] = []
        for area in reading_order(rows):
            text, notes = without_notes(area, rows, levels)
            areas.append(text)
            self._notes += ((note, place) for note in notes)
        for text in areas:
            for part in _parts(text):
                if isinstance(part, Grid):
                    self._add_table(part, place, is_first=is_first)
                else:
                    self._add_rows(part, place, levels)
                is_first = False
        self._due += self._notes
        self._notes = []
        for line in page.aside:
            self._flush()
            self._outline.add(joined([line]), place)

    def _add_rows(self, rows: Sequence[Row], place: Place, levels: Levels) -> None:
        if has_leaders(rows[0].text()):
            self._flush()
            self._outline.add_all((without_leaders(row.text()) for row in rows), BlockKind.TABLE_ROW, place)
            return
        for paragraph in paragraphs(rows, levels):
            self._add_paragraph(paragraph, place)

    def _add_paragraph(self, paragraph: Paragraph, place: Place) -> None:
        self._table = None
        if paragraph.level:
            self._flush()
            self._outline.enter(paragraph.level, paragraph.text, place)
        elif paragraph.kind is not BlockKind.TEXT:
            self._flush()
            self._outline.add(paragraph.text, place, paragraph.kind)
        elif self._pending and goes_on(self._pending.texts[-1], paragraph.text):
            self._pending.texts.append(paragraph.text)
            self._pending.places.append(place)
        else:
            self._flush()
            self._pending = _Pending([paragraph.text], [place])
        if self._notes and not paragraph.level:
            self._due += (each for each in self._notes if each[0].belongs_to(paragraph.text))
            self._notes = [each for each in self._notes if not each[0].belongs_to(paragraph.text)]

    def _add_table(self, grid: Grid, place: Place, *, is_first: bool) -> None:
        self._flush()
        before, self._table = self._table, grid
        if grid.is_form:
            self._outline.add_all(grid.fields(), BlockKind.FORM_FIELD, place)
            return
        cells, header = grid.cells, grid.header
        if is_first and before is not None and before.header is not None and before.goes_on_with(grid):
            names = before.cells[before.header]
            if cells[0] != names:
                cells = [names, *cells]
            header = grid.header = 0
            grid.cells = cells
        self._outline.add_all(_lines(cells, header), BlockKind.TABLE_ROW, place)

    def _flush(self) -> None:
        if self._pending:
            texts = in_one(self._pending.texts)
            parts = groupby(zip(texts, self._pending.places, strict=True), lambda part: part[1])
            self._outline.add_parts([("".join(text for text, _ in part), place) for place, part in parts])
            self._pending = None
        for note, place in self._due:
            self._outline.add(note.text, place, BlockKind.NOTE)
        self._due = []


def _parts(area: Sequence[Row]) -> Iterator[Grid | list[Row]]:
    """Yield the tables of an area, and the rows between them; rows with dot leaders are apart from others."""
    rows: list[Row] = []
    for part in tables_and_rows(area):
        if isinstance(part, Grid):
            if rows:
                yield rows
                rows = []
            yield part
            continue
        if rows and has_leaders(rows[0].text()) != has_leaders(part.text()):
            yield rows
            rows = []
        rows.append(part)
    if rows:
        yield rows


def _lines(cells: Sequence[Sequence[str]], header: int | None) -> Iterator[str]:
    if header is not None:
        yield from described_rows(cells, header)
        return
    for row in cells:
        yield _field(row) if row[0].endswith(":") else " | ".join(cell for cell in row if cell)


def _field(cells: Sequence[str]) -> str:
    """Return "label: value" for a label and what stands beside it."""
    filled = [cell for cell in cells if cell]
    label = filled[0].rstrip(" :")
    return f"{label}: {' | '.join(filled[1:])}" if len(filled) > 1 else filled[0]
