"""What is looked at of a file to tell its format: little of it, and none of it believed."""

from functools import cached_property
from pathlib import PurePath
from typing import BinaryIO

from rag.parsing.archive import DAMAGE, open_archive
from rag.parsing.containers import OLE_MARK, ole_streams, package_kind
from rag.parsing.encodings import CONTROL, head_text, is_unicode

_PROBE_BYTES = 8_192
_PIECE_BYTES = 65_536
_FEW_CONTROLS = 0.04
"""A damaged text may have a byte in twenty-five that is not a character; files of programs have many more."""
_ARCHIVE_MARK = b"PK\x03\x04"


class Probe:
    """A file called `name`, whose `head` is its first 8 KiB."""

    def __init__(self, name: str, file: BinaryIO) -> None:
        self.extension = PurePath(name).suffix.lower()
        self._file = file
        file.seek(0)
        self.head = file.read(_PROBE_BYTES)

    @cached_property
    def is_archive(self) -> bool:
        """Whether it begins as a ZIP archive does."""
        return self.head.startswith(_ARCHIVE_MARK)

    @cached_property
    def parts(self) -> frozenset[str]:
        """The names in the archive; none where it is no archive, or one that cannot be opened."""
        if not self.is_archive:
            return frozenset()
        try:
            with open_archive(self._file) as archive:
                return frozenset(archive.namelist())
        except DAMAGE:
            return frozenset()

    @cached_property
    def package_kind(self) -> str:
        """The kind of office document or book that the archive is, as `FileType` names it, or ""."""
        return package_kind(self._file) if self.is_archive else ""

    @cached_property
    def streams(self) -> frozenset[str]:
        """The names at the top of an OLE file; none where it is no such file, or a damaged one."""
        return ole_streams(self._file) if self.head.startswith(OLE_MARK) else frozenset()

    @cached_property
    def is_text(self) -> bool:
        """Whether it looks like a text: hardly a control character, or an encoding that has some, as UTF-16."""
        controls = len(CONTROL.findall(self.head))
        return controls <= _FEW_CONTROLS * len(self.head) or is_unicode(self.head)

    @cached_property
    def text(self) -> str:
        """The head as text, roughly: what is not Unicode is replaced. Empty where it does not look like a text."""
        return head_text(self.head) if self.is_text else ""

    def holds(self, words: bytes) -> bool:
        """Tell whether `words` are anywhere in the file, all of which is read."""
        self._file.seek(0)
        seen = b""
        while piece := self._file.read(_PIECE_BYTES):
            # The words may lie across two pieces.
            seen = seen[-len(words) :] + piece
            if words in seen:
                return True
        return False
