"""What the words of a question mean in a workspace: which terms of its vocabulary stand for them."""

import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count, pairwise
from types import MappingProxyType

import numpy as np

from rag.index.memory.segments import Segment
from rag.retrieval.query import QUESTION_WORDS, AskedWord, Question
from rag.text.question_words import FRAMING_STEMS
from rag.text.spelling import distance, slips
from rag.text.stop_words import LANGUAGES, STOP_WORDS
from rag.text.terms import term

_ONE_SLIP = 0.8
_TWO_SLIPS = 0.6
# From this length on a word may hold two slips; it then begins as the right one does.
_TWO_SLIPS_LETTERS = 8
_TWO_SLIPS_PREFIX = 3
# What is looked at for one question at most, so that no question costs more than a few milliseconds.
_MISSPELT_WORDS = 6
_SPLIT_WORDS = 12
_SEARCHED_LETTERS = 40
_NEIGHBOURS = 3
_MOST_SLIPS = 2
_COMPARED = 2_000
_ROWS_READ = 300
_SHORTEST_PART = 2
_FRAMING_KEYS = {f"{language}:{stem}" for language, stems in FRAMING_STEMS.items() for stem in stems}
# What the rarity of a name counts, and that of a word which only says what kind of answer is wanted.
_NAME_WEIGHT = 1.4
_FRAMING_WEIGHT = 0.2


@dataclass(frozen=True, slots=True)
class Concept:
    """A word of a question, or several that are one, with the terms that stand for it.

    `keys[language]` maps the terms to how well they do, 1 for the word itself; it has no entry for a language in which
    the word is a stop word. `frequency` is the number of chunks that hold one of them. `weight` is what its rarity
    counts: a name is nearly always in the passage that answers, "year" or "kind" seldom.
    """

    word: str
    keys: dict[str, dict[str, float]]
    frequency: int
    is_name: bool
    is_number: bool
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Meaning:
    """The concepts of a question, in order. `missing` are codes and names that it asks about and no chunk holds."""

    concepts: tuple[Concept, ...]
    missing: tuple[str, ...]


