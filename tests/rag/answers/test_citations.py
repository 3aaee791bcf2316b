from uuid import UUID

import pytest

from rag.answers.citations import DocumentCitation
from rag.retrieval.passages import Passage

CONTENT = "The museum opens at nine.\n\nLost property is kept at the desk.\n\nDogs wait outside."


def passage(*places: tuple[int, str], location: str | None = "pages 3–5") -> Passage:
    return Passage(UUID(int=1), UUID(int=2), "Visits", 0, CONTENT, 0.9, location, places=places)


@pytest.mark.parametrize(
    ("question", "location"),
    [
        ("When does the museum open?", "page 3"),
        ("Where is lost property kept?", "page 4"),
        ("Where do dogs wait?", "page 5"),
        ("What is the price?", "pages 3–5"),
    ],
)
def test_a_citation_names_the_page_of_the_sentence_that_answers(question: str, location: str) -> None:
    over_pages = passage(
        (0, "page 3"), (CONTENT.index("Lost"), "page 4"), (CONTENT.index("Dogs"), "page 5"), location="pages 3–5"
    )

    assert DocumentCitation.of(over_pages, question, 1).location == location


@pytest.mark.parametrize("location", ["page 3", "Orders › Paying", None])
def test_a_passage_in_one_place_is_cited_with_it(location: str | None) -> None:
    assert DocumentCitation.of(passage(location=location), "Where do dogs wait?", 1).location == location
