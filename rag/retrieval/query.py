"""What a question asks for: its words, and the kind of answer it expects."""

import re
from dataclasses import dataclass
from enum import Enum

from rag.text.terms import Word, compared_words, fold
from rag.text.time_words import TIME_WORDS

QUESTION_WORDS = 64
"""Distinct words of a question that are read; a longer question is a pasted text."""

_MEASURE = r"(?:much|many|long|old|far|large|big|tall|high|fast|often|deep|heavy|wide)"
_NUMBER_NOUN = (
    r"(?:number|percentage|amount|age|size|price|cost|fee|population|rate|temperature|length|height|capacity)"
)
_NOMBRE = r"(?:nombre|taille|superficie|population|distance|longueur|hauteur|prix|montant|duree|cout|tarif)"
_TIME_NOUN = r"(?:year|date|day|month|century|decade|time|hour|hours|season)"
_TEMPS = r"(?:annees?|dates?|jours?|mois|siecles?|decennies?|epoques?|periode|heures?|saison|horaires?)"
_KINDS = (
    ("NUMBER", rf"\bhow {_MEASURE}\b|\bpercent|\b(?:what|which)(?: \w+){{0,2}} {_NUMBER_NOUN}\b"),
    ("NUMBER", rf"\bcombien\b|\bpourcentage\b|\bquel age\b|\bquel(?:le)?s?(?: \w+){{0,3}} {_NOMBRE}\b"),
    ("TIME", rf"\bwhen\b|\b(?:what|which)(?: \w+)? {_TIME_NOUN}\b"),
    ("TIME", rf"\bquand\b|\b(?:quel(?:le)?s?(?: est la| sont les)?|en quelle|a quelle)(?: \w+)? {_TEMPS}\b"),
    ("PERSON", r"\bwho(?:se|m)?\b|\b(?:what|which) (?:person|man|woman|king|queen|president|author|scientist)\b"),
    ("PERSON", r"\bqui\b(?! est-ce qui)|\bquel(?:le)? (?:est le nom|personne|homme|femme|roi|reine|auteur)\b"),
    ("PLACE", r"\bwhere\b|\b(?:what|which)(?: \w+)? (?:city|country|state|place|town|river|region|continent|county)\b"),
    ("PLACE", r"\bou\b(?! bien)|\bquel(?:le)?s?(?: \w+)? (?:ville|pays|lieu|region|endroit|continent|departement)\b"),
)


class Expected(Enum):
    """The kind of answer that a question expects."""

    ANY = ""
    NUMBER = "NUMBER"
    TIME = "TIME"
    PERSON = "PERSON"
    PLACE = "PLACE"


_EXPECTATIONS = [(Expected[name], re.compile(pattern)) for name, pattern in _KINDS]
_ABBREVIATION_LETTERS = 3
_FEW_CAPITALS = 3
_LONG_NUMBER = 4
_WRITTEN = re.compile(r"[^\W_]+")
_SENTENCE_START = re.compile(r"(?:^|[.?!:]\s)[^\w]*\w+")
_CONSTANT = re.compile(r"(?<![^\W_])[^\W_]+(?:_[^\W_]+)+")
_NEGATION = re.compile(r"\b(?:not|never|no|cannot|without)\b|n't\b|\bn'|\b(?:ne|pas|jamais|aucun|aucune|sans)\b")


@dataclass(frozen=True, slots=True)
class AskedWord:
    """A word of a question, as its writer marks it: with a capital, or as a code of something."""

    word: Word
    is_name: bool
    is_code: bool


@dataclass(frozen=True, slots=True)
class Question:
    """A question as it is compared: its words in order, those that carry only its grammar included."""

    words: tuple[AskedWord, ...]
    expected: Expected
    is_negated: bool


def analyse_question(question: str) -> Question:
    """Return what `question` asks for."""
    folded = fold(question)
    names = _names(question)
    constants = {word.text for written in _CONSTANT.findall(question) for word in compared_words(written)}
    words = [
        AskedWord(word, word.text in names, _is_code(word) or word.text in constants)
        for word in compared_words(question)
    ]
    expected = next((kind for kind, pattern in _EXPECTATIONS if pattern.search(folded)), Expected.ANY)
    return Question(tuple(words[: 2 * QUESTION_WORDS]), expected, is_negated(folded))


def is_negated(folded: str) -> bool:
    """Tell whether a folded text denies something."""
    return _NEGATION.search(folded) is not None


def _names(question: str) -> set[str]:
    """Return the folded words with a capital that begin no sentence; none where all longer words have one.

    A few capitals alone are none: an abbreviation stands for words that may well be there.
    """
    written = _WRITTEN.findall(question)
    capitalised = [each for each in written if each[0].isupper()]
    is_heading = len(capitalised) > _FEW_CAPITALS and not any(
        each.islower() and len(each) > len("the") for each in written
    )
    if is_heading or question.isupper():
        return set()
    starting = {fold(found.split()[-1]) for found in _SENTENCE_START.findall(question)}
    long = (each for each in capitalised if not (each.isupper() and len(each) <= _ABBREVIATION_LETTERS))
    return {fold(each) for each in long} - starting - TIME_WORDS


def _is_code(word: Word) -> bool:
    """Tell whether a word is a code of something: letters, then digits ("kx204", "v2.3.1"), mail, a long number.

    What may be a year is none.
    """
    if "@" in word.text:
        return True
    if word.text.isdecimal():
        return len(word.text) >= _LONG_NUMBER and not (len(word.text) == _LONG_NUMBER and word.text[0] in "12")
    first = next((at for at, letter in enumerate(word.text) if letter.isdecimal()), len(word.text))
    return 0 < first < len(word.text)
