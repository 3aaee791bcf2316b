import asyncio
import random
from collections.abc import Sequence
from uuid import UUID, uuid5

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.index.memory.workspace_index import WorkspaceIndex
from rag.index.protocol import IndexedChunk, IndexedDocument
from rag.models.local.embedder import LocalEmbedder
from rag.retrieval.passages import Passage
from rag.retrieval.ranking import CONFIDENCE_THRESHOLD

EMBEDDER = LocalEmbedder()
NAMESPACE = UUID(int=7)

RETURNS = (
    "Returns and refunds",
    "en",
    [
        "You may return any article within 30 days of delivery. Keep the original packaging and the receipt.",
        "Refunds are paid to the card used for the order, within five working days after the parcel reaches us.",
    ],
)
OPENING = (
    "Opening hours",
    "en",
    [
        "Our shop in Lyon is open from Tuesday to Saturday, from 9 am to 7 pm. It is closed on public holidays.",
        "The workshop repairs bicycles on Thursdays only. An appointment is needed.",
    ],
)
LIVRAISON = (
    "Livraison",
    "fr",
    [
        "La livraison à domicile coûte 4,90 euros et prend deux jours ouvrés. Elle est offerte dès 60 euros d'achat.",
        "Pour l'étranger, les délais de livraison sont d'une semaine environ. La douane reste à votre charge.",
    ],
)
SMALL = [RETURNS, OPENING, LIVRAISON]


async def document(name: str, language: str, texts: Sequence[str]) -> IndexedDocument:
    identifier = uuid5(NAMESPACE, name)
    chunks = [IndexedChunk(uuid5(identifier, str(number)), number, text) for number, text in enumerate(texts)]
    vectors = await EMBEDDER.embed_passages([f"{name}\n{text}" for text in texts])
    return IndexedDocument(identifier, name, language, chunks, vectors)


async def index_of(*documents: tuple[str, str, Sequence[str]]) -> WorkspaceIndex:
    return WorkspaceIndex.of([await document(*each) for each in documents], EMBEDDER.weight)


async def search(index: WorkspaceIndex, question: str, limit: int = 5) -> list[Passage]:
    return index.search(question, await EMBEDDER.embed_question(question), limit)


def many(count: int) -> list[tuple[str, str, list[str]]]:
    """Documents of made-up words, whose first chunk alone holds the document's number in letters."""
    chance = random.Random(5)
    words = [f"{first}{second}{third}" for first in "bdklm" for second in "aeiou" for third in ("ron", "tal", "vex")]
    return [
        (f"Document {number}", "en", [f"marker{number}x {' '.join(chance.choices(words, k=30))}" for _ in range(2)])
        for number in range(count)
    ]


@pytest.mark.parametrize(
    ("question", "name", "chunk_index"),
    [
        ("When is a refund paid?", "Returns and refunds", 1),
        ("How many days do I have to return an article?", "Returns and refunds", 0),
        ("Is the shop open on Saturday?", "Opening hours", 0),
        ("Combien coûte la livraison à domicile ?", "Livraison", 0),
        ("Quels délais pour être livré à l'étranger ?", "Livraison", 1),
    ],
)
async def test_a_question_finds_the_passage_that_answers_it(question: str, name: str, chunk_index: int) -> None:
    index = await index_of(*SMALL)

    best = (await search(index, question))[0]

    assert (best.document_name, best.chunk_index) == (name, chunk_index)
    assert best.score >= CONFIDENCE_THRESHOLD


@pytest.mark.parametrize(
    "question",
    [
        "Who won the football world cup in 1998?",
        "What is the boiling point of mercury?",
        "Qui a peint la Joconde ?",
        "Quelle est la capitale de la Mongolie ?",
        "xqzt blorf wug",
        "How are you?",
        "",
        "?!",
    ],
)
async def test_a_small_workspace_is_not_confident_about_what_it_does_not_hold(question: str) -> None:
    index = await index_of(*SMALL)

    assert all(passage.score < CONFIDENCE_THRESHOLD for passage in await search(index, question))


async def test_a_workspace_of_one_passage_answers_from_it_and_from_nothing_else() -> None:
    index = await index_of(("Opening hours", "en", OPENING[2][:1]))

    assert (await search(index, "When is the shop in Lyon open?"))[0].score >= CONFIDENCE_THRESHOLD
    assert (await search(index, "Do you sell electric scooters?"))[0].score < CONFIDENCE_THRESHOLD


async def test_passages_come_best_first_with_their_origin_and_at_most_as_many_as_asked() -> None:
    index = await index_of(*SMALL)

    found = await search(index, "refund of an article", limit=2)

    assert len(found) == 2
    assert found[0].document_id == uuid5(NAMESPACE, "Returns and refunds")
    assert found[0].content in RETURNS[2]
    assert found[0].language == "en"
    assert all(0 <= passage.score <= 1 for passage in found)


async def test_a_document_is_found_by_its_name_and_by_its_headings() -> None:
    bare = await document("Zephyr 3000", "en", ["It weighs nine kilograms.", "It folds in ten seconds."])
    headed = IndexedDocument(
        bare.id,
        bare.name,
        bare.language,
        [
            IndexedChunk(bare.chunks[0].id, 0, bare.chunks[0].content, heading="Specifications › Weight"),
            IndexedChunk(bare.chunks[1].id, 1, bare.chunks[1].content, heading="Specifications › Folding"),
        ],
        bare.vectors,
    )
    index = (await index_of(*SMALL)).with_document(headed)

    assert (await search(index, "Zephyr 3000 weight"))[0].content == "It weighs nine kilograms."
    assert (await search(index, "folding the Zephyr"))[0].content == "It folds in ten seconds."


