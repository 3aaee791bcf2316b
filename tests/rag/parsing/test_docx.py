"""Word documents: what a person who opens the file reads, in reading order."""

import pytest

from core.errors import ErrorCode
from rag.parsing import UnreadableDocument
from rag.parsing.document import Block, BlockKind
from rag.parsing.office import package
from tests.rag.parsing.office_files import (
    W,
    cell,
    control,
    item,
    make_archive,
    make_docx,
    paragraph,
    row,
    run,
    table,
)  # fmt: skip
from tests.rag.parsing.parsed import parse

FIRST_PAGE = (
    '<w:sectPr><w:headerReference w:type="default" r:id="header"/><w:footerReference r:id="footer"/></w:sectPr>'
)


def texts(body: str, **parts: str) -> list[str]:
    """Return the texts of a document's blocks."""
    return [block.text for block in parse("a.docx", make_docx(body, parts=parts)).blocks]


def notes(kind: str, text: str) -> str:
    """Return the XML of a part with the note 2."""
    return f'<w:{kind}s {W}><w:{kind} w:id="2">{paragraph(text)}</w:{kind}></w:{kind}s>'


def test_headings_lists_and_tables_are_read_by_the_styles_whatever_their_language() -> None:
    body = (
        paragraph("Delivery ......... 3", "TM1")
        + paragraph("Delivery", "Titre1")
        + paragraph("Livré dès <demain>.")
        + paragraph("by post", "Liste")
        + paragraph("by bike", "Liste")
        + paragraph("Prices", "Titre2")
        + table([["place", "price"], ["Paris", "3 €"], ["", ""]])
        + paragraph("Returns", "Chapitre")
        + paragraph("Within a month.")
    )

    document = parse("guide.docx", make_docx(body, title="The guide"))

    assert document.title == "The guide"
    assert document.blocks == [
        Block("Livré dès <demain>.", ("Delivery",)),
        Block("- by post", ("Delivery",), kind=BlockKind.LIST_ITEM),
        Block("- by bike", ("Delivery",), kind=BlockKind.LIST_ITEM),
        Block("place: Paris; price: 3 €", ("Delivery", "Prices"), kind=BlockKind.TABLE_ROW),
        Block("Within a month.", ("Returns",)),
    ]


def test_what_was_deleted_or_is_hidden_is_left_out_and_what_was_inserted_is_read() -> None:
    body = (
        "<w:p><w:r><w:t>It costs </w:t></w:r><w:del><w:r><w:delText>three</w:delText></w:r></w:del>"
        "<w:moveFrom><w:r><w:t>moved</w:t></w:r></w:moveFrom>"
        "<w:ins><w:r><w:t>four</w:t><w:noBreakHyphen/><w:t>fifty</w:t></w:r></w:ins>"
        + run(" secret", "<w:vanish/>")
        + run(" secret too", '<w:rStyle w:val="Cache"/>')
        + run(" today", '<w:vanish w:val="0"/>')
        + "</w:p>"
    )

    assert texts(body) == ["It costs four-fifty today"]


def test_content_controls_are_read_wherever_they_stand() -> None:
    body = (
        control(paragraph("A block in a control."))
        + f"<w:p>{run('Name: ')}{control(run('Ann'))}</w:p>"
        + "<w:tbl>"
        + row(cell("Serial number"), control(cell("SN-4471-B")))
        + control(row(cell("Partner"), cell("Delta Ltd")))
        + row(cell("Colour"), f"<w:tc>{control(paragraph('grey'))}</w:tc>")
        + "</w:tbl>"
        + control(table([["Size", "12 cm"], ["Weight", "3 kg or less"]]))
    )

    assert texts(body) == [
        "A block in a control.",
        "Name: Ann",
        "Serial number: SN-4471-B",
        "Partner: Delta Ltd",
        "Colour: grey",
        "Size: 12 cm",
        "Weight: 3 kg or less",
    ]


@pytest.mark.parametrize("kind", ["footnote", "endnote"])
def test_a_note_follows_the_paragraph_that_it_belongs_to(kind: str) -> None:
    body = (
        f'<w:p>{run("The rental runs for one year")}<w:r><w:{kind}Reference w:id="2"/></w:r>{run(".")}</w:p>'
        + paragraph("Next.")
    )

    document = parse("a.docx", make_docx(body, parts={f"{kind}s": notes(kind, "Notice: sixty days.")}))

    assert document.blocks == [
        Block("The rental runs for one year."),
        Block("Notice: sixty days.", kind=BlockKind.NOTE),
        Block("Next."),
    ]


def test_a_note_in_a_table_follows_the_table() -> None:
    reference = '<w:r><w:footnoteReference w:id="2"/></w:r>'
    noted = f"<w:tc><w:p>{run('one year')}{reference}</w:p></w:tc>"
    body = f"<w:tbl>{row(cell('Term'), noted)}</w:tbl>"

    assert texts(body, footnotes=notes("footnote", "Sixty days.")) == ["Term: one year", "Sixty days."]


