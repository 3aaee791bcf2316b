"""What is kept of how an answer came about."""

from uuid import uuid4

import pytest

from rag.answers.running import Question, RunningAnswer
from rag.answers.trace import MAX_PASSAGE_BYTES, MAX_PROMPT_BYTES, AnswerTrace, trace_from_json, trace_of
from rag.answers.understanding import understand
from rag.retrieval.passages import Passage


def trace(prompt: str, content: str = "Parcels come in three days.") -> AnswerTrace:
    answer = RunningAnswer(Question(uuid4(), uuid4(), uuid4(), uuid4(), "When?"))
    answer.understanding = understand("When?", (), "en")
    answer.nearest = answer.passages = (Passage(uuid4(), uuid4(), "Delivery.pdf", 0, content, 0.9),)
    answer.received = prompt
    return trace_of(answer)


def test_a_trace_is_read_back_as_it_was_kept() -> None:
    kept = trace("### user\nWhen? \ud800")

    assert trace_from_json(kept.as_json()) == kept
    assert not kept.is_cut


@pytest.mark.parametrize("letter", ["a", "é", "庭", "🌳"])
def test_texts_are_kept_up_to_a_bound_in_bytes_and_the_trace_says_that_they_are_cut(letter: str) -> None:
    kept = trace(letter * MAX_PROMPT_BYTES, letter * MAX_PASSAGE_BYTES + "x")

    assert kept.is_cut
    assert MAX_PROMPT_BYTES - 4 < len((kept.prompt or "").encode()) <= MAX_PROMPT_BYTES
    assert MAX_PASSAGE_BYTES - 4 < len((kept.passages[0].content or "").encode()) <= MAX_PASSAGE_BYTES
