"""From the bytes of a file to a document."""

from itertools import islice

from core.errors import ErrorCode
from rag.parsing.document import ParsedDocument
from rag.parsing.errors import MAX_FILE_BYTES, UnreadableDocument, place_of
from rag.parsing.formats import BY_TYPE, FORMATS, FileType
from rag.parsing.outline import Outline
from rag.text.language import detect
from rag.text.stop_words import LANGUAGES

_BLANK_BYTES = b" \t\r\n\x0b\x0c\xef\xbb\xbf"
_LANGUAGE_BLOCKS = 200


def load_readers() -> None:
    """Load what the readers need: a process that cannot open files any more cannot load it."""
    for each in FORMATS:
        each.load()


def parse_as(file_type: FileType, content: bytes) -> ParsedDocument:
    """Read a file of a known format. Takes CPU, and memory without end for a hostile file: see `rag.ingestion.reader`.

    The document has at least one block.

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
    return ParsedDocument(
        outline.title,
        _language(outline, sample),
        blocks,
        tuple(outline.warnings),
        tuple(outline.attachments),
        outline.published_at,
        outline.modified_at,
    )


def _language(outline: Outline, sample: str) -> str:
    """Return the language of the text; where it does not tell, the one that the file names."""
    return detect(sample, outline.language if outline.language in LANGUAGES else "en")


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
        return BY_TYPE[file_type].read(content)
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
