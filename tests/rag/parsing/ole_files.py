"""Small real files of Office 97 to 2003: the OLE container (MS-CFB), and the streams in it cut to what is read."""

import struct
from collections.abc import Mapping

_SECTOR = 512
_MINI_STREAM_BELOW = 4_096
_IN_HEADER = 109
"""How many sectors of the allocation table the header names."""
_END, _FREE, _FAT, _DIFAT, _NONE = 0xFFFF_FFFE, 0xFFFF_FFFF, 0xFFFF_FFFD, 0xFFFF_FFFC, 0xFFFF_FFFF


def make_ole(streams: Mapping[str, bytes]) -> bytes:
    """Write an OLE file of streams. Each is filled up to the size that needs no mini stream."""
    names = sorted(streams, key=lambda name: (len(name), name.upper()))
    chains = [streams[name].ljust(_MINI_STREAM_BELOW, b"\0") for name in names]
    sectors: list[bytes] = []
    links: list[int] = []

    def store(content: bytes) -> int:
        first, count = len(sectors), -(-len(content) // _SECTOR)
        sectors.extend(content[at * _SECTOR : (at + 1) * _SECTOR].ljust(_SECTOR, b"\0") for at in range(count))
        links.extend([*range(first + 1, first + count), _END])
        return first

    starts = [store(content) for content in chains]
    entries = [_entry("Root Entry", 5, child=1 if names else _NONE)]
    for at, (name, content) in enumerate(zip(names, chains, strict=True), 1):
        following = at + 1 if at < len(names) else _NONE
        entries.append(_entry(name, 2, right=following, start=starts[at - 1], size=len(content)))
    entries += [bytes(128)] * (-len(entries) % 4)
    directory = store(b"".join(entries))
    fat = len(sectors)
    more = max(0, -(-(fat // (_SECTOR // 4) + 2 - _IN_HEADER) // (_SECTOR // 4 - 1)))
    tables = -(-(fat + more) // (_SECTOR // 4 - 1))
    links += [_FAT] * tables + [_DIFAT] * more
    table = struct.pack(f"<{len(links)}I", *links).ljust(tables * _SECTOR, b"\xff")
    where = [*range(fat, fat + tables)]
    where += [_FREE] * (_IN_HEADER + more * (_SECTOR // 4 - 1) - tables)
    header = struct.pack(
        "<8s16sHHHHH6xIIIIIIIII", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", bytes(16), 0x3E, 3, 0xFFFE, 9, 6, 0, tables,
        directory, 0, _MINI_STREAM_BELOW, _END, 0, fat + tables if more else _END, more,
    )  # fmt: skip
    difat = b""
    for at in range(more):
        begin = _IN_HEADER + at * (_SECTOR // 4 - 1)
        following = fat + tables + at + 1 if at + 1 < more else _END
        difat += struct.pack(f"<{_SECTOR // 4}I", *where[begin : begin + _SECTOR // 4 - 1], following)
    return header + struct.pack(f"<{_IN_HEADER}I", *where[:_IN_HEADER]) + b"".join(sectors) + table + difat


def _entry(name: str, kind: int, right: int = _NONE, child: int = _NONE, start: int = 0, size: int = 0) -> bytes:
    text = name.encode("utf-16-le") + b"\0\0"
    return struct.pack(
        "<64sHBBIII16sIQQIQ", text, len(text), kind, 1, _NONE, right, child, bytes(16), 0, 0, 0, start, size
    )


def make_doc(text: str) -> bytes:
    """Write a document of Word 97 with one paragraph a line."""
    content = (text.replace("\n", "\r") + "\r").encode("cp1252")
    information = bytearray(1_024)
    struct.pack_into("<HH", information, 0, 0xA5EC, 0xC1)
    struct.pack_into("<H", information, 0x06, 0x0409)
    struct.pack_into("<II", information, 0x18, len(information), len(information) + len(content))
    struct.pack_into("<I", information, 0x4C, len(content))
    return make_ole({"WordDocument": bytes(information) + content, "0Table": b""})


def make_xls(sheets: Mapping[str, list[list[str | float]]]) -> bytes:
    """Write a workbook of Excel 97."""
    parts = [_sheet(rows) for rows in sheets.values()]
    opening = _record(0x809, struct.pack("<HHHHII", 0x600, 5, 0, 0, 0, 6))
    closing = _record(0x0A, b"")
    names = [name.encode("cp1252") for name in sheets]
    offset = len(opening) + len(closing) + sum(4 + 8 + len(name) for name in names)
    bound = b""
    for name, part in zip(names, parts, strict=True):
        bound += _record(0x85, struct.pack("<IHBB", offset, 0, len(name), 0) + name)
        offset += len(part)
    return make_ole({"Workbook": opening + bound + closing + b"".join(parts)})


def _sheet(rows: list[list[str | float]]) -> bytes:
    records = _record(0x809, struct.pack("<HHHHII", 0x600, 0x10, 0, 0, 0, 6))
    for number, row in enumerate(rows):
        for column, cell in enumerate(row):
            if isinstance(cell, str):
                text = struct.pack("<HB", len(cell), 0) + cell.encode("cp1252")
                records += _record(0x204, struct.pack("<HHH", number, column, 0) + text)
            else:
                records += _record(0x203, struct.pack("<HHHd", number, column, 0, cell))
    return records + _record(0x0A, b"")


def _record(kind: int, content: bytes) -> bytes:
    return struct.pack("<HH", kind, len(content)) + content


def make_ppt(texts: list[str]) -> bytes:
    """Write a presentation of PowerPoint 97, whose texts are read in the order of the stream."""
    atoms = b""
    for text in texts:
        content = text.encode("utf-16-le")
        atoms += struct.pack("<HHI", 0, 0xF9F, 4) + struct.pack("<I", 1)
        atoms += struct.pack("<HHI", 0, 0xFA0, len(content)) + content
    slide_list = struct.pack("<HHI", 0x0F, 0xFF0, len(atoms)) + atoms
    document = struct.pack("<HHI", 0x0F, 0x3E8, len(slide_list)) + slide_list
    return make_ole({"PowerPoint Document": document, "Current User": b""})
