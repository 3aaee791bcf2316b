"""The model that the library makes of an office document, as blocks of an outline."""

from collections.abc import Iterable, Iterator

import anydoc

from core.errors import ErrorCode
from rag.parsing.containers import OLE_MARK, whole_ole
from rag.parsing.document import BlockKind, Place
from rag.parsing.errors import UnreadableDocument
from rag.parsing.office.grids import NAMES_MARK, lines
from rag.parsing.office.labels import label
from rag.parsing.office.package import damaged, encrypted
from rag.parsing.outline import Outline


def modelled(content: bytes, kind: anydoc.Format) -> anydoc.Document:
    """Return the library's model of a document.

    Raises `UnreadableDocument`: FILE_UNREADABLE, FILE_ENCRYPTED, or FILE_TOO_LARGE past the library's own bounds.
    """
    try:
        return anydoc.to_document(whole_ole(content) if content.startswith(OLE_MARK) else content, kind)
    except anydoc.EncryptedError as error:
        raise encrypted() from error
    except anydoc.ResourceLimitError as error:
        raise UnreadableDocument(
            ErrorCode.FILE_TOO_LARGE, "The document holds more than can be read. Split it into smaller files."
        ) from error
    except anydoc.ConvertError as error:
        raise damaged() from error


class Reading:
    """A model being read into an outline.

    `place` is where the blocks are, and `quotes` what the model's quotes are: the reader of a kind of document knows.
    """

    def __init__(self, outline: Outline, document: anydoc.Document) -> None:
        self.outline = outline
        self.document = document
        self.place: Place | None = None
        self.quotes: BlockKind | None = None
        self._notes = {note.id: note for note in document.notes}
        self._pending: list[str] = []

    def add_all(self, blocks: Iterable[anydoc.Block]) -> None:
        """Add blocks in their order."""
        for block in blocks:
            self.add(block)

    def add(self, block: anydoc.Block) -> None:
        """Add a block, and right after it the notes that it refers to."""
        if block.kind == "heading":
            self.outline.enter(block.level or 1, self.text(block.content), self.place)
        elif block.kind == "list" and block.list:
            self._add_list(block.list)
        elif block.kind == "table" and block.table:
            self._add_table(block.table)
        elif block.kind == "block_quote":
            self._add_quote(block.blocks or [])
        elif block.kind == "code_block":
            self.outline.add(block.text or "", self.place, BlockKind.CODE)
        else:
            self.outline.add(self.text(block.content) or block.text or "", self.place)
        self._add_notes()

    def _add_quote(self, blocks: list[anydoc.Block]) -> None:
        if self.quotes is None:
            self.add_all(blocks)
        else:
            self.outline.add(self._flat(blocks, "\n"), self.place, self.quotes)

    def _add_notes(self) -> None:
        while self._pending:
            note = self._notes.pop(self._pending.pop(0), None)
            if note:
                self.outline.add(self._flat(note.blocks, "\n"), self.place, BlockKind.NOTE)

    def _add_list(self, items: anydoc.List) -> None:
        for number, item in enumerate(items.items, items.start):
            mark = item.marker_label or label(items.marker, number)
            for block in item.blocks:
                if block.kind == "list" and block.list:
                    self._add_list(block.list)
                elif block.kind == "table" and block.table:
                    self._add_table(block.table)
                elif text := self._block_text(block, " ").strip():
                    self.outline.add(f"{mark} {text}".strip(), self.place, BlockKind.LIST_ITEM)
                    mark = ""  # what follows in the item is its second paragraph
                self._add_notes()

    def _add_table(self, table: anydoc.Table) -> None:
        if table.kind == "layout" or (len(table.grid) == 1 and len(table.grid[0]) == 1):
            for row in table.grid:
                for slot in row:
                    self.add_all(slot.cell.blocks if slot.cell else ())
            return
        rows, header = self.rows_of(table)
        for _, line in lines(rows, header):
            self.outline.add(line, self.place, BlockKind.TABLE_ROW)

    def rows_of(self, table: anydoc.Table) -> tuple[list[list[str]], int | None]:
        """Return the cells of a table, merged ones repeated, and the position of the row that names its columns.

        Rows of names below one another become one: "Price" above "Adult" gives "Price Adult".
        """
        rows: list[list[str]] = []
        for slots in table.grid:
            rows.append(cells := [])
            for slot in slots:
                if slot.cell:
                    cells.append(self._flat(slot.cell.blocks, " "))
                elif slot.origin_row is not None and slot.origin_col is not None:
                    # What covers a slot stands before it: above, or to its left.
                    cells.append(rows[slot.origin_row][slot.origin_col])
        names = self._names(table)
        if names > 1:
            columns = zip(*(rows[number] for number in range(names)), strict=False)
            rows[:names] = [[" ".join(dict.fromkeys(filter(None, column))) for column in columns]]
        return rows, 0 if names else None

    def _names(self, table: anydoc.Table) -> int:
        """Return how many rows of a table name its columns: those that are marked, or the first where it alone is bold.

        What the library says is a guess for one row.
        """
        if table.header_rows > 1:
            return table.header_rows
        marked = [any(NAMES_MARK in text for text in _texts(slot)) for slots in table.grid for slot in slots[:1]]
        if any(marked):
            return [*marked, False].index(False)
        head, *below = ([_is_bold(slot) for slot in row if slot.cell] for row in table.grid[:3])
        return int(len(head) > 1 and all(head) and bool(below) and not any(map(all, below)))

    def _flat(self, blocks: Iterable[anydoc.Block], separator: str) -> str:
        return separator.join(filter(None, (self._block_text(block, separator) for block in blocks)))

    def _block_text(self, block: anydoc.Block, separator: str) -> str:
        """Return a block inside an item, a cell or a note as text."""
        if block.kind == "list" and block.list:
            numbered = enumerate(block.list.items, block.list.start)
            return separator.join(
                f"{item.marker_label or label(block.list.marker, number)} {self._flat(item.blocks, separator)}"
                for number, item in numbered
            )
        if block.kind == "table" and block.table:
            return separator.join(line for _, line in lines(*self.rows_of(block.table)))
        if block.kind == "block_quote":
            return self._flat(block.blocks or (), separator)
        return self.text(block.content) or block.text or ""

    def text(self, content: list[anydoc.Inline] | None) -> str:
        """Return the text of a paragraph. The notes that it refers to follow the block that is added next."""
        return "".join(self._pieces(content)).replace(NAMES_MARK, "")

    def _pieces(self, content: list[anydoc.Inline] | None) -> Iterator[str]:
        for inline in content or ():
            if inline.kind == "link":
                yield from self._pieces(inline.content)
            elif inline.kind == "image":
                yield f" {inline.alt or ''} "
            elif inline.kind == "line_break":
                yield "\n"
            elif inline.kind == "checkbox":
                yield "☒ " if inline.checked else "☐ "
            elif inline.kind == "note_ref" and inline.note_id:
                self._pending.append(inline.note_id)
            else:
                yield inline.text or ""


def _is_bold(slot: anydoc.CellSlot) -> bool:
    """Tell whether all text of a cell is bold."""
    texts = [inline for inline in _inlines(slot) if (inline.text or "").strip()]
    return bool(texts) and all(inline.style is not None and inline.style.bold for inline in texts)


def _texts(slot: anydoc.CellSlot) -> Iterator[str]:
    return (inline.text or "" for inline in _inlines(slot))


def _inlines(slot: anydoc.CellSlot) -> Iterator[anydoc.Inline]:
    for block in slot.cell.blocks if slot.cell else ():
        yield from block.content or ()
