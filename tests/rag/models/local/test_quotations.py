"""What of a passage answers: the answer, not the line that repeats the question."""

from uuid import UUID

import pytest

from rag.models.local.quotations import quotations
from rag.retrieval.passages import Passage

CONTACT = "Contact\nPhone\n02 555 01 02\nOpening hours\nMonday to Friday 9-17"
HOURS = "Check-out\nuntil 11:00\nDo you ship abroad?\nOnly to Luxembourg and the Netherlands."
FAQ = (
    "How do I reset my password?\n\nOpen the account page and press the link under the form; a message is sent to you."
    "\n\nDo you ship abroad?\n\nOnly to Luxembourg and the Netherlands."
)
LABELLED = "Q: Do you ship abroad?\nA: Only to Luxembourg and the Netherlands.\n\nQ: Is there a shop?\nA: In Ghent."
STEPS = "How to descale the coffee machine\n\n1. Empty the tray.\n2. Fill the tank with vinegar.\n3. Rinse twice."
TO_RESET = (
    "The lamp has no switch.\n\nTo reset the lamp:\n1. Unplug it.\n2. Wait for ten seconds.\n3. Plug it in again."
)
ROWS = "SKU: KX-204; Name: Hammer drill; Price: 89.90 EUR\nSKU: KX-310; Name: Jigsaw; Price: 64.50 EUR"
PARAGRAPH = "The pool is heated. It opens at 7:30 from May on. Towels are lent at the desk. Dogs wait outside."


def passage(content: str, title: str = "", score: float = 0.9, language: str = "en") -> Passage:
    return Passage(UUID(int=1), UUID(int=2), "Guide", 0, content, score, None, language, title=title)


def quoted(question: str, *passages: Passage) -> list[tuple[str, ...]]:
    return [each.lines for each in quotations(question, passages)]


@pytest.mark.parametrize(
    ("content", "question", "lines"),
    [
        (CONTACT, "What is the phone number?", ("02 555 01 02",)),
        (CONTACT, "What are the opening hours?", ("Monday to Friday 9-17",)),
        (HOURS, "What time is check-out?", ("Check-out: until 11:00",)),
        (HOURS, "Do you ship abroad?", ("Only to Luxembourg and the Netherlands.",)),
        (FAQ, "Do you ship abroad?", ("Only to Luxembourg and the Netherlands.",)),
        (LABELLED, "Do you ship abroad?", ("Only to Luxembourg and the Netherlands.",)),
        (STEPS, "How do I descale the coffee machine?", tuple(STEPS.split("\n")[2:])),
        (TO_RESET, "How do I reset the lamp?", ("1. Unplug it.", "2. Wait for ten seconds.", "3. Plug it in again.")),
        (TO_RESET, "What is step 3 to reset the lamp?", ("3. Plug it in again.",)),
        (ROWS, "How much is the jigsaw?", ("SKU: KX-310; Name: Jigsaw; Price: 64.50 EUR",)),
        (PARAGRAPH, "When does the pool open?", ("The pool is heated. It opens at 7:30 from May on.",)),
    ],
)  # fmt: skip
def test_what_stands_after_a_question_a_label_or_a_title_answers(
    content: str, question: str, lines: tuple[str, ...]
) -> None:
    assert quoted(question, passage(content))[0] == lines


def test_the_passage_whose_title_is_asked_for_answers_alone() -> None:
    first, second = passage("The tank holds 300 ml.", "Vega 100"), passage("The tank holds 250 ml.", "Vega 200")

    assert quoted("How much does the tank of the Vega 200 hold?", first, second) == [("The tank holds 250 ml.",)]


def test_quotations_are_in_one_language() -> None:
    english = passage("Delivery costs 4.90 euros.")
    french = passage("La livraison coûte 4,90 euros.", language="fr", score=0.8)

    assert quoted("What does delivery cost in euros?", english, french) == [("Delivery costs 4.90 euros.",)]


def test_what_counts_the_things_asked_for_is_quoted_before_what_only_names_them() -> None:
    places = passage("Each source shows 600 characters and the page of a PDF that holds the sentence.")
    limits = passage("A file may have 25 MB. A PDF may have at most 2,000 pages, a web page at most 8 MB.")

    assert quoted("How many pages can a PDF have?", places, limits)[0] == (
        "A PDF may have at most 2,000 pages, a web page at most 8 MB.",
    )


def test_words_that_only_ask_are_not_looked_for() -> None:
    errors = passage("Le fichier est protégé par un mot de passe.", language="fr")
    failure = passage("Un document qui échoue n'est pas cherché.", language="fr")

    assert quoted("Que se passe-t-il quand un document échoue ?", errors, failure)[0] == (
        "Un document qui échoue n'est pas cherché.",
    )


def test_of_a_long_list_the_item_is_quoted_and_not_the_whole() -> None:
    lines = (f"- SETTING_{each}: how many seconds a client of kind {each} may take." for each in range(30))
    items = "\n".join(lines)
    reference = passage(f"These are the settings:\n{items}\n- STORED: documents and seconds of a workspace.")

    assert quoted("How many documents of a workspace, and seconds?", reference) == [
        ("- STORED: documents and seconds of a workspace.",)
    ]
