"""What the words of a question stand for in a workspace."""

from collections.abc import Sequence
from uuid import UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.index.memory.segments import Segment
from rag.index.memory.vocabulary import Meaning, Vocabulary
from rag.index.memory.workspace_index import WorkspaceIndex
from rag.index.protocol import IndexedChunk, IndexedDocument
from rag.models.local.embedder import LocalEmbedder
from rag.retrieval.query import analyse_question
from rag.retrieval.ranking import CONFIDENCE_THRESHOLD

EMBEDDER = LocalEmbedder()
PRODUCTS = (
    "SKU: KX-204; Name: Hammer drill Titan; Price: 89.90 EUR\n"
    "SKU: KX-204-B; Name: Hammer drill Titan battery version; Price: 139.00 EUR\n"
    "SKU: KX-310; Name: Jigsaw Swift; Price: 64.50 EUR"
)
HELP = [
    "Install the widget by pasting the snippet. Widgets need no plug-in.",
    "To log in, press the button at the top right. Then check out your basket.",
    "ERR_BAD_KEY means that the key was revoked. ERR_NO_ROOM means that the disk is full.",
    "Write to help.desk@shop.example. Version v2.3.1 mends the upload. The Vega 200 holds 40 000 ml.",
]


def index_of(texts: Sequence[str], title: str = "Help") -> WorkspaceIndex:
    chunks = [IndexedChunk(uuid5(UUID(int=5), text), number, text) for number, text in enumerate(texts)]
    vectors = EMBEDDER.embed([f"{title}\n{text}" for text in texts])
    return WorkspaceIndex.of([IndexedDocument(UUID(int=4), "help.md", "en", chunks, vectors, title)], EMBEDDER.weight)


async def best(texts: Sequence[str], question: str) -> tuple[str, bool]:
    found = index_of(texts).search(question, await EMBEDDER.embed_question(question), 1)[0]
    return found.content, found.score >= CONFIDENCE_THRESHOLD


def meaning(texts: Sequence[str], question: str) -> Meaning:
    return Vocabulary(index_of(texts).segments).meaning(analyse_question(question))


@pytest.mark.parametrize("question", ["kx204", "KX 204", "What is the price of KX-204?", "how much is the kx_204"])
async def test_a_code_is_found_however_it_is_written(question: str) -> None:
    assert await best([PRODUCTS, *HELP], question) == (PRODUCTS, True)


@pytest.mark.parametrize(
    ("question", "missing"),
    [
        ("What is the price of KX-205?", "kx205"),
        ("kx205 price", "kx205"),
        ("Price of KX 205?", "kx205"),
        ("the price of the kx 999", "kx999"),
        ("What does ERR_OLD_KEY mean?", "erroldkey"),
        ("what is new in v2.4.0", "v2.4.0"),
        ("May I write to sales@shop.example?", "sales@shopexample"),
        ("How much does the Vega 300 hold?", "vega300"),
        ("Does article 48111 have a battery?", "48111"),
        ("Is there a drill by Bosch?", "bosch"),
        ("Can I log in with Keycloak?", "keycloak"),
    ],
)
async def test_a_code_or_a_name_that_no_passage_holds_is_never_answered(question: str, missing: str) -> None:
    texts = [PRODUCTS, *HELP]

    assert meaning(texts, question).missing == (missing,)
    assert not (await best(texts, question))[1]


@pytest.mark.parametrize(
    "question",
    [
        "What is the price of KX-204-B?",
        "What does ERR_NO_ROOM mean?",
        "Is there something new in 2.3.1?",
        "Does the Vega 200 hold 40000 ml?",
        "HOW DO I INSTALL THE WIDGET?",
        "How Do I Install The Widget?",
        "Widgets need what?",
        "How do I log in to the CMS?",
        "Is the Vegga sold by you?",
    ],
)
def test_nothing_is_missing_of_what_the_passages_hold_in_another_form(question: str) -> None:
    assert meaning([PRODUCTS, *HELP], question).missing == ()


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("login", HELP[1]),
        ("how do I login?", HELP[1]),
        ("log-in", HELP[1]),
        ("checkout", HELP[1]),
        ("check-out of the basket", HELP[1]),
        ("plugin", HELP[0]),
        ("plug in", HELP[0]),
    ],
)
async def test_words_that_are_one_are_found_written_in_one_in_two_or_with_a_hyphen(question: str, text: str) -> None:
    assert await best(HELP, question) == (text, True)


def test_two_words_are_one_only_where_they_stand_together() -> None:
    apart = ["Enter your log. It is in the archive."]

    assert [concept.word for concept in meaning(apart, "login").concepts] == ["login"]
    together = meaning(["To log in, press here."], "login").concepts
    assert [concept.word for concept in together if "en" in concept.keys] == ["log"]


