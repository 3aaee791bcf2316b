import pytest

from rag.answers.understanding import understand
from rag.models.protocols import Turn

CLEAR_FRENCH = (Turn("user", "Quels sont les horaires de la piscine ?"), Turn("assistant", "7:30"))


@pytest.mark.parametrize(
    ("message", "history", "locale", "language"),
    [
        ("Quel est le délai de livraison ?", (), "en", "fr"),
        ("garantie batteries", CLEAR_FRENCH, "en", "fr"),
        ("garantie batteries", (), "fr", "fr"),
        ("garantie batteries", (), None, None),
        ("garantie batteries", (), "de", None),
        ("What is the price of it?", CLEAR_FRENCH, "fr", "en"),
        ("merci", (), "en", "fr"),
    ],
    ids=["message", "conversation", "widget", "nothing tells", "a language that is not spoken", "a change", "thanks"],
)
def test_the_language_is_the_last_clear_message_s_else_the_conversation_s_else_the_widget_s(
    message: str, history: tuple[Turn, ...], locale: str | None, language: str | None
) -> None:
    assert understand(message, history, locale).language == language


def test_small_talk_is_not_part_of_what_a_follow_up_follows() -> None:
    history = (Turn("user", "What is KX-204?"), Turn("assistant", "A drill."), Turn("user", "thanks"))

    understood = understand("and the price?", history, None)

    assert understood.is_follow_up
    assert "KX-204" in understood.search_query
    assert "thanks" not in understood.search_query


def test_yes_is_an_answer_where_the_assistant_asked() -> None:
    asked = (Turn("user", "When do you open?"), Turn("assistant", "Do you mean the shop in Lille?"))

    assert understand("yes", asked, None).small_talk is None
    assert understand("yes", (), None).small_talk is not None
