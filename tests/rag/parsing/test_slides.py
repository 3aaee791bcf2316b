"""Presentations: each slide under its title, with its number."""

import pytest

from rag.parsing.document import Block, BlockKind, Place, Unit
from tests.rag.parsing.office_files import make_odf, make_pptx, shape
from tests.rag.parsing.ole_files import make_ppt
from tests.rag.parsing.parsed import parse


def slide(number: int) -> Place:
    """Return the place of a slide."""
    return Place(Unit.SLIDE, number)


def test_a_slide_has_its_title_first_and_the_speaker_s_notes_last() -> None:
    slides = [
        shape("Open from nine.") + shape("Opening hours", "title"),
        shape("Closed on Sunday.\nAnd on holidays."),
        shape("Prices", "ctrTitle"),
    ]

    document = parse("a.pptx", make_pptx(slides, title="The pool", notes="Say it loud."))

    assert document.title == "The pool"
    assert document.blocks == [
        Block("Open from nine.", ("Opening hours",), slide(1)),
        Block("Say it loud.", ("Opening hours",), slide(1), BlockKind.NOTE),
        Block("Closed on Sunday.", ("Slide 2",), slide(2)),
        Block("And on holidays.", ("Slide 2",), slide(2)),
        Block("Prices", (), slide(3)),
    ]
    assert document.page_count == 3


def test_a_hidden_slide_is_left_out_and_told() -> None:
    document = parse("a.pptx", make_pptx([shape("one"), shape("two"), shape("three")], title="T", hidden=2))

    assert [(block.text, block.place) for block in document.blocks] == [("one", slide(1)), ("three", slide(3))]
    assert document.warnings == ("Slide 2 is hidden and not read.",)


def test_a_footer_is_read_once_and_the_number_and_the_date_of_a_slide_are_not() -> None:
    frame = shape("ACME, confidential", "ftr") + shape("7", "sldNum") + shape("1 May", "dt")

    document = parse("a.pptx", make_pptx([shape("one") + frame, shape("two") + frame], title="T"))

    assert [block.text for block in document.blocks] == ["one", "ACME, confidential", "two"]


def test_a_table_of_a_slide_repeats_merged_cells() -> None:
    def cell(text: str, attributes: str = "") -> str:
        return f"<a:tc {attributes}><a:txBody><a:p><a:r><a:t>{text}</a:t></a:r></a:p></a:txBody></a:tc>"

    rows = [
        cell("Visitor") + cell("Ticket") + cell("Price"),
        cell("Adult", 'rowSpan="2"') + cell("Day") + cell("7 EUR"),
        cell("", 'vMerge="1"') + cell("Month") + cell("45 EUR"),
    ]
    table = "".join(f"<a:tr>{row}</a:tr>" for row in rows)
    frame = (
        '<p:graphicFrame><a:graphic><a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/table">'
        f'<a:tbl><a:tblPr firstRow="1"/>{table}</a:tbl></a:graphicData></a:graphic></p:graphicFrame>'
    )

    document = parse("a.pptx", make_pptx([shape("Tariff", "title") + frame], title="T"))

    assert [block.text for block in document.blocks] == [
        "Visitor: Adult; Ticket: Day; Price: 7 EUR",
        "Visitor: Adult; Ticket: Month; Price: 45 EUR",
    ]


def test_an_alternative_text_of_a_picture_is_read() -> None:
    picture = '<p:pic><p:nvPicPr><p:cNvPr id="4" name="P" descr="Plan of the hall"/></p:nvPicPr></p:pic>'

    assert [block.text for block in parse("a.pptx", make_pptx([picture])).blocks] == ["Plan of the hall"]


@pytest.mark.parametrize("hidden", [False, True])
def test_slides_of_opendocument_are_read_like_others(hidden: bool) -> None:
    def frame(text: str, kind: str = "outline") -> str:
        box = f"<draw:text-box><text:p>{text}</text:p></draw:text-box>"
        return f'<draw:frame presentation:class="{kind}">{box}</draw:frame>'

    visibility = "hidden" if hidden else "visible"
    automatic = (
        '<style:style style:name="dp2" style:family="drawing-page">'
        f'<style:drawing-page-properties presentation:visibility="{visibility}"/></style:style>'
    )
    notes = f"<presentation:notes>{frame('Say it.', 'notes')}</presentation:notes>"
    body = (
        f"<draw:page>{frame('From nine.')}{frame('Hours', 'title')}{notes}</draw:page>"
        f'<draw:page draw:style-name="dp2">{frame("Secret")}</draw:page>'
    )

    document = parse("a.odp", make_odf("presentation", body, title="The pool", automatic=automatic))

    assert document.title == "The pool"
    assert document.blocks[:2] == [
        Block("From nine.", ("Hours",), slide(1)),
        Block("Say it.", ("Hours",), slide(1), BlockKind.NOTE),
    ]
    assert [block.text for block in document.blocks[2:]] == ([] if hidden else ["Secret"])
    assert document.warnings == (("Slide 2 is hidden and not read.",) if hidden else ())


def test_a_presentation_of_powerpoint_97_is_read() -> None:
    assert [block.text for block in parse("a.ppt", make_ppt(["Öffnungszeiten", "Ab neun"])).blocks] == [
        "Öffnungszeiten",
        "Ab neun",
    ]
