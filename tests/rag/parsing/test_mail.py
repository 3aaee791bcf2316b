"""Mail: who wrote what, and the files that came with it."""

import struct
from email.message import EmailMessage

from rag.parsing.document import Attachment, Block, BlockKind
from tests.rag.parsing.ole_files import make_ole
from tests.rag.parsing.parsed import parse


def mail(subject: str = "Prêt à coûter", text: str = "Hello in plain text") -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = subject
    message["From"] = "Anna <anna@example.org>"
    message["To"] = "ben@example.org"
    message["Message-ID"] = "<1@example.org>"
    message.set_content(text)
    return message


def test_a_mail_is_its_subject_its_people_and_its_best_text() -> None:
    message = mail()
    message.add_alternative("<p>Hello <b>you</b></p><ul><li>one</ul><img src=cid:x>", subtype="html")

    document = parse("any name", message.as_bytes())

    assert document.title == "Prêt à coûter"
    assert document.blocks == [
        Block("From: Anna <anna@example.org>", kind=BlockKind.FORM_FIELD),
        Block("To: ben@example.org", kind=BlockKind.FORM_FIELD),
        Block("Hello you"),
        Block("- one", kind=BlockKind.LIST_ITEM),
    ]
    assert document.attachments == ()


def test_files_are_attached_and_pictures_of_the_text_are_not() -> None:
    message = mail()
    message.add_attachment(b"a;b\n", maintype="text", subtype="csv", filename="prix été.csv")
    message.add_attachment(b"\x89PNG", maintype="image", subtype="png", filename="logo.png", disposition="inline")

    assert parse("a.eml", message.as_bytes()).attachments == (Attachment("prix été.csv", b"a;b\n"),)


def test_a_mail_in_a_mail_is_attached_without_its_own_files() -> None:
    inner = mail("Inner", "What was asked before.")
    inner.add_attachment(b"secret", maintype="application", subtype="pdf", filename="z.pdf")
    message = mail()
    message.add_attachment(inner)

    (attachment,) = parse("a.eml", message.as_bytes()).attachments
    read = parse(attachment.name, attachment.content)

    assert attachment.name == "Inner.eml"
    assert (read.title, read.blocks[-1].text, read.attachments) == ("Inner", "What was asked before.", ())


def test_a_text_that_begins_like_a_header_is_a_text() -> None:
    assert parse("a.txt", b"From: the shop\nTo: all\nSubject: hours\n\nOpen daily.").blocks[0].kind is BlockKind.TEXT


def test_a_message_of_outlook_is_read_like_a_mail() -> None:
    texts = {"0037": "Prices of the summer", "1000": "Tents are lent from May."}
    properties = [struct.pack("<HHIII", 0x1F, int(tag, 16), 6, 2 * len(text) + 2, 0) for tag, text in texts.items()]
    streams = {f"__substg1.0_{tag}001F": text.encode("utf-16-le") for tag, text in texts.items()}

    document = parse("a", make_ole({"__properties_version1.0": bytes(32) + b"".join(properties)} | streams))

    assert document.title == "Prices of the summer"
    assert [block.text for block in document.blocks] == ["Tents are lent from May."]


def test_text_beside_the_forms_of_the_message_is_read() -> None:
    """A mailing list adds its own part below what somebody wrote."""
    message = mail()
    message.add_alternative("<p>Hello <b>you</b></p>", subtype="html")
    message.make_mixed()
    below = EmailMessage()
    below.set_content("Sent to the list of members")
    message.attach(below)

    document = parse("a.eml", message.as_bytes())

    assert [block.text for block in document.blocks[2:]] == ["Hello you", "Sent to the list of members"]


def test_the_encoded_name_of_a_file_is_told_in_letters() -> None:
    message = mail()
    message.add_attachment(b"Hello", maintype="application", subtype="octet-stream", filename="a.txt")
    raw = message.as_bytes().replace(b'filename="a.txt"', b'filename="=?utf-8?Q?pr=C3=A9.txt?="')

    assert [file.name for file in parse("a.eml", raw).attachments] == ["pré.txt"]
