"""Signs that a sentence answers a question: it holds what kind of thing is asked for, and denies nothing unasked."""

import re
from functools import lru_cache

from rag.retrieval.query import Expected, Question, is_negated
from rag.text.sentences import sentence_spans
from rag.text.terms import fold, words

_NUMERAL = re.compile(
    r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|half|hundred|thousand|million|twice"
    r"|deux|trois|quatre|cinq|sept|huit|neuf|dix|onze|douze|vingt|cent|mille|million|moitie|tiers)\b"
)
_MOMENT = re.compile(
    r"\d|\b(?:century|centuries|decade|spring|summer|autumn|winter|today|now|always|daily|before|after|during|until"
    r"|(?:mon|tues|wednes|thurs|fri|satur|sun)days?|january|february|march|april|may|june|july|august|september|october"
    r"|november|december|siecle|printemps|ete|automne|hiver|aujourd'hui|toujours|avant|apres|pendant|jusqu|lundi|mardi"
    r"|mercredi|jeudi|vendredi|samedi|dimanche|janvier|fevrier|mars|avril|mai|juin|juillet|aout|septembre|octobre"
    r"|novembre|decembre)\b"
)
_CAPITALISED = re.compile(r"(?<![.!?]\s)(?<!^)\b[^\W\d_a-zà-ÿ][\w'’-]*")
_CACHED = 4_096


def answer_signs(question: Question, content: str, sentence: int) -> tuple[float, float]:
    """Return (unmet, denied) of a passage's sentence, numbered from 1.

    `unmet` is 1 where the question asks for a kind of thing, and the sentence holds none that the question does not
    name. `denied` is 1 where the question denies something and the sentence nothing.
    """
    spans = _spans(content)
    text = content[slice(*spans[sentence - 1])] if 1 <= sentence <= len(spans) else ""
    denied = question.is_negated and not is_negated(fold(text))
    return float(not _holds(question, text)), float(denied)


def _holds(question: Question, text: str) -> bool:
    """Tell whether a text holds the kind of thing that the question asks for."""
    if question.expected is Expected.ANY:
        return True
    asked = {part for word in question.words for part in (word.word.text, *word.word.parts)}
    if question.expected in {Expected.NUMBER, Expected.TIME}:
        sign = _NUMERAL if question.expected is Expected.NUMBER else _MOMENT
        return sign.search(" ".join(word for word in words(text) if word not in asked)) is not None
    return any(fold(found) not in asked for found in _CAPITALISED.findall(text))


@lru_cache(maxsize=_CACHED)
def _spans(content: str) -> list[tuple[int, int]]:
    return sentence_spans(content)
