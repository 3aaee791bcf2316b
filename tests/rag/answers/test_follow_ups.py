"""What is searched for in the place of a question that means something only after the ones before."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.answers.follow_ups import standalone, with_thread

CONVERSATIONS = [
    [("What is KX-204?", None), ("how much does it cost?", "KX-204"), ("is it waterproof?", "KX-204"),
     ("and KX-310?", "waterproof"), ("what does it weigh?", "KX-310")],
    [("When is the Ghent store open?", None), ("and Lille?", "store open"), ("and on Sundays?", "Lille store open"),
     ("where is it?", "Lille")],
    [("What is the return policy?", None), ("how long?", "return policy"), ("and for shoes?", "return policy"),
     ("What are the delivery costs?", None), ("for Belgium?", "delivery costs"), ("why?", "Belgium delivery costs")],
    [("Do you sell gift cards?", None), ("are they refundable?", "sell gift cards"),
     ("tell me more", "refundable sell gift cards")],
    [("Quel est le prix du Vega 200 ?", None), ("et le poids ?", "Vega 200 prix"), ("est-il garanti ?", "Vega 200"),
     ("Quels sont vos horaires ?", None), ("et le dimanche ?", "horaires")],
    [("Is the Bristol workshop open on Sundays?", None), ("and the other one?", "workshop open Sundays")],
    [("What is the RX-220?", None), ("which colours?", "RX-220"), ("price?", "RX-220")],
    [("Comment changer le texte d'accueil ?", None), ("comment le traduire ?", "changer texte accueil")],
    [("Quel est le VL-310 ?", None), ("en quelles couleurs ?", "VL-310"), ("prix ?", "VL-310"),
     ("peut-on le louer ?", "VL-310"), ("combien puis-je en acheter ?", "VL-310"), ("ce vélo est lourd ?", "VL-310")],
    [("L'atelier de Lyon est-il ouvert ?", None), ("et pour l'autre ?", "atelier ouvert")],
    [("What can an API key do?", None), ("what if I lose it?", "API key")],
    [("Y a-t-il une piscine ?", None), ("est-elle chauffée ?", "piscine"), ("à quelle heure ouvre-t-elle ?", "piscine"),
     ("Où puis-je garer ma voiture ?", None), ("c'est gratuit ?", "garer voiture")],
]  # fmt: skip
FOLLOW_UPS = [
    ([question for question, _ in conversation[:position]], question, carried)
    for conversation in CONVERSATIONS
    for position, (question, carried) in enumerate(conversation)
]
COMPLETE = """Is it possible to pay by card?|Is there parking nearby?|opening hours
How long does it take to ship abroad?|Remboursement|garantie batteries
Comment le fichier est-il lu ?|Les documents numérisés sont-ils lus ?|L'atelier de Lyon est-il ouvert ?
Que faire ce soir ?|Qu'est-ce que la garantie ?|Which colours does the sofa have?
Y a-t-il un parking ?|Où est la gare ?|Comment puis-je payer par carte bancaire ?"""


@pytest.mark.parametrize(("earlier", "question", "carried"), FOLLOW_UPS)
def test_a_follow_up_takes_along_what_it_leaves_out(earlier: list[str], question: str, carried: str | None) -> None:
    expected = None if carried is None else f"{question} {carried}"

    assert standalone(question, earlier) == expected


@pytest.mark.parametrize("question", COMPLETE.replace("\n", "|").split("|"))
def test_a_complete_question_is_never_joined_to_the_one_before(question: str) -> None:
    assert standalone(question, ["What does the blue chair cost?"]) is None


@pytest.mark.parametrize(
    ("question", "query"),
    [
        ("how many attempts are made?", "how many attempts are made? happens model fails"),
        ("Who painted the Mona Lisa?", None),
        ("What does KX-204 cost?", None),
        ("what do the green chairs for gardens cost?", None),
    ],
)
def test_a_short_question_that_finds_nothing_is_tried_with_what_was_talked_about(
    question: str, query: str | None
) -> None:
    assert with_thread(question, ["What happens when the model fails?"]) == query


@given(st.text(max_size=300), st.lists(st.text(max_size=300), max_size=10))
def test_any_conversation_is_followed(question: str, earlier: list[str]) -> None:
    query = standalone(question, earlier)

    assert query is None or query.startswith(question)
