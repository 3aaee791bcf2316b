"""Which format a file is in, told by its content first: a name is only what somebody called it."""

from typing import BinaryIO

from core.errors import ErrorCode
from rag.parsing.errors import UnreadableDocument
from rag.parsing.formats import FORMATS, FileType
from rag.parsing.probe import Probe

_READABLE = "Send a text, Markdown, HTML, PDF, Word (.docx) or CSV file."
_BY_EXTENSION = {extension: each for each in FORMATS for extension in each.extensions}
_OLE_MARK = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")


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
    if probe.head.startswith(_OLE_MARK):
        return _ole_refusal(probe)
    if probe.is_archive and not probe.parts and extension == ".docx":
        return UnreadableDocument(
            ErrorCode.FILE_UNREADABLE,
            "The Word document is damaged or incomplete. Open it in Word, save it again as .docx and send that.",
        )
    if probe.is_archive:
        what = "An archive, a spreadsheet or a presentation cannot be read."
    elif probe.head.startswith(b"{\\rtf"):
        what = "Rich text (.rtf) cannot be read."
    elif not probe.is_text:
        what = "The content of the file is in no format that can be read."
    elif extension in _BY_EXTENSION:
        what = f"The file is named {extension} but is not one."
    else:
        what = f"Files named {extension} cannot be read."
    return _unsupported(f"{what} {_READABLE}")


def _ole_refusal(probe: Probe) -> UnreadableDocument:
    if probe.holds(_ENCRYPTED_PACKAGE):
        return UnreadableDocument(
            ErrorCode.FILE_ENCRYPTED, "The document is protected by a password. Remove the password and send it again."
        )
    return _unsupported(
        "Old Office files (.doc, .xls, .ppt) cannot be read. Save the document as .docx or .pdf and send that."
    )


def _unsupported(message: str) -> UnreadableDocument:
    return UnreadableDocument(ErrorCode.FILE_TYPE_UNSUPPORTED, message)
