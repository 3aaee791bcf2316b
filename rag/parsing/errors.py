"""Why a file cannot be read, and the bounds that every reader keeps."""

import traceback
from collections.abc import Sequence
from pathlib import Path

from core.errors import ErrorCode, UserError

MAX_FILE_BYTES = 25 * 1024 * 1024
"""The largest file accepted."""

MAX_MARKUP_BYTES = 8 * 1024 * 1024
"""The largest HTML page: a tree of markup takes some sixty times its own size in memory at worst."""

MAX_DOCX_PART_BYTES = 32 * 1024 * 1024
"""The largest XML part of a DOCX once unpacked, about 1,500 pages of text; zip bombs stop here."""

MAX_PAGES = 2_000
"""The most pages of a PDF."""

MAX_TEXT_CHARACTERS = 5_000_000
"""The most text of one document, about 1,700 pages."""


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


def place_of(error: Exception) -> str:
    """Return the type of an exception and where it was raised, for the log. Its message may hold what the file says."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {Path(place.filename).name}:{place.lineno}"
