"""What of a passage answers a question: sentences, the answer after a label, or a whole list."""

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, pairwise

from rag.index.memory.answer_signs import answer_signs
from rag.models.local.layout import Layout
from rag.retrieval.passages import Passage
from rag.retrieval.query import Question, analyse_question
from rag.text.terms import terms

MAX_QUOTATIONS = 3
"""Quotations of an answer at most."""
_MORE = 0.3
"""A further quotation holds terms that the ones before do not, with this part of the question's weight."""
_RELATED = 0.75
"""It is worth this part of the best one."""
_TITLED = 0.5
"""What a term of the question is worth that only the passage's title or headings hold."""
_ADJACENT = 0.3
"""How much more a sentence is worth that says the question's words in their order, one after the other."""
_BESIDE = 0.6
"""A sentence beside one that is quoted is quoted with it where it is worth this part of it."""
_LATER_PASSAGE = 0.05
"""How much less a sentence is worth for each passage that was ranked before its own."""
_EXPECTED = 1.3
"""How much more a sentence is worth that holds what kind of thing is asked for: a number, a time, a person, a place."""
_COUNTED = 1.6
"""How much more a sentence is worth that counts what is asked for: "2,000 pages" to "how many pages"."""
_TELLS_HOW = 1.4
"""How much more a sentence is worth that says what to do for what is asked how to do: "To revoke a key, use …"."""
_MAX_LIST_CHARACTERS = 1_200
"""A longer list is a reference: the item that says most of what is asked is quoted, not the whole."""
_ITEM_LEADS = 1.5
"""How many times as much as any other item of its list an item is worth that is quoted alone."""
_LATER = 0.01
"""Sooner sentences are worth a little more: all there is to go by where none holds a word of the question."""
_BARE_WORDS = 4
"""An answer of fewer words is quoted with its label: "Phone: 02 555 01 02"."""

_ANSWER_MARK = re.compile(r"(?:A|R|Answer|Réponse|Reponse)\s*[:.)]\s+", re.IGNORECASE)
_FRAME = re.compile(
    r"\b(?:what happens|how (?:long|much|many|often)|que se passe[- ]t[- ]il|qu['’]est[- ]ce qui se passe"
    r"|que veut dire|que signifie|combien de temps|combien)\b|\bmeans?\b(?=\W*$)",
    re.IGNORECASE,
)
"""Words that only ask: "passe" of "que se passe-t-il" is in no password."""
_HOW_TO = re.compile(r"^\W*(?:how (?:do|can|could|should|to|would)|comment)\b", re.IGNORECASE)
_TO_DO = re.compile(r"^(?:to|pour) (.{0,60})", re.IGNORECASE)
_HOW_MANY = re.compile(r"\b(?:how many|combien (?:de |d['’]))\s*(\w+)", re.IGNORECASE)
_NUMBER = (
    r"(?:\d[\d,.\s]*|one|two|three|four|five|six|seven|eight|nine|ten|twelve|un|une|deux|trois|quatre|cinq|sept|huit"
    r"|neuf|dix|douze)"
)


@dataclass(frozen=True, slots=True)
class Quotation:
    """Lines of the passage cited as [number], what they are worth, and which of the question's terms they hold.

    `first` and `last` are the positions of the sentences that they are made of.
    """

    number: int
    first: int
    last: int
    lines: tuple[str, ...]
    worth: float
    held: frozenset[str]


