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
    """Return (kind, negated) of a passage's sentence, numbered from 1, with the one behind it.

    `kind` is 1 where it holds the kind of thing that the question asks for and does not name, -1 where it does not, 0
    where the question asks for no such kind. `negated` is 1 where the question or the sentence denies, not both.
    """
    spans = _spans(content)
    if not 1 <= sentence <= len(spans):
        return (0.0 if question.expected is Expected.ANY else -1.0), 0.0
    text = content[spans[sentence - 1][0] : spans[sentence - 1][1]]
    denies = float(is_negated(fold(text)) != question.is_negated)
    if question.expected is Expected.ANY:
        return 0.0, denies
    asked = {part for word in question.words for part in (word.word.text, *word.word.parts)}
    if question.expected in {Expected.NUMBER, Expected.TIME}:
        rest = " ".join(word for word in words(text) if word not in asked)
        sign = _NUMERAL if question.expected is Expected.NUMBER else _MOMENT
        return (1.0 if sign.search(rest) else -1.0), denies
    named = (fold(found) for found in _CAPITALISED.findall(text))
    return (1.0 if any(each not in asked for each in named) else -1.0), denies


@lru_cache(maxsize=_CACHED)
def _spans(content: str) -> list[tuple[int, int]]:
    return sentence_spans(content)
