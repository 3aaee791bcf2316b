import io

import pytest

from core.errors import ErrorCode
from rag.parsing import MAX_FILE_BYTES, FileType, UnreadableDocument, detect_type, parse_as
from tests.rag.parsing.office_files import make_archive, make_docx, paragraph
from tests.rag.parsing.pdf_files import make_pdf

OLD_WORD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 512


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
        ("old.doc", OLD_WORD),
        ("a.rtf", b"{\\rtf1 text}"),
        ("a.zip", b"PK\x03\x04 nothing"),
    ],
)
def test_what_cannot_be_read_is_refused_with_what_to_do(name: str, content: bytes) -> None:
    with pytest.raises(UnreadableDocument, match=r"(?i)\b(send|save)\b") as refusal:
        detect_type(name, io.BytesIO(content))

    assert refusal.value.code == ErrorCode.FILE_TYPE_UNSUPPORTED


@pytest.mark.parametrize("padding", [0, 65_000, 200_000])
def test_an_office_file_with_a_password_is_refused(padding: int) -> None:
    with pytest.raises(UnreadableDocument, match="password") as refusal:
        detect_type("a.docx", io.BytesIO(OLD_WORD + bytes(padding) + "EncryptedPackage".encode("utf-16-le")))

    assert refusal.value.code == ErrorCode.FILE_ENCRYPTED


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
