"""A mail and the files that came with it."""

from email.message import EmailMessage
from typing import Any

from sqlalchemy import select

from data.models import Document
from tests.support.files import content_of
from tests.support.people import People, Shop, file_of
from tests.support.rows import fetch

FIELDS = "id name title status fileType warnings"
BY_ID = f"query ($id: ID!) {{ node(id: $id) {{ ... on Document {{ {FIELDS} }} }} }}"
PRICES = b"article;price\nTent;120 EUR\nStove;45 EUR\n"
PICTURE = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"


def mail() -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = "Prices of the summer"
    message["From"] = "Anna <anna@example.org>"
    message["Message-ID"] = "<1@example.org>"
    message.set_content("The prices of the summer are attached. Tents are lent from May.")
    message.add_attachment(PRICES, maintype="text", subtype="csv", filename="prices.csv")
    message.add_attachment(b"MZ\x90\0\3\0\0\0", maintype="application", subtype="octet-stream", filename="run.exe")
    message.get_payload()[0].add_related(PICTURE, "image", "png", cid="<logo>")  # type: ignore[union-attr,index]
    return message


async def _names(people: People) -> list[str]:
    rows = await fetch(people.services.database, select(Document.name).where(Document.deleted_at.is_(None)))
    return sorted(name for (name,) in rows)


async def _uploaded(shop: Shop, people: People) -> dict[str, Any]:
    added = (await shop.upload(mail().as_bytes(), "summer.eml"))["document"]
    await people.services.jobs.finish()
    return dict((await shop.owner.ask(BY_ID, id=added["id"]))["node"])


async def test_the_files_of_a_mail_are_documents_of_their_own(people: People) -> None:
    shop = await people.shop()

    read = await _uploaded(shop, people)

    assert (read["status"], read["fileType"], read["title"]) == ("READY", "eml", "Prices of the summer")
    assert [warning[:60] for warning in read["warnings"]] == [
        "The attachment “run.exe” is not read. The file is a program, w"[:60]
    ]
    rows = await fetch(people.services.database, select(Document.name, Document.file_path, Document.status))
    [(path, status)] = [(path, status) for name, path, status in rows if name == "prices.csv"]
    assert await content_of(people.services.storage, path) == PRICES
    assert status == "ready"
    events = await (await shop.visitor()).chat("How much is the stove?")
    assert "45 EUR" in events[-1]["message"]["content"]


async def test_a_mail_that_is_read_again_brings_nothing_twice(people: People) -> None:
    shop = await people.shop()
    read = await _uploaded(shop, people)

    await shop.owner.change(
        "replaceDocument ... on ReplaceDocumentPayload { document { id } }",
        id=read["id"],
        file=file_of(mail().as_bytes() + b"\n", "summer.eml"),
    )
    await people.services.jobs.finish()

    assert await _names(people) == ["prices.csv", "summer.eml"]
