import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.text.terms import compared_words, terms

CODE = st.from_regex(re.compile(r"[A-Z]{2,5}[0-9]{2,6}"), fullmatch=True)


def forms(text: str) -> list[str]:
    return [word.text for word in compared_words(text)]


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("KX-204", "kx204"),
        ("kx204", "kx204"),
        ("KX\u2011204", "kx204"),
        ("KX_204", "kx204"),
        ("KX-204-B", "kx204b"),
        ("NAME_OF_A_CODE", "nameofacode"),
        ("v2.3.1", "v2.3.1"),
        ("RFC-2616", "rfc2616"),
        ("#4711", "4711"),
        ("89,90", "89.90"),
        ("89.90", "89.90"),
        ("1,000", "1000"),
        ("12,500,000", "12500000"),
        ("0,125", "0.125"),
        ("7:30", "7h30"),
        ("a.b@c.d", "ab@cd"),
        ("E-mail", "email"),
        ("log-in", "login"),
        ("R&D", "rd"),
        ("10km", "10km"),
    ],
)
def test_what_is_written_together_has_one_form(text: str, form: str) -> None:
    assert forms(f"see {text}, please") == ["see", form, "please"]


@given(CODE, st.sampled_from(["", "-", "_", ".", "/", "\u2010", "\u2011"]), st.booleans())
def test_a_code_is_one_word_however_it_is_written(code: str, mark: str, is_lower: bool) -> None:
    letters = code.rstrip("0123456789")
    written = letters + mark + code[len(letters) :]

    assert forms(written.lower() if is_lower else written) == [code.lower()]


def test_a_compound_is_a_term_behind_those_of_its_parts() -> None:
    assert terms("Steam_engine KX-204", "en") == ["steam", "engin", "steamengin", "kx", "204", "kx204"]
    assert terms("le rendez-vous", "fr") == ["rend", "rendezvous"]


def test_words_that_only_carry_grammar_make_no_compound() -> None:
    assert terms("est-ce", "fr") == []


def test_a_mark_at_the_end_of_a_word_joins_nothing() -> None:
    assert forms("Monday, 9. - Closed: never/") == ["monday", "9", "closed", "never"]


def test_an_address_of_a_page_is_its_words() -> None:
    address = "https://shop.example/help/returns-and-refunds/how-to-send-back"

    assert forms(address)[:4] == ["https", "shop", "example", "help"]


@given(st.text(max_size=80))
def test_any_text_has_words_and_every_word_is_folded(text: str) -> None:
    found = compared_words(text)

    assert all(word.text == word.text.lower() and " " not in word.text for word in found)
    assert all(len(word.parts) != 1 for word in found)
