"""What a model is given around a passage: the rest of its section, as far as there is room."""

from uuid import UUID

from rag.answers.citations import DocumentCitation
from rag.retrieval.passages import Passage
from rag.retrieval.sections import CONTEXT_TOKENS, JOINED_TOKENS, joined
from rag.text.tokens import count_tokens


def document(*chunks: tuple[str, str], number: int = 1) -> list[Passage]:
    """Return the passages of a document: the heading and the text of each."""
    return [
        Passage(
            UUID(int=1000 * number + index), UUID(int=number), "Guide", index, text, 0.9, f"page {index}", title=title
        )
        for index, (title, text) in enumerate(chunks)
    ]


def wholes(chosen: list[Passage], *documents: list[Passage]) -> list[str]:
    every = {(each.document_id, each.chunk_index): each for passages in documents for each in passages}
    return [each.whole for each in joined(chosen, lambda key, index: every.get((key, index)))]


def words(count: int, word: str = "word") -> str:
    return " ".join([word] * count)


def test_a_passage_comes_with_what_stands_around_it_in_its_section() -> None:
    guide = document(
        ("Care", "Water the plant"), ("Care", "twice a week,"), ("Care", "less in winter."), ("Sale", "5 euros")
    )

    assert wholes([guide[1]], guide) == ["Water the plant\ntwice a week,\nless in winter."]
    assert wholes([guide[2]], guide) == ["twice a week,\nless in winter."]
    assert wholes([guide[3]], guide) == ["5 euros"]


def test_a_passage_that_another_one_took_in_is_not_given_twice() -> None:
    guide = document(("Care", "first"), ("Care", "second"), ("Care", "third"))

    assert wholes([guide[1], guide[0], guide[2]], guide) == ["first\nsecond\nthird"]
    assert wholes([guide[0], guide[2]], guide) == ["first\nsecond", "third"]


def test_neighbours_are_left_out_where_there_is_no_room() -> None:
    long, short = words(JOINED_TOKENS - 5), words(20)
    guide = document(("Care", short), ("Care", long), ("Care", short))

    assert wholes([guide[1]], guide) == [long]


def test_all_passages_together_keep_within_a_bound() -> None:
    documents = [
        document(("Care", words(150, f"a{number}")), ("Care", words(150, f"b{number}")), number=number)
        for number in range(1, 9)
    ]

    found = wholes([each[0] for each in documents], *documents)

    assert sum(map(count_tokens, found)) <= CONTEXT_TOKENS
    assert "b1" in found[0], "the best passage has its neighbour"
    assert "b8" not in found[7]


def test_the_citation_is_the_passage_s_own() -> None:
    guide = document(("Care", "Water the plant"), ("Care", "twice a week."))
    (whole,) = joined([guide[1]], lambda _, index: guide[index] if index in (0, 1) else None)

    citation = DocumentCitation.of(whole, "How often is the plant watered?", 1)

    assert (citation.chunk_index, citation.location, citation.excerpt) == (1, "page 1", "twice a week.")
