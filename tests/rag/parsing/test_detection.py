import io

import pytest

from core.errors import ErrorCode
from rag.parsing import MAX_FILE_BYTES, FileType, UnreadableDocument, detect_type, parse_as
from tests.rag.parsing.office_files import (
    make_archive,
    make_docx,
    make_epub,
    make_odf,
    make_pptx,
    make_xlsx,
    paragraph,
    relationships,
    shape,
    sheet,
)  # fmt: skip
from tests.rag.parsing.ole_files import make_doc, make_ole, make_ppt, make_xls
from tests.rag.parsing.pdf_files import make_pdf

XLSB = make_archive(
    {"_rels/.rels": relationships({"r": ("officeDocument", "xl/workbook.bin")}), "xl/workbook.bin": "\x83\x01"}
)
MANIFEST = (
    '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"><manifest:file-entry '
    'manifest:full-path="/" manifest:media-type="application/vnd.oasis.opendocument.text"/></manifest:manifest>'
)


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.txt", b"text", FileType.TEXT),
        ("README", b"text", FileType.TEXT),
        ("a.TXT", "text".encode("utf-16"), FileType.TEXT),
        ("a.md", b"# text", FileType.MARKDOWN),
        ("a.csv", b"a,b", FileType.CSV),
        ("a.htm", b"<p>text", FileType.HTML),
        ("a.txt", b"\xef\xbb\xbf <!doctype HTML><p>text", FileType.HTML),
        ("a.txt", make_pdf(["text"]), FileType.PDF),
        ("a.exe", make_pdf(["text"]), FileType.PDF),
        ("a.pdf", make_docx(paragraph("text")), FileType.DOCX),
        ("a.zip", make_docx(paragraph("text"), main="document2.xml"), FileType.DOCX),
        ("form.dotm", make_docx(paragraph("text")), FileType.DOCX),
        ("a.docx", make_pptx([shape("text")]), FileType.PPTX),
        ("a.docx", make_xlsx({"One": sheet({"A1": "text"})}), FileType.XLSX),
        ("a.xlsx", XLSB, FileType.XLSB),
        ("a.docx", make_odf("text", ""), FileType.ODT),
        ("a.ott", make_odf("text-template", ""), FileType.ODT),
        ("a.bin", make_archive({"META-INF/manifest.xml": MANIFEST, "content.xml": ""}), FileType.ODT),
        ("a", make_odf("spreadsheet", ""), FileType.ODS),
        ("a", make_odf("presentation", ""), FileType.ODP),
        ("a.zip", make_epub(["<p>text</p>"]), FileType.EPUB),
        ("a.docx", make_doc("text"), FileType.DOC),
        ("a.doc", make_xls({"One": [["text"]]}), FileType.XLS),
        ("a", make_ppt(["text"]), FileType.PPT),
        ("a.doc", b"{\\rtf1 text}", FileType.RTF),
    ],
)
def test_the_content_says_more_than_the_name(name: str, content: bytes, expected: FileType) -> None:
    assert detect_type(name, io.BytesIO(content)) is expected


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("invoice.pdf", b"MZ\x90\x00\x03\x00\x00\x00 This program cannot be run in DOS mode."),
        ("photo.txt", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"),
        ("a.pdf", b"only text"),
        ("a.docx", b"only text"),
        ("a.exe", b"only text"),
        ("sheet.docx", make_archive({"xl/workbook.xml": "<x/>"})),
        ("drawing.odg", make_odf("graphics", "")),
        ("mail.doc", make_ole({"VisioDocument": b""})),
        ("a.zip", b"PK\x03\x04 nothing"),
    ],
)
def test_what_cannot_be_read_is_refused_with_what_to_do(name: str, content: bytes) -> None:
    with pytest.raises(UnreadableDocument, match=r"(?i)\b(send|save)\b") as refusal:
        detect_type(name, io.BytesIO(content))

    assert refusal.value.code == ErrorCode.FILE_TYPE_UNSUPPORTED


@pytest.mark.parametrize("size", [0, 65_000, 200_000])
@pytest.mark.parametrize("name", ["EncryptedPackage", "ENCRYPTEDPACKAGE"])
def test_an_office_file_with_a_password_is_refused(size: int, name: str) -> None:
    with pytest.raises(UnreadableDocument, match="password") as refusal:
        detect_type("a.docx", io.BytesIO(make_ole({name: bytes(size), "EncryptionInfo": b""})))

    assert refusal.value.code == ErrorCode.FILE_ENCRYPTED


def test_an_old_office_file_is_told_however_far_down_its_directory_is() -> None:
    content = make_ole({"WordDocument": bytes(8_000_000)})

    assert content.rindex("WordDocument".encode("utf-16-le")) > 7_500_000
    assert detect_type("a", io.BytesIO(content)) is FileType.DOC


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.doc", make_doc("text")[:600]),
        ("a.doc", make_doc("text")[:8] + bytes(600)),
        ("a.xlsx", b"PK\x03\x04 nothing"),
        ("a.odt", make_odf("text", "")[:200]),
    ],
)
def test_an_office_file_cut_short_is_damaged(name: str, content: bytes) -> None:
    with pytest.raises(UnreadableDocument, match="damaged") as refusal:
        detect_type(name, io.BytesIO(content))

    assert refusal.value.code == ErrorCode.FILE_UNREADABLE


@pytest.mark.parametrize("content", [b"", b" \r\n\t\n ", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("file_type", [FileType.TEXT, FileType.PDF])
def test_a_file_with_nothing_in_it_is_empty(file_type: FileType, content: bytes) -> None:
    with pytest.raises(UnreadableDocument, match="empty") as refusal:
        parse_as(file_type, content)

    assert refusal.value.code == ErrorCode.FILE_EMPTY


def test_a_file_over_the_bound_is_refused_unread() -> None:
    with pytest.raises(UnreadableDocument, match="25 MiB") as refusal:
        parse_as(FileType.TEXT, bytes(MAX_FILE_BYTES + 1))

    assert refusal.value.code == ErrorCode.FILE_TOO_LARGE


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "a picture"),
        (b"MZ\x90\0\3\0\0\0", "a program"),
        (b"Rar!\x1a\7\0", "an archive"),
        (b"SQLite format 3\0\x10\0", "a database"),
        (b"wOF2\0\1\0\0", "a font"),
        (b"ID3\4\0\0", "an audio file"),
        (b"\0\0\0 ftypmp42", "a video"),
        (b"!BDN\0\0\0\0", "a mailbox of Outlook"),
        (make_archive({"Index/Document.iwa": "x"}), "an iWork document"),
        (make_archive({"visio/document.xml": "<x/>"}), "a Visio drawing"),
        (make_archive({"a.txt": "x"}), "a ZIP archive"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_read_is_called_by_its_name(content: bytes, what: str) -> None:
    with pytest.raises(UnreadableDocument, match=what):
        detect_type("file.bin", io.BytesIO(content))


def test_a_text_that_mentions_the_mark_of_a_format_is_a_text() -> None:
    content = b"# File formats\n\nEvery portable document begins with the mark %PDF-1.7 and ends with another.\n"

    assert detect_type("formats.md", io.BytesIO(content)) is FileType.MARKDOWN
