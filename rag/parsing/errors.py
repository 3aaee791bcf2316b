"""Why a file cannot be read, and the bounds that every reader keeps."""

from core.errors import UserError

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
    """A file that cannot become a document. The message tells the person who sent it what to do."""
