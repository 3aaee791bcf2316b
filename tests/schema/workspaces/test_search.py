"""Search in a workspace's documents by its staff."""

import pytest

from data.models import Role
from tests.support.people import People, Shop

SEARCH = """query ($id: ID!, $text: String!, $first: Int) { workspace(id: $id) { search(query: $text, first: $first) {
  rank score lexicalScore denseScore document { name } passage { index content location }
} } }"""


@pytest.fixture
async def garden(people: People) -> Shop:
    shop = await people.shop()
    await shop.learn()
    return shop


async def test_a_search_finds_passages_best_first_with_what_they_were_found_by(garden: Shop) -> None:
    hits = (await garden.owner.ask(SEARCH, id=garden.id, text="What does delivery cost?"))["workspace"]["search"]

    assert [hit["rank"] for hit in hits] == [1, 2, 3]
    assert "twelve euros" in hits[0]["passage"]["content"]
    assert (hits[0]["document"], hits[0]["passage"]["location"]) == ({"name": "garden.md"}, "Delivery")
    assert hits[0]["score"] >= 0.5 > hits[-1]["score"]
    assert hits[0]["lexicalScore"] > hits[-1]["lexicalScore"] >= 0
    assert hits[0]["denseScore"] > 0


async def test_what_answers_nothing_is_shown_too(garden: Shop) -> None:
    hits = (await garden.owner.ask(SEARCH, id=garden.id, text="Who won the football match?", first=2))["workspace"]

    assert len(hits["search"]) == 2
    assert max(hit["score"] for hit in hits["search"]) < 0.5


async def test_a_workspace_without_documents_has_no_hits(people: People) -> None:
    shop = await people.shop()

    assert (await shop.owner.ask(SEARCH, id=shop.id, text="delivery"))["workspace"]["search"] == []


@pytest.mark.parametrize(
    ("query", "first"), [("", 5), ("  ", 5), ("x" * 4_001, 5), ("delivery", 0), ("delivery", 41), ("delivery", -1)]
)
async def test_a_search_that_cannot_be_made_is_refused(garden: Shop, query: str, first: int) -> None:
    assert await garden.owner.refusal(SEARCH, id=garden.id, text=query, first=first) == "BAD_USER_INPUT"


async def test_a_stranger_searches_nothing(garden: Shop, people: People) -> None:
    stranger = (await people.account(Role.ADMIN))[0]

    assert await stranger.refusal(SEARCH, id=garden.id, text="delivery") == "NOT_FOUND"
