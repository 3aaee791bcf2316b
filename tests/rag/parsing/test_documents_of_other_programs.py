"""Documents of OpenDocument, books, rich text and Word 97: as a person who opens the file reads them."""

import pytest

from core.errors import ErrorCode
from rag.parsing import UnreadableDocument
from rag.parsing.document import Block, BlockKind
from tests.rag.parsing.office_files import make_archive, make_epub, make_odf
from tests.rag.parsing.ole_files import make_doc
from tests.rag.parsing.parsed import parse


def texts(body: str, styles: str = "", automatic: str = "") -> list[str]:
    """Return the texts of the blocks of a document of OpenDocument."""
    document = parse("a.odt", make_odf("text", body, styles=styles, automatic=automatic))
    return [block.text for block in document.blocks]


def test_a_document_of_opendocument_has_headings_notes_lists_and_tables() -> None:
    note = '<text:note text:note-class="footnote"><text:note-citation>1</text:note-citation>'
    note += "<text:note-body><text:p>Notice: sixty days.</text:p></text:note-body></text:note>"
    levels = "".join(
        f'<text:list-level-style-number text:level="{level}" style:num-format="1" style:num-suffix="."/>'
        for level in (1, 2)
    )
    body = (
        '<text:h text:outline-level="1">Contract</text:h>'
        f"<text:p>It runs for one year{note}.</text:p>"
        '<text:h text:outline-level="2">Steps</text:h>'
        '<text:list text:style-name="L1"><text:list-item><text:p>Sign.</text:p></text:list-item>'
        "<text:list-item><text:p>Pay.</text:p></text:list-item></text:list>"
        "<text:list><text:list-item><text:p>or not</text:p></text:list-item></text:list>"
    )

    document = parse(
        "a.odt",
        make_odf("text", body, automatic=f'<text:list-style style:name="L1">{levels}</text:list-style>'),
    )

    assert document.title == "Contract"
    assert document.blocks == [
        Block("It runs for one year."),
        Block("Notice: sixty days.", kind=BlockKind.NOTE),
        Block("1. Sign.", ("Steps",), kind=BlockKind.LIST_ITEM),
        Block("2. Pay.", ("Steps",), kind=BlockKind.LIST_ITEM),
        Block("- or not", ("Steps",), kind=BlockKind.LIST_ITEM),
    ]


def test_headers_and_footers_of_pages_are_read_once_and_their_numbers_are_not() -> None:
    styles = "".join(
        f"<style:master-page><style:header><text:p>Clinic Saint-Luc</text:p></style:header>"
        f"<style:footer><text:p>Page <text:page-number>{number}</text:page-number></text:p>"
        "<text:p>Registered in Ghent</text:p></style:footer></style:master-page>"
        for number in (1, 2)
    )

    assert texts("<text:p>Dear customer,</text:p>", styles) == [
        "Clinic Saint-Luc",
        "Dear customer,",
        "Registered in Ghent",
    ]


def test_what_is_not_shown_is_left_out() -> None:
    automatic = (
        '<style:style style:name="T1" style:family="text"><style:text-properties text:display="none"/></style:style>'
    )
    body = (
        "<text:tracked-changes><text:changed-region><text:deletion><text:p>gone</text:p></text:deletion>"
        "</text:changed-region></text:tracked-changes>"
        "<text:p>It costs<office:annotation><text:p>a comment</text:p></office:annotation> four"
        '<text:span text:style-name="T1"> or three</text:span> euros.</text:p>'
        '<text:section text:display="none"><text:p>secret</text:p></text:section>'
    )

    assert texts(body, automatic=automatic) == ["It costs four euros."]


def test_a_text_box_and_an_alternative_text_are_read() -> None:
    box = "<draw:frame><draw:text-box><text:p>Emergency line: 0800 44 22</text:p></draw:text-box></draw:frame>"
    svg = 'xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0"'
    picture = f"<draw:frame><draw:image/><svg:desc {svg}>Map of the site</svg:desc></draw:frame>"

    assert texts(f"<text:p>Visitors {box}must sign.</text:p><text:p>{picture}</text:p>") == [
        "Visitors must sign.",
        "Emergency line: 0800 44 22",
        "Map of the site",
    ]


