"""ZIP archives, opened only where their table of contents is small: each entry of it becomes an object in memory."""

import struct
import zipfile
import zlib
from typing import BinaryIO

_END = struct.Struct("<4s4H2LH")  # APPNOTE 4.3.16, "end of central directory record"
_END_MARK = b"PK\x05\x06"
_ZIP64_LOCATOR_MARK, _ZIP64_LOCATOR_BYTES = b"PK\x06\x07", 20
_MAX_COMMENT_BYTES = 65_536
_MAX_CONTENTS_BYTES = 1024 * 1024
"""About 10,000 entries; a Word document has one for each picture and some dozen more."""

DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError)
"""What is raised where an archive or a part of it is damaged, or packed in a way that the library does not know."""


def open_archive(file: BinaryIO) -> zipfile.ZipFile:
    """Open an archive for reading.

    Raises `zipfile.BadZipFile` where it is damaged or has more entries than a document has, and what `ZipFile` raises.
    """
    file.seek(0, 2)
    size = file.tell()
    file.seek(max(0, size - _END.size - _MAX_COMMENT_BYTES - _ZIP64_LOCATOR_BYTES))
    tail = file.read()
    # The library takes the last mark, or the one at the very end; it also believes a ZIP64 record in its place.
    end = tail.rfind(_END_MARK)
    if end < 0 or end + _END.size > len(tail):
        raise zipfile.BadZipFile("There is no table of contents.")
    contents_bytes = _END.unpack_from(tail, end)[5]
    if contents_bytes > _MAX_CONTENTS_BYTES or _ZIP64_LOCATOR_MARK in tail[max(0, end - _ZIP64_LOCATOR_BYTES) : end]:
        raise zipfile.BadZipFile("The table of contents is too large.")
    return zipfile.ZipFile(file)
