"""From the bytes of a file to a document."""

from collections.abc import Callable
from itertools import islice

from core.errors import ErrorCode
from rag.parsing.detection import FileType
from rag.parsing.document import ParsedDocument
from rag.parsing.docx import read_docx
from rag.parsing.errors import MAX_FILE_BYTES, UnreadableDocument, place_of
from rag.parsing.html import read_html
from rag.parsing.markdown import read_markdown
from rag.parsing.outline import Outline, clean
from rag.parsing.pdf import read_pdf
from rag.parsing.text import read_csv, read_text
from rag.text.language import detect

_READERS: dict[FileType, Callable[[bytes], Outline]] = {
    FileType.TEXT: read_text,
    FileType.MARKDOWN: read_markdown,
    FileType.HTML: read_html,
    FileType.PDF: read_pdf,
    FileType.DOCX: read_docx,
    FileType.CSV: read_csv,
}
_BLANK_BYTES = b" \t\r\n\x0b\x0c\xef\xbb\xbf"
_LANGUAGE_BLOCKS = 200


def parse_as(file_type: FileType, name: str, content: bytes) -> ParsedDocument:
    """Read a file of a known format. Takes CPU, and memory without end for a hostile file: see `rag.ingestion.reader`.

    The title is the document's own, else `name`. The document has at least one block.

    Raises `UnreadableDocument`: FILE_EMPTY, FILE_TOO_LARGE, FILE_ENCRYPTED, FILE_UNREADABLE or FILE_WITHOUT_TEXT; and
    `MemoryError`, nothing else.
    """
    _check_size(content)
    outline = _read(file_type, content)
    blocks = outline.blocks()
    if not blocks:
        raise UnreadableDocument(
            ErrorCode.FILE_WITHOUT_TEXT,
            "The file holds no text that can be read. Check its content, and send it again.",
        )
    sample = "\n".join(block.text for block in islice(blocks, _LANGUAGE_BLOCKS))
    title = outline.title or clean(name).replace("\n", " ")[:200] or "Document"
    return ParsedDocument(title=title, language=detect(sample), blocks=blocks)


def _check_size(content: bytes) -> None:
    if len(content) > MAX_FILE_BYTES:
        limit = MAX_FILE_BYTES // (1024 * 1024)
        raise UnreadableDocument(
            ErrorCode.FILE_TOO_LARGE, f"The file is larger than {limit} MiB. Split it into smaller files."
        )
    if not content.strip(_BLANK_BYTES):
        raise UnreadableDocument(ErrorCode.FILE_EMPTY, "The file is empty. Check that it was saved, and send it again.")


def _read(file_type: FileType, content: bytes) -> Outline:
    try:
        return _READERS[file_type](content)
    except UnreadableDocument:
        raise
    except MemoryError:
        raise
    except Exception as error:
        # The libraries read bytes that anyone may have made: what they raise unforeseen is the file's fault for the
        # person who sent it, and a defect for us to look at.
        raise UnreadableDocument(
            ErrorCode.FILE_UNREADABLE,
            "The file is damaged. Open it in the program that made it and save it again.",
            defect=place_of(error),
        ) from error
