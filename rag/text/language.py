"""Which language a text is in."""

import re

from rag.text.stop_words import ENGLISH_STOP_WORDS, FRENCH_STOP_WORDS
from rag.text.terms import words

_ELIDED = re.compile(r"\b(?:[cdjlmnst]|qu)['’](?=[^\W\d_]{2})", re.IGNORECASE)


_FRENCH_LETTERS = re.compile(r"[àâçéèêëîïôùûœ]")


# Enough of a text to tell its language; a document's first pages say as much as the whole.
_DETECTION_CHARACTERS = 20_000


_CLEAR_MARGIN = 2
"""How many more signs of one language than of the other make a text clear."""


def detect(text: str, default: str = "en") -> str:
    """Return "en" or "fr" by counting stop words and accented French letters; `default` where neither prevails."""
    english, french = _signs(text)
    if english == french:
        return default
    return "en" if english > french else "fr"


def clear_language(text: str) -> str | None:
    """Return "en" or "fr" where a text is clearly one of them, else None: two words are seldom clear."""
    english, french = _signs(text)
    if abs(english - french) < _CLEAR_MARGIN:
        return None
    return "en" if english > french else "fr"


def _signs(text: str) -> tuple[int, int]:
    """Count what speaks for English and for French."""
    sample = text[:_DETECTION_CHARACTERS]
    found = words(sample)
    english = sum(word in ENGLISH_STOP_WORDS for word in found)
    french = sum(word in FRENCH_STOP_WORDS for word in found)
    return english, french + len(_FRENCH_LETTERS.findall(sample.lower())) + len(_ELIDED.findall(sample))