def test_headers_and_footers_are_read_once_and_numbers_of_pages_are_not() -> None:
    number = '<w:fldSimple w:instr=" PAGE "><w:r><w:t>1</w:t></w:r></w:fldSimple>'
    field = (
        '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText> NUMPAGES </w:instrText></w:r>'
        '<w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>9</w:t></w:r>'
        '<w:r><w:fldChar w:fldCharType="end"/></w:r>'
    )
    header = f"<w:hdr {W}>{paragraph('Clinic Saint-Luc, telephone 02 555 44 10')}</w:hdr>"
    footer = (
        f"<w:ftr {W}><w:p>{run('Page ')}{number}{run(' of ')}{field}</w:p>{paragraph('Registered in Ghent')}</w:ftr>"
    )
    body = f"<w:p><w:pPr>{FIRST_PAGE}</w:pPr>{run('Dear customer,')}</w:p>{paragraph('Regards')}{FIRST_PAGE}"

    assert texts(body, header=header, footer=footer) == [
        "Clinic Saint-Luc, telephone 02 555 44 10",
        "Dear customer,",
        "Regards",
        "Registered in Ghent",
    ]


def test_the_header_of_a_first_page_that_no_section_has_is_not_shown() -> None:
    header = f"<w:hdr {W}>{paragraph('Draft')}</w:hdr>"
    section = '<w:headerReference w:type="first" r:id="header"/>'

    assert texts(f"{paragraph('Text.')}<w:sectPr>{section}</w:sectPr>", header=header) == ["Text."]
    assert texts(f"{paragraph('Text.')}<w:sectPr>{section}<w:titlePg/></w:sectPr>", header=header) == ["Draft", "Text."]


def test_a_text_box_is_paragraphs_of_its_own_and_read_once() -> None:
    box = f"<w:txbxContent>{paragraph('Emergency line: 0800 44 22')}{paragraph('Day and night')}</w:txbxContent>"
    drawn = f'<w:drawing><wps:txbx xmlns:wps="wps">{box}</wps:txbx></w:drawing>'
    old = f'<w:pict><v:textbox xmlns:v="urn:schemas-microsoft-com:vml">{box}</v:textbox></w:pict>'
    alternative = (
        '<mc:AlternateContent xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006">'
        f'<mc:Choice Requires="wps">{drawn}</mc:Choice><mc:Fallback>{old}</mc:Fallback></mc:AlternateContent>'
    )
    expected = ["Visitors must sign at the desk.", "Emergency line: 0800 44 22", "Day and night"]

    for shown in (drawn, old, alternative):
        body = f"<w:p>{run('Visitors must ')}<w:r>{shown}</w:r>{run('sign at the desk.')}</w:p>"
        assert texts(body) == expected
        assert texts(f"<w:tbl>{row(f'<w:tc>{body}</w:tc>', cell('x'))}</w:tbl>") == [f"{' '.join(expected)}: x"]


def test_merged_cells_are_repeated_in_each_row_and_column_that_they_cover() -> None:
    down, on = '<w:vMerge w:val="restart"/>', "<w:vMerge/>"
    body = (
        "<w:tbl>"
        + row(cell("Visitor"), cell("Ticket"), cell("Price"))
        + row(cell("Adult", down), cell("Day"), cell("7 EUR"))
        + row(cell("", on), cell("Month"), cell("45 EUR"))
        + row(cell("Child"), cell("free", '<w:gridSpan w:val="2"/>'))
        + "</w:tbl>"
    )

    assert texts(body) == [
        "Visitor: Adult; Ticket: Day; Price: 7 EUR",
        "Visitor: Adult; Ticket: Month; Price: 45 EUR",
        "Visitor: Child; Ticket: free; Price: free",
    ]


def test_rows_that_a_table_repeats_on_each_page_name_its_columns() -> None:
    header = "<w:tblHeader/>"
    body = (
        "<w:tbl>"
        + row(cell("2025", '<w:gridSpan w:val="2"/>'), cell("2026"), properties=header)
        + row(cell("Day"), cell("Month"), cell("Day"), properties=header)
        + row(cell("7"), cell("45"), cell("8"))
        + "</w:tbl>"
    )

    assert texts(body) == ["2025 Day: 7; 2025 Month: 45; 2026 Day: 8"]


def test_a_row_that_a_table_repeats_names_its_columns_also_by_numbers() -> None:
    names = row(cell("Size"), cell("2025"), cell("2026"), properties="<w:tblHeader/>")
    body = (
        f"<w:tbl>{names}{row(cell('small'), cell('7'), cell('8'))}{row(cell('large'), cell('9'), cell('10'))}</w:tbl>"
    )

    assert texts(body) == ["Size: small; 2025: 7; 2026: 8", "Size: large; 2025: 9; 2026: 10"]


