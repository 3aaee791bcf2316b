"""Pages of lists: every row once, in order, from either end."""

import base64
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.pages import Cursor, InvalidCursor
from tests.support.people import People, Person

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
    cursor = Cursor(moment, key)

    assert Cursor.parse(str(cursor)) == cursor


@given(st.text())
def test_any_text_is_a_cursor_or_is_refused(text: str) -> None:
    with suppress(InvalidCursor):
        assert str(Cursor.parse(text))
