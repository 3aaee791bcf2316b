import pytest

from core.errors import ErrorCode
from rag.parsing import UnreadableDocument
from rag.parsing import docx as docx_reader
from rag.parsing.document import Block
from tests.rag.parsing.docx_files import W, make_archive, make_docx, paragraph, table
from tests.rag.parsing.parsed import parse


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
        Block("- by post\n- by bike", ("Delivery",)),
        Block("place | price\nParis | 3 €", ("Delivery", "Prices")),
        Block("Within a month.", ("Returns",)),
    ]


def test_what_was_deleted_is_left_out_and_what_was_inserted_is_read() -> None:
    body = (
        "<w:p><w:r><w:t>It costs </w:t></w:r><w:del><w:r><w:delText>three</w:delText></w:r></w:del>"
        "<w:moveFrom><w:r><w:t>moved</w:t></w:r></w:moveFrom>"
        "<w:ins><w:r><w:t>four</w:t><w:noBreakHyphen/><w:t>fifty</w:t></w:r></w:ins></w:p>"
        f"<w:sdt><w:sdtContent>{paragraph('In a control.')}</w:sdtContent></w:sdt>"
    )

    assert [block.text for block in parse("a.docx", make_docx(body)).blocks] == ["It costs four-fifty", "In a control."]


def test_a_document_without_styles_is_read() -> None:
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
    monkeypatch.setattr(docx_reader, "MAX_DOCX_PART_BYTES", 100_000)
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