def test_items_have_the_numbers_that_are_shown() -> None:
    body = (
        item("Close the tap.", 2)
        + item("Wait.", 2)
        + paragraph("Then:")
        + item("Hold the button.", 2)
        + item("the red one", 2, level=1)
        + item("not the green one", 2, level=1)
        + item("Light the pilot.", 2)
        + item("first", 3)
        + item("second", 3)
        + item("Scope", 4)
        + item("from seven", 5)
        + item("no number", 1)
    )

    assert texts(body) == [
        "1. Close the tap.",
        "2. Wait.",
        "Then:",
        "3. Hold the button.",
        "3.1 the red one",
        "3.2 not the green one",
        "4. Light the pilot.",
        "a) first",
        "b) second",
        "Article I Scope",
        "7. from seven",
        "- no number",
    ]


def test_a_numbered_heading_keeps_its_number() -> None:
    numbered = '<w:pPr><w:pStyle w:val="Titre1"/><w:numPr><w:numId w:val="2"/></w:numPr></w:pPr>'
    body = f"<w:p>{numbered}{run('Scope')}</w:p>{paragraph('All.')}"
    body += f"<w:p>{numbered}{run('Term')}</w:p>{paragraph('A year.')}"

    document = parse("a.docx", make_docx(body, title="Contract"))

    assert [block.heading for block in document.blocks] == [("1. Scope",), ("2. Term",)]


def test_values_of_form_fields_and_alternative_texts_are_read() -> None:
    def field(data: str) -> str:
        return (
            f'<w:r><w:fldChar w:fldCharType="begin"><w:ffData>{data}</w:ffData></w:fldChar></w:r>'
            '<w:r><w:fldChar w:fldCharType="end"/></w:r>'
        )

    ticked = field('<w:checkBox><w:default w:val="0"/><w:checked/></w:checkBox>')
    choice = field('<w:ddList><w:result w:val="1"/><w:listEntry w:val="Mon"/><w:listEntry w:val="Tue"/></w:ddList>')
    picture = (
        '<w:r><w:drawing><wp:inline xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing">'
    )
    picture += '<wp:docPr id="1" name="P" descr="Map of the site"/></wp:inline></w:drawing></w:r>'
    body = f"<w:p>{ticked}{run('Insured')}</w:p><w:p>{run('Day: ')}{choice}</w:p><w:p>{picture}</w:p>"

    assert texts(body) == ["☒ Insured", "Day: Tue", "Map of the site"]


@pytest.mark.parametrize("main", ["document2.xml", "Main.xml"])
def test_the_main_part_is_the_one_that_the_package_names(main: str) -> None:
    document = parse("upload.bin", make_docx(paragraph("Lunch from noon to two."), main=main))

    assert [block.text for block in document.blocks] == ["Lunch from noon to two."]


def test_a_document_without_styles_or_relationships_is_read() -> None:
    content = make_archive({"word/document.xml": f"<w:document {W}><w:body>{paragraph('Text.')}</w:body></w:document>"})

    assert [block.text for block in parse("a.docx", content).blocks] == ["Text."]


@pytest.mark.parametrize("name", ["/etc/hostname", "http://127.0.0.1:9/x"])
def test_entities_are_never_fetched(name: str) -> None:
    prologue = f'<!DOCTYPE d [<!ENTITY x SYSTEM "{name}">]>'

    with pytest.raises(UnreadableDocument) as refusal:
        parse("a.docx", make_docx("<w:p><w:r><w:t>&x;</w:t></w:r></w:p>", prologue=prologue))

    assert refusal.value.code == ErrorCode.FILE_UNREADABLE


def test_a_bomb_of_entities_is_refused() -> None:
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "ha"}">' for n in range(12))

    with pytest.raises(UnreadableDocument) as refusal:
        parse("a.docx", make_docx("<w:p><w:r><w:t>&e11;</w:t></w:r></w:p>", prologue=f"<!DOCTYPE d [{entities}]>"))

    assert refusal.value.code == ErrorCode.FILE_UNREADABLE


def test_a_bomb_of_zeros_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "MAX_PART_BYTES", 100_000)
    content = make_docx(paragraph("a" * 1_000_000))
    assert len(content) < 10_000

    with pytest.raises(UnreadableDocument) as refusal:
        parse("bomb.docx", content)

    assert refusal.value.code == ErrorCode.FILE_TOO_LARGE


def test_a_document_cut_short_is_damaged() -> None:
    content = make_docx(paragraph("Text."))

    with pytest.raises(UnreadableDocument, match="damaged") as refusal:
        parse("cut.docx", content[: len(content) // 2])

    assert refusal.value.code == ErrorCode.FILE_UNREADABLE


def test_broken_xml_is_damaged() -> None:
    with pytest.raises(UnreadableDocument, match="damaged") as refusal:
        parse("a.docx", make_archive({"word/document.xml": "<w:document>"}))

    assert refusal.value.code == ErrorCode.FILE_UNREADABLE
