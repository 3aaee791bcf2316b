from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.retrieval.duplicates import distinct
from rag.retrieval.passages import Passage

FOOTER = "You can reach us from Monday to Friday by telephone or with the form on the page Contact."


def passage(content: str, document: int = 0) -> Passage:
    return Passage(UUID(int=1), UUID(int=document), f"Document {document}", 0, content, 0.9)


@pytest.mark.parametrize(
    "other",
    [
        FOOTER,
        FOOTER.replace("the form", "the short form"),
        FOOTER.replace(" ", "\n"),
    ],
)
def test_what_repeats_an_earlier_passage_takes_no_place_of_its_own(other: str) -> None:
    one, repeated, more = passage(FOOTER, 1), passage(other, 2), passage("The pool opens at 7:30.", 3)

    assert distinct([one, repeated, more], 2) == [one, more]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            "The jigsaw KX-204 of our range for the workshop costs 89.90",
            "The jigsaw KX-310 of our range for the workshop costs 89.90",
        ),
        (
            "The iron Orion has a tank for water, a lamp and a long cord",
            "The iron Vega has a tank for water, a lamp and a long cord",
        ),
        (
            "A ticket for adults who come to the museum in the morning is 4,50",
            "A ticket for adults who come to the museum in the morning is 5,50",
        ),
    ],
)
def test_passages_that_differ_in_a_name_a_code_or_a_number_say_different_things(one: str, other: str) -> None:
    assert len(distinct([passage(one, 1), passage(other, 2)], 5)) == 2


def test_a_few_words_are_about_their_own_document() -> None:
    first, second = passage("The tank holds 300 ml.", 1), passage("The tank holds 300 ml.", 2)

    assert distinct([first, second], 5) == [first, second]
    assert distinct([first, passage("The tank holds 300 ml.", 1)], 5) == [first]


@given(st.lists(st.text(alphabet="ab c1", max_size=40)), st.integers(1, 10))
def test_the_best_passages_stay_in_their_order(contents: list[str], limit: int) -> None:
    passages = [passage(content, number) for number, content in enumerate(contents)]

    found = distinct(passages, limit)

    assert found == sorted(found, key=passages.index)
    assert found[:1] == passages[:1]
    assert len(found) <= limit
    assert distinct(found, limit) == found
