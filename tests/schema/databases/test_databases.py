"""External databases: added, changed and forgotten by the owner; their passwords are read by nobody."""

from dataclasses import replace
from ipaddress import ip_network
from typing import Any

import pytest
from sqlalchemy import select, update

from core.outbound import SsrfGuard
from core.security.encryption import Encryption, Undecryptable
from data.models import Role, WorkspaceDatabase
from monitora.settings.settings import Settings
from resolvers.databases import MAX_DATABASES, MAX_PASSWORD_BYTES, reencrypt
from schema.relay.node import parse_id
from tests.support.people import People, Person, Shop

HOST = "93.184.216.34"
NEW_KEY = "the new key, of at least thirty-two bytes"
PASSWORD = "n0t-for-anybody's-eyes"
FIELDS = "id name dbType host port database username hasPassword description isActive"
CREATE = f"createWorkspaceDatabase ... on WorkspaceDatabasePayload {{ database {{ {FIELDS} }} }}"
UPDATE = f"updateWorkspaceDatabase ... on WorkspaceDatabasePayload {{ database {{ {FIELDS} }} }}"
ERP = {"name": "erp", "dbType": "POSTGRES", "host": HOST, "database": "erp", "username": "reader", "password": PASSWORD}


async def _add(shop: Shop, **input: Any) -> dict[str, Any]:
    made = await shop.owner.change(CREATE, workspaceId=shop.id, **(ERP | input))
    assert made["__typename"] == "WorkspaceDatabasePayload", made
    return dict(made["database"])


async def _stored(people: People, identifier: str) -> WorkspaceDatabase:
    statement = select(WorkspaceDatabase).where(WorkspaceDatabase.id == parse_id(identifier)[1])
    row = await people.services.database.read(lambda unit: unit.scalar(statement))
    assert row is not None
    return row


async def _password(people: People, identifier: str) -> str | None:
    row = await _stored(people, identifier)
    text = row.password_encrypted
    return None if text is None else people.services.encryption.decrypt(text, row.id).decode()


async def test_a_database_is_added_and_its_password_encrypted(people: People) -> None:
    shop = await people.shop()

    added = await _add(shop, description=" Orders since 2010 ")

    assert added == {
        "id": added["id"],
        "name": "erp",
        "dbType": "POSTGRES",
        "host": HOST,
        "port": 5432,
        "database": "erp",
        "username": "reader",
        "hasPassword": True,
        "description": "Orders since 2010",
        "isActive": True,
    }
    row = await _stored(people, added["id"])
    assert row.password_encrypted is not None
    assert PASSWORD not in row.password_encrypted
    assert await _password(people, added["id"]) == PASSWORD


@pytest.mark.parametrize(("kind", "port"), [("SQL_SERVER", 1433), ("MYSQL", 3306), ("POSTGRES", 5432)])
async def test_the_port_is_the_kind_s_own_unless_it_is_given(people: People, kind: str, port: int) -> None:
    shop = await people.shop()

    assert (await _add(shop, dbType=kind))["port"] == port
    assert (await _add(shop, dbType=kind, port=port + 1))["port"] == port + 1


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("name", " ", "BAD_USER_INPUT"),
        ("name", "x" * 256, "BAD_USER_INPUT"),
        ("database", "", "BAD_USER_INPUT"),
        ("username", "x" * 256, "BAD_USER_INPUT"),
        ("description", "x" * 4_001, "BAD_USER_INPUT"),
        ("password", "", "BAD_USER_INPUT"),
        ("password", "x" * (MAX_PASSWORD_BYTES + 1), "BAD_USER_INPUT"),
        ("password", "half a \ud800 pair", "BAD_USER_INPUT"),
        ("host", "", "HOST_NOT_ALLOWED"),
        ("host", "127.0.0.1", "HOST_NOT_ALLOWED"),
        ("host", "localhost", "HOST_NOT_ALLOWED"),
        ("host", "10.0.0.8", "HOST_NOT_ALLOWED"),
        ("host", "169.254.169.254", "HOST_NOT_ALLOWED"),
        ("host", "http://example.com/", "HOST_NOT_ALLOWED"),
        ("host", f"{HOST};Encrypt=no", "HOST_NOT_ALLOWED"),
    ],
)
async def test_what_is_out_of_bounds_is_refused(people: People, field: str, value: str, code: str) -> None:
    shop = await people.shop()

    refused = await shop.owner.change(CREATE, workspaceId=shop.id, **(ERP | {field: value}))

    assert (refused["__typename"], refused["code"], refused["path"]) == ("InvalidInput", code, [field])


async def test_a_workspace_has_so_many_databases_and_no_more(people: People) -> None:
    shop = await people.shop()
    for _ in range(MAX_DATABASES):
        await _add(shop)

    assert (await shop.owner.change(CREATE, workspaceId=shop.id, **ERP))["code"] == "QUOTA_EXCEEDED"


async def test_the_operator_s_network_is_reached(people: People) -> None:
    guard = SsrfGuard([ip_network("10.1.0.0/16")])
    people.services = people.anyone.services = replace(people.services, ssrf_guard=guard)
    shop = await people.shop()

    assert (await _add(shop, host="10.1.0.8"))["host"] == "10.1.0.8"


async def test_what_is_changed_is_changed_alone(people: People) -> None:
    shop = await people.shop()
    added = await _add(shop)

    changed = await shop.owner.change(UPDATE, id=added["id"], name="orders", isActive=False, username=None)

    assert changed["database"] == added | {"name": "orders", "isActive": False, "username": None}
    assert await _password(people, added["id"]) == PASSWORD


