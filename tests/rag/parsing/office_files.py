"""Small real office files: the archives and the XML that the programs themselves would write, cut to what is read."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape, quoteattr

_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
W = f'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:r="{_OFFICE}"'
P = (
    'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" '
    f'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" xmlns:r="{_OFFICE}"'
)
S = f'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="{_OFFICE}"'
ODF = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{space}:1.0"'
    for name, space in {
        "office": "office", "text": "text", "table": "table", "draw": "drawing", "style": "style", "meta": "meta",
        "presentation": "presentation", "manifest": "manifest",
    }.items()
) + ' xmlns:dc="http://purl.org/dc/elements/1.1/"'  # fmt: skip
STYLES = f"""<w:styles {W}>
<w:style w:type="paragraph" w:styleId="Titre1"><w:name w:val="heading 1"/></w:style>
<w:style w:type="paragraph" w:styleId="Titre2"><w:name w:val="heading 2"/></w:style>
<w:style w:type="paragraph" w:styleId="Chapitre"><w:name w:val="Chapter"/><w:basedOn w:val="Titre1"/></w:style>
<w:style w:type="paragraph" w:styleId="Liste"><w:name w:val="List Bullet"/>
<w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr></w:style>
<w:style w:type="paragraph" w:styleId="TM1"><w:name w:val="toc 1"/></w:style>
<w:style w:type="character" w:styleId="Cache"><w:name w:val="Hidden"/><w:rPr><w:vanish/></w:rPr></w:style>
</w:styles>"""
_LEVELS = {1: ("bullet", "•"), 2: ("decimal", "%1."), 3: ("lowerLetter", "%1)"), 4: ("upperRoman", "Article %1")}
NUMBERING = (
    f"<w:numbering {W}>"
    + "".join(
        f'<w:abstractNum w:abstractNumId="{number}"><w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="{kind}"/>'
        f'<w:lvlText w:val="{text}"/></w:lvl><w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="{kind}"/>'
        f'<w:lvlText w:val="{text if number == 1 else "%1.%2"}"/></w:lvl></w:abstractNum>'
        for number, (kind, text) in _LEVELS.items()
    )
    + "".join(f'<w:num w:numId="{number}"><w:abstractNumId w:val="{number}"/></w:num>' for number in _LEVELS)
    + '<w:num w:numId="5"><w:abstractNumId w:val="2"/><w:lvlOverride w:ilvl="0"><w:startOverride w:val="7"/>'
    "</w:lvlOverride></w:num></w:numbering>"
)
"""Lists 1 to 4 are bulleted, numbered, lettered and of articles; list 5 is numbered from 7."""


def run(text: str, properties: str = "") -> str:
    """Return the XML of a run of text."""
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{escape(text)}</w:t></w:r>'


def paragraph(text: str, style: str = "") -> str:
    """Return the XML of a paragraph in the style `style`, an id such as "Titre1"."""
    properties = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f'<w:p>{properties}<w:r><w:t xml:space="preserve">{escape(text)}</w:t></w:r></w:p>'


def item(text: str, number: int, level: int = 0) -> str:
    """Return the XML of an item of the list `number`, one of `NUMBERING`."""
    properties = f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{number}"/></w:numPr>'
    return f"<w:p><w:pPr>{properties}</w:pPr>{run(text)}</w:p>"


def control(content: str) -> str:
    """Return the XML of a content control around a block, a run, a cell or a row."""
    return f'<w:sdt><w:sdtPr><w:alias w:val="Control"/></w:sdtPr><w:sdtContent>{content}</w:sdtContent></w:sdt>'


def cell(text: str, properties: str = "") -> str:
    """Return the XML of a table's cell."""
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{paragraph(text)}</w:tc>"


def row(*cells: str, properties: str = "") -> str:
    """Return the XML of a table's row."""
    return f"<w:tr><w:trPr>{properties}</w:trPr>{''.join(cells)}</w:tr>"


def table(rows: list[list[str]]) -> str:
    """Return the XML of a table."""
    return "<w:tbl>" + "".join(row(*map(cell, cells)) for cells in rows) + "</w:tbl>"


