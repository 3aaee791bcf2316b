"""A file read as a person's upload is: its format found by its content, then read."""

from io import BytesIO

from rag.parsing import detect_type, parse_as
from rag.parsing.document import ParsedDocument


def parse(name: str, content: bytes) -> ParsedDocument:
    """Read the file that somebody called `name`."""
    return parse_as(detect_type(name, BytesIO(content)), content)
