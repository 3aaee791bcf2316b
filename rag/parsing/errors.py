"""Why a file cannot be read, and the bounds that every reader keeps."""

import traceback
from collections.abc import Sequence
from pathlib import Path

from core.errors import ErrorCode, UserError

MAX_FILE_BYTES = 25 * 1024 * 1024
"""The largest file accepted."""

MAX_MARKUP_BYTES = 8 * 1024 * 1024
"""The largest HTML page: a tree of markup takes some sixty times its own size in memory at worst."""

MAX_PART_BYTES = 32 * 1024 * 1024
"""The largest part of an office document once unpacked, about 1,500 pages of text; zip bombs stop here."""

MAX_PACKAGE_BYTES = 2 * MAX_PART_BYTES
"""The most that the parts of an office document unpack to, without its pictures."""

MAX_MARKUP_NODES = 2_000_000
"""The most elements and attributes of an HTML page or an XML part: each takes some 250 bytes of memory in a tree."""

MAX_PAGES = 2_000
"""The most pages of a PDF."""

MAX_TEXT_CHARACTERS = 5_000_000
"""The most text of one document, about 1,700 pages."""

MAX_RAW_CHARACTERS = 2 * MAX_TEXT_CHARACTERS
"""The most text that is looked at, with the blanks and the marks that are taken out of it."""

MAX_BLOCKS = 200_000
"""The most paragraphs, lists, tables and rows of one document."""


class UnreadableDocument(UserError):
    """A file that cannot become a document. The message tells the person who sent it what to do.

    `defect` is set where a library failed in a way that nobody foresaw: the type of its exception and where it was
    raised, nothing of the file. It is for the log.
    """

    def __init__(
        self, code: ErrorCode, message: str, path: Sequence[str] | None = None, defect: str | None = None
    ) -> None:
        super().__init__(code, message, path)
        self.defect = defect


def too_much_text() -> UnreadableDocument:
    """Return the refusal of a file that holds more than `MAX_TEXT_CHARACTERS`, or too much around them."""
    return UnreadableDocument(
        ErrorCode.FILE_TOO_LARGE,
        f"The file holds more than {MAX_TEXT_CHARACTERS:,} characters of text. Split it into smaller files.",
    )


def check_markup(markup: bytes) -> None:
    """Raise `UnreadableDocument` (FILE_TOO_LARGE) where a tree of `markup` would have over `MAX_MARKUP_NODES`."""
    elements = markup.count(b"<") - markup.count(b"</")
    if elements + markup.count(b"=") > MAX_MARKUP_NODES:
        raise UnreadableDocument(
            ErrorCode.FILE_TOO_LARGE,
            f"The file holds more than {MAX_MARKUP_NODES:,} elements. Split it into smaller files.",
        )


def place_of(error: Exception) -> str:
    """Return the type of an exception and where it was raised, for the log. Its message may hold what the file says."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {Path(place.filename).name}:{place.lineno}"
