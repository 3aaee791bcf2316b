"""Words as search compares them: which language a text is in, and the stems it is made of."""

import re
import threading
import unicodedata
from collections.abc import Callable
from functools import lru_cache

import Stemmer

from rag.stop_words import ENGLISH_STOP_WORDS, FRENCH_STOP_WORDS, STOP_WORDS

LANGUAGES = tuple(STOP_WORDS)

_SNOWBALL = {"en": "english", "fr": "french"}
_LIGATURES = str.maketrans(
    {"œ": "oe", "æ": "ae", "ß": "ss", "ø": "o", "ł": "l", "đ": "d", "ı": "i", "’": "'", "ʼ": "'"}
)
_ACCENTS = re.compile(r"[\u0300-\u036f]+")
# French elisions before a vowel ("l'école", "qu'il"), English endings after an apostrophe ("king's", "don't", "we'll").
_ELISION = re.compile(r"\b(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu|quoiqu)'(?=[^\W\d_]{2})|'(?:s|t|d|ll|re|ve|m)\b")
_WORD = re.compile(r"[^\W_]+")
_ELIDED = re.compile(r"\b(?:[cdjlmnst]|qu)['’](?=[^\W\d_]{2})", re.IGNORECASE)
_FRENCH_LETTERS = re.compile(r"[àâçéèêëîïôùûœ]")

# A mark that may end a sentence: its closing quotes and note calls, then space, then something that may start one.
_SENTENCE_END = re.compile(
    r"""(?<![.!?…])(?P<mark>[.!?…]+)["'»”’)\]]*(?:\[\d+\])*(?P<gap>\s++)(?=["'«“‘(\[¿¡]*\s?[^\Wa-zà-öø-ÿ_]|[-–—•*])"""
    r"""|[。！？](?P<wide>)|(?P<line>\n)"""
)
_ABBREVIATION = re.compile(
    r"(?:\b[^\W\d_]|\b(?:mr|mrs|ms|dr|mm|mme|mlle|mgr|pr|prof|st|ste|no|nos|vs|vol|fig|art|cf|pp|sr|jr|gen|col|lt|inc|ltd|co|av|apr"
    r"|e\.g|i\.e|c\.-à-d))$",
    re.IGNORECASE,
)

_LONGEST_ABBREVIATION = 12
_ITEM_NUMBER = re.compile(r"\d{1,3}")

# Enough of a text to tell its language; a document's first pages say as much as the whole.
_DETECTION_CHARACTERS = 20_000
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


def detect(text: str, default: str = "en") -> str:
    """Return "en" or "fr" by counting stop words and accented French letters; `default` where neither prevails."""
    sample = text[:_DETECTION_CHARACTERS]
    found = words(sample)
    english = sum(word in ENGLISH_STOP_WORDS for word in found)
    french = sum(word in FRENCH_STOP_WORDS for word in found)
    french += len(_FRENCH_LETTERS.findall(sample.lower())) + len(_ELIDED.findall(sample))
    if english == french:
        return default
    return "en" if english > french else "fr"


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """Return the sentences of `text` as (start, end) offsets, in order, without the white space between them.

    A line break ends a sentence too: list items, table rows and lines of code each stand alone. Initials, the usual
    abbreviations ("M. Martin", "e.g.") and an item's number ("2. Wait") end none.
    """
    spans = []
    start = 0
    for end in _SENTENCE_END.finditer(text):
        if end["mark"] == "." and (
            _ABBREVIATION.search(text, max(start, end.start() - _LONGEST_ABBREVIATION), end.start())
            or _ITEM_NUMBER.fullmatch(text[start : end.start()].strip())
        ):
            continue
        stop = end.start("gap") if end["gap"] else end.start("wide") if end["wide"] is not None else end.start()
        if text[start:stop].strip():
            spans.append((start, stop))
        start = end.end()
    if text[start:].strip():
        spans.append((start, len(text.rstrip())))
    return [(begin + len(text[begin:stop]) - len(text[begin:stop].lstrip()), stop) for begin, stop in spans]
