"""Which format a file is in, told by its content first: a name is only what somebody called it."""

from typing import BinaryIO

from core.errors import ErrorCode
from rag.parsing.containers import OLE_MARK
from rag.parsing.errors import UnreadableDocument
from rag.parsing.formats import FORMATS, FileType
from rag.parsing.probe import Probe
from rag.parsing.refusals import REFUSALS

_READABLE = (
    "Send a text, Markdown, HTML, PDF, CSV, JSON, EPUB or RTF file, or a document, workbook or presentation of Word, "
    "Excel, PowerPoint or LibreOffice."
)
_BY_EXTENSION = {extension: each for each in FORMATS for extension in each.extensions}
_OFFICE = frozenset(
    each for format_ in FORMATS if format_.reader.startswith("rag.parsing.office") for each in format_.extensions
)
_ENCRYPTED_PACKAGE = "encryptedpackage"


def detect_type(name: str, file: BinaryIO) -> FileType:
    """Return the format of a file called `name`, of which little is read.

    Raises `UnreadableDocument`: FILE_TYPE_UNSUPPORTED, or FILE_ENCRYPTED for an Office file with a password.
    """
    probe = Probe(name, file)
    for each in FORMATS:
        if each.recognise(probe):
            return each.type
    raise _refusal(probe)


def _refusal(probe: Probe) -> UnreadableDocument:
    """Return why a file cannot be read, by what it is."""
    extension = probe.extension[:20]
    if probe.head.startswith(OLE_MARK) and _ENCRYPTED_PACKAGE in map(str.lower, probe.streams):
        return UnreadableDocument(
            ErrorCode.FILE_ENCRYPTED, "The document is protected by a password. Remove the password and send it again."
        )
    if (probe.head.startswith(OLE_MARK) and not probe.streams) or (
        probe.is_archive and not probe.parts and extension in _OFFICE
    ):
        return _damaged()
    for each in REFUSALS:
        if each.recognise(probe):
            return _unsupported(f"The file is {each.what}, which cannot be read. {each.instead}")
    if not probe.is_text:
        what = "The content of the file is in no format that can be read."
    elif extension in _BY_EXTENSION:
        what = f"The file is named {extension} but is not one."
    else:
        what = f"Files named {extension} cannot be read."
    return _unsupported(f"{what} {_READABLE}")


def _damaged() -> UnreadableDocument:
    return UnreadableDocument(
        ErrorCode.FILE_UNREADABLE,
        "The document is damaged or incomplete. Open it in the program that made it, save it again and send that.",
    )


def _unsupported(message: str) -> UnreadableDocument:
    return UnreadableDocument(ErrorCode.FILE_TYPE_UNSUPPORTED, message)
