"""Small files made to take all of a reader's time or memory. Each was found to stop a server."""

import io
import zipfile
import zlib

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
)
from tests.rag.parsing.ole_files import make_doc
from tests.rag.parsing.pdf_files import write_pdf

MEGABYTE = 1024 * 1024


def nested_forms() -> bytes:
    """A PDF of 3 kB whose page draws a form ten times, which draws another ten times, and so on: 10⁹ letters."""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Count 1 /Kids [4 0 R] /MediaBox [0 0 595 842] >>",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        b"<< /Type /Page /Parent 2 0 R /Contents 5 0 R /Resources << /XObject << /X 6 0 R >> >> >>",
        _stream(b"", b"/X Do " * 10),
    ]
    for number in range(6, 14):
        resources = b"/Type /XObject /Subtype /Form /BBox [0 0 595 842] /Resources << /XObject << /X %d 0 R >> >>"
        objects.append(_stream(resources % (number + 1), b"/X Do " * 10))
    form = b"/Type /XObject /Subtype /Form /BBox [0 0 595 842] /Resources << /Font << /F 3 0 R >> >>"
    objects += [_stream(form, b"BT /F 9 Tf (x) Tj ET"), b"<< >>"]
    return write_pdf(objects)


def shared_stream() -> bytes:
    """A PDF of 0.6 MB with 2,000 pages that share one content of 200 MB."""
    content = b"\x78\x01" + _repeated(b"BT (x) Tj ET\n" * 80_000, 200)
    pages = range(4, 2_004)
    kids = b" ".join(b"%d 0 R" % number for number in pages)
    return write_pdf(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Count 2000 /Kids [%s] /MediaBox [0 0 595 842] >>" % kids,
            b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(content), content),
            *(b"<< /Type /Page /Parent 2 0 R /Contents 3 0 R >>" for _ in pages),
            b"<< >>",
        ]
    )


def nested_rows() -> bytes:
    """1 MB of HTML: tables of 600 rows, each inside a cell of the one before."""
    rows = "<tr><td><div>" * 600 + "x" + "</div></td></tr>" * 600
    return f"<html><body>{f'<table>{rows}</table>' * 60}</body></html>".encode()


PAGES = {
    "controls in depth": "<div>" * 1_500 + "<button aria-expanded=1>b</button>" * 5_000 + "<div id=x>a</div>",
    "panels": "<button>x</button><div hidden>y</div>" * 10_000,
    "labels": "<label for=a>x</label><input id=a value=b>" * 10_000,
    "pictures": "<p>" + "<img alt='a red big car'>" * 20_000,
    "headings of other pages": "<div>" * 1_800 + "<span>Share this</span>" * 10_000,
    "merged cells": "<table><tr>" + "<td rowspan=1000 colspan=200>abcdefgh" * 3 + "<tr><td>x" * 10_000,
    "definitions in definitions": "<dl><dd>a" * 900 + "<p>x</p>" * 10_000,
    "line breaks": "x<br>" * 100_000,
    "items in depth": "<ol><li>x" * 1_000 + "<li>y" * 100_000,
    "labels in labels": ("<label>x<input value=b>" * 1_900 + "</label>" * 1_900) * 20,
    "data": "<script type='application/ld+json'>" + "[" * 500_000 + "</script><p>x",
}
"""Pages on which a rule that looks around each element takes the square of their number."""


def nested_mail(depth: int) -> bytes:
    """A mail whose parts hold parts."""
    parts = "".join(f"Content-Type: multipart/mixed; boundary=b{each}\n\n--b{each}\n" for each in range(depth))
    return f"From: a@example.org\nMessage-ID: <1>\n{parts}\nx\n".encode() + b"line\n" * 100_000


