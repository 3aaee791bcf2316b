import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.text.spelling import distance, slips

WORD = st.text(alphabet="abcde", min_size=1, max_size=8)


@pytest.mark.parametrize(
    ("slip", "meant"),
    [("wiget", "widget"), ("instal", "install"), ("hwo", "who"), ("refnud", "refund"), ("prise", "price")],
)
def test_one_slip_leads_to_the_word_that_was_meant(slip: str, meant: str) -> None:
    assert meant in slips(slip)
    assert distance(slip, meant) == 1


def test_the_first_letter_is_never_replaced_and_three_letters_only_change_places() -> None:
    assert "bat" not in slips("cat")
    assert slips("teh") == {"eth", "the"}
    assert all(word[:1] in {"p", "r"} for word in slips("prise"))


@given(WORD, WORD)
def test_distance_is_symmetric_and_zero_only_for_the_same_word(one: str, other: str) -> None:
    assert distance(one, other) == distance(other, one)
    assert (distance(one, other) == 0) == (one == other)
    assert abs(len(one) - len(other)) <= distance(one, other) <= max(len(one), len(other))


@given(WORD)
def test_every_slip_is_at_distance_one(word: str) -> None:
    assert all(distance(word, slip) == 1 for slip in slips(word))
