import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.text.language import detect
from rag.text.sentences import sentence_spans
from rag.text.terms import fold, terms


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("How do I get a refund for my order?", "en"),
        ("Comment obtenir le remboursement de ma commande ?", "fr"),
        ("Délai de livraison", "fr"),
        ("L'entreprise", "fr"),
        ("The café of the Élysée is open to the public", "en"),
    ],
)
def test_a_text_is_in_the_language_of_its_small_words_and_letters(text: str, language: str) -> None:
    assert detect(text) == language


@pytest.mark.parametrize("text", ["", "42", "Monitora", "¿?"])
def test_a_text_without_a_sign_of_its_language_is_in_the_default_one(text: str) -> None:
    assert detect(text) == "en"
    assert detect(text, default="fr") == "fr"


def test_accents_case_ligatures_and_typographic_apostrophes_are_folded() -> None:
    assert fold("L’ŒUVRE d’Élodie, ﬁn ß") == "l'oeuvre d'elodie, fin ss"


def test_french_terms_are_stems_without_elisions_or_stop_words() -> None:
    assert terms("Quels sont les délais de livraison jusqu’à l'étranger ?", "fr") == ["del", "livraison", "etrang"]


def test_english_terms_are_stems_without_possessives_or_stop_words() -> None:
    assert terms("What are the King's running shoes?", "en") == ["king", "run", "shoe"]


def test_forms_of_a_word_share_a_term() -> None:
    assert terms("rembourser", "fr") == terms("remboursement", "fr")
    assert terms("delivered", "en") == terms("delivers", "en")


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(KeyError):
        terms("Guten Tag", "de")


async def test_threads_stem_alike() -> None:
    words = [f"navigation{number} livraisons{number}" for number in range(200)]
    expected = [terms(word, "fr") for word in words]

    found = await asyncio.gather(*(asyncio.to_thread(lambda: [terms(word, "fr") for word in words]) for _ in range(8)))

    assert found == [expected] * 8


def test_a_sentence_ends_at_its_mark_and_not_at_an_abbreviation() -> None:
    text = 'M. Martin met Dr. Smith, e.g. in Paris. He said "Yes." Then J. R. left! Was it 3.5 km?'

    assert [text[start:end] for start, end in sentence_spans(text)] == [
        "M. Martin met Dr. Smith, e.g. in Paris.",
        'He said "Yes."',
        "Then J. R. left!",
        "Was it 3.5 km?",
    ]


def test_an_item_keeps_its_number() -> None:
    text = "1. Unplug it. Wait.\n2. Plug it in."

    assert [text[start:end] for start, end in sentence_spans(text)] == ["1. Unplug it.", "Wait.", "2. Plug it in."]


@pytest.mark.parametrize("text", [" " * 300_000, "." * 300_000, "a. " * 100_000, "\n" * 300_000, "' " * 100_000])
def test_a_long_run_of_marks_is_read_in_one_pass(text: str) -> None:
    assert sum(end - start for start, end in sentence_spans(text)) <= len(text)


def test_each_line_of_a_list_is_a_sentence() -> None:
    text = "To reset:\n- press the button\n- wait\n\nDone"

    assert [text[start:end] for start, end in sentence_spans(text)] == [
        "To reset:",
        "- press the button",
        "- wait",
        "Done",
    ]


@given(st.text())
def test_any_text_has_sentences_that_hold_all_but_white_space(text: str) -> None:
    spans = sentence_spans(text)

    assert "".join("".join(text[start:end].split()) for start, end in spans) == "".join(text.split())
    assert all(start < end for start, end in spans)


@given(st.text(), st.sampled_from(["en", "fr"]))
def test_any_text_has_a_language_and_terms_without_white_space(text: str, language: str) -> None:
    assert detect(text) in {"en", "fr"}
    assert all(term and not term.isspace() for term in terms(text, language))
