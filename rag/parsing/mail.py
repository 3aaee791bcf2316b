"""Mail (EML): who wrote what to whom, and the files that came with it."""

import email
import re
from collections.abc import Iterator
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message

from core.errors import ErrorCode
from rag.parsing.document import BlockKind
from rag.parsing.encodings import better, decode, is_unicode
from rag.parsing.errors import UnreadableDocument
from rag.parsing.html import read_fragment
from rag.parsing.outline import Outline
from rag.parsing.text import add_text

MAX_PARTS = 500
"""The most parts of a mail; each line of it is compared with the boundary of each multipart around it."""
_MAX_HEADER_CHARACTERS = 2_000
_PART_HEADER = re.compile(rb"^Content-[^\n]*+(?:\n[ \t][^\n]*+)*+", re.IGNORECASE | re.MULTILINE)
_MAX_PARAMETERS = 500
"""Of a header that tells of a part: `email` takes the square of their number."""
_SHOWN = ("From", "To", "Cc", "Date")
_WORDS = re.compile(r"\s+")
_NAMELESS = "attachment"


def read_mail(content: bytes) -> Outline:
    """Read a mail: its subject is the title, then sender, receivers, date and text. Its files are attached.

    Of a text in several forms the one in HTML is read. A mail inside the mail is attached without its own files.
    Raises `UnreadableDocument` (FILE_UNREADABLE) where it has over `MAX_PARTS`, parts nested too deeply or a header
    without end.
    """
    if is_unicode(content):
        content = decode(content).encode(errors="replace")
    parameters = max((header[0].count(b";") for header in _PART_HEADER.finditer(content)), default=0)
    if parameters > _MAX_PARAMETERS or content.lower().count(b"boundary=") > MAX_PARTS:
        raise _too_complex()
    try:
        # The newer policy parses headers by a grammar, which takes the square of their length.
        message = email.message_from_bytes(content)
        parts = list(_leaves(message))
    except RecursionError:
        raise _too_complex() from None
    outline = Outline(_header(message, "Subject"))
    for name in _SHOWN:
        if value := _header(message, name):
            outline.add(f"{name}: {value}", kind=BlockKind.FORM_FIELD)
    body = _body(parts)
    for part in body:
        _read_body(part, outline)
    for part in parts:
        if part not in body and _is_file(part):
            outline.attach(_file_name(part), _file(part))
    return outline


def _too_complex() -> UnreadableDocument:
    return UnreadableDocument(
        ErrorCode.FILE_UNREADABLE,
        f"The mail has more than {MAX_PARTS} parts, or a header of as many. Save what matters in it as files.",
    )


def _leaves(message: Message) -> Iterator[Message]:
    """Yield the parts of a mail that hold something; a mail inside it is one."""
    waiting = [message]
    while waiting:
        part = waiting.pop()
        inner = part.get_payload()
        if part is not message and part.get_content_type() == "message/rfc822":
            yield part
        elif isinstance(inner, list):
            held = [each for each in inner if isinstance(each, Message)]
            waiting += reversed(_best(held) if part.get_content_type() == "multipart/alternative" else held)
        else:
            yield part


def _best(forms: list[Message]) -> list[Message]:
    """Return which of several forms of one text is read: the one in HTML, else the first of text; all where none is."""
    for wanted in ("text/html", "text/"):
        for form in forms:
            if any(part.get_content_type().startswith(wanted) for part in form.walk()):
                return [form]
    return forms


def _body(parts: list[Message]) -> list[Message]:
    """Return the parts that are the text of a mail, such as what a mailing list adds below."""
    return [
        part
        for part in parts
        if part.get_content_maintype() == "text"
        and part.get_content_subtype() in {"html", "plain", "enriched"}
        and not _is_attached(part)
    ]


def _is_attached(part: Message) -> bool:
    return part.get_content_disposition() == "attachment" or (
        part.get_filename() is not None and part.get_content_disposition() != "inline"
    )


def _is_file(part: Message) -> bool:
    """Tell whether a part came as a file; pictures inside the text, signatures and other forms of the text did not."""
    if part.get_content_type() == "message/rfc822" or _is_attached(part):
        return not part.get_content_type().startswith(("application/pkcs7", "application/pgp", "image/"))
    return part.get_content_maintype() == "application" and "signature" not in part.get_content_subtype()


def _read_body(part: Message, outline: Outline) -> None:
    text = _text(part)
    if part.get_content_subtype() == "html":
        read_fragment(outline, text)
    else:
        add_text(outline, text)


def _text(part: Message) -> str:
    content = part.get_payload(decode=True)
    content = content if isinstance(content, bytes) else b""
    try:
        return content.decode(better(part.get_content_charset("")))
    except (LookupError, ValueError):
        return decode(content)


def _header(message: Message, name: str) -> str:
    """Return the text of a header, in one line; "" without it."""
    return _in_letters(str(message.get(name) or ""))


def _in_letters(raw: str) -> str:
    """Return the text of a header's value, whose words may be encoded ("=?utf-8?Q?pr=C3=A9?=")."""
    raw = raw[:_MAX_HEADER_CHARACTERS]
    try:
        pieces = [text if isinstance(text, str) else _decoded(text, charset) for text, charset in decode_header(raw)]
    except (HeaderParseError, ValueError):
        pieces = [raw]
    return _WORDS.sub(" ", "".join(pieces)).strip()


def _decoded(text: bytes, charset: str | None) -> str:
    try:
        return text.decode(better(charset or "utf-8"))
    except (LookupError, ValueError):
        return decode(text)


def _file_name(part: Message) -> str:
    """Return what an attached file is called; a mail inside the mail is called by its subject."""
    if part.get_content_type() == "message/rfc822":
        inner = part.get_payload()
        subject = _header(inner[0], "Subject") if isinstance(inner, list) and isinstance(inner[0], Message) else ""
        return f"{subject or 'mail'}.eml"
    return _in_letters(str(part.get_filename() or _NAMELESS))


def _file(part: Message) -> bytes:
    inner = part.get_payload()
    if part.get_content_type() == "message/rfc822" and isinstance(inner, list) and isinstance(inner[0], Message):
        return _without_files(inner[0])
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _without_files(message: Message) -> bytes:
    """Return a mail with its first text alone: the files of a mail in a mail are not read."""
    body = _body(list(_leaves(message)))
    body = [part for part in body if part.get_content_subtype() == body[0].get_content_subtype()]
    copy = Message()
    for name in ("Subject", *_SHOWN):
        if value := message.get(name):
            copy[name] = " ".join(str(value).split())[:_MAX_HEADER_CHARACTERS]
    copy["Content-Type"] = f'text/{body[0].get_content_subtype() if body else "plain"}; charset="utf-8"'
    copy.set_payload("\n".join(map(_text, body)).encode(errors="replace"))
    return copy.as_bytes()