class _Read:
    """A passage, read for a question."""

    def __init__(self, number: int, passage: Passage, question: str, analysed: Question) -> None:
        self.number = number
        self.passage = passage
        asked = terms(_FRAME.sub(" ", question), passage.language) or terms(question, passage.language)
        counted = _HOW_MANY.search(question)
        self.counted = set(terms(counted[1], passage.language)) if counted else set()
        self.asks_how = _HOW_TO.match(question) is not None
        self.asked = set(asked)
        self.asked_pairs = set(pairwise(asked))
        self.layout = Layout(passage)
        self._question = analysed

    @cached_property
    def titled(self) -> frozenset[str]:
        """The question's terms in what the passage's document and headings are called."""
        return frozenset(self.asked.intersection(terms(self.passage.title, self.passage.language)))

    @cached_property
    def held(self) -> list[frozenset[str]]:
        """The question's terms in each sentence."""
        return [frozenset(self.asked.intersection(each.terms)) for each in self.layout.sentences]

    def quotations(self, weights: dict[str, float]) -> Iterator[Quotation]:
        """Yield what may be quoted, worth what the question's terms weigh."""
        self._weights = weights
        for at, sentence in enumerate(self.layout.sentences):
            if self.layout.is_label(at):
                # A title above another one says nothing of what stands under that, unless it is asked for.
                if self.held[at] or not self.layout.is_label(at + 1):
                    yield self._after_label(at)
            elif sentence.is_item:
                yield self._of_list(at)
            else:
                end = at + 1
                if (
                    sentence.text.rstrip().endswith(":")
                    and end < len(self.layout.sentences)
                    and self.layout.sentences[end].is_item
                ):
                    end = self.layout.end_of_list(end)
                yield self._quotation(at, end, self.layout.lines(at, end), self.held[at])

    def _after_label(self, at: int) -> Quotation:
        end = self.layout.answer_after(at)
        label = self.layout.sentences[at].text
        lines = self.layout.lines(at + 1, end)
        lines = (_ANSWER_MARK.sub("", lines[0], count=1), *lines[1:])
        says_more = not self.layout.sentences[at].asks and not self.asked.issuperset(self.layout.sentences[at].terms)
        is_bare = len(lines) == 1 and len(lines[0].split()) < _BARE_WORDS and not self.layout.sentences[at].asks
        if len(lines) == 1 and (says_more or is_bare or _is_value(lines[0], label)):
            lines = (f"{label.rstrip(' :')}: {lines[0]}",)
        elif says_more:
            lines = (label, *lines)
        # Of a list each item speaks for itself.
        spoken = [] if self.layout.sentences[end - 1].is_item else self.held[at + 1 : end]
        return self._quotation(at, end, lines, self.held[at].union(*spoken))

    def _of_list(self, at: int) -> Quotation:
        start = self.layout.start_of_list(at)
        end = self.layout.end_of_list(at)
        others = [
            self._weight(self.held[other])
            for other in range(start, end)
            if other != at and self.layout.sentences[other].is_item
        ]
        mine = self._weight(self.held[at])
        is_reference = sum(len(self.layout.sentences[each].text) for each in range(start, end)) > _MAX_LIST_CHARACTERS
        if not others or mine > _ITEM_LEADS * max(others) or is_reference:
            # What introduces the list says what the item is of.
            held = self.held[at] | self.held[start] if self.held[at] else self.held[at]
            return self._quotation(at, at + 1, self.layout.lines(at, at + 1), held)
        return self._quotation(start, end, self.layout.lines(start, end), self.held[at] | self.held[start])

    def _pairs(self, first: int, end: int) -> float:
        """Return the share of the question's neighbouring terms that are neighbours in sentences, in that order."""
        if not self.asked_pairs:
            return 0.0
        said = chain.from_iterable(each.terms for each in self.layout.sentences[first:end])
        return len(self.asked_pairs.intersection(pairwise(said))) / len(self.asked_pairs)

    def _tells_how(self, line: str) -> bool:
        told = _TO_DO.match(line)
        # What introduces a list is not the answer yet.
        if told is None or line.rstrip().endswith(":"):
            return False
        return self.asked.issubset(terms(told[1], self.passage.language))

    def _counts(self, line: str) -> bool:
        """Tell whether a number stands before what the question asks the number of."""
        found = re.findall(rf"\b{_NUMBER}\s+(\w+)", line, re.IGNORECASE)
        return any(self.counted.intersection(terms(word, self.passage.language)) for word in found)

    def _weight(self, held: frozenset[str]) -> float:
        return sum(self._weights[term] for term in held)

    def _quotation(self, first: int, end: int, lines: tuple[str, ...], held: frozenset[str]) -> Quotation:
        worth = self._weight(held) + _TITLED * self._weight(self.titled - held) + 1e-6
        worth *= 1 + _ADJACENT * self._pairs(first, end)
        worth *= self.passage.score * (1 - _LATER_PASSAGE * (self.number - 1)) / (1 + _LATER * first)
        if any(answer_signs(self._question, line, sentence)[0] > 0 for line in lines for sentence in (1, 2)):
            worth *= _EXPECTED
        if self.asks_how and any(self._tells_how(line) for line in lines):
            worth *= _TELLS_HOW
        if self.counted and any(self._counts(line) for line in lines):
            worth *= _COUNTED
        return Quotation(self.number, first, end - 1, lines, worth, held | self.titled)