async def test_words_are_stemmed_in_their_documents_language() -> None:
    index = await index_of(
        ("One", "fr", ["Les chevaux galopaient."]), ("Two", "en", ["The horses galloped."]), ("Three", "fr", ["Rien."])
    )

    assert (await search(index, "galopait"))[0].document_name == "One"
    assert (await search(index, "horse galloping"))[0].document_name == "Two"


async def test_a_question_that_asks_for_a_number_prefers_the_passage_that_gives_one() -> None:
    index = await index_of(
        ("Warranty", "en", ["The warranty covers defects of the frame.", "The warranty lasts 24 months."])
    )

    assert (await search(index, "How long is the warranty?"))[0].content == "The warranty lasts 24 months."


async def test_an_empty_workspace_has_no_passage() -> None:
    index = WorkspaceIndex.of([], EMBEDDER.weight)

    assert len(index) == 0
    assert await search(index, "anything") == []


async def test_documents_added_one_by_one_are_found_as_those_read_at_once() -> None:
    documents = [await document(*each) for each in [*SMALL, *many(30)]]
    at_once = WorkspaceIndex.of(documents, EMBEDDER.weight)
    questions = ["When is a refund paid?", "délais à l'étranger", "marker7x baron dital", "marker21x"]

    for seed in (1, 2):
        random.Random(seed).shuffle(documents)
        one_by_one = WorkspaceIndex(EMBEDDER.weight)
        for each in documents:
            one_by_one = one_by_one.with_document(each)

        assert len(one_by_one) == len(at_once)
        for question in questions:
            expected, found = await search(at_once, question), await search(one_by_one, question)
            assert [passage.chunk_id for passage in found] == [passage.chunk_id for passage in expected]
            assert [p.score for p in found] == pytest.approx([p.score for p in expected], abs=1e-4)


async def test_versions_made_one_document_at_a_time_have_few_segments() -> None:
    index = WorkspaceIndex(EMBEDDER.weight)
    for each in many(100):
        index = index.with_document(await document(*each))

    assert len(index) == 200
    assert len(index.segments) <= 8


async def test_adding_a_document_leaves_larger_segments_as_they_are() -> None:
    index = await index_of(*many(20))

    following = index.with_document(await document(*RETURNS))

    assert following.segments[0] is index.segments[0]


async def test_a_removed_document_is_forgotten_as_if_it_had_never_been() -> None:
    index = (await index_of(*SMALL, *many(10))).without_document(uuid5(NAMESPACE, "Livraison"))
    never = await index_of(RETURNS, OPENING, *many(10))

    assert len(index) == len(never)
    for question in ("Combien coûte la livraison ?", "When is a refund paid?", "marker3x"):
        found, expected = await search(index, question), await search(never, question)
        assert [(p.chunk_id, round(p.score, 4)) for p in found] == [(p.chunk_id, round(p.score, 4)) for p in expected]


async def test_a_document_added_again_replaces_itself() -> None:
    index = await index_of(*SMALL)

    following = index.with_document(await document("Opening hours", "en", ["We are open on Sundays only."]))

    assert len(following) == len(index) - 1
    assert [p.content for p in await search(following, "open hours") if p.document_name == "Opening hours"] == [
        "We are open on Sundays only."
    ]


async def test_a_version_never_changes() -> None:
    index = await index_of(*SMALL)
    before = await search(index, "When is a refund paid?")

    index.without_document(uuid5(NAMESPACE, "Returns and refunds"))
    index.with_document(await document("Returns and refunds", "en", ["No refunds."]))

    assert await search(index, "When is a refund paid?") == before


async def test_versions_are_searched_by_threads_while_others_are_made() -> None:
    index = await index_of(*SMALL)
    question = "When is a refund paid?"
    vector = await EMBEDDER.embed_question(question)
    added = [await document(*each) for each in many(40)]
    answers: list[str] = []

    def ask() -> None:
        for _ in range(40):
            answers.append(index.search(question, vector, 1)[0].content)  # noqa: PERF401 – each on the current version

    asking = [asyncio.create_task(asyncio.to_thread(ask)) for _ in range(3)]
    for each in added:
        index = index.with_document(each)
        await asyncio.sleep(0)
    await asyncio.gather(*asking)

    assert answers == [RETURNS[2][1]] * 120


async def test_vectors_that_do_not_correspond_to_the_chunks_are_refused() -> None:
    whole = await document(*RETURNS)
    short = IndexedDocument(whole.id, whole.name, whole.language, whole.chunks, whole.vectors[:1])

    with pytest.raises(ValueError, match="has 2 chunks and 1 vectors"):
        WorkspaceIndex.of([short], EMBEDDER.weight)


async def test_documents_without_chunks_change_nothing() -> None:
    empty = IndexedDocument(UUID(int=1), "Empty", "en", [], np.zeros((0, 1024), np.float32))
    index = (await index_of(*SMALL)).with_document(empty)

    assert len(index) == 6
    assert len(WorkspaceIndex.of([empty], 0.3)) == 0


@given(
    st.lists(
        st.tuples(st.text(max_size=20), st.sampled_from(["en", "fr"]), st.lists(st.text(), max_size=4)), max_size=4
    ),
    st.text(),
    st.integers(0, 12),
)
async def test_any_question_to_any_documents_finds_passages_with_probabilities(
    documents: list[tuple[str, str, list[str]]], question: str, limit: int
) -> None:
    numbered = [(f"{number} {name}", language, texts) for number, (name, language, texts) in enumerate(documents)]
    index = await index_of(*numbered)

    found = await search(index, question, limit)

    assert min(limit, len(index), 1) <= len(found) <= min(limit, len(index))
    assert all(0 <= passage.score <= 1 for passage in found)
    assert len({passage.chunk_id for passage in found}) == len(found)
