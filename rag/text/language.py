"""Which language a text is in."""

import re

from rag.text.stop_words import ENGLISH_STOP_WORDS, FRENCH_STOP_WORDS
from rag.text.terms import words

_ELIDED = re.compile(r"\b(?:[cdjlmnst]|qu)['’](?=[^\W\d_]{2})", re.IGNORECASE)


_FRENCH_LETTERS = re.compile(r"[àâçéèêëîïôùûœ]")


# Enough of a text to tell its language; a document's first pages say as much as the whole.
_DETECTION_CHARACTERS = 20_000


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