def _is_value(answer: str, label: str) -> bool:
    """Tell whether a label and what follows it read as one: "Check-out" and "until 11:00"."""
    return not label.endswith("?") and answer[:1].islower()


def quotations(question: str, passages: Sequence[Passage]) -> list[Quotation]:
    """Return the best quotations, best first, in one language, none with a line that another one has."""
    analysed = analyse_question(question)
    read = [_Read(number, passage, question, analysed) for number, passage in enumerate(passages, 1)]
    weights = _weights(read)
    found = [quotation for each in read for quotation in each.quotations(weights)]
    found.sort(key=lambda each: (-each.worth, each.number, each.first))
    kept: list[Quotation] = []
    for each in found:
        if len(kept) == MAX_QUOTATIONS:
            break
        if not kept or _adds(each, kept, passages, weights):
            kept.append(each)
    return _in_order(kept, read)


def _adds(each: Quotation, kept: Sequence[Quotation], passages: Sequence[Passage], weights: dict[str, float]) -> bool:
    best = kept[0]
    if passages[each.number - 1].language != passages[best.number - 1].language:
        return False
    lines = {line for one in kept for line in one.lines}
    overlaps = any(one.number == each.number and one.first <= each.last and each.first <= one.last for one in kept)
    if overlaps or lines.intersection(each.lines):
        return False
    if any(one.number == each.number and _touch(one, each) for one in kept) and each.worth >= _BESIDE * best.worth:
        return True
    added = each.held.difference(*(one.held for one in kept))
    return each.worth >= _RELATED * best.worth and sum(weights[term] for term in added) >= _MORE * sum(weights.values())


def _in_order(kept: Sequence[Quotation], read: Sequence[_Read]) -> list[Quotation]:
    """Put quotations that stand next to each other in a passage together, in their order there."""
    joined: list[Quotation] = []
    for each in kept:
        beside = next((one for one in joined if one.number == each.number and _touch(one, each)), None)
        if beside is None:
            joined.append(each)
        else:
            joined[joined.index(beside)] = _joined(beside, each, read[each.number - 1])
    return joined


def _joined(one: Quotation, other: Quotation, read: _Read) -> Quotation:
    first, second = sorted((one, other), key=lambda each: each.first)
    lines = (*first.lines, *second.lines)
    if all(each.lines == read.layout.lines(each.first, each.last + 1) for each in (first, second)):
        lines = read.layout.lines(first.first, second.last + 1)
    return Quotation(one.number, first.first, second.last, lines, max(one.worth, other.worth), one.held | other.held)


def _touch(one: Quotation, other: Quotation) -> bool:
    return one.last + 1 == other.first or other.last + 1 == one.first


def _weights(read: Sequence[_Read]) -> dict[str, float]:
    """Weigh the question's terms: one found in fewer of the passages' sentences tells them apart better."""
    sentences = [sentence for each in read for sentence in each.layout.sentences]
    counts = Counter(chain.from_iterable(set(sentence.terms) for sentence in sentences))
    asked = set().union(*(each.asked for each in read))
    return {term: math.log((len(sentences) + 1) / (counts[term] + 0.5)) for term in asked}
