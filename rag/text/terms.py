"""Words as search compares them: folded, without stop words, stemmed."""

import re
import threading
import unicodedata
from collections.abc import Callable
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


# Distinct words kept stemmed; a language's working vocabulary is smaller.
_STEM_CACHE = 200_000


def fold(text: str) -> str:
    """Return `text` in lower case without accents, ligatures or typographic apostrophes ("L’Œuvre" → "l'oeuvre")."""
    if text.isascii():
        return text.lower()
    return _ACCENTS.sub("", unicodedata.normalize("NFKD", text.casefold())).translate(_LIGATURES)


def words(text: str) -> list[str]:
    """Return the folded words of `text` in order, stop words included, elisions and English endings split off."""
    return _WORD.findall(_ELISION.sub(" ", fold(text)))


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

    Raises `KeyError` if `language` is neither "en" nor "fr".
    """
    stop_words, stem = STOP_WORDS[language], _STEM[language]
    return [stem(word) for word in words(text) if word not in stop_words]
