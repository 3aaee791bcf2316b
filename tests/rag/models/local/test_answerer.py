from collections.abc import Sequence
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from rag.models.local.answerer import LocalAnswerer
from rag.models.protocols import ChatModel, Completion, Prompt, Token, Turn
from rag.retrieval.passages import Passage
from rag.text.tokens import count_tokens

REFUNDS = (
    "You may return any article within 30 days of delivery. Keep the receipt. "
    "Refunds are paid to the card used for the order, within five working days."
)
RESET = (
    "The lamp has no switch.\n\nTo reset the lamp:\n1. Unplug it.\n2. Wait for ten seconds.\n3. Plug it in again.\n\n"
    "It then blinks twice."
)
LIVRAISON = "La livraison à domicile coûte 4,90 euros. Elle est offerte dès 60 euros d'achat."


def passage(content: str, score: float = 0.9, language: str = "en") -> Passage:
    return Passage(UUID(int=1), UUID(int=2), "Guide", 0, content, score, None, language)


def prompt(
    question: str,
    passages: Sequence[Passage],
    language: str = "en",
    max_tokens: int = 500,
    history: Sequence[Turn] = (),
) -> Prompt:
    return Prompt(
        "You are helpful.", passages, history, question, language, "local", 0.3, max_tokens, "Nobody says.", "See “A”."
    )


async def answer(asked: Prompt) -> tuple[list[str], Completion]:
    model: ChatModel = LocalAnswerer()
    tokens: list[str] = []
    completions: list[Completion] = []
    async for event in model.stream(asked):
        assert not completions, "the completion comes last"
        if isinstance(event, Token):
            tokens.append(event.text)
        else:
            completions.append(event)
    [completion] = completions
    return tokens, completion


async def text(asked: Prompt) -> str:
    return "".join((await answer(asked))[0])


async def test_the_sentence_nearest_to_the_question_is_quoted_and_cited() -> None:
    answered = await text(prompt("When are refunds paid?", [passage(REFUNDS)]))

    assert answered == (
        "The documents say:\n\nRefunds are paid to the card used for the order, within five working days. [1]"
    )


async def test_the_number_cited_is_the_place_of_the_passage_in_the_prompt() -> None:
    passages = [passage(RESET, 0.7), passage(REFUNDS, 0.6)]

    assert (await text(prompt("When are refunds paid?", passages))).endswith("five working days. [2]")


async def test_a_french_question_is_answered_in_french_from_the_documents_words() -> None:
    answered = await text(prompt("Combien coûte la livraison ?", [passage(LIVRAISON, language="fr")], "fr"))

    assert answered.startswith("Voici ce que disent les documents :\n\nLa livraison à domicile coûte 4,90 euros. [1]")


async def test_a_sentence_that_introduces_a_list_is_quoted_with_its_steps() -> None:
    answered = await text(prompt("How do I reset the lamp?", [passage(RESET)]))

    assert "1. Unplug it.\n2. Wait for ten seconds.\n3. Plug it in again. [1]" in answered
    assert "blinks" not in answered


async def test_a_sentence_found_in_two_passages_is_quoted_once() -> None:
    answered = await text(prompt("When are refunds paid?", [passage(REFUNDS), passage(REFUNDS, 0.8)]))

    assert answered.count("Refunds are paid") == 1


async def test_without_a_passage_it_says_what_it_is_told_to_say() -> None:
    assert await text(prompt("Who are you?", [])) == "Nobody says. See “A”."


async def test_passages_that_share_no_word_with_the_question_are_still_quoted() -> None:
    assert await text(prompt("Hello?", [passage(LIVRAISON)])) != await text(prompt("Hello?", []))


async def test_the_answer_is_streamed_word_by_word() -> None:
    tokens, completion = await answer(prompt("When are refunds paid?", [passage(REFUNDS)]))

    assert tokens[:4] == ["The", " documents", " say:", "\n\nRefunds"]
    assert completion.finish_reason == "stop"


async def test_tokens_of_all_that_was_read_and_written_are_counted() -> None:
    asked = prompt("When are refunds paid?", [passage(REFUNDS)], history=[Turn("user", "Hello there")])

    tokens, completion = await answer(asked)

    assert completion.completion_tokens == sum(map(count_tokens, tokens))
    assert completion.prompt_tokens == sum(
        map(count_tokens, ["You are helpful.", "When are refunds paid?", REFUNDS, "Hello there"])
    )


async def test_an_answer_stops_at_the_tokens_allowed() -> None:
    tokens, completion = await answer(prompt("When are refunds paid?", [passage(REFUNDS)], max_tokens=6))

    assert tokens == ["The", " documents", " say:", "\n\nRefunds"]
    assert completion.finish_reason == "length"
    assert completion.completion_tokens <= 6


@given(
    st.lists(st.builds(passage, st.text(), st.floats(0, 1), st.sampled_from(["en", "fr"])), max_size=4),
    st.text(),
    st.sampled_from(["en", "fr", "de", ""]),
    st.integers(1, 300),
)
async def test_any_question_is_answered_within_bounds(
    passages: list[Passage], question: str, language: str, max_tokens: int
) -> None:
    tokens, completion = await answer(prompt(question, passages, language, max_tokens))

    assert all(tokens)
    assert completion.completion_tokens <= max_tokens
    assert completion.finish_reason in {"stop", "length"}
