"""The answerer that needs no model: it quotes the sentences of the passages that are nearest to the question."""

import math
import re
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from rag.models.protocols import Completion, Prompt, Token
from rag.retrieval.passages import Passage
from rag.text.language import detect
from rag.text.sentences import sentence_spans
from rag.text.terms import terms
from rag.text.tokens import count_tokens

_QUOTING = {"en": "The documents say:", "fr": "Voici ce que disent les documents :"}
_SILENT = {
    "en": "I did not find the answer in the documents.",
    "fr": "Je n'ai pas trouvé la réponse dans les documents.",
}
# Sentences quoted at most, steps of a list aside.
_QUOTATIONS = 3
# Shorter sentences are titles, labels and menus more often than answers.
_SHORT_CHARACTERS = 40
_SHORT_WORTH = 0.8
# A sentence is quoted beside the best one when it is worth at least this part of it.
_WORTH = 0.6
_LIST_ITEM = re.compile(r"(?:[-–—•*+]|\d{1,3}[.)]|[a-z]\))\s+\S")
_LIST_ITEMS = 12
_WORD = re.compile(r"\s*\S+")


@dataclass(frozen=True, slots=True)
class _Quotation:
    """Consecutive sentences of the passage cited as [number], and what they are worth to the question."""

    number: int
    position: int
    lines: tuple[str, ...]
    worth: float


class LocalAnswerer:
    """Extractive answers: up to three quotations, each with the number of its passage, in the question's language.

    Tokens are counted approximately, as `rag.text.tokens.count_tokens` does. System prompt, history and temperature
    change nothing here: what is quoted depends on the question and the passages alone.
    """

    name = "local-extractive"
    provider = "monitora"

    async def stream(self, prompt: Prompt) -> AsyncIterator[Token | Completion]:
        """Yield the answer word by word, then its `Completion`; stop with "length" at `prompt.max_tokens`."""
        answer = _answer(prompt)
        spent = 0
        finish_reason = "stop"
        for word in _WORD.findall(answer):
            spent += count_tokens(word)
            if spent > prompt.max_tokens:
                spent -= count_tokens(word)
                finish_reason = "length"
                break
            yield Token(word)
        read = [prompt.system, prompt.question, *(passage.content for passage in prompt.passages)]
        read += [turn.content for turn in prompt.history]
        yield Completion(finish_reason, sum(map(count_tokens, read)), spent, self.name)


def _answer(prompt: Prompt) -> str:
    language = prompt.language if prompt.language in _QUOTING else detect(prompt.question)
    quotations = _quotations(prompt.question, prompt.passages)
    if not quotations:
        return _SILENT[language]
    parts = []
    for quotation in quotations:
        *before, last = quotation.lines
        parts.append("\n".join([*before, f"{last} [{quotation.number}]"]))
    return f"{_QUOTING[language]}\n\n" + "\n\n".join(parts)


def _quotations(question: str, passages: Sequence[Passage]) -> list[_Quotation]:
    """Return the best quotations, best first, none with a sentence that another one has."""
    weights = _weights(question, passages)
    found = [
        quotation
        for number, passage in enumerate(passages, 1)
        for quotation in _candidates(number, passage, question, weights)
    ]
    found.sort(key=lambda each: (-each.worth, each.number, each.position))
    kept: list[_Quotation] = []
    quoted: set[str] = set()
    for quotation in found:
        fresh = not quoted.intersection(quotation.lines)
        if fresh and quotation.worth >= _WORTH * found[0].worth:
            kept.append(quotation)
            quoted.update(quotation.lines)
        if len(kept) == _QUOTATIONS:
            break
    return kept


def _weights(question: str, passages: Sequence[Passage]) -> dict[str, float]:
    """Weigh the question's terms: one found in fewer of the passages' sentences tells them apart better."""
    counts: Counter[str] = Counter()
    total = 0
    for passage in passages:
        for start, end in sentence_spans(passage.content):
            counts.update(set(terms(passage.content[start:end], passage.language)))
            total += 1
    asked = {term for passage in passages for term in terms(question, passage.language)}
    return {term: math.log((total + 1) / (counts[term] + 0.5)) for term in asked}


def _candidates(number: int, passage: Passage, question: str, weights: dict[str, float]) -> list[_Quotation]:
    asked = set(terms(question, passage.language))
    sentences = [passage.content[start:end] for start, end in sentence_spans(passage.content)]
    quotations = []
    for position, sentence in enumerate(sentences):
        held = asked.intersection(terms(sentence, passage.language))
        covered = sum(weights[term] for term in held)
        # Sooner sentences are worth a little more: all there is to go by where none holds a word of the question.
        worth = (covered + 1e-6) * passage.score / (1 + 0.01 * position)
        worth *= _SHORT_WORTH if len(sentence) < _SHORT_CHARACTERS else 1
        quotations.append(_Quotation(number, position, _with_steps(sentences, position), worth))
    return quotations


def _with_steps(sentences: Sequence[str], position: int) -> tuple[str, ...]:
    """Return a sentence with the list that it introduces, or the list that it is an item of from there on."""
    end = position + 1
    if sentences[position].rstrip().endswith(":") or _LIST_ITEM.match(sentences[position]):
        while end < min(len(sentences), position + 1 + _LIST_ITEMS) and _LIST_ITEM.match(sentences[end]):
            end += 1
    return tuple(sentences[position:end])