class Vocabulary:
    """The terms of a workspace."""

    def __init__(self, segments: Sequence[Segment]) -> None:
        self._segments = segments

    def frequency(self, keys: Iterable[str]) -> int:
        """Count the live chunks that hold each of some terms, all together."""
        total = 0
        for segment in self._segments:
            for key in keys:
                if (term := segment.position(key)) is not None:
                    total += int(segment.live[segment.postings(term)[0]].sum())
        return total

    def meaning(self, question: Question) -> Meaning:
        """Return what the words of `question` stand for."""
        concepts: dict[str, Concept] = {}
        missing = self._missing_designations(question.words)
        joined = self._joined(question.words)
        unknown: list[AskedWord] = []
        unsplit = count(1)
        for at, asked in enumerate(question.words):
            word, parts = asked.word.text, asked.word.parts
            if self._is_known(word) or joined.get(at) or _is_grammar(word):
                self._add(concepts, word, asked, joined.get(at, ()))
            elif parts := parts or (self._split(word) if next(unsplit) <= _SPLIT_WORDS else ()):
                if asked.is_code and not self._holds_adjacent(parts):
                    missing.append(word)
                for part in parts:
                    self._add(concepts, part, asked)
            else:
                unknown.append(asked)
                neighbours = self._neighbours(word) if len(unknown) <= _MISSPELT_WORDS else {}
                if neighbours is not None:
                    self._add(concepts, word, asked, neighbours=neighbours)
                if asked.is_code or (asked.is_name and not neighbours and not self._has_relatives(word)):
                    missing.append(word)
        return Meaning(tuple(concepts.values()), tuple(missing))

    def _add(
        self,
        concepts: dict[str, Concept],
        word: str,
        asked: AskedWord,
        joined: Iterable[str] = (),
        neighbours: Mapping[str, float] = MappingProxyType({}),
    ) -> None:
        """Add the concept of a word, with those that are `joined` of it and its neighbour, and its own `neighbours`."""
        if len(concepts) >= QUESTION_WORDS:
            return
        keys = {language: {key: 1.0} for language, key in _keys(word).items()}
        for language, of_language in keys.items():
            of_language |= {key: 1.0 for other in joined if (key := _keys(other).get(language)) is not None}
            of_language |= {key: worth for key, worth in neighbours.items() if key.startswith(f"{language}:")}
        first = next((key for of_language in keys.values() for key in of_language), word)
        if keys and first not in concepts:
            frequency = self.frequency({key for of_language in keys.values() for key in of_language})
            is_number = any(letter.isdecimal() for letter in word)
            concepts[first] = Concept(word, keys, frequency, asked.is_name, is_number, _weight(asked, keys))

    def _is_known(self, word: str) -> bool:
        return self.frequency(_keys(word).values()) > 0

    def _has_relatives(self, word: str) -> bool:
        return any(segment.relatives(key) for segment in self._segments for key in _keys(word).values())

    def _joined(self, words: Sequence[AskedWord]) -> dict[int, list[str]]:
        """Return the words that two adjacent ones make together in the documents: "log in" is their "login"."""
        joined: dict[int, list[str]] = {}
        for at, (one, other) in enumerate(pairwise(words)):
            together = one.word.text + other.word.text
            if not one.word.parts and not other.word.parts and self._is_known(together):
                for each in (at, at + 1):
                    joined.setdefault(each, []).append(together)
        return joined

    def _split(self, word: str) -> tuple[str, ...]:
        """Return the words that the documents write for an unknown one: "login" is their "log in"."""
        if len(word) > _SEARCHED_LETTERS:
            return ()
        if word.isdecimal():
            groups = f"{int(word):,}".split(",")
            return tuple(groups) if self._holds_adjacent(groups) else ()
        for at in range(_SHORTEST_PART, len(word) - _SHORTEST_PART + 1):
            one, other = word[:at], word[at:]
            grammar = [part for part in (one, other) if _is_grammar(part)]
            if len(grammar) > 1 or not all(part in grammar or self._is_known(part) for part in (one, other)):
                continue
            if self._stands_in_text(one, other):
                return one, other
        return ()

    def _stands_in_text(self, one: str, other: str) -> bool:
        """Tell whether a chunk has two words one after the other, a space or a hyphen between them."""
        written = re.compile(rf"\b{one}[ -]{other}\b", re.IGNORECASE)
        for segment in self._segments:
            for key in (*_keys(one).values(), *_keys(other).values()):
                if (term := segment.position(key)) is not None:
                    for row in segment.postings(term)[0][:_ROWS_READ].tolist():
                        if segment.live[row] and written.search(segment.passages[row].content):
                            return True
        return False

    def _neighbours(self, word: str) -> dict[str, float] | None:
        """Return the known terms that an unknown word may be a slip of, or None when it is a stop word's ("hwo").

        Only two letters that changed places make it that: "moon" and "lune" are one letter from French stop words.
        """
        found: dict[str, float] = {}
        if not word.isalpha() or len(word) > _SEARCHED_LETTERS:
            return found
        for language, key in _keys(word).items():
            made = (f"{language}:{slip}" for slip in slips(key.removeprefix(f"{language}:")))
            found |= {each: _ONE_SLIP for each in made if self.frequency([each])}
        if found:
            return self._most_frequent(found)
        swapped = (slip for slip in slips(word) if sorted(slip) == sorted(word))
        if any(slip in STOP_WORDS[language] for slip in swapped for language in LANGUAGES):
            return None
        if len(word) >= _TWO_SLIPS_LETTERS:
            for language, key in _keys(word).items():
                found |= dict.fromkeys(self._with_two_slips(language, key), _TWO_SLIPS)
        return self._most_frequent(found)

    def _with_two_slips(self, language: str, key: str) -> list[str]:
        stem = key.removeprefix(f"{language}:")
        prefix = f"{language}:{stem[:_TWO_SLIPS_PREFIX]}"
        found = []
        for segment in self._segments:
            first = bisect_left(segment.vocabulary, prefix)
            for other in segment.vocabulary[first : first + _COMPARED]:
                if not other.startswith(prefix):
                    break
                if abs(len(other) - len(key)) <= _MOST_SLIPS and _within(stem, other[len(language) + 1 :]):
                    found.append(other)
        return [each for each in found if self.frequency([each])]

    def _most_frequent(self, found: dict[str, float]) -> dict[str, float]:
        ordered = sorted(found, key=lambda key: (-self.frequency([key]), key))
        return {key: found[key] for key in ordered[:_NEIGHBOURS]}

    def _missing_designations(self, words: Sequence[AskedWord]) -> list[str]:
        """Return names with a number behind them that the documents have only with other numbers: "Vega 300"."""
        missing = []
        for one, other in pairwise(words):
            together = one.word.text + other.word.text
            if not (one.word.text.isalpha() and other.word.text.isdecimal()):
                continue
            if not (one.is_name or self._begins_codes(one.word.text)):
                continue
            if self._is_known(together) or self._holds_adjacent((one.word.text, other.word.text)):
                continue
            numbered = [key for key in self._followers(one.word.text) if key[3:4].isdecimal()]
            if numbered:
                missing.append(together)
        return missing

    def _begins_codes(self, word: str) -> bool:
        """Tell whether the documents have codes of this word and a number."""
        for segment in self._segments:
            for key in _keys(word).values():
                at = bisect_left(segment.vocabulary, f"{key}0")
                if at < len(segment.vocabulary) and segment.vocabulary[at] < f"{key}:":
                    return True
        return False

    def _holds_adjacent(self, parts: Sequence[str]) -> bool:
        """Tell whether a chunk has these words one after the other, stop words between them left out."""
        for language in LANGUAGES:
            keys = [keys[language] for part in parts if language in (keys := _keys(part))]
            if keys and any(_adjacent(segment, keys) for segment in self._segments):
                return True
        return False

    def _followers(self, word: str) -> set[str]:
        """Return the terms that stand directly behind a word."""
        found = set()
        for segment in self._segments:
            for key in _keys(word).values():
                if (term := segment.position(key)) is not None:
                    for row in segment.postings(term)[0][:_ROWS_READ].tolist():
                        if segment.live[row]:
                            tokens = segment.tokens[segment.starts[row] : segment.starts[row + 1]]
                            behind = np.flatnonzero(tokens[:-1] == term) + 1
                            found |= {segment.vocabulary[token] for token in tokens[behind].tolist()}
        return found