@pytest.mark.parametrize("question", ["hwo do I instal the wiget", "instaling the wigdet", "how to isntall the widgte"])
async def test_a_misspelt_question_finds_what_was_meant(question: str) -> None:
    assert await best(HELP, question) == (HELP[0], True)


def test_what_was_meant_counts_less_than_what_was_written() -> None:
    [concept] = meaning(HELP, "wiget").concepts

    assert concept.keys["en"] == {"en:wiget": 1.0, "en:widget": 0.8}
    assert concept.frequency == 1


@pytest.mark.parametrize("question", ["KX-240", "4.50 EUR", "v2.3.2", "err_bad_kex"])
def test_a_code_or_a_number_is_never_taken_for_another(question: str) -> None:
    texts = [PRODUCTS, *HELP]

    worth = [worth for concept in meaning(texts, question).concepts for worth in concept.keys["en"].values()]
    assert set(worth) == {1.0}


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("the price of the moon", {"price", "moon"}),
        ("le prix de la lune", {"prix", "lune"}),
        ("a discount for my dog", {"discount", "dog"}),
        ("hwo do I pay teh discount", {"pay", "discount"}),
    ],
)
def test_an_unknown_word_counts_unless_it_is_a_stop_word_with_two_letters_swapped(
    question: str, words: set[str]
) -> None:
    concepts = {concept.word for concept in meaning(HELP, question).concepts if len(concept.keys) > 1}

    assert concepts == words


def test_a_word_that_the_passages_hold_is_never_corrected() -> None:
    [concept] = meaning(["A wiget is not a widget."], "wiget").concepts

    assert concept.keys["en"] == {"en:wiget": 1.0}


@given(st.lists(st.text(max_size=60), min_size=1, max_size=3), st.text(max_size=120))
def test_any_question_means_something_in_any_workspace(texts: list[str], question: str) -> None:
    found = meaning(texts, question)

    assert all(
        0 < worth <= 1 for concept in found.concepts for keys in concept.keys.values() for worth in keys.values()
    )
    assert all(concept.frequency >= 0 and concept.keys for concept in found.concepts)


@given(st.from_regex(r"[A-Z]{2,4}-[0-9]{3}", fullmatch=True), st.integers(100, 999))
def test_every_code_is_found_and_no_other(code: str, number: int) -> None:
    letters = code.split("-", maxsplit=1)[0]
    texts = [f"The {code} weighs 3 kg.", *HELP]

    assert meaning(texts, f"{letters.lower()}{code[-3:]}").missing == ()
    assert bool(meaning(texts, f"{letters}-{number}").missing) == (f"{number}" != code[-3:])


async def test_the_words_of_a_pages_address_are_searched_with_its_passages() -> None:
    chunk = IndexedChunk(UUID(int=6), 0, "We pay the money back within five days.")
    vectors = EMBEDDER.embed([chunk.content])
    page = IndexedDocument(UUID(int=7), "page", "en", [chunk], vectors, "Shop", "help returns-and-refunds")
    index = index_of(HELP).with_document(page)

    found = index.search("refunds", await EMBEDDER.embed_question("refunds"), 1)[0]

    assert (found.document_id, found.score >= CONFIDENCE_THRESHOLD) == (page.id, True)


@pytest.mark.parametrize(
    ("question", "framing"),
    [
        ("What kind of drill is the Titan?", {"kind"}),
        ("In what year was the disk full?", {"year"}),
        ("Combien coûte la perceuse ?", {"combien"}),
        ("Quel est le nom de la perceuse ?", {"nom"}),
        ("How do I install the widget?", set()),
    ],
)
def test_words_that_say_what_kind_of_answer_is_wanted_count_less_than_others(question: str, framing: set[str]) -> None:
    found = meaning([PRODUCTS, *HELP], question).concepts

    assert {concept.word for concept in found if concept.weight < 1} == framing


def test_a_name_counts_more_than_another_word() -> None:
    weights = {concept.word: concept.weight for concept in meaning(HELP, "Is the drill like the Titan?").concepts}

    assert weights["titan"] > weights["drill"] == 1.0


@pytest.mark.parametrize(
    "question",
    [
        "abcdefghij" * 390,
        "配送a" * 975,
        " ".join(f"{one}{other}" for one in ("install", "widget", "button", "basket") for other in "abcdefgh" * 15),
        " ".join(f"{'letters' * 5}{number}" for number in range(97)),
    ],
    ids=["one word", "one word of signs", "words that may be two", "many long words"],
)
def test_what_a_question_looks_up_is_bounded(question: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A word of 3,900 letters was cut at each of them, which took minutes."""
    looked_up: list[str] = []
    position = Segment.position

    def counted(segment: Segment, key: str) -> int | None:
        looked_up.append(key)
        return position(segment, key)

    monkeypatch.setattr(Segment, "position", counted)

    meaning(HELP, question)

    assert sum(map(len, looked_up)) < 150_000
