"""Messages of Outlook (MSG), where the extra `monitora[msg]` is installed."""

import io
from importlib.util import find_spec

from core.errors import ErrorCode
from rag.parsing.document import BlockKind
from rag.parsing.errors import UnreadableDocument
from rag.parsing.html import read_fragment
from rag.parsing.outline import Outline
from rag.parsing.text import add_text

IS_INSTALLED = find_spec("oxmsg") is not None
if IS_INSTALLED:
    from oxmsg import Message


def read_msg(content: bytes) -> Outline:
    """Read a message as `read_mail` reads a mail. A message inside it is not read, and is told.

    Raises `UnreadableDocument` (FILE_UNREADABLE) where it is in an encoding that Python does not have.
    """
    try:
        message = Message.load(io.BytesIO(content))
        outline = Outline(message.subject or "")
        headers = {name.lower(): value for name, value in message.message_headers.items()}
        receivers = ", ".join(str(each.name or each.email_address or "") for each in message.recipients)
        sent = message.sent_date.isoformat(" ", "minutes") if message.sent_date else ""
        shown = {"From": message.sender, "To": headers.get("to") or receivers, "Cc": headers.get("cc"), "Date": sent}
        for name, value in shown.items():
            if value:
                outline.add(f"{name}: {value}", kind=BlockKind.FORM_FIELD)
        if message.html_body:
            read_fragment(outline, message.html_body)
        else:
            add_text(outline, message.body or "")
        for attachment in message.attachments:
            if not attachment.attached_by_value or attachment.file_bytes is None:
                outline.warn("A message inside the message is not read. Save it as a file of its own.")
            elif not (attachment.mime_type or "").startswith("image/"):
                outline.attach(attachment.file_name or "attachment", attachment.file_bytes)
    except LookupError as error:
        raise UnreadableDocument(
            ErrorCode.FILE_UNREADABLE, "The message is in an encoding that is not known. Save it as .eml and send that."
        ) from error
    return outline