def one_line(characters: int) -> bytes:
    """A text without a line break."""
    return (b"word " * (characters // 5 + 1))[:characters]


def many_nodes() -> bytes:
    """A Word document of 45 kB whose XML has five million elements, 3 GB as a tree."""
    return make_docx("<w:r/>" * 5_000_000)


def many_parts() -> bytes:
    """A Word document with 60,000 parts."""
    buffer = io.BytesIO(make_docx(""))
    with zipfile.ZipFile(buffer, "a") as archive:
        for number in range(60_000):
            archive.writestr(f"{number}", b"")
    return buffer.getvalue()


BOMBS = ("docx", "pptx", "xlsx", "odt", "epub")


def bomb(kind: str) -> bytes:
    """An office file of some 200 kB, a part of which unpacks to 200 MB. `kind` is one of `BOMBS`."""
    letters = "a" * (200 * MEGABYTE)
    if kind == "docx":
        return make_docx(paragraph(letters))
    if kind == "pptx":
        return make_pptx([shape(letters)])
    if kind == "xlsx":
        return make_xlsx({"One": sheet({"A1": letters})})
    return make_epub([f"<p>{letters}</p>"]) if kind == "epub" else make_odf("text", f"<text:p>{letters}</text:p>")


def nested_tables(depth: int = 20_000) -> bytes:
    """A Word document whose tables are each in a cell of the one before."""
    return make_docx("<w:tbl><w:tr><w:tc>" * depth + paragraph("x") + "<w:p/></w:tc></w:tr></w:tbl>" * depth)


def nested_lists(depth: int = 20_000) -> bytes:
    """A document of OpenDocument whose lists are each in an item of the one before."""
    ends = "</text:list-item></text:list>" * depth
    return make_odf("text", "<text:list><text:list-item>" * depth + "<text:p>x</text:p>" + ends)


def nested_divisions(depth: int = 100_000) -> bytes:
    """A book of elements nested without end."""
    return make_epub(["<div>" * depth + "x" + "</div>" * depth])


def nested_groups(depth: int = 5_000_000) -> bytes:
    """Rich text of groups nested without end."""
    return b"{\\rtf1 " + b"{" * depth + b"x" + b"}" * depth + b"}"


def repeated_cells() -> bytes:
    """A workbook of OpenDocument of 1 kB, with 17 billion cells of text."""
    cell = '<table:table-cell table:number-columns-repeated="16384"><text:p>again and again</text:p></table:table-cell>'
    row = f'<table:table-row table:number-rows-repeated="1048576">{cell}</table:table-row>'
    return make_odf("spreadsheet", f'<table:table table:name="One">{row}</table:table>')


def merged_sheet() -> bytes:
    """A workbook of 2 kB, of which one merged cell covers all 17 billion."""
    merged = '<mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>'
    return make_xlsx({"One": sheet({"A1": "again and again"}, merged)})


def far_cells() -> bytes:
    """A workbook of 2 kB with two cells at the ends of the grid."""
    return make_xlsx({"One": sheet({"A1": "first", "XFD1048576": "last"})})


ENTITIES = {
    "odt": ("content.xml", "<document-content><body>&x;</body></document-content>"),
    "xlsx": ("xl/workbook.xml", "<workbook><sheets/>&x;</workbook>"),
    "pptx": ("ppt/presentation.xml", "<presentation><sldIdLst/>&x;</presentation>"),
}


def entities(kind: str) -> bytes:
    """An office file with a document type that names an entity. `kind` is one of `ENTITIES`."""
    part, content = ENTITIES[kind]
    return make_archive({part: f'<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/hostname">]>{content}'})


def looped_directory() -> bytes:
    """A document of Word 97 whose directory's sectors follow one another in a circle, as do its entries."""
    content = bytearray(make_doc("text"))
    start = int.from_bytes(content[48:52], "little")
    table = 512 * (1 + int.from_bytes(content[76:80], "little"))
    content[table + 4 * start : table + 4 * start + 4] = start.to_bytes(4, "little")
    entry = 512 * (1 + start) + 128
    content[entry + 68 : entry + 76] = (1).to_bytes(4, "little") * 2
    return bytes(content)


def circular_styles() -> bytes:
    """A Word document whose styles are based on one another in a circle."""
    styles = "".join(
        f'<w:style w:styleId="s{number}"><w:basedOn w:val="s{(number + 1) % 100}"/></w:style>' for number in range(100)
    )
    namespace = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    parts = {"styles": f'<w:styles xmlns:w="{namespace}">{styles}</w:styles>'}
    return make_docx(paragraph("Text.", "s1") * 10_000, parts=parts)


def packed_page() -> bytes:
    """A page of 0.2 MB that says its encoding is zlib, and unpacks to 200 MB."""
    opening = b"\x78\x01" + _stored(b'<meta charset="zlib">')
    return opening + _repeated(bytes(MEGABYTE), 200)


def _repeated(piece: bytes, times: int) -> bytes:
    """Return `piece`, so many times, in raw deflate. It is compressed once."""
    compress = zlib.compressobj(9, zlib.DEFLATED, -15)
    return (compress.compress(piece) + compress.flush(zlib.Z_FULL_FLUSH)) * times + compress.flush()


def _stored(data: bytes) -> bytes:
    """Return a block of deflate that is not compressed."""
    return b"\x00" + len(data).to_bytes(2, "little") + (len(data) ^ 0xFFFF).to_bytes(2, "little") + data


def _stream(entries: bytes, content: bytes) -> bytes:
    return b"<< %s /Length %d >>\nstream\n%s\nendstream" % (entries, len(content), content)
