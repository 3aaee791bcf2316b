"""Words as search compares them: folded, without stop words, stemmed."""

import re
import threading
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import Stemmer

from rag.text.stop_words import LANGUAGES, STOP_WORDS

_SNOWBALL = {"en": "english", "fr": "french"}


_LIGATURES = str.maketrans(
    {"œ": "oe", "æ": "ae", "ß": "ss", "ø": "o", "ł": "l", "đ": "d", "ı": "i", "’": "'", "ʼ": "'"}
)


_ACCENTS = re.compile(r"[\u0300-\u036f]+")


# French elisions before a vowel ("l'école", "qu'il"), English endings after an apostrophe ("king's", "don't", "we'll").
_ELISION = re.compile(r"\b(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu|quoiqu)'(?=[^\W\d_]{2})|'(?:s|t|d|ll|re|ve|m)\b")


_WORD = re.compile(r"[^\W_]+")


# What is written together: words with single marks between them, a decimal or thousands mark between digits only.
_COMPOUND = re.compile(r"[^\W_]+(?:(?:[-_./@&]|(?<=\d)[,:](?=\d))[^\W_]+)*")
_ATOM = re.compile(r"\d+|[^\W\d_]+")
_HYPHENS = str.maketrans("\u2010\u2011\u2012\u2013\u00ad", "-----")
_THOUSANDS = re.compile(r"(?<=\d)(?<!\b0),(?=\d{3}(?!\d))")
_CLOCK_MARK = re.compile(r"(?<=\d):(?=\d)")
_DECIMAL_MARK = re.compile(r"(?<=\d)[.,](?=\d)")
_SEPARATOR = re.compile(r"(?<!\d)[-_./:&,]|[-_./:&,](?!\d)|[-_/:&]")
MAX_COMPOUND_LETTERS = 40
"""A longer compound (an address of a page, a key) is compared by its parts alone."""


# Distinct words kept stemmed; a language's working vocabulary is smaller.
_STEM_CACHE = 200_000


def fold(text: str) -> str:
    """Return `text` in lower case without accents, ligatures or typographic apostrophes ("L’Œuvre" → "l'oeuvre")."""
    if text.isascii():
        return text.lower()
    return _ACCENTS.sub("", unicodedata.normalize("NFKD", text.casefold()).lower()).translate(_LIGATURES)


def words(text: str) -> list[str]:
    """Return the folded words of `text` in order, stop words included, elisions and English endings split off."""
    return _WORD.findall(_ELISION.sub(" ", fold(text)))


@dataclass(frozen=True, slots=True)
class Word:
    """A folded word as it is compared. `parts` are those of a compound ("kx204": "kx", "204"), else empty."""

    text: str
    parts: tuple[str, ...] = ()


def compared_words(text: str) -> list[Word]:
    """Return the folded words of `text` in order, what is written together as one.

    A code, number, address or word with hyphens has one form however it is written: "KX-204" and "kx204" are "kx204",
    "89,90" is "89.90", "1,000" is "1000", "7:30" is "7h30", "e-mail" is "email", "a.b@c.d" is "ab@cd".
    """
    written = _COMPOUND.findall(_ELISION.sub(" ", fold(text).translate(_HYPHENS)))
    return [word for each in written for word in _compared(each)]


def _compared(written: str) -> list[Word]:
    if written.isalpha() or written.isdecimal():
        return [Word(written)]
    joined = _THOUSANDS.sub("", written)
    if joined.isdecimal():
        return [Word(joined)]
    joined = _SEPARATOR.sub("", _DECIMAL_MARK.sub(".", _CLOCK_MARK.sub("h", joined)))
    parts = _ATOM.findall(written)
    if len(joined) > MAX_COMPOUND_LETTERS:
        return [Word(part) for part in parts]
    return [Word(joined, tuple(parts) if len(parts) > 1 else ())]


def _stem_in(language: str) -> Callable[[str], str]:
    # A Snowball stemmer keeps state while it works, so each thread has its own.
    local = threading.local()
    name = _SNOWBALL[language]

    @lru_cache(maxsize=_STEM_CACHE)
    def stem(word: str) -> str:
        if not hasattr(local, "stemmer"):
            local.stemmer = Stemmer.Stemmer(name)
        return str(local.stemmer.stemWord(word))

    return stem


_STEM = {language: _stem_in(language) for language in LANGUAGES}


def term(word: str, language: str) -> str | None:
    """Return what a folded word is indexed as in `language` ("en" or "fr"): its stem, or None for a stop word."""
    return None if word in STOP_WORDS[language] else _STEM[language](word)


def terms(text: str, language: str) -> list[str]:
    """Return the terms of `text` in order: words folded, elisions split, stop words out, stemmed by Snowball.

    What is written together is a term of its own after those of its parts. Raises `KeyError` if `language` is neither
    "en" nor "fr".
    """
    stop_words, stem = STOP_WORDS[language], _STEM[language]
    found = []
    for word in compared_words(text):
        parts = [stem(part) for part in word.parts if part not in stop_words]
        found += parts
        if (parts or not word.parts) and word.text not in stop_words:
            found.append(stem(word.text))
    return found
