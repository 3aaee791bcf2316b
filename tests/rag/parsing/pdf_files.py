"""Small real PDF files, written by hand as ISO 32000 describes them."""

import textwrap
import zlib

BODY_SIZE = 11
HEADING_SIZE = 20
LINE_CHARACTERS = 85


def make_pdf(pages: list[str], title: str = "") -> bytes:
    """Write one PDF page for each text, in the letters of cp1252. A line that begins with "# " is a heading.

    Text is wrapped as a word processor does it: long lines are cut between words, a blank line leaves a gap.
    """
    objects: list[bytes] = [
        b"",
        b"",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    kids = []
    for text in pages:
        content = zlib.compress(_page_content(text))
        objects.append(b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(content), content))
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents %d 0 R "
            b"/Resources << /Font << /F1 3 0 R >> >> >>" % len(objects)
        )
        kids.append(b"%d 0 R" % len(objects))
    objects[0] = b"<< /Type /Catalog /Pages 2 0 R >>"
    objects[1] = b"<< /Type /Pages /Count %d /Kids [%s] >>" % (len(kids), b" ".join(kids))
    objects.append(b"<< /Title (%s) >>" % _escaped(title))
    return write_pdf(objects)


def _page_content(text: str) -> bytes:
    commands = [b"BT", b"1 0 0 1 56 780 Tm"]
    for paragraph in text.split("\n"):
        heading = paragraph.startswith("# ")
        size = HEADING_SIZE if heading else BODY_SIZE
        commands.append(b"/F1 %d Tf %d TL" % (size, size * 13 // 10))
        lines = textwrap.wrap(paragraph.removeprefix("# "), LINE_CHARACTERS) or [""]
        commands += [b"(%s) Tj T*" % _escaped(line) for line in lines]
    return b"\n".join([*commands, b"ET"])


def _escaped(text: str) -> bytes:
    return text.encode("cp1252").replace(b"\\", rb"\\").replace(b"(", rb"\(").replace(b")", rb"\)")


def write_pdf(objects: list[bytes]) -> bytes:
    """Number the objects and write the file; the first is the catalogue, the last the document's properties."""
    content = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"
    offsets = []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(content))
        content += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = len(content)
    content += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    content += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(objects)
    return content + b"trailer\n<< /Size %d /Root 1 0 R /Info %d 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
        size + 1,
        size,
        table,
    )