def make_docx(
    body: str, title: str = "", prologue: str = "", parts: Mapping[str, str] | None = None, main: str = "document.xml"
) -> bytes:
    """Write a document with the XML `body`; `prologue` stands before its root element.

    `parts` are the contents of more parts by their kind ("footnotes", "header"), which is the id of their relationship
    too. `main` is the name of the main part.
    """
    parts = {"styles": STYLES, "numbering": NUMBERING, **(parts or {})}
    return make_archive(
        {
            "[Content_Types].xml": "<Types/>",
            **_core(title, f"word/{main}"),
            f"word/{main}": f"{prologue}<w:document {W}><w:body>{body}</w:body></w:document>",
            f"word/_rels/{main}.rels": relationships({kind: (kind, f"{kind}.xml") for kind in parts}),
            **{f"word/{kind}.xml": content for kind, content in parts.items()},
        }
    )


def shape(text: str, placeholder: str = "") -> str:
    """Return the XML of a shape on a slide, one paragraph a line; `placeholder` is its role ("title", "ftr")."""
    role = f'<p:nvPr><p:ph type="{placeholder}"/></p:nvPr>' if placeholder else ""
    lines = "".join(f"<a:p><a:r><a:t>{escape(line)}</a:t></a:r></a:p>" for line in text.split("\n"))
    return f"<p:sp><p:nvSpPr>{role}</p:nvSpPr><p:txBody>{lines}</p:txBody></p:sp>"


def make_pptx(slides: Sequence[str], title: str = "", notes: str = "", hidden: int = 0) -> bytes:
    """Write a presentation of slides, each the XML of its shapes.

    `notes` are the speaker's on the first; `hidden` is the number of the slide that is not shown.
    """
    numbers = range(1, len(slides) + 1)
    entries = "".join(f'<p:sldId id="{255 + number}" r:id="s{number}"/>' for number in numbers)
    notes_part = f"<p:notes {P}><p:cSld><p:spTree>{shape(notes, 'body')}</p:spTree></p:cSld></p:notes>"
    return make_archive(
        {
            "[Content_Types].xml": "<Types/>",
            **_core(title, "ppt/presentation.xml"),
            "ppt/presentation.xml": f"<p:presentation {P}><p:sldIdLst>{entries}</p:sldIdLst></p:presentation>",
            "ppt/_rels/presentation.xml.rels": relationships(
                {f"s{number}": ("slide", f"slides/slide{number}.xml") for number in numbers}
            ),
            **{
                f"ppt/slides/slide{number}.xml": f'<p:sld {P} show="{int(number != hidden)}"><p:cSld><p:spTree>{shapes}'
                "</p:spTree></p:cSld></p:sld>"
                for number, shapes in zip(numbers, slides, strict=True)
            },
            "ppt/slides/_rels/slide1.xml.rels": relationships({"n": ("notesSlide", "../notesSlides/notes1.xml")}),
            "ppt/notesSlides/notes1.xml": notes_part,
        }
    )


Cells = Mapping[str, str | float | tuple[float, int]]
"""By their addresses: a text, a number, or a number and the index of its format."""


def sheet(cells: Cells, more: str = "", before: str = "") -> str:
    """Return the XML of a sheet. `more` is the XML after the rows, `before` the XML before them."""
    rows: dict[str, str] = {}
    for address, value in cells.items():
        number = address.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
        if isinstance(value, str):
            content = f'<c r="{address}" t="inlineStr"><is><t>{escape(value)}</t></is></c>'
        else:
            shown, style = value if isinstance(value, tuple) else (value, 0)
            content = f'<c r="{address}" s="{style}"><v>{shown}</v></c>'
        rows[number] = rows.get(number, "") + content
    data = "".join(f'<row r="{number}">{content}</row>' for number, content in rows.items())
    return f"<worksheet {S}>{before}<sheetData>{data}</sheetData>{more}</worksheet>"