def _adjacent(segment: Segment, keys: Sequence[str]) -> bool:
    terms = [term for key in keys if (term := segment.position(key)) is not None]
    if len(terms) < len(keys):
        return False
    rarest = min((segment.postings(term)[0] for term in terms), key=len)
    for row in rarest[:_ROWS_READ].tolist():
        tokens = segment.tokens[segment.starts[row] : segment.starts[row + 1]]
        if segment.live[row] and len(tokens) >= len(terms):
            windows = np.lib.stride_tricks.sliding_window_view(tokens, len(terms))
            if (windows == np.array(terms)).all(1).any():
                return True
    return False


def _within(one: str, other: str) -> bool:
    return distance(one, other) <= _MOST_SLIPS


def _keys(word: str) -> dict[str, str]:
    """Return the term of a folded word in each language that has one for it."""
    found = {language: term(word, language) for language in LANGUAGES}
    return {language: f"{language}:{stem}" for language, stem in found.items() if stem is not None}


def _weight(asked: AskedWord, keys: Mapping[str, Mapping[str, float]]) -> float:
    if asked.is_name:
        return _NAME_WEIGHT
    terms = {key for of_language in keys.values() for key in of_language}
    return _FRAMING_WEIGHT if not terms.isdisjoint(_FRAMING_KEYS) else 1.0


def _is_grammar(word: str) -> bool:
    return any(word in STOP_WORDS[language] for language in LANGUAGES)
