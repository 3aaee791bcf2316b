"""Pages of lists: every row once, in order, from either end."""

import base64
import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data import counts
from data.models import Document, DocumentChunk, global_id
from data.pages import Cursor, InvalidCursor
from schema.relay.node import parse_id
from tests.support.people import People, Person
from tests.support.rows import Given

DOCUMENTS = """
query ($id: ID!, $first: Int, $after: String, $last: Int, $before: String) { workspace(id: $id) {
  documents(first: $first, after: $after, last: $last, before: $before) {
    totalCount nodes { name } edges { cursor }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }
"""


async def _page(owner: Person, workspace: str, **arguments: object) -> Any:
    return (await owner.ask(DOCUMENTS, id=workspace, **arguments))["workspace"]["documents"]


async def test_forward_and_backward_give_every_row_once_in_the_list_s_order(people: People) -> None:
    shop = await people.shop()
    for number in range(7):
        await shop.upload(f"Document {number}.", f"{number}.txt")
    newest_first = [f"{number}.txt" for number in reversed(range(7))]

    forward, after = [], None
    while True:
        page = await _page(shop.owner, shop.id, first=3, after=after)
        forward += [node["name"] for node in page["nodes"]]
        assert page["totalCount"] == 7
        assert page["pageInfo"]["hasPreviousPage"] is (after is not None)
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    backward: list[str] = []
    before = None
    while True:
        page = await _page(shop.owner, shop.id, last=3, before=before)
        backward = [node["name"] for node in page["nodes"]] + backward
        before = page["pageInfo"]["startCursor"]
        if not page["pageInfo"]["hasPreviousPage"]:
            break

    assert forward == backward == newest_first


async def test_a_page_between_two_cursors(people: People) -> None:
    shop = await people.shop()
    for number in range(5):
        await shop.upload(f"Document {number}.", f"{number}.txt")
    cursors = [edge["cursor"] for edge in (await _page(shop.owner, shop.id))["edges"]]

    between = await _page(shop.owner, shop.id, after=cursors[0], before=cursors[4])

    assert [node["name"] for node in between["nodes"]] == ["3.txt", "2.txt", "1.txt"]


@pytest.mark.parametrize(
    "arguments",
    [
        {"first": -1},
        {"first": 101},
        {"last": 101},
        {"first": 1, "last": 1},
        {"after": "nonsense"},
        {"before": base64.urlsafe_b64encode(b'["2026-01-01", "x"]').decode()},
        {"after": "é"},
        {"after": "x" * 100_000},
    ],
)
async def test_a_page_that_cannot_be_is_bad_input(people: People, arguments: dict[str, object]) -> None:
    shop = await people.shop()

    assert await shop.owner.refusal(DOCUMENTS, id=shop.id, **arguments) == "BAD_USER_INPUT"


@given(st.datetimes(timezones=st.just(UTC)), st.uuids())
def test_a_cursor_comes_back_as_it_was(moment: datetime, key: UUID) -> None:
    cursor = Cursor((moment, key))

    assert Cursor.parse(str(cursor), Document) == cursor


@given(st.integers(0, 2**31 - 1))
def test_a_cursor_of_passages_is_a_place_in_the_document(index: int) -> None:
    text = str(Cursor((index,)))

    assert Cursor.parse(text, DocumentChunk) == (index,)
    with pytest.raises(InvalidCursor):
        Cursor.parse(text, Document)


@pytest.mark.parametrize("values", [[-1], [2**31], [True], [1.0], ["1"], [None], [1, 2], [], 1, {"a": 1}])
def test_a_cursor_of_passages_holds_one_number_of_a_row(values: Any) -> None:
    text = base64.urlsafe_b64encode(json.dumps(values).encode()).decode()

    with pytest.raises(InvalidCursor):
        Cursor.parse(text, DocumentChunk)


@given(st.text(), st.sampled_from([Document, DocumentChunk]))
def test_any_text_is_a_cursor_or_is_refused(text: str, model: type[Any]) -> None:
    with suppress(InvalidCursor):
        assert str(Cursor.parse(text, model))


COUNTS = """query ($id: ID!) { workspace(id: $id) {
  conversations { totalCount totalCountIsExact nodes { messages { totalCount totalCountIsExact } } }
  documents { totalCount totalCountIsExact } } }"""


async def test_a_long_list_says_that_it_has_more_and_a_count_that_is_kept_is_exact(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counts, "MAX_COUNT", 2)
    shop = await people.shop()
    given_rows, workspace_id = Given(people.services.database), parse_id(shop.id)[1]
    for number in range(3):
        await given_rows.document(workspace_id)
        conversation = await given_rows.conversation(workspace_id, f"visitor {number}")
        for _ in range(3):
            await given_rows.message(conversation)

    found = (await shop.owner.ask(COUNTS, id=shop.id))["workspace"]

    conversations = found["conversations"]
    assert (conversations["totalCount"], conversations["totalCountIsExact"]) == (3, True)
    assert conversations["nodes"][0]["messages"] == {"totalCount": 3, "totalCountIsExact": True}
    assert found["documents"] == {"totalCount": 2, "totalCountIsExact": False}


async def test_a_list_as_long_as_is_counted_is_counted_exactly(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counts, "MAX_COUNT", 2)
    owner = await people.admin()
    await people.shop(owner)
    await people.shop(owner)
    asked = "{ workspaces { totalCount totalCountIsExact } }"
    assert (await owner.ask(asked))["workspaces"] == {"totalCount": 2, "totalCountIsExact": True}

    await people.shop(owner)

    assert (await owner.ask(asked))["workspaces"] == {"totalCount": 2, "totalCountIsExact": False}


async def test_pages_of_many_parents_are_each_their_own_also_where_moments_are_equal(people: People) -> None:
    """Rows of one moment are ordered by their keys, and a cursor among them is where the next page begins."""
    owner = await people.admin()
    shops = [await people.shop(owner) for _ in range(3)]
    rows, moment = Given(people.services.database), datetime(2026, 1, 19, tzinfo=UTC)
    expected = {}
    for size, shop in enumerate(shops, start=2):
        keys = [await rows.document(parse_id(shop.id)[1], created_at=moment) for _ in range(size)]
        expected[shop.id] = [global_id("Document", key) for key in sorted(keys, reverse=True)]
    asked = """query ($after: String, $before: String, $first: Int, $last: Int) { workspaces { nodes { id
        documents(first: $first, after: $after, last: $last, before: $before) {
          edges { cursor } nodes { id } pageInfo { hasNextPage hasPreviousPage } } } } }"""

    first = {node["id"]: node["documents"] for node in (await owner.ask(asked, first=2))["workspaces"]["nodes"]}
    last = {node["id"]: node["documents"] for node in (await owner.ask(asked, last=2))["workspaces"]["nodes"]}

    for shop in shops:
        ids = expected[shop.id]
        assert [node["id"] for node in first[shop.id]["nodes"]] == ids[:2]
        assert [node["id"] for node in last[shop.id]["nodes"]] == ids[-2:]
        assert first[shop.id]["pageInfo"] == {"hasNextPage": len(ids) > 2, "hasPreviousPage": False}
        assert last[shop.id]["pageInfo"] == {"hasNextPage": False, "hasPreviousPage": len(ids) > 2}
        cursor = first[shop.id]["edges"][0]["cursor"]
        after = (await owner.ask(asked, first=9, after=cursor))["workspaces"]["nodes"]
        assert [row["id"] for node in after if node["id"] == shop.id for row in node["documents"]["nodes"]] == ids[1:]
