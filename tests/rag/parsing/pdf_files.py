"""Small real PDF files, written by hand as ISO 32000 describes them."""

import textwrap
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pypdfium2

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


@dataclass(frozen=True, slots=True)
class Drawn:
    """A text drawn at `x` and `y`, in points from the top left of a page of 595 by 842."""

    x: float
    y: float
    text: str
    size: float = BODY_SIZE
    bold: bool = False
    turned: bool = False
    """By a quarter, so that it is read from the bottom of the page to its top."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a form at `x` and `y`: a line of text, or a box that is ticked or not."""

    x: float
    y: float
    value: str | bool


def drawn_table(
    rows: Sequence[Sequence[str]], columns: Sequence[float], top: float = 100, pitch: float = 16, *, bold: bool = False
) -> list[Drawn]:
    """Draw a table row by row, cell by cell. `columns` are where cells begin; `bold` makes the first row so.

    A line feed in a cell begins a further line of it, under the first, and the row is as high as its highest cell.
    """
    drawn, y = [], top
    for number, row in enumerate(rows):
        for x, cell in zip(columns, row, strict=True):
            for line, text in enumerate(cell.split("\n") if cell else []):
                drawn.append(Drawn(x, y + line * 12, text, 10, bold and number == 0))
        y += pitch + 12 * max(cell.count("\n") for cell in row)
    return drawn


def make_drawn_pdf(pages: Sequence[Iterable[Drawn]], fields: Sequence[Field] = (), title: str = "") -> bytes:
    """Write a PDF whose texts are drawn where and in the order they are given. The fields are on its first page."""
    objects: list[bytes] = [
        b"",
        b"",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /Encoding /WinAnsiEncoding >>",
        *(_field(field) for field in fields),
    ]
    annotations = b" ".join(b"%d 0 R" % number for number in range(5, 5 + len(fields)))
    kids = []
    for number, page in enumerate(pages):
        content = b"\n".join(map(_drawing, page))
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content))
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents %d 0 R /Annots [%s] "
            b"/Resources << /Font << /F1 3 0 R /F2 4 0 R >> >> >>" % (len(objects), b"" if number else annotations)
        )
        kids.append(b"%d 0 R" % len(objects))
    form = b"/AcroForm << /Fields [%s] /DA (/F1 10 Tf) /DR << /Font << /F1 3 0 R >> >> >>" % annotations
    objects[0] = b"<< /Type /Catalog /Pages 2 0 R %s >>" % (form if fields else b"")
    objects[1] = b"<< /Type /Pages /Count %d /Kids [%s] >>" % (len(kids), b" ".join(kids))
    objects.append(b"<< /Title (%s) >>" % _escaped(title))
    return write_pdf(objects)


def scanned(content: bytes) -> bytes:
    """Return a PDF that shows what `content` shows, as a scanner makes it: an image on each page, and no text."""
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", b""]
    kids = []
    document = pypdfium2.PdfDocument(content)
    for page in document:
        bitmap = page.render(scale=2, grayscale=True)
        rows = (bytes(bitmap.buffer)[y * bitmap.stride :][: bitmap.width] for y in range(bitmap.height))
        image, drawing = zlib.compress(b"".join(rows)), b"q 595 0 0 842 0 0 cm /I Do Q"
        objects += [
            b"<< /Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace /DeviceGray /BitsPerComponent 8 "
            b"/Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream"
            % (bitmap.width, bitmap.height, len(image), image),
            b"<< /Length %d >>\nstream\n%s\nendstream" % (len(drawing), drawing),
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents %d 0 R "
            b"/Resources << /XObject << /I %d 0 R >> >> >>" % (len(objects) + 2, len(objects) + 1),
        ]
        kids.append(b"%d 0 R" % len(objects))
    document.close()
    objects[1] = b"<< /Type /Pages /Count %d /Kids [%s] >>" % (len(kids), b" ".join(kids))
    return write_pdf([*objects, b"<< >>"])


def _drawing(drawn: Drawn) -> bytes:
    turn = b"0 1 -1 0" if drawn.turned else b"1 0 0 1"
    font = b"F2" if drawn.bold else b"F1"
    return b"BT /%s %f Tf %s %f %f Tm (%s) Tj ET" % (
        font, drawn.size, turn, drawn.x, 842 - drawn.y, _escaped(drawn.text),
    )  # fmt: skip


def _field(field: Field) -> bytes:
    left, top = field.x, 842 - field.y
    name = b"(field at %d %d)" % (field.x, field.y)
    if isinstance(field.value, bool):
        state = b"/Yes" if field.value else b"/Off"
        return b"<< /Type /Annot /Subtype /Widget /FT /Btn /T %s /V %s /AS %s /F 4 /Rect [%f %f %f %f] >>" % (
            name, state, state, left, top - 2, left + 10, top + 8,
        )  # fmt: skip
    return b"<< /Type /Annot /Subtype /Widget /FT /Tx /T %s /V (%s) /F 4 /Rect [%f %f %f %f] >>" % (
        name, _escaped(field.value), left, top - 4, left + 150, top + 12,
    )  # fmt: skip


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