async def test_a_password_goes_to_no_other_host_by_itself(people: People) -> None:
    shop = await people.shop()
    added = await _add(shop)
    elsewhere = "93.184.216.35"

    for move in ({"host": elsewhere}, {"port": 6543}):
        refused = await shop.owner.change(UPDATE, id=added["id"], **move)
        assert (refused["code"], refused["path"]) == ("BAD_USER_INPUT", ["password"])
    inside = await shop.owner.change(UPDATE, id=added["id"], host="10.0.0.8", password="another")
    with_one = await shop.owner.change(UPDATE, id=added["id"], host=elsewhere, password="another")

    assert inside["code"] == "HOST_NOT_ALLOWED"
    assert with_one["database"]["host"] == elsewhere
    assert await _password(people, added["id"]) == "another"
    without = await shop.owner.change(UPDATE, id=added["id"], host=HOST, password=None)
    assert not without["database"]["hasPassword"]
    assert (await shop.owner.change(UPDATE, id=added["id"], host=elsewhere))["database"]["host"] == elsewhere


async def test_a_database_is_forgotten(people: People) -> None:
    shop = await people.shop()
    added = await _add(shop)

    payload = "deleteWorkspaceDatabase ... on DeleteWorkspaceDatabasePayload { deletedId }"

    assert (await shop.owner.change(payload, id=added["id"]))["deletedId"] == added["id"]
    assert await shop.owner.refusal(REMOVE, id=added["id"]) == "NOT_FOUND"


ADD = f"""mutation ($id: ID!) {{ createWorkspaceDatabase(input: {{workspaceId: $id, name: "x", dbType: MYSQL,
    host: "{HOST}", database: "x"}}) {{ __typename }} }}"""
RENAME = 'mutation ($id: ID!) { updateWorkspaceDatabase(input: {id: $id, name: "x"}) { __typename } }'
REMOVE = "mutation ($id: ID!) { deleteWorkspaceDatabase(input: {id: $id}) { __typename } }"


async def _reader(people: People, shop: Shop) -> Person:
    reader, email = await people.account(Role.LECTEUR)
    await shop.owner.change("shareWorkspace", id=shop.id, email=email)
    return reader


async def test_a_reader_sees_that_there_is_one_and_not_where(people: People) -> None:
    shop = await people.shop()
    added = await _add(shop)
    reader = await _reader(people, shop)

    query = f"query ($id: ID!) {{ workspace(id: $id) {{ databases {{ nodes {{ {FIELDS} }} }} }} }}"
    listed = (await reader.ask(query, id=shop.id))["workspace"]["databases"]["nodes"]

    assert listed == [added | dict.fromkeys(("host", "port", "database", "username"))]


async def test_only_the_owner_changes_anything(people: People) -> None:
    shop = await people.shop()
    added = await _add(shop)
    reader, stranger, visitor = await _reader(people, shop), await people.admin(), await shop.visitor()

    for operation, identifier in ((ADD, shop.id), (RENAME, added["id"]), (REMOVE, added["id"])):
        assert await reader.refusal(operation, id=identifier) == "FORBIDDEN"
        assert await stranger.refusal(operation, id=identifier) == "NOT_FOUND"
        assert await visitor.refusal(operation, id=identifier) == "FORBIDDEN"
        assert await people.anyone.refusal(operation, id=identifier) == "UNAUTHENTICATED"
    assert await people.anyone.refusal(ADD, id="nonsense") in {"UNAUTHENTICATED", "NOT_FOUND"}


async def test_a_password_put_into_another_row_does_not_open(people: People) -> None:
    mine, theirs = await people.shop(), await people.shop()
    stolen = (await _stored(people, (await _add(theirs))["id"])).password_encrypted
    own = await _add(mine)
    put = update(WorkspaceDatabase).where(WorkspaceDatabase.id == parse_id(own["id"])[1])
    await people.services.database.write(lambda unit: unit.execute(put.values(password_encrypted=stolen)))

    done = await reencrypt(people.services.database, people.services.encryption)

    assert done.unreadable == [parse_id(own["id"])[1]]


async def test_passwords_are_encrypted_anew_with_the_next_key(people: People, settings: Settings) -> None:
    shop = await people.shop()
    added = [(await _add(shop, password=f"password {number}"))["id"] for number in range(3)]
    without = (await _add(shop, password=None))["id"]
    lost = (await _add(shop))["id"]
    nonsense = update(WorkspaceDatabase).where(WorkspaceDatabase.id == parse_id(lost)[1])
    await people.services.database.write(lambda unit: unit.execute(nonsense.values(password_encrypted="v1:lost")))
    old, new = people.services.encryption, Encryption([NEW_KEY])

    done = await reencrypt(people.services.database, Encryption([NEW_KEY, *settings.encryption_keys()]))

    assert (done.count, done.unreadable) == (3, [parse_id(lost)[1]])
    for number, identifier in enumerate(added):
        row = await _stored(people, identifier)
        assert row.password_encrypted is not None
        assert new.decrypt(row.password_encrypted, row.id) == f"password {number}".encode()
        with pytest.raises(Undecryptable):
            old.decrypt(row.password_encrypted, row.id)
    assert (await _stored(people, without)).password_encrypted is None
    assert await reencrypt(people.services.database, new) == replace(done, count=3)
