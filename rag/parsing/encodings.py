"""From bytes to text: by the mark of an encoding, else by what the bytes can be."""

import codecs
import re

import chardet

from rag.parsing.errors import MAX_RAW_CHARACTERS, too_much_text

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark begins it
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SAMPLE_BYTES = 8_192
_UNLIKELY = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\uf8ff\ufff0-\uffff]|[^\x00-\uffff]")
_ASCII = re.compile(r"[\t\n\r -~]")
_LATIN = (
    *("cp1252", "iso-8859-1", "iso-8859-15", "mac-roman", "cp437", "cp850", "cp1250", "iso-8859-2", "cp852"),
    *("cp1254", "iso-8859-9", "cp1257", "cp1258"),
)
_NOT_LATIN = (
    *("cp1251", "koi8-r", "koi8-u", "iso-8859-5", "cp866", "mac-cyrillic", "cp1253", "iso-8859-7", "cp1255"),
    *("iso-8859-8", "cp1256", "iso-8859-6", "tis-620", "cp874", "shift_jis", "cp932", "euc-jp", "gb2312", "gb18030"),
    *("gbk", "big5", "big5hkscs", "cp949", "euc-kr"),
)
"""What programs write texts in; the encodings of mainframes and telegraphs are left out."""
CONTROL = re.compile(rb"[\x00-\x08\x0e-\x19\x1c-\x1f]")
"""Not 0x1A, which ends the texts of DOS, and of business programs today."""
_FEW_CONTROLS = 0.1
"""A text in UTF-8 with a smaller share of zeros and the like has bad bytes; UTF-16 has more, or is no UTF-8."""
_SAMPLE_LETTERS = 200_000
_AMONG_ASCII = re.compile(rb"[A-Za-z][\x80-\xff](?![\x80-\xff])|(?<![\x80-\xff])[\x80-\xff][A-Za-z]")
_APART = re.compile(rb"[\x80-\xff]{2,}")
_WESTERN = re.compile(r"[\x80-\u017f\u2000-\u20bf]")
_OTHER = re.compile(r"[^\x00-\u017f\u2000-\u20bf]")
_SHIFT_TO_JAPANESE = b"\x1b$B"
_BETTER = {
    "iso-8859-1": "cp1252",
    "latin-1": "cp1252",
    "latin1": "cp1252",
    "iso-8859-9": "cp1254",
    "shift-jis": "cp932",
    "sjis": "cp932",
    "x-sjis": "cp932",
    "gb2312": "gb18030",
    "gb-2312": "gb18030",
    "gbk": "gb18030",
    "euc-kr": "cp949",
    "ks-c-5601-1987": "cp949",
}
"""Encodings that hold another one whole, and the characters that are written in its name."""
FALLBACK = "cp1252"
"""What Windows programs write where they do not write UTF-8."""


def decode(content: bytes) -> str:
    """Return the text of `content`: as its byte order mark says, else UTF-8, else what its bytes are likeliest to be.

    What is not in the encoding becomes U+FFFD: a bad byte costs one character.

    Raises `UnreadableDocument` (FILE_TOO_LARGE) over `MAX_RAW_CHARACTERS`, before any of them is looked at.
    """
    text = _decoded(content)
    if len(text) > MAX_RAW_CHARACTERS:
        raise too_much_text()
    return text


def _decoded(content: bytes) -> str:
    for mark, encoding in _BYTE_ORDER_MARKS:
        if content.startswith(mark):
            return content[len(mark) :].decode(encoding, errors="replace")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        text = content.decode("utf-8", errors="replace")
        if _is_damaged_utf8(text):
            return text
        return content.decode(unmarked_unicode(content) or _likeliest(content), errors="replace")
    if "\0" in text and (unicode := unmarked_unicode(content)):
        return content.decode(unicode, errors="replace")
    return content.decode("iso-2022-jp", errors="replace") if _SHIFT_TO_JAPANESE in content else text


def _is_damaged_utf8(text: str) -> bool:
    """Tell whether a text decoded as UTF-8 is that but for some bytes: other encodings' are seldom characters."""
    bad = text.count("\ufffd")
    western, other = len(_WESTERN.findall(text)), len(_OTHER.findall(text)) - bad
    return western >= bad if not other else western + other > 2 * bad


def is_utf8(content: bytes) -> bool:
    """Tell whether `content` is UTF-8 without a bad byte."""
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _begins_utf8(sample: bytes) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample)
    except UnicodeDecodeError:
        return False
    return True


def is_unicode(content: bytes) -> bool:
    """Tell whether `content` is in UTF-16 or UTF-32, with a mark or without."""
    marked = any(content.startswith(mark) for mark, _ in _BYTE_ORDER_MARKS[1:])
    return marked or unmarked_unicode(content) is not None


def head_text(head: bytes) -> str:
    """Return the beginning of a text, roughly: of encodings that are neither UTF-8 nor UTF-16, its ASCII letters."""
    for mark, encoding in _BYTE_ORDER_MARKS:
        if head.startswith(mark):
            return head[len(mark) :].decode(encoding, errors="replace")
    return head.decode(unmarked_unicode(head) or "utf-8", errors="replace")


def better(encoding: str) -> str:
    """Return the encoding that is written in the name of `encoding`, as the WHATWG's standard says."""
    return _BETTER.get(encoding.lower().replace("_", "-"), encoding)


def unmarked_unicode(content: bytes) -> str | None:
    """Return which of UTF-16 and UTF-32 `content` is in, without a mark that says so; None where it is in none."""
    sample = content[:_SAMPLE_BYTES]
    if b"\0" not in sample or (_begins_utf8(sample) and len(CONTROL.findall(sample)) < _FEW_CONTROLS * len(sample)):
        return None
    for encoding, width in (("utf-32-le", 4), ("utf-32-be", 4), ("utf-16-le", 2), ("utf-16-be", 2)):
        try:
            text = sample[: len(sample) // width * width].decode(encoding)
        except UnicodeDecodeError:
            continue
        # Some of what any text holds: its blanks, its full stops.
        if not _UNLIKELY.search(text) and len(_ASCII.findall(text)) > len(text) / 50:
            return encoding
    return None


def _likeliest(content: bytes) -> str:
    # A letter beyond ASCII stands among ASCII letters in the words of Latin languages alone.
    sample = content[:_SAMPLE_LETTERS]
    latin = len(_AMONG_ASCII.findall(sample)) > len(_APART.findall(sample))
    found = chardet.detect(
        content, include_encodings=_LATIN if latin else _LATIN + _NOT_LATIN, no_match_encoding=FALLBACK
    )
    return better(found["encoding"] or FALLBACK)


chardet.detect("Déjà payé, à bientôt.".encode(FALLBACK))  # loads its models, which a child cannot open
