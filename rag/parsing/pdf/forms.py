"""The values of a form's fields, put among the words of the page at the place where they are seen."""

import ctypes
from collections.abc import Callable
from functools import partial

import pypdfium2
import pypdfium2.raw as pdfium

from rag.parsing.pdf.words import Page, Word, upright

_TEXTS = (pdfium.FPDF_FORMFIELD_TEXTFIELD, pdfium.FPDF_FORMFIELD_COMBOBOX)
_BUTTONS = (pdfium.FPDF_FORMFIELD_CHECKBOX, pdfium.FPDF_FORMFIELD_RADIOBUTTON)
_MAX_ANNOTATIONS = 5_000
_MAX_VALUE_BYTES = 200_000
_MAX_OPTIONS = 1_000
_LINE_HEIGHT = 14.0
"""Points: the height of a line of a field of several lines."""
_LETTERS = 10.0
"""Points: the size that the letters of a field are taken for at most, whose box may be large."""
_HIDDEN = pdfium.FPDF_ANNOT_FLAG_HIDDEN | pdfium.FPDF_ANNOT_FLAG_NOVIEW


def add_fields(page: pypdfium2.PdfPage, forms: pypdfium2.PdfFormEnv, read: Page) -> None:
    """Add to `read` a word for each field of `page` that has a value, and for each box and button."""
    for index in range(min(pdfium.FPDFPage_GetAnnotCount(page.raw), _MAX_ANNOTATIONS)):
        annotation = pdfium.FPDFPage_GetAnnot(page.raw, index)
        if not annotation:
            continue
        try:
            word = _word(forms.raw, annotation, read)
        finally:
            pdfium.FPDFPage_CloseAnnot(annotation)
        if word is not None:
            read.words.append(word)


def _word(forms: pdfium.FPDF_FORMHANDLE, annotation: pdfium.FPDF_ANNOTATION, page: Page) -> Word | None:
    if pdfium.FPDFAnnot_GetFlags(annotation) & _HIDDEN:
        return None
    subtype = pdfium.FPDFAnnot_GetSubtype(annotation)
    text, ticked = "", None
    if subtype == pdfium.FPDF_ANNOT_FREETEXT:
        text = _string(partial(pdfium.FPDFAnnot_GetStringValue, annotation, b"Contents"))
    elif subtype == pdfium.FPDF_ANNOT_WIDGET:
        text, ticked = _value(forms, annotation)
    text = " ".join(text.split())
    box = pdfium.FS_RECTF()
    if (not text and ticked is None) or not pdfium.FPDFAnnot_GetRect(annotation, box):
        return None
    left, right, top, bottom = upright((box.left, box.bottom, box.right, box.top), page.turn)
    if bottom - top > 2 * _LINE_HEIGHT:
        bottom = top + _LINE_HEIGHT
    size = min((bottom - top) / 1.3, _LETTERS)
    is_field = subtype == pdfium.FPDF_ANNOT_WIDGET
    return Word(text, left, right, top, bottom, size, len(page.words), is_field=is_field, ticked=ticked)


def _value(forms: pdfium.FPDF_FORMHANDLE, annotation: pdfium.FPDF_ANNOTATION) -> tuple[str, bool | None]:
    kind = pdfium.FPDFAnnot_GetFormFieldType(forms, annotation)
    if kind in _BUTTONS:
        return "", bool(pdfium.FPDFAnnot_IsChecked(forms, annotation))
    if kind in _TEXTS:
        return _string(partial(pdfium.FPDFAnnot_GetFormFieldValue, forms, annotation)), None
    if kind == pdfium.FPDF_FORMFIELD_LISTBOX:
        return ", ".join(_chosen(forms, annotation)), None
    return "", None


def _chosen(forms: pdfium.FPDF_FORMHANDLE, annotation: pdfium.FPDF_ANNOTATION) -> list[str]:
    """Return the options of a list that are chosen."""
    count = min(pdfium.FPDFAnnot_GetOptionCount(forms, annotation), _MAX_OPTIONS)
    return [
        _string(partial(pdfium.FPDFAnnot_GetOptionLabel, forms, annotation, index))
        for index in range(count)
        if pdfium.FPDFAnnot_IsOptionSelected(forms, annotation, index)
    ]


def _string(get: Callable[[object, int], int]) -> str:
    """Return a string of PDFium, which first tells its length in bytes, then fills a buffer."""
    size = get(None, 0)
    if not 2 < size <= _MAX_VALUE_BYTES:  # noqa: PLR2004 - two bytes end it
        return ""
    buffer = (ctypes.c_ushort * (size // 2))()
    get(buffer, size)
    return bytes(buffer).decode("utf-16-le", errors="replace").rstrip("\0")
