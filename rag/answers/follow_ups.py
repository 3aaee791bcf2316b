"""Follow-ups: questions that mean something only after the ones before, and what to search for in their place.

Nothing here understands language. A thread is followed as bags of words: the names it is about ("Lille", "KX-204"),
what is asked of them ("store open") and when ("Sundays"). A follow-up says some of them anew and leaves the others
standing.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto

from rag.text.language import detect
from rag.text.stop_words import STOP_WORDS
from rag.text.terms import fold, words
from rag.text.time_words import TIME_WORDS

MAX_OWN_WORDS = 2
"""A question with more content words than this stands alone, whatever pronoun is in it."""
MAX_CARRIED_WORDS = 12
MAX_TURNS = 8

_CONNECTIVE = {
    "en": re.compile(
        r"(?:and|or|but|also|then|so|plus|what about|how about|what if|and what|same (?:question )?for)\b"
    ),
    "fr": re.compile(
        r"(?:et|ou|mais|alors|sinon|aussi|puis(?!-je)|donc|qu'en est-il|quid|meme (?:question|chose) pour)\b"
    ),
}
_PREPOSITION = {
    "en": re.compile(
        r"(?:on|in|at|for|with|without|from|to|by|during|after|before|until|per|under|over|near"
        r"|only)\b"
    ),
    "fr": re.compile(
        r"(?:le(?= (?:lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|week|matin|midi|soir))|en|au|aux|a|pour"
        r"|avec|sans|depuis|de|du|des|par|pendant|apres|avant|jusqu|sous|sur|pres|dans|seulement)\b"
    ),
}
_PRONOUN = {
    "en": re.compile(
        r"\b(?:it|its|it's|they|them|their|theirs|this|that|these|those|he|she|him|her|his|hers|ones?|others?|another"
        r"|same|both|either|neither|(?<!is )(?<!are )there(?! (?:is|are|was|be)\b))\b"
    ),
    "fr": re.compile(
        r"\b(?:ils?|elles?|ca|cela|ceci|lui|leurs?|eux|y(?! a\b)|en(?= (?:avez|vendez|reste|existe|faites|livrez"
        r"|prenez))"
        r"|c'(?:est|etait)(?! quoi)|ce(?:lui|lle|ux|lles)(?:-ci|-la)?|ce dernier|cette derniere|l'autre|les "
        r"autres|le meme|la meme"
        r"|(?:-|\b)(?:l[ea]s?)(?=[- ](?:livr|reserv|acheter|utilis|command|rendre|retourn|rembours|chang|install"
        r"|nettoy)))\b"
    ),
}
_EXPLETIVE = {
    "en": re.compile(
        r"\b(?:is it (?:possible|allowed|necessary|free|ok|safe to)|does it take to|it is (?:possible|allowed))\b"
    ),
    "fr": re.compile(
        r"\b(?:il (?:y a|faut|est (?:possible|necessaire|permis))|est-il (?:possible|necessaire|permis)|faut-il|y "
        r"a-t-il|s'il (?:vous|te))\b"
    ),
}
_MORE = {
    "en": re.compile(
        r"(?:why|how|how so|really|more|else|tell me more|more (?:details?|info\w*)|can you (?:explain|elaborate"
        r"|repeat).*"
        r"|explain(?: (?:it|that|more))?|in (?:more )?detail|for example|an example|go on|continue|anything else"
        r"|what else|are you sure)"
    ),
    "fr": re.compile(
        r"(?:pourquoi|comment|comment ca|vraiment|plus|encore|dis(?:-m'| m'|-| )en plus|dites(?:-m'| m'|-| )en "
        r"plus|plus de (?:details?|infos?\w*)"
        r"|pouvez-vous (?:expliquer|preciser|repeter).*|peux-tu (?:expliquer|preciser|repeter).*|explique.*|en "
        r"detail|par exemple|un exemple|continue|quoi d'autre|c'est sur)"
    ),
}
_DEGREES = frozenset(("long", "longs", "much", "many", "far", "often", "old", "big", "quoi", "temps", "fois", "loin"))
"""Words beside a question word that ask for a degree and name nothing: "how long?"."""
_NAME = re.compile(r"(?<![.!?]\s)(?<!^)\b[^\W\d_a-zà-öø-ÿ][\w'’-]*|\b[\w-]*\d[\w-]*\b")


class _Kind(Enum):
    COMPLETE = auto()
    FRAGMENT = auto()
    """Says another name or time, and leaves what is asked: "and Lille?"."""
    ANAPHORA = auto()
    """Asks something else of what was talked about: "how much does it cost?"."""
    MORE = auto()
    """Asks nothing new: "why?", "tell me more"."""


@dataclass(frozen=True, slots=True)
class _Thread:
    """What is talked about: names, the words of the last question that stood alone, what is asked now, and when."""

    names: tuple[str, ...] = ()
    topic: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    times: tuple[str, ...] = ()


def standalone(question: str, earlier: Sequence[str]) -> str | None:
    """Return what to search for in the place of a follow-up; None for a question that stands alone.

    `earlier` are the visitor's questions before it, oldest first.
    """
    if not earlier:
        return None
    language = detect(question, default=detect(" ".join(earlier)))
    kind = _kind(question, language)
    if kind is _Kind.COMPLETE:
        return None
    thread = _Thread()
    for said in earlier[-MAX_TURNS:]:
        thread = _after(thread, said, language)
    about = [*thread.names] or [*thread.topic]
    if kind is not _Kind.ANAPHORA:
        thread = _after(thread, question, language)
        about = [*thread.names, *thread.asked, *(thread.topic if kind is _Kind.MORE else ()), *thread.times]
    said_words = set(words(question))
    kept = [word for word in dict.fromkeys(about) if not set(words(word)) <= said_words]
    return " ".join([question, *kept[:MAX_CARRIED_WORDS]])


def _kind(question: str, language: str) -> _Kind:
    text = " ".join(re.sub(r"[^\w\s'’-]", " ", fold(question)).split())
    said = _content(question, language)
    own = [word for word in said if fold(word) not in TIME_WORDS]
    # "Où" is no "ou".
    connected = None if question.lower().startswith("où") else _CONNECTIVE[language].match(text)
    rest = text[connected.end() :].strip() if connected else text
    if _MORE[language].fullmatch(rest) or (not said and not _PRONOUN[language].search(rest)):
        return _Kind.MORE
    if len(own) <= MAX_OWN_WORDS and _PRONOUN[language].search(_EXPLETIVE[language].sub(" ", rest)):
        return _Kind.ANAPHORA
    if connected and len(own) <= MAX_OWN_WORDS + 1:
        return _Kind.FRAGMENT
    if len(own) <= MAX_OWN_WORDS and _PREPOSITION[language].match(rest):
        return _Kind.FRAGMENT
    return _Kind.COMPLETE


def _after(thread: _Thread, question: str, language: str) -> _Thread:
    """Return what is talked about once `question` was asked."""
    kind = _kind(question, language)
    content = _content(question, language)
    times = tuple(word for word in content if fold(word) in TIME_WORDS)
    names = tuple(name for name in _NAME.findall(question) if name in content and name not in times)
    asked = tuple(word for word in content if word not in times and word not in names)
    if kind is _Kind.COMPLETE or not (thread.names or thread.topic):
        return _Thread(names, asked, asked, times)
    if kind is _Kind.MORE:
        return thread
    if kind is _Kind.ANAPHORA:
        return replace(thread, names=names or thread.names, asked=asked or thread.asked, times=times)
    # A fragment: another name for the same question, or another word on the same names. Written without a capital
    # letter it may be either, and what was asked stays beside it.
    return replace(
        thread,
        names=names or thread.names,
        topic=(*asked, *thread.topic),
        asked=(*asked, *thread.asked),
        times=times or thread.times,
    )


_TOKEN = re.compile(r"[^\W_](?:[\w'’-]*[^\W_])?")
_ELIDED = re.compile(r"^(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu)['’]", re.IGNORECASE)


def _content(question: str, language: str) -> list[str]:
    """Return the words of a question that say what it is about, as they are written."""
    found = (_ELIDED.sub("", token) for token in _TOKEN.findall(question))
    idle = STOP_WORDS[language] | _DEGREES
    return [word for word in found if any(part not in idle for part in words(word))]