def test_merged_cells_of_opendocument_are_repeated_and_header_rows_known() -> None:
    def cell(text: str, attributes: str = "") -> str:
        return f"<table:table-cell {attributes}><text:p>{text}</text:p></table:table-cell>"

    body = (
        "<table:table><table:table-header-rows><table:table-row>"
        + cell("Visitor") + cell("2025") + cell("2026")
        + "</table:table-row></table:table-header-rows><table:table-row>"
        + cell("Adult", 'table:number-rows-spanned="2"') + cell("7") + cell("8")
        + "</table:table-row><table:table-row><table:covered-table-cell/>" + cell("45") + cell("50")
        + "</table:table-row></table:table>"
    )  # fmt: skip

    assert texts(body) == ["Visitor: Adult; 2025: 7; 2026: 8", "Visitor: Adult; 2025: 45; 2026: 50"]


def test_a_document_of_opendocument_with_a_password_is_refused() -> None:
    manifest = (
        '<m:manifest xmlns:m="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
        '<m:file-entry m:full-path="content.xml"><m:encryption-data/></m:file-entry></m:manifest>'
    )
    parts = {
        "mimetype": "application/vnd.oasis.opendocument.text",
        "content.xml": "\x01\x02",
        "META-INF/manifest.xml": manifest,
    }

    with pytest.raises(UnreadableDocument, match="password") as refusal:
        parse("a.odt", make_archive(parts))

    assert refusal.value.code is ErrorCode.FILE_ENCRYPTED


def test_a_book_has_its_chapters_in_their_order() -> None:
    garden = "<h1>The garden</h1><p>It is open <em>daily</em>.</p><ol><li>Dig.</li><li>Plant.</li></ol>"
    prices = (
        "<h1>Prices</h1><table><tr><th>Plant</th><th>Price</th></tr><tr><td>Rose</td><td>7 €</td></tr></table>"
        '<p><img src="map.png" alt="Map of the garden"/></p>'
    )

    document = parse("a.epub", make_epub([garden, prices], title="Gardening"))

    assert document.title == "Gardening"
    assert document.blocks == [
        Block("It is open daily.", ("The garden",)),
        Block("1. Dig.", ("The garden",), kind=BlockKind.LIST_ITEM),
        Block("2. Plant.", ("The garden",), kind=BlockKind.LIST_ITEM),
        Block("Plant: Rose; Price: 7 €", ("Prices",), kind=BlockKind.TABLE_ROW),
        Block("Map of the garden", ("Prices",)),
    ]


def test_rich_text_is_read_with_its_title_tables_and_notes() -> None:
    content = (
        rb"{\rtf1\ansi\ansicpg1252{\info{\title Caf\'e9 {\b}}{\title Caf\'e9s \u8364?}}"
        rb"\pard It is open{\super\chftn}{\footnote\pard\plain\chftn Not on Monday.} daily \'80.\par"
        rb"{\v secret}\trowd\cellx2000\cellx4000\intbl Item\cell Price\cell\row"
        rb"\trowd\cellx2000\cellx4000\intbl Tea\cell 2 \'80\cell\row\pard}"
    )

    document = parse("a.rtf", content)

    assert document.title == "Cafés €"
    assert document.blocks == [
        Block("It is open daily €."),
        Block("Not on Monday.", kind=BlockKind.NOTE),
        Block("Item: Tea; Price: 2 €", kind=BlockKind.TABLE_ROW),
    ]


def test_headers_of_rich_text_are_read_once_and_numbers_of_pages_are_not() -> None:
    frame = rb"{\headerl Clinic Saint-Luc}{\headerr Clinic Saint-Luc}{\footer Page \chpgn }"
    content = rb"{\rtf1\ansi\sectd" + frame + rb"\pard Dear customer,\par\sect\sectd" + frame + rb"\pard Regards\par}"

    assert [block.text for block in parse("a.rtf", content).blocks] == ["Clinic Saint-Luc", "Dear customer,", "Regards"]


def test_a_document_of_word_97_is_read() -> None:
    assert [block.text for block in parse("a.doc", make_doc("Öffnungszeiten\nAb neun")).blocks] == [
        "Öffnungszeiten",
        "Ab neun",
    ]


def test_rich_text_is_read_past_a_style_that_may_be_skipped() -> None:
    """LibreOffice names styles of characters so, within the text."""
    content = rb"{\rtf1\ansi{\*\generator Writer;}\pard{\i0\b0\*\cs7\cf0\loch The ticket office opens at nine.}\par}"

    assert [block.text for block in parse("a.rtf", content).blocks] == ["The ticket office opens at nine."]


def test_the_title_of_rich_text_is_in_the_encoding_that_it_names() -> None:
    content = rb"{\rtf1\ansi\ansicpg1251{\info{\title \'cc\'e5\'f2\'ee\'e4\'e8\'ea\'e0}}\pard Text.\par}"

    assert parse("a.rtf", content).title == "Методика"
