import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.text.small_talk import MAX_CHARACTERS, SmallTalkKind, small_talk

KINDS = {
    SmallTalkKind.GREETING: ["hello", "Hello!", "hi there", "Hey 👋", "good morning everyone", "hello hello"],
    SmallTalkKind.THANKS: ["Thanks a lot", "Thank you so much!", "thx", "cool, thanks", "thank you for your help"],
    SmallTalkKind.GOODBYE: ["see you later", "have a nice day", "OK thanks, bye"],
    SmallTalkKind.IDENTITY: ["Who are you?", "What can you do?", "What's your name?"],
    SmallTalkKind.NATURE: ["are you human?", "Are you a bot or a human?", "am I talking to a real person?"],
    SmallTalkKind.PERSON: [
        "Can I talk to somebody?", "I want to speak to a human", "could I talk to a real person please",
        "I'd like to talk to an agent", "talk to a human", "human please",
    ],
    SmallTalkKind.WELL_BEING: ["how are you?", "Hi, how are you today?"],
}  # fmt: skip
FRENCH_KINDS = {
    SmallTalkKind.GREETING: ["Bonjour", "Bonjour à tous !", "bonsoir", "coucou"],
    SmallTalkKind.THANKS: ["merci", "Merci beaucoup pour votre aide !", "ok merci", "Parfait, merci"],
    SmallTalkKind.GOODBYE: ["Au revoir et merci", "Bonne journée !", "À bientôt"],
    SmallTalkKind.IDENTITY: ["Qui êtes-vous ?", "qui es-tu", "Comment tu t'appelles ?", "Que peux-tu faire ?"],
    SmallTalkKind.NATURE: ["Êtes-vous un robot ?", "Tu es un humain ?", "est-ce que tu es un humain ou un robot ?"],
    SmallTalkKind.PERSON: [
        "Puis-je parler à quelqu’un ?", "je veux parler à un conseiller", "parler à un humain svp",
    ],
    SmallTalkKind.WELL_BEING: ["ça va ?", "comment allez-vous ?", "Salut, ça va ?"],
}  # fmt: skip
QUESTIONS = """Hello, what time do you open?|thanks to whom?|How can I thank the team?|What is KX-204?
human resources contact|who are your partners?|what are your opening hours|help with my invoice
Can I talk to the repair department about my drill?|merci de m'indiquer le prix|bonjour quel est le prix
good morning breakfast hours|is the pool open?|Who is the author?|bye bye baby cd price|and Lille?
garantie batteries|Remboursement|how do you ship|what do you do with my data|are you open on Sunday?
Êtes-vous ouverts le dimanche ?|A+ energy label|is this a bot detection tool?|no smoking policy|test report
perfect fit guarantee|who made the chair|can you help me reset my password|+33 1 23 45 67 89"""


@pytest.mark.parametrize(
    ("kind", "language", "message"),
    [(kind, "en", message) for kind, said in KINDS.items() for message in said]
    + [(kind, "fr", message) for kind, said in FRENCH_KINDS.items() for message in said],
)
def test_small_talk_is_recognised_with_its_language(kind: SmallTalkKind, language: str, message: str) -> None:
    said = small_talk(message)

    assert said is not None
    assert (said.kind, said.language) == (kind, language)


@pytest.mark.parametrize("message", ["ok", "Super !", "👍", "cool"])
def test_words_that_both_languages_have_are_of_none(message: str) -> None:
    said = small_talk(message)

    assert said is not None
    assert said.language is None


@pytest.mark.parametrize("message", QUESTIONS.replace("\n", "|").split("|"))
def test_a_message_that_asks_something_is_a_question_however_politely(message: str) -> None:
    assert small_talk(message) is None


@pytest.mark.parametrize("message", ["", "  \n"])
def test_nothing_is_no_small_talk(message: str) -> None:
    assert small_talk(message) is None


@given(st.text(max_size=2 * MAX_CHARACTERS))
def test_any_message_is_read(message: str) -> None:
    small_talk(message)
