"""Small files made to take all of a reader's time or memory. Each was found to stop a server."""

import io
import zipfile
import zlib

from tests.rag.parsing.office_files import make_docx
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
