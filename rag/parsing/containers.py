"""What kind of document an archive or an OLE file holds, told by little of it and within bounds."""

import re
import struct
import zipfile
from collections.abc import Iterator
from typing import BinaryIO

from rag.parsing.archive import DAMAGE, open_archive

OLE_MARK = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PART_BYTES = 65_536
_MIME_KINDS = (
    ("application/epub+zip", "epub"),
    ("application/vnd.oasis.opendocument.text", "odt"),
    ("application/vnd.oasis.opendocument.spreadsheet", "ods"),
    ("application/vnd.oasis.opendocument.presentation", "odp"),
)
_ROOT_KINDS = {"document": "docx", "workbook": "xlsx", "presentation": "pptx"}
_CONVENTIONAL = ("word/document.xml", "xl/workbook.xml", "xl/workbook.bin", "ppt/presentation.xml")
_RELATIONSHIP = re.compile(r"<(?:\w+:)?Relationship\b[^<>]*>")
_MAIN_TYPE = re.compile(r"Type\s*=\s*[\"'][^\"']*/officeDocument[\"']")
_TARGET = re.compile(r"Target\s*=\s*[\"']/?([^\"']+)[\"']")
_ROOT = re.compile(r"<(?:\w+:)?(\w+)[\s/>]")
_MANIFEST_TYPE = re.compile(r"<[^<>]*full-path\s*=\s*\"/\"[^<>]*>")
_MEDIA_TYPE = re.compile(r"media-type\s*=\s*\"([^\"]*)\"")
_UNREADABLE = (*DAMAGE, RuntimeError)
"""A part with a password is a `RuntimeError`."""

# MS-CFB 2.2, "compound file header", and 2.6, "compound file directory entry".
_SECTORS = struct.Struct("<30xH16xI16xII")
_FAT_COUNT_OFFSET, _LARGEST_SHIFT = 44, 12
_DIFAT_OFFSET, _DIFAT_ENTRIES = 76, 109
_ENTRY_BYTES = 128
_ENTRY = struct.Struct("<64sHBxIII")
_LAST_SECTOR = 0xFFFF_FFFA
_MAX_DIRECTORY_SECTORS = 2_048
_MAX_DIFAT_SECTORS = 8


def package_kind(file: BinaryIO) -> str:
    """Return the kind of document in an archive, as `FileType` names it, or "" where it is none that can be read.

    OOXML is told by its main part, which the package's relationships name; OpenDocument and EPUB by their media type.
    """
    try:
        with open_archive(file) as archive:
            names = {name.lstrip("/").lower(): name for name in archive.namelist()}
            return _kind(archive, names)
    except _UNREADABLE:
        return ""


def _kind(archive: zipfile.ZipFile, names: dict[str, str]) -> str:
    def head(name: str) -> str:
        if name.lower() not in names:
            return ""
        try:
            with archive.open(names[name.lower()]) as part:
                content = part.read(_PART_BYTES)
        except _UNREADABLE:
            return ""  # the reader tells what is wrong with it
        return content.decode("utf-16" if content[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig", errors="replace")

    entry = _MANIFEST_TYPE.search(head("META-INF/manifest.xml"))
    media = head("mimetype").strip() or next(iter(_MEDIA_TYPE.findall(entry[0] if entry else "")), "")
    for begins, kind in _MIME_KINDS:
        if media.startswith(begins):
            return kind
    if ".opf" in head("META-INF/container.xml"):
        return "epub"
    named = (each for each in _RELATIONSHIP.findall(head("_rels/.rels")) if _MAIN_TYPE.search(each))
    for main in (*(target[1] for each in named if (target := _TARGET.search(each))), *_CONVENTIONAL):
        if main.lower() in names:
            root = _ROOT.search(head(main))
            if main.lower().endswith(".bin"):
                return "xlsb"
            conventional = {"word": "document", "xl": "workbook", "ppt": "presentation"}.get(main.split("/")[0], "")
            return _ROOT_KINDS.get(root[1] if root else conventional, "")
    return ""


def ole_streams(file: BinaryIO) -> frozenset[str]:
    """Return the names of the streams and folders at the top of an OLE file; none where it is damaged."""
    try:
        return frozenset(_top_names(b"".join(_directory(file))))
    except (struct.error, OSError, ValueError, IndexError):
        return frozenset()


def whole_ole(content: bytes) -> bytes:
    """Return an OLE file with as many sectors as its allocation tables have entries: some programs leave out the last.

    The library refuses a file that is shorter than its tables say.
    """
    try:
        shift, *_ = _SECTORS.unpack_from(content)
        (tables,) = struct.unpack_from("<I", content, _FAT_COUNT_OFFSET)
    except struct.error:
        return content
    size = 1 << min(shift, _LARGEST_SHIFT)
    missing = size * (tables * (size // 4) + 1) - len(content)
    return content + bytes(missing) if 0 < missing <= size * (size // 4) else content


def _directory(file: BinaryIO) -> Iterator[bytes]:
    """Yield the sectors of an OLE file's directory."""
    file.seek(0)
    header = file.read(512)
    shift, sector, difat_sector, difat_count = _SECTORS.unpack_from(header)
    size = 1 << shift
    if size not in {512, 4096}:
        raise ValueError(size)

    def read(number: int) -> bytes:
        file.seek((number + 1) * size)
        return file.read(size)

    tables = list(struct.unpack_from(f"<{_DIFAT_ENTRIES}I", header, _DIFAT_OFFSET))
    for _ in range(min(difat_count, _MAX_DIFAT_SECTORS)):
        *more, difat_sector = struct.unpack(f"<{size // 4}I", read(difat_sector))
        tables += more
    for _ in range(_MAX_DIRECTORY_SECTORS):
        if sector >= _LAST_SECTOR:
            return
        yield read(sector)
        at, position = divmod(sector, size // 4)
        (sector,) = struct.unpack_from("<I", read(tables[at]), position * 4)


def _top_names(directory: bytes) -> Iterator[str]:
    """Yield the names of the entries right below the root, which are a tree of siblings."""
    *_, first = _ENTRY.unpack_from(directory)
    waiting, seen = [first], set[int]()
    while waiting:
        number = waiting.pop()
        if number in seen or (number + 1) * _ENTRY_BYTES > len(directory):
            continue
        seen.add(number)
        name, length, _, left, right, _ = _ENTRY.unpack_from(directory, number * _ENTRY_BYTES)
        yield name[: max(0, length - 2)].decode("utf-16-le", errors="replace")
        waiting += left, right
