"""What cannot be read, by its name, and what to do instead."""

from collections.abc import Callable
from dataclasses import dataclass

from rag.parsing.probe import Probe


@dataclass(frozen=True, slots=True)
class Refusal:
    """A kind of file that is not read. `what` is its name with an article, `instead` says what to do."""

    what: str
    instead: str
    recognise: Callable[[Probe], bool]


def _begins(*marks: bytes, at: int = 0) -> Callable[[Probe], bool]:
    return lambda probe: probe.head.startswith(marks, at)


def _named(*extensions: str) -> Callable[[Probe], bool]:
    return lambda probe: probe.extension in extensions


def _any(*tests: Callable[[Probe], bool]) -> Callable[[Probe], bool]:
    return lambda probe: any(test(probe) for test in tests)


def _is_iwork(probe: Probe) -> bool:
    parts = probe.parts
    return any(name.startswith("Index/") or name.endswith(".iwa") for name in parts) or "Index.zip" in parts


def _is_program(probe: Probe) -> bool:
    parts = probe.parts
    java = "META-INF/MANIFEST.MF" in parts and any(name.endswith(".class") for name in parts)
    return java or "AndroidManifest.xml" in parts or _PROGRAM(probe)


_PROGRAM = _begins(b"MZ", b"\x7fELF", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe", b"\0asm")
_EXPORT = "Export it as PDF and send that."
_UNPACK = "Unpack it and send the files in it."
_TRANSCRIBE = "Send its text, a transcript or subtitles as a text file."

REFUSALS = (
    Refusal("an iWork document (.pages, .numbers, .key)", "Export it as PDF or Word and send that.", _is_iwork),
    Refusal(
        "a Visio drawing",
        _EXPORT,
        lambda probe: "visio/document.xml" in probe.parts or "VisioDocument" in probe.streams,
    ),
    Refusal("a drawing of OpenDocument", _EXPORT, _named(".odg", ".odf")),
    Refusal("a program", "Send the documents that explain it.", _is_program),
    Refusal("a 3D model", _EXPORT, lambda probe: "3D/3dmodel.model" in probe.parts),
    Refusal("a ZIP archive", _UNPACK, lambda probe: probe.is_archive),
    Refusal(
        "a mailbox of Outlook (.pst)",
        "Save the mails as .eml or .msg and send those.",
        _begins(b"!BDN"),
    ),
    Refusal(
        "a message of Outlook (.msg)",
        "Save it as .eml and send that, or have the operator install monitora[msg].",
        lambda probe: "__properties_version1.0" in probe.streams,
    ),
    Refusal("an installer (.msi)", "Send the documents that explain it.", _named(".msi")),
    Refusal("a Publisher document (.pub)", _EXPORT, _named(".pub")),
    Refusal("a Visio drawing (.vsd)", _EXPORT, _named(".vsd")),
    Refusal("a project plan (.mpp)", _EXPORT, _named(".mpp")),
    Refusal(
        "a picture",
        "Send its text as a document, or the picture in a PDF where scanned pages are read.",
        _any(
            _begins(b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"II*\0", b"MM\0*", b"\0\0\1\0", b"8BPS", b"\0\0\0\x0cjP"),
            lambda probe: probe.head.startswith(b"BM") and not probe.is_text,
            lambda probe: probe.head.startswith(b"RIFF") and probe.head[8:12] == b"WEBP",
            lambda probe: probe.head[4:12] in {b"ftypheic", b"ftypheix", b"ftypavif", b"ftypmif1"},
            lambda probe: probe.is_text and ("<svg" in probe.text[:2_000] or probe.extension == ".svg"),
        ),
    ),
    Refusal(
        "an audio file",
        _TRANSCRIBE,
        _any(
            _begins(b"ID3", b"fLaC", b"OggS", b"\xff\xfb", b"\xff\xf3", b"MThd"),
            lambda probe: probe.head.startswith(b"RIFF") and probe.head[8:12] == b"WAVE",
            lambda probe: probe.head[4:11] == b"ftypM4A",
        ),
    ),
    Refusal(
        "a video",
        _TRANSCRIBE,
        _any(
            _begins(b"\x1aE\xdf\xa3", b"FLV", b"\0\0\1\xba", b"0&\xb2u"),
            _begins(b"ftyp", at=4),
            lambda probe: probe.head.startswith(b"RIFF") and probe.head[8:11] == b"AVI",
        ),
    ),
    Refusal(
        "an archive",
        _UNPACK,
        _any(
            _begins(
                b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd", b"MSCF", b"\x1f\x9d"
            ),
            _begins(b"ustar", at=257),
        ),
    ),
    Refusal(
        "a database",
        "Export its tables as CSV and send those.",
        _any(_begins(b"SQLite format 3\0", b"\0\1\0\0Standard ", b"PGDMP"), _named(".dbf", ".mdb")),
    ),
    Refusal(
        "a font",
        "Send the documents that are set in it.",
        _begins(b"wOFF", b"wOF2", b"OTTO", b"true\0", b"\0\1\0\0\0", b"ttcf"),
    ),
    Refusal("a drawing of CAD", _EXPORT, _any(_begins(b"AC10"), _named(".dxf"))),
    Refusal("a PostScript file", "Convert it to PDF and send that.", _begins(b"%!PS", b"\xc5\xd0\xd3\xc6")),
    Refusal("a DjVu document", "Convert it to PDF and send that.", _begins(b"AT&TFORM")),
    Refusal("a book for the Kindle", "Convert it to EPUB and send that.", _begins(b"BOOKMOBI", b"TEXtREAd", at=60)),
    Refusal("a help file (.chm)", "Export it as HTML or PDF and send that.", _begins(b"ITSF")),
    Refusal("a WordPerfect document", "Save it as .docx or PDF and send that.", _begins(b"\xffWPC")),
    Refusal("a calendar or contact file", "Send its text as a text file.", _named(".ics", ".vcf")),
)
"""Asked in this order, content before names."""
