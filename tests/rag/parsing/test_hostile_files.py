"""Whatever the bytes: a document, or one refusal that tells a person what to do. Never anything else."""

import zipfile
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.parsing import UnreadableDocument
from rag.parsing.csv_table import read_csv
from rag.parsing.document import ParsedDocument
from rag.parsing.html import read_html
from rag.parsing.mail import read_mail
from rag.parsing.markdown import read_markdown
from rag.parsing.text import read_text
from tests.rag.parsing.office_files import (
    make_archive,
    make_docx,
    make_epub,
    make_odf,
    make_pptx,
    make_xlsx,
    paragraph,
    shape,
    sheet,
    table,
)  # fmt: skip
from tests.rag.parsing.ole_files import make_doc, make_ppt, make_xls
from tests.rag.parsing.parsed import parse
from tests.rag.parsing.pdf_files import make_pdf
from tests.support.examples import examples

pytestmark = pytest.mark.slow

PDF = make_pdf(["# Heading\nSome text.", "A second page."], title="Title")
DOCX = make_docx(paragraph("Heading", "Titre1") + paragraph("Text.") + table([["a", "b"]]), title="Title")
OFFICE = {
    "a.docx": DOCX,
    "a.pptx": make_pptx([shape("Title", "title") + shape("Text.")], notes="Say it."),
    "a.xlsx": make_xlsx({"One": sheet({"A1": "Item", "B1": "Price", "A2": "Tea", "B2": (2.5, 1)})}, formats=["0.00"]),
    "a.odt": make_odf("text", "<text:h>Heading</text:h><text:p>Text.</text:p>"),
    "a.epub": make_epub(["<h1>Heading</h1><p>Text.</p>"]),
    "a.rtf": rb"{\rtf1{\info{\title T}}{\header H\par}\pard Text {\v hidden} \'e9.\par}",
    "a.doc": make_doc("Heading\nText."),
    "a.xls": make_xls({"One": [["Item", "Price"], ["Tea", 2.5]]}),
    "a.ppt": make_ppt(["Heading", "Text."]),
}
DOCUMENT_XML = zipfile.ZipFile(BytesIO(DOCX)).read("word/document.xml")
NAMES = st.one_of(
    st.sampled_from(["a.txt", "a.md", "a.html", "a.csv", "a.json", "a.eml", "a.pdf", "a.docx", "", "."]),
    st.text(max_size=20),
)
MARKS = st.lists(
    st.sampled_from(
        ["#", "- ", "1. ", "|", "|-|-|", "```", "> ", "---", "===", "\n", "\n\n", "  ", "*", "_", "`", "[a](b)", "é",
         "<p>", "</p>", "<ul>", "<li>", "<table>", "<tr>", "<td>", "<h1>", "</h1>", "<pre>", "</table>", "<!--", "-->",
         "<main>", "<br>", "&amp;", '"', ",", ";", "\t", "\r", "<html>"]
    ),
    max_size=40,
).map("".join)  # fmt: skip


def mutations(content: bytes) -> st.SearchStrategy[bytes]:
    """Yield `content` with a piece of it overwritten, left out or repeated."""
    positions = st.integers(0, len(content))

    def mutate(start: int, end: int, piece: bytes, tail: int) -> bytes:
        return content[:start] + piece + content[end:] + content[tail:]

    return st.builds(mutate, positions, positions, st.binary(max_size=8), st.sampled_from([len(content), 0, 40]))


def parsed(name: str, content: bytes) -> ParsedDocument | UnreadableDocument:
    try:
        return parse(name, content)
    except UnreadableDocument as refusal:
        return refusal


def read_or_refused(name: str, content: bytes) -> None:
    outcome = parsed(name, content)
    if isinstance(outcome, UnreadableDocument):
        assert outcome.message.endswith(".")
        assert outcome.defect is None
    else:
        assert outcome.blocks
        assert all(block.text.strip() for block in outcome.blocks)
        "".join(block.text for block in outcome.blocks).encode("utf-8")


@pytest.mark.parametrize("separator", ["", "\u200b"], ids=["at once", "in parts"])
def test_accents_without_end_on_one_letter(separator: str) -> None:
    """Putting these in order takes their number's square, in which time the whole process does nothing else."""
    accents = ("\u0301\u0316" * 10 + separator) * 10_000

    (block,) = parse("stacked.txt", f"a{accents} b".encode()).blocks

    assert block.text.endswith(" b")
    assert len(block.text) < 50


@examples(150)
@given(name=NAMES, content=st.binary(max_size=300))
def test_random_bytes(name: str, content: bytes) -> None:
    read_or_refused(name, content)


@examples(150)
@given(content=mutations(PDF))
def test_a_damaged_pdf(content: bytes) -> None:
    read_or_refused("a.pdf", content)


@pytest.mark.parametrize("name", OFFICE)
@examples(60)
@given(data=st.data())
def test_a_damaged_office_file(name: str, data: st.DataObject) -> None:
    read_or_refused(name, data.draw(mutations(OFFICE[name])))


@pytest.mark.parametrize("name", ["a.docx", "a.pptx", "a.xlsx", "a.odt", "a.epub"])
@examples(60)
@given(data=st.data())
def test_an_office_file_with_a_damaged_part(name: str, data: st.DataObject) -> None:
    with zipfile.ZipFile(BytesIO(OFFICE[name])) as archive:
        parts = {each: archive.read(each).decode() for each in archive.namelist()}
    damaged = data.draw(st.sampled_from(sorted(parts)))
    parts[damaged] = data.draw(mutations(parts[damaged].encode())).decode(errors="replace")

    read_or_refused(name, make_archive(parts))


@examples(150)
@given(xml=mutations(DOCUMENT_XML))
def test_a_docx_of_damaged_xml(xml: bytes) -> None:
    read_or_refused("a.docx", make_archive({"word/document.xml": xml.decode(errors="replace")}))


@examples(150)
@given(text=MARKS)
def test_marks_in_any_order_are_text_in_every_format(text: str) -> None:
    for reader in (read_text, read_markdown, read_html, read_csv, read_mail):
        outline = reader(text.encode())
        assert all(block.text.strip() for block in outline.blocks())
