"""A PDF opened by PDFium: its title, and the words of its pages."""

import re
import threading

import pypdfium2
import pypdfium2.raw as pdfium

from core.errors import ErrorCode
from rag.parsing.errors import MAX_PAGES, MAX_RAW_CHARACTERS, UnreadableDocument
from rag.parsing.pdf.forms import add_fields
from rag.parsing.pdf.recognition import Recognition
from rag.parsing.pdf.words import Page, read_words

# PDFium is one program with one state: two threads inside it crash the process.
_PDFIUM = threading.Lock()
_FILE_NAME = re.compile(
    r"^microsoft \w+ - |\.(?:docx?|odt|rtf|pdf|tex|indd|qxd|pptx?|xlsx?|html?|dvi|ps)$|^untitled"
    r"|^\(?(?:anonymous|unspecified)\)?$",
    re.IGNORECASE,
)


def read_source(content: bytes) -> tuple[str, list[Page]]:
    """Return the title in the file's properties, "" where it says nothing, and the pages.

    Raises `UnreadableDocument`: FILE_ENCRYPTED, FILE_UNREADABLE for a damaged file, FILE_TOO_LARGE over `MAX_PAGES` or
    `MAX_RAW_CHARACTERS`.
    """
    with _PDFIUM:
        return _read(content)


def _read(content: bytes) -> tuple[str, list[Page]]:
    try:
        document = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        if error.err_code == pdfium.FPDF_ERR_PASSWORD:
            raise UnreadableDocument(
                ErrorCode.FILE_ENCRYPTED, "The PDF is protected by a password. Remove the password and send it again."
            ) from error
        raise _damaged() from error
    try:
        _init_forms(document)
        count = len(document)
        if count > MAX_PAGES:
            raise UnreadableDocument(
                ErrorCode.FILE_TOO_LARGE, f"The PDF has more than {MAX_PAGES:,} pages. Split it into smaller files."
            )
        if count == 0:
            raise _damaged()
        title = str(document.get_metadata_value("Title"))
        pages = []
        characters = 0
        recognition = Recognition()
        for index in range(count):
            page = _page(document, index, MAX_RAW_CHARACTERS - characters, recognition)
            characters += sum(len(word.text) for word in page.words) + sum(map(len, page.aside))
            pages.append(page)
    except pypdfium2.PdfiumError as error:
        raise _damaged() from error
    finally:
        document.close()
    return "" if _FILE_NAME.search(title.strip()) else title, pages


def _init_forms(document: pypdfium2.PdfDocument) -> None:
    """Make the fields of a form readable. Those of XFA, which PDFium does not draw, stay out of it."""
    if document.get_formtype() in (pdfium.FORMTYPE_ACRO_FORM, pdfium.FORMTYPE_XFA_FOREGROUND):
        config = pdfium.FPDF_FORMFILLINFO(version=2)
        if forms := pdfium.FPDFDOC_InitFormFillEnvironment(document.raw, config):
            document.formenv = pypdfium2.PdfFormEnv(forms, config)


def _page(document: pypdfium2.PdfDocument, index: int, most: int, recognition: Recognition) -> Page:
    """Return page `index`. One that is damaged among others is empty."""
    try:
        page = document[index]
    except pypdfium2.PdfiumError:
        if len(document) == 1:
            raise
        return Page(index + 1)
    try:
        read = read_words(page, index + 1, most)
        if document.formenv:
            add_fields(page, document.formenv, read)
        return recognition.read(page, index + 1) if read.is_empty else read
    finally:
        page.close()


def _damaged() -> UnreadableDocument:
    return UnreadableDocument(
        ErrorCode.FILE_UNREADABLE,
        "The PDF is damaged. Open it in a PDF reader, save or print it as a new PDF and send that.",
    )