def make_xlsx(sheets: Mapping[str, str], title: str = "", formats: Sequence[str] = (), hidden: str = "") -> bytes:
    """Write a workbook of sheets by their names. `formats` are number formats, of index 1 and so on."""
    numbers = dict(zip(sheets, range(1, len(sheets) + 1), strict=True))
    entries = "".join(
        f'<sheet name={quoteattr(name)} sheetId="{number}" r:id="s{number}"'
        f' state="{"hidden" if name == hidden else "visible"}"/>'
        for name, number in numbers.items()
    )
    codes = "".join(f'<numFmt numFmtId="{164 + at}" formatCode={quoteattr(code)}/>' for at, code in enumerate(formats))
    uses = "".join(f'<xf numFmtId="{164 + at}"/>' for at in range(len(formats)))
    return make_archive(
        {
            "[Content_Types].xml": "<Types/>",
            **_core(title, "xl/workbook.xml"),
            "xl/workbook.xml": f"<workbook {S}><sheets>{entries}</sheets></workbook>",
            "xl/_rels/workbook.xml.rels": relationships(
                {f"s{number}": ("worksheet", f"worksheets/sheet{number}.xml") for number in numbers.values()}
                | {"styles": ("styles", "styles.xml")}
            ),
            "xl/styles.xml": f'<styleSheet {S}><numFmts>{codes}</numFmts><cellXfs><xf numFmtId="0"/>{uses}</cellXfs>'
            "</styleSheet>",
            **{f"xl/worksheets/sheet{numbers[name]}.xml": content for name, content in sheets.items()},
        }
    )


def make_odf(kind: str, body: str, title: str = "", styles: str = "", automatic: str = "") -> bytes:
    """Write a document of OpenDocument of a kind ("text", "spreadsheet", "presentation").

    `styles` is the XML of its pages' headers and footers, `automatic` that of its content's own styles.
    """
    return make_archive(
        {
            "mimetype": f"application/vnd.oasis.opendocument.{kind}",
            "content.xml": f"<office:document-content {ODF}><office:automatic-styles>{automatic}"
            f"</office:automatic-styles><office:body><office:{kind}>{body}</office:{kind}></office:body>"
            "</office:document-content>",
            "styles.xml": f"<office:document-styles {ODF}><office:master-styles>{styles}</office:master-styles>"
            "</office:document-styles>",
            "meta.xml": f"<office:document-meta {ODF}><office:meta><dc:title>{escape(title)}</dc:title></office:meta>"
            "</office:document-meta>",
        }
    )


def make_epub(chapters: Sequence[str], title: str = "") -> bytes:
    """Write a book of chapters, each the HTML of its body."""
    numbers = range(1, len(chapters) + 1)
    items = "".join(f'<item id="c{at}" href="c{at}.xhtml" media-type="application/xhtml+xml"/>' for at in numbers)
    spine = "".join(f'<itemref idref="c{at}"/>' for at in numbers)
    return make_archive(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
            '<rootfile full-path="OPS/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>',
            "OPS/book.opf": '<package xmlns="http://www.idpf.org/2007/opf" version="3.0"><metadata '
            f'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{escape(title)}</dc:title></metadata>'
            f"<manifest>{items}</manifest><spine>{spine}</spine>"
            "</package>",
            **{
                f"OPS/c{at}.xhtml": f'<html xmlns="http://www.w3.org/1999/xhtml"><body>{chapter}</body></html>'
                for at, chapter in zip(numbers, chapters, strict=True)
            },
        }
    )


def relationships(targets: Mapping[str, tuple[str, str]]) -> str:
    """Return the XML of relationships: (kind, target) by their ids."""
    return (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        + "".join(
            f'<Relationship Id="{name}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
            for name, (kind, target) in targets.items()
        )
        + "</Relationships>"
    )


def _core(title: str, main: str) -> dict[str, str]:
    """Return the parts that name the main part and the title."""
    return {
        "_rels/.rels": relationships({"main": ("officeDocument", main), "core": ("core-properties", "docProps/c.xml")}),
        "docProps/c.xml": '<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/'
        f'core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{escape(title)}</dc:title>'
        "</cp:coreProperties>",
    }


def make_archive(parts: Mapping[str, str]) -> bytes:
    """Write a ZIP archive of texts."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return buffer.getvalue()
