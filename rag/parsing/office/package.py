"""The archives that office documents are: opened within bounds, looked into, and packed again for the library.

Part names are those of ECMA-376 part 2 (Open Packaging Conventions), OpenDocument 1.3 part 2 and EPUB.
"""

import io
import posixpath
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from lxml import etree

from core.errors import ErrorCode
from rag.parsing.archive import DAMAGE, open_archive
from rag.parsing.errors import MAX_PACKAGE_BYTES, MAX_PART_BYTES, UnreadableDocument, check_markup

_PICTURES = (
    ".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff", ".emf", ".wmf", ".emz", ".wmz", ".svg", ".svm", ".webp",
    ".wdp", ".odttf", ".ttf", ".otf", ".woff", ".woff2", ".mp3", ".mp4", ".m4a", ".m4v", ".wav", ".wma", ".wmv", ".avi",
    ".mov", ".mpg", ".ogg",
)  # fmt: skip
_WITHOUT_TEXT = ("embeddings/", "media/", "pictures/", "thumbnails/", "activex/", "object replacements/", "vbaproject")
_ROOT_RELATIONSHIPS = "_rels/.rels"
_RELATIONSHIPS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type='
    '"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="{}"/></Relationships>'
)
_PARSER_OPTIONS = {
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "huge_tree": True,
    "remove_comments": True,
    "remove_pis": True,
}
_UNREADABLE = (*DAMAGE, etree.XMLSyntaxError)


@dataclass(frozen=True, slots=True)
class Relationship:
    """What a part refers to: `kind` is the last word of the type's address, `target` the name of a part."""

    id: str
    kind: str
    target: str


class Package:
    """The parts of an office document that hold text, unpacked. Their names are compared without regard to case.

    Raises `UnreadableDocument`: FILE_UNREADABLE where the archive is damaged, FILE_ENCRYPTED where it has a password,
    FILE_TOO_LARGE where a part unpacks to more than `MAX_PART_BYTES`, or all to more than `MAX_PACKAGE_BYTES`.
    """

    def __init__(self, content: bytes) -> None:
        self._names: dict[str, str] = {}
        self._parts: dict[str, bytes] = {}
        try:
            with open_archive(io.BytesIO(content)) as archive:
                self._unpack(archive)
        except _UNREADABLE as error:
            raise damaged() from error

    def _unpack(self, archive: zipfile.ZipFile) -> None:
        total = 0
        for entry in archive.infolist():
            if entry.is_dir():
                continue
            name = entry.filename.lstrip("/")
            if entry.flag_bits & 0x1:
                raise encrypted()
            self._names.setdefault(name.lower(), name)
            if name.lower().endswith(_PICTURES) or any(each in name.lower() for each in _WITHOUT_TEXT):
                self._parts[name] = b""
                continue
            with archive.open(entry) as part:
                data = part.read(MAX_PART_BYTES + 1)  # what the archive declares cannot be trusted
            total += len(data)
            if len(data) > MAX_PART_BYTES or total > MAX_PACKAGE_BYTES:
                raise UnreadableDocument(
                    ErrorCode.FILE_TOO_LARGE,
                    "The document unpacks to more text than can be read. Split it into smaller files.",
                )
            self._parts[name] = data

    def part(self, name: str) -> bytes | None:
        """Return a part's content; None where there is no such part."""
        return self._parts.get(self._names.get(name.lower(), ""))

    def tree(self, name: str) -> etree._Element | None:
        """Return the root of an XML part; None where there is no such part. Raises `UnreadableDocument`."""
        content = self.part(name)
        if not content:
            return None
        check_markup(content)
        try:
            root = etree.fromstring(content, etree.XMLParser(**_PARSER_OPTIONS))
        except _UNREADABLE as error:
            raise damaged() from error
        types = root.getroottree().docinfo.internalDTD
        if types is not None and any(True for _ in types.iterentities()):
            raise damaged()  # the standards forbid entities of one's own, and only an attack brings them
        return root

    def put(self, name: str, root: etree._Element) -> None:
        """Replace an XML part."""
        self.put_bytes(name, etree.tostring(root, xml_declaration=True, encoding="UTF-8"))

    def put_bytes(self, name: str, content: bytes) -> None:
        """Replace a part, or add one."""
        self._parts[self._names.setdefault(name.lower(), name)] = content

    def relationships(self, name: str = "") -> list[Relationship]:
        """Return what a part of an OOXML package refers to inside the package; what the package does for no name."""
        folder, file = posixpath.split(name)
        root = self.tree(posixpath.join(folder, "_rels", f"{file}.rels"))
        found = []
        for each in root.iterchildren("{*}Relationship") if root is not None else ():
            if each.get("TargetMode") != "External":
                target = unquote(each.get("Target", ""))
                target = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
                found.append(Relationship(each.get("Id", ""), each.get("Type", "").rpartition("/")[2], target))
        return found

    def related(self, name: str, kind: str) -> str:
        """Return the name of the first part of a kind that the part `name` refers to, or ""."""
        return next((each.target for each in self.relationships(name) if each.kind == kind), "")

    def main_part(self, conventional: str) -> str:
        """Return the name of an OOXML package's main part. Raises `UnreadableDocument` where there is none."""
        name = self.related("", "officeDocument")
        if self.part(name) is None:
            name = conventional
            self.put_bytes(_ROOT_RELATIONSHIPS, _RELATIONSHIPS.format(conventional).encode())
        if self.part(name) is None:
            raise damaged()
        return name

    def core_title(self) -> str:
        """Return the title in an OOXML package's core properties, or ""."""
        root = self.tree(self.related("", "core-properties") or "docProps/core.xml")
        return text_of(root, "title")

    def pack(self) -> bytes:
        """Return the package as an archive without pictures and embedded files, nothing of it compressed.

        The package is empty after this: a large document is not held twice.
        """
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
            while self._parts:
                name = next(iter(self._parts))
                archive.writestr(zipfile.ZipInfo(name), self._parts.pop(name))
        return buffer.getvalue()


def local_name(element: etree._Element) -> str:
    """Return an element's name without its namespace: the strict and the transitional ones differ in that alone."""
    return str(element.tag).rpartition("}")[2]


def value(element: etree._Element | None, attribute: str = "val") -> str | None:
    """Return an attribute by its local name."""
    if element is None:
        return None
    return next((value for key, value in element.attrib.items() if key.rpartition("}")[2] == attribute), None)


def text_of(root: etree._Element | None, name: str) -> str:
    """Return the text of the first element with a local name that has some, or ""."""
    texts = ("".join(element.itertext()) for element in _named(root, name))
    return next((text for text in texts if text.strip()), "")


def _named(root: etree._Element | None, name: str) -> Iterator[etree._Element]:
    return root.iter(f"{{*}}{name}") if root is not None else iter(())


def damaged() -> UnreadableDocument:
    """Return the refusal of a damaged document."""
    return UnreadableDocument(
        ErrorCode.FILE_UNREADABLE,
        "The document is damaged. Open it in the program that made it, save it again and send that.",
    )


def encrypted() -> UnreadableDocument:
    """Return the refusal of a document with a password."""
    return UnreadableDocument(
        ErrorCode.FILE_ENCRYPTED,
        "The document is protected by a password. Remove the password and send it again.",
    )
