"""From a file's bytes to a document's blocks: text, Markdown, HTML, PDF, office formats, EPUB and CSV."""

from rag.parsing.detection import detect_type
from rag.parsing.errors import MAX_FILE_BYTES, MAX_PAGES, MAX_TEXT_CHARACTERS, UnreadableDocument
from rag.parsing.formats import FileType
from rag.parsing.reading import load_readers, parse_as

__all__ = [
    "MAX_FILE_BYTES",
    "MAX_PAGES",
    "MAX_TEXT_CHARACTERS",
    "FileType",
    "UnreadableDocument",
    "detect_type",
    "load_readers",
    "parse_as",
]
