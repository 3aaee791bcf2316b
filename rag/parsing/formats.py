"""The formats that can be read, an object each: how it is recognised, and what reads it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module

from rag.parsing.outline import Outline
from rag.parsing.probe import Probe


class FileType(StrEnum):
    """The formats that can be read, as `documents.file_type` names them."""

    TEXT = "text"
    MARKDOWN = "markdown"
    HTML = "html"
    PDF = "pdf"
    DOCX = "docx"
    CSV = "csv"


@dataclass(frozen=True, slots=True)
class Format:
    """A format that can be read.

    `extensions` are the endings of its files' names, the usual one first. `reader` is the function that reads it, as
    "module:function": the server, which only recognises files, loads no library that parses them. `recognise` says
    whether a file is in this format; formats are asked in the order of `FORMATS`, content before names.
    """

    type: FileType
    extensions: tuple[str, ...]
    reader: str
    recognise: Callable[[Probe], bool]

    def read(self, content: bytes) -> Outline:
        """Read a file, in a process that may be lost. Raises `UnreadableDocument`, and whatever its library raises."""
        return self.load()(content)

    def load(self) -> Callable[[bytes], Outline]:
        """Return the reader, with the libraries it needs."""
        module, _, name = self.reader.partition(":")
        reader: Callable[[bytes], Outline] = getattr(import_module(module), name)
        return reader


def _named(*extensions: str) -> Callable[[Probe], bool]:
    return lambda probe: probe.is_text and probe.extension in extensions


_PDF_WITHIN_BYTES = 1_024  # ISO 32000 lets the header stand anywhere in the first 1,024 bytes
_PDF_HEADER = re.compile(rb"%PDF-[12]\.\d")
_HTML = re.compile(
    r"\s*(?:<\?xml[^>]{0,200}>\s*)?(?:<!--[^<>]{0,2000}-->\s*)?<(?:!doctype\s+html|html)\b", re.IGNORECASE
)


def _is_pdf(probe: Probe) -> bool:
    # A text that speaks of the header is no PDF.
    found = _PDF_HEADER.search(probe.head, 0, _PDF_WITHIN_BYTES)
    return found is not None and (found.start() == 0 or probe.extension == ".pdf" or not probe.is_text)


FORMATS = (
    Format(FileType.PDF, (".pdf",), "rag.parsing.pdf:read_pdf", _is_pdf),
    Format(FileType.DOCX, (".docx",), "rag.parsing.docx:read_docx", lambda probe: "word/document.xml" in probe.parts),
    Format(
        FileType.HTML,
        (".html", ".htm", ".xhtml"),
        "rag.parsing.html:read_html",
        lambda probe: _HTML.match(probe.text) is not None or _named(".html", ".htm", ".xhtml")(probe),
    ),
    Format(FileType.MARKDOWN, (".md", ".markdown"), "rag.parsing.markdown:read_markdown", _named(".md", ".markdown")),
    Format(FileType.CSV, (".csv", ".tsv"), "rag.parsing.csv_table:read_csv", _named(".csv", ".tsv")),
    Format(
        FileType.TEXT,
        (".txt", ".text", ".log", ""),
        "rag.parsing.text:read_text",
        _named(".txt", ".text", ".log", ""),
    ),
)
BY_TYPE = {each.type: each for each in FORMATS}
