"""What a workspace and an account may store: told to the owner, refused beyond; what is refused leaves nothing."""

import asyncio
import io
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from starlette.datastructures import UploadFile

from data.models import Role
from data.queries import storage
from data.queries.storage import Amount, Quotas
from monitora.settings.settings import Settings
from resolvers.services import Services
from schema.relay.node import parse_id
from tests.support.people import GARDEN, People, Shop

STORAGE = "storage { bytes documents pages maxBytes maxDocuments maxPages }"
OF_WORKSPACE = f"query ($id: ID!) {{ workspace(id: $id) {{ {STORAGE} }} }}"
SIZE = len(GARDEN.encode())
DAMAGED = b"%PDF-1.7\nnothing of a PDF follows"
NO_BOUND = Amount()


def _people(services: Services, workspace: Amount = NO_BOUND, account: Amount = NO_BOUND) -> People:
    """Return people of the same server with these bounds."""
    return People(replace(services, policy=replace(services.policy, quotas=Quotas(workspace, account))))


def _files(settings: Settings) -> list[Path]:
    return [path for path in settings.data_dir.glob("files/**/*") if path.is_file()]


async def test_an_owner_sees_what_is_stored_and_what_may_be(services: Services) -> None:
    people = _people(services, Amount(2**31, 100, 0), Amount(2**33, 0, 1_000))
    shop = await people.shop()
    await shop.learn()
    failed = await shop.learn(DAMAGED, "report.pdf")
    elsewhere = await people.shop(shop.owner)
    await elsewhere.learn()

    of_workspace = (await shop.owner.ask(OF_WORKSPACE, id=shop.id))["workspace"]["storage"]
    of_account = (await shop.owner.ask(f"{{ me {{ {STORAGE} }} }}"))["me"]["storage"]

    assert failed["status"] == "FAILED"
    assert (of_workspace["bytes"], of_workspace["documents"]) == (SIZE + len(DAMAGED), 2)
    assert (of_workspace["maxBytes"], of_workspace["maxDocuments"], of_workspace["maxPages"]) == (2**31, 100, None)
    assert (of_account["bytes"], of_account["documents"]) == (2 * SIZE + len(DAMAGED), 3)
    assert (of_account["maxBytes"], of_account["maxDocuments"], of_account["maxPages"]) == (2**33, None, 1_000)


async def test_pages_are_shown_once_they_are_counted(services: Services) -> None:
    people = _people(services)
    shop = await people.shop()
    document = await shop.learn()
    key = parse_id(document["id"])[1]
    await services.database.write(lambda session: storage.count_read(session, key, 4, Quotas()))

    assert (await shop.owner.ask(OF_WORKSPACE, id=shop.id))["workspace"]["storage"]["pages"] == 4


async def test_a_reader_does_not_see_it(people: People) -> None:
    shop = await people.shop()
    reader, email = await people.account(Role.LECTEUR)
    await shop.owner.change("shareWorkspace", id=shop.id, email=email)

    assert (await reader.ask(OF_WORKSPACE, id=shop.id))["workspace"] == {"storage": None}
    assert (await reader.ask(f"{{ me {{ {STORAGE} }} }}"))["me"]["storage"]["bytes"] == 0


@pytest.mark.parametrize(
    ("bounds", "sentence"),
    [
        ({"workspace": Amount(byte_count=SIZE - 1)}, "The workspace holds 0 bytes of at most"),
        ({"account": Amount(byte_count=SIZE - 1)}, "The account holds, in all its workspaces, 0 bytes of at most"),
    ],
)
async def test_a_file_without_room_is_refused_before_a_byte_of_it_is_stored(
    services: Services, settings: Settings, bounds: dict[str, Amount], sentence: str
) -> None:
    shop = await _people(services, **bounds).shop()

    refused = await shop.upload(GARDEN, "garden.md")

    assert (refused["code"], refused["path"]) == ("QUOTA_EXCEEDED", ["file"])
    assert refused["message"].startswith(sentence)
    assert refused["message"].endswith("delete documents first, or ask the operator of the server for more room.")
    assert not (settings.data_dir / "files").exists()


async def test_a_deleted_document_makes_room(services: Services) -> None:
    shop = await _people(services, Amount(document_count=1)).shop()
    document = await shop.learn()
    assert (await shop.upload(GARDEN, "again.md"))["code"] == "QUOTA_EXCEEDED"

    await shop.owner.change("deleteDocument", id=document["id"])

    assert (await shop.upload(GARDEN, "again.md"))["__typename"] == "UploadDocumentPayload"


async def test_a_deleted_workspace_makes_room_in_its_account(services: Services) -> None:
    people = _people(services, account=Amount(document_count=1))
    full = await people.shop()
    other = await people.shop(full.owner)
    await full.learn()
    assert (await other.upload(GARDEN, "again.md"))["code"] == "QUOTA_EXCEEDED"

    await full.owner.change("deleteWorkspace", id=full.id)

    assert (await other.upload(GARDEN, "again.md"))["__typename"] == "UploadDocumentPayload"


@pytest.mark.parametrize("whose", ["workspace", "account"])
async def test_twenty_uploads_at_once_do_not_pass_a_bound_together(
    services: Services, settings: Settings, whose: str
) -> None:
    people = _people(services, **{whose: Amount(byte_count=5 * SIZE)})
    shop = await people.shop()
    shops = [shop] if whose == "workspace" else [shop, await people.shop(shop.owner)]

    results = await asyncio.gather(*(shops[number % len(shops)].upload(GARDEN, f"{number}.md") for number in range(20)))

    assert [result.get("code") for result in results].count("QUOTA_EXCEEDED") == 15
    assert sum(result["__typename"] == "UploadDocumentPayload" for result in results) == 5
    assert len(_files(settings)) == 5, "a refused upload leaves no file"


async def test_an_upload_that_the_database_refuses_leaves_no_file_and_counts_nothing(
    people: People, settings: Settings
) -> None:
    shop = await people.shop()
    refusing = "CREATE TRIGGER broken BEFORE INSERT ON documents BEGIN SELECT RAISE(ABORT, 'broken'); END"
    await people.services.database.write(lambda session: session.execute(text(refusing)))
    file = UploadFile(io.BytesIO(GARDEN.encode()), filename="garden.md")
    mutation = "mutation ($input: UploadDocumentInput!) { uploadDocument(input: $input) { __typename } }"

    code = await shop.owner.refusal(mutation, input={"workspaceId": shop.id, "file": file})

    assert code == "INTERNAL"
    assert _files(settings) == []
    assert (await _stored(shop))["documents"] == 0


async def test_deleted_things_leave_no_file(people: People, settings: Settings) -> None:
    shop = await people.shop()
    other = await people.shop(shop.owner)
    kept = await other.learn()
    await shop.learn()
    document = await shop.learn()

    await shop.owner.change("deleteDocument", id=document["id"])
    assert len(_files(settings)) == 2
    await shop.owner.change("deleteWorkspace", id=shop.id)

    assert [path.stem for path in _files(settings)] == [str(_key(kept))]
    assert [folder.name for folder in (settings.data_dir / "files").iterdir()] == [str(parse_id(other.id)[1])]


def _key(document: dict[str, Any]) -> UUID:
    return parse_id(document["id"])[1]


async def _stored(shop: Shop) -> dict[str, Any]:
    return dict((await shop.owner.ask(OF_WORKSPACE, id=shop.id))["workspace"]["storage"])
