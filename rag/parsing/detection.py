"""Which format a file is in, told by its content first: a name is only what somebody called it."""

import codecs
import re
import zipfile
from enum import StrEnum
from pathlib import PurePath
from typing import BinaryIO

from core.errors import ErrorCode
from rag.parsing.archive import open_archive
from rag.parsing.docx import DOCUMENT_PART
from rag.parsing.errors import UnreadableDocument


class FileType(StrEnum):
    """The formats that can be read."""

    TEXT = "text"
    MARKDOWN = "markdown"
    HTML = "html"
    PDF = "pdf"
    DOCX = "docx"
    CSV = "csv"


_BY_EXTENSION = {
    "": FileType.TEXT,
    ".txt": FileType.TEXT,
    ".text": FileType.TEXT,
    ".log": FileType.TEXT,
    ".md": FileType.MARKDOWN,
    ".markdown": FileType.MARKDOWN,
    ".html": FileType.HTML,
    ".htm": FileType.HTML,
    ".xhtml": FileType.HTML,
    ".csv": FileType.CSV,
    ".tsv": FileType.CSV,
}
_READABLE = "Send a text, Markdown, HTML, PDF, Word (.docx) or CSV file."

_PDF_WITHIN_BYTES = 1_024  # ISO 32000 lets the header stand anywhere in the first 1,024 bytes
_PROBE_BYTES = 8_192
_PIECE_BYTES = 65_536
_HTML = re.compile(
    r"\s*(?:<\?xml[^>]{0,200}>\s*)?(?:<!--[^<>]{0,2000}-->\s*)?<(?:!doctype\s+html|html)\b", re.IGNORECASE
)
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_UNICODE_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
_OLE_MARK = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")


def detect_type(name: str, file: BinaryIO) -> FileType:
    """Return the format of a file called `name`, of which little is read.

    Raises `UnreadableDocument`: FILE_TYPE_UNSUPPORTED, or FILE_ENCRYPTED for an Office file with a password.
    """
    file.seek(0)
    probe = file.read(_PROBE_BYTES)
    if b"%PDF-" in probe[:_PDF_WITHIN_BYTES]:
        return FileType.PDF
    if probe.startswith(b"PK\x03\x04"):
        return _type_of_archive(name, file)
    if probe.startswith(_OLE_MARK):
        raise _ole_refusal(file)
    if probe.startswith(b"{\\rtf"):
        raise _unsupported("Rich text (.rtf) cannot be read. Save it as .docx or .pdf and send that.")
    if _CONTROL.search(probe) and not probe.startswith(_UNICODE_MARKS):
        raise _unsupported(f"The content of the file is in no format that can be read. {_READABLE}")
    if not probe.startswith(_UNICODE_MARKS) and _HTML.match(probe.decode("utf-8-sig", errors="replace")):
        return FileType.HTML
    return _type_of_text(name)


def _type_of_archive(name: str, file: BinaryIO) -> FileType:
    try:
        with open_archive(file) as archive:
            parts = set(archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        if _extension(name) == ".docx":
            raise UnreadableDocument(
                ErrorCode.FILE_UNREADABLE,
                "The Word document is damaged or incomplete. Open it in Word, save it again as .docx and send that.",
            ) from error
        raise _unsupported(f"The file is an archive that cannot be opened. {_READABLE}") from error
    if DOCUMENT_PART in parts:
        return FileType.DOCX
    raise _unsupported(f"An archive, a spreadsheet or a presentation cannot be read. {_READABLE}")


def _ole_refusal(file: BinaryIO) -> UnreadableDocument:
    if _holds(file, _ENCRYPTED_PACKAGE):
        return UnreadableDocument(
            ErrorCode.FILE_ENCRYPTED, "The document is protected by a password. Remove the password and send it again."
        )
    return _unsupported(
        "Old Office files (.doc, .xls, .ppt) cannot be read. Save the document as .docx or .pdf and send that."
    )


def _holds(file: BinaryIO, words: bytes) -> bool:
    file.seek(0)
    seen = b""
    while piece := file.read(_PIECE_BYTES):
        # The words may lie across two pieces.
        seen = seen[-len(words) :] + piece
        if words in seen:
            return True
    return False


def _type_of_text(name: str) -> FileType:
    extension = _extension(name)
    if extension in {".pdf", ".docx"}:
        raise _unsupported(f"The file is named {extension} but is not one. {_READABLE}")
    if extension not in _BY_EXTENSION:
        raise _unsupported(f"Files named {extension[:20]} cannot be read. {_READABLE}")
    return _BY_EXTENSION[extension]


def _extension(name: str) -> str:
    return PurePath(name).suffix.lower()


def _unsupported(message: str) -> UnreadableDocument:
    return UnreadableDocument(ErrorCode.FILE_TYPE_UNSUPPORTED, message)
