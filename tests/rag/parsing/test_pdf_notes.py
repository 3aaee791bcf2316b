"""Footnotes of a PDF: small lines at the foot of a page, beside the paragraph that carries their mark."""

from rag.parsing.document import Block, BlockKind, Place, Unit
from tests.rag.parsing.parsed import parse
from tests.rag.parsing.pdf_files import Drawn, make_drawn_pdf

PROSE = "The members of the club pay a share of the costs of the boats each year in spring."


def blocks(*pages: list[Drawn]) -> list[Block]:
    return parse("a.pdf", make_drawn_pdf(pages)).blocks


def kinds(found: list[Block]) -> list[tuple[str, BlockKind]]:
    return [(block.text, block.kind) for block in found]


def test_a_note_stands_after_the_paragraph_that_carries_its_mark() -> None:
    page = [
        Drawn(60, 100, PROSE),
        Drawn(60, 112, "New members pay half of it.1"),
        Drawn(60, 160, PROSE),
        Drawn(60, 780, "1 The rule of 1991 was confirmed.", 8),
        Drawn(60, 790, "It holds for guests too.", 8),
    ]

    assert kinds(blocks(page)) == [
        (f"{PROSE} New members pay half of it.1", BlockKind.TEXT),
        ("1 The rule of 1991 was confirmed. It holds for guests too.", BlockKind.NOTE),
        (PROSE, BlockKind.TEXT),
    ]


def test_a_sentence_goes_on_over_the_notes_of_its_page() -> None:
    first = [Drawn(60, 100, PROSE), Drawn(60, 112, "The share* is"), Drawn(60, 780, "* Paid in spring.", 8)]

    found = blocks(first, [Drawn(60, 100, "due on the first of May."), Drawn(60, 160, PROSE)])

    assert kinds(found) == [
        (f"{PROSE} The share* is due on the first of May.", BlockKind.TEXT),
        ("* Paid in spring.", BlockKind.NOTE),
        (PROSE, BlockKind.TEXT),
    ]
    assert found[1].place == Place(Unit.PAGE, 1)


def test_small_lines_whose_mark_nothing_carries_are_text() -> None:
    page = [Drawn(60, 100, PROSE), Drawn(60, 112, PROSE), Drawn(60, 780, "3 Mill Street, open from 9 to 5.", 8)]

    assert kinds(blocks(page))[-1] == ("3 Mill Street, open from 9 to 5.", BlockKind.TEXT)
