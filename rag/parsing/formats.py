"""The formats that can be read, an object each: how it is recognised, and what reads it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module
from importlib.util import find_spec

from rag.parsing.outline import Outline
from rag.parsing.probe import Probe


class FileType(StrEnum):
    """The formats that can be read, as `documents.file_type` names them."""

    TEXT = "text"
    MARKDOWN = "markdown"
    HTML = "html"
    PDF = "pdf"
    DOCX = "docx"
    DOC = "doc"
    PPTX = "pptx"
    PPT = "ppt"
    XLSX = "xlsx"
    XLSB = "xlsb"
    XLS = "xls"
    ODT = "odt"
    ODS = "ods"
    ODP = "odp"
    EPUB = "epub"
    RTF = "rtf"
    CSV = "csv"
    JSON = "json"
    EML = "eml"
    MSG = "msg"


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


def _package(kind: FileType, *extensions: str, reader: str) -> Format:
    reader = f"rag.parsing.office.{reader}"
    return Format(kind, (f".{kind}", *extensions), reader, lambda probe: probe.package_kind == kind)


def _ole(kind: FileType, *extensions: str, streams: set[str], reader: str) -> Format:
    def has_one(probe: Probe) -> bool:
        return not streams.isdisjoint(map(str.lower, probe.streams))

    return Format(kind, (f".{kind}", *extensions), f"rag.parsing.office.{reader}", has_one)


_RTF_MARK = b"{\\rtf"
_PDF_WITHIN_BYTES = 1_024  # ISO 32000 lets the header stand anywhere in the first 1,024 bytes
_PDF_HEADER = re.compile(rb"%PDF-[12]\.\d")
_HTML = re.compile(
    r"\s*(?:<\?xml[^>]{0,200}>\s*)?(?:<!--[^<>]{0,2000}-->\s*)?<(?:!doctype\s+html|html)\b", re.IGNORECASE
)


def _is_pdf(probe: Probe) -> bool:
    # A text that speaks of the header is no PDF.
    found = _PDF_HEADER.search(probe.head, 0, _PDF_WITHIN_BYTES)
    return found is not None and (found.start() == 0 or probe.extension == ".pdf" or not probe.is_text)


_HEADER = re.compile(r"([!-9;-~]{1,100}):[ \t]?.*(?:\r?\n[ \t].*)*\r?\n")
_MAIL_HEADERS = frozenset({"from", "to", "date", "subject", "message-id", "received", "mime-version", "return-path"})
_HEADERS_OF_SERVERS = frozenset({"message-id", "received", "mime-version"})
_ENOUGH_HEADERS = 3
_OUTLOOK_STREAM = "__properties_version1.0"


def _is_message(probe: Probe) -> bool:
    return _OUTLOOK_STREAM in probe.streams and find_spec("oxmsg") is not None


def _is_mail(probe: Probe) -> bool:
    # Texts begin with a line like a header, too: a mail has several that only mails have.
    found: set[str] = set()
    position = 0
    text = probe.text
    if text.startswith("From "):
        position = text.find("\n") + 1
    while header := _HEADER.match(text, position):
        found.add(header[1].lower())
        position = header.end()
    known = found & _MAIL_HEADERS
    if probe.extension == ".eml":
        return bool(known)
    return "from" in known and len(known) >= _ENOUGH_HEADERS and bool(known & _HEADERS_OF_SERVERS)


_JSON_RECORD = re.compile(r'\s{0,99}(?:\[\s{0,99})?\{\s{0,99}"(?:[^"\\\n]|\\.){0,200}+"\s{0,99}:')


def _is_json(probe: Probe) -> bool:
    # A text may begin with a bracket: without the name, only an object that has a key, or an array of them, is JSON.
    if _named(".json", ".jsonl", ".ndjson", ".geojson")(probe):
        return True
    return _JSON_RECORD.match(probe.text) is not None and not _named(".md", ".markdown")(probe)


FORMATS = (
    Format(FileType.PDF, (".pdf",), "rag.parsing.pdf:read_pdf", _is_pdf),
    _package(FileType.DOCX, ".docm", ".dotx", ".dotm", reader="word:read_docx"),
    _package(FileType.PPTX, ".pptm", ".ppsx", ".ppsm", ".potx", ".potm", reader="slides:read_pptx"),
    _package(FileType.XLSX, ".xlsm", ".xltx", ".xltm", reader="sheets:read_xlsx"),
    _package(FileType.XLSB, reader="sheets:read_xlsb"),
    _package(FileType.ODT, ".ott", reader="opendocument:read_odt"),
    _package(FileType.ODS, ".ots", reader="sheets:read_ods"),
    _package(FileType.ODP, ".otp", reader="slides:read_odp"),
    _package(FileType.EPUB, reader="books:read_epub"),
    _ole(FileType.DOC, ".dot", streams={"worddocument"}, reader="books:read_doc"),
    _ole(FileType.XLS, ".xlt", streams={"workbook", "book"}, reader="sheets:read_xls"),
    _ole(FileType.PPT, ".pps", ".pot", streams={"powerpoint document"}, reader="slides:read_ppt"),
    Format(
        FileType.RTF, (".rtf",), "rag.parsing.office.rich_text:read_rtf", lambda probe: probe.head.startswith(_RTF_MARK)
    ),
    Format(FileType.MSG, (".msg",), "rag.parsing.outlook:read_msg", _is_message),
    Format(FileType.EML, (".eml",), "rag.parsing.mail:read_mail", _is_mail),
    Format(
        FileType.HTML,
        (".html", ".htm", ".xhtml"),
        "rag.parsing.html:read_html",
        lambda probe: _HTML.match(probe.text) is not None or _named(".html", ".htm", ".xhtml")(probe),
    ),
    Format(FileType.JSON, (".json", ".jsonl", ".ndjson", ".geojson"), "rag.parsing.json_records:read_json", _is_json),
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
