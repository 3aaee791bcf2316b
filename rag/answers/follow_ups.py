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
_INFINITIVE = (
    r"(?!(?:hiver|mer|fer|fichiers?|papiers?|paniers?|calendriers?|dossiers?|ateliers?|quartiers?|loyers?|courriers?"
    r"|dernier|premier|plaisir|soir)\b)(?:\w+(?:er|ir|oir|uire)|\w*(?:prendre|rendre|vendre|mettre|lire|faire|dire|suivre"
    r"|joindre|attendre|connaitre|inscrire|ecrire))\b"
)
_CLITIC = re.compile(
    r"\b(?:je|tu|on|nous|vous|ils?|elles?) (?:ne |n')?(?:l'|la |le |les )"
    r"|\b(?:comment|pour|sans|a|de|-je|-on|-vous|-tu|-il|peux|peut|pouvez|veux|voudrais|dois|faut|faut-il"
    rf"|(?:puis|pourrais|dois|peux)-je|(?:peut|doit)-on) (?:l'|(?:le|la|les|en|y) ){_INFINITIVE}"
    r"|(?<!est-)(?<!est )(?<!jusqu'a )\b(?:ce|cet|cette|ces) (?!que\b|qui\b|qu'|dont\b|soir|matin|midi|mois|semaine"
    r"|annee|week|ete\b|hiver|printemps|automne|apres|site\b|assistant)\w|\b(?:son|sa|ses) \w"
)
"""French pronouns and determiners that are words of another kind elsewhere: "comment le changer", "ce texte"."""
_NOUN_SUBJECT = re.compile(
    r"(?<!\w)(?:l'|(?:le|la|les|un|une|des|du|mon|ma|mes|ton|ta|tes|notre|nos|votre|vos) )\w[\w-]* (?:.* )?"
    r"[\w']+-(?:t-)?(?:ils?|elles?)\b"
)
_INVERSION = re.compile(r"-(?:t-)?(?:ils?|elles?)\b")
"""Repeats a subject that is named: "La piscine est-elle chauffée ?"."""
_OTHER = {
    "en": re.compile(r"\bothers?\b|\banother\b"),
    "fr": re.compile(r"\b(?:l'|les |un |une |d')autres?\b"),
}
"""Means another than the one talked about."""
_ANOTHER = frozenset(("other", "others", "another", "one", "ones", "autre", "autres"))
_BARE = {
    "en": re.compile(
        r"(?:(?:at|in|of|for|from|until|since) )?(?:which|what|how many|how much|whose)(?: of (?:them|these))? \w+"
        r"|(?:which|what|how many)(?: \w+)? (?:are|is) there|.*\bhow many (?:of them )?(?:there are|are there)"
    ),
    "fr": re.compile(
        r"(?:(?:a|en|de|pour|dans|depuis|jusqu'a) )?(?:quel(?:le)?s?|combien d(?:e |')) ?\w+"
        r"|combien(?: y en a-t-il| il y en a| en avez-vous)?|.*\bcombien (?:il )?y en a(?:-t-il)?"
    ),
}
"""Asks for a thing that it does not say of what: no verb is in it."""
_ATTRIBUTES = {
    "en": re.compile(
        r"(?:the |its |their )?(?:price|prices|cost|costs|weight|size|sizes|colou?rs?|address|phone|phone number"
        r"|telephone|number|duration|length|width|height|deadline|fee)"
    ),
    "fr": re.compile(
        r"(?:le |la |les |l'|son |sa |ses )?(?:prix|cout|tarifs?|poids|tailles?|couleurs?|adresse|telephone|numero"
        r"|duree|delais?|longueur|largeur|hauteur|dimensions?)"
    ),
}
"""Names what always belongs to something."""
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
_ABBREVIATION_LETTERS = 4
_NAME = re.compile(r"(?<![.!?]\s)(?<!^)\b[^\W\d_a-zà-öø-ÿ][\w'’-]*|\b[\w-]*\d[\w-]*\b")


class _Kind(Enum):
    COMPLETE = auto()
    FRAGMENT = auto()
    """Says another name or time, and leaves what is asked: "and Lille?"."""
    ANAPHORA = auto()
    """Asks something else of what was talked about: "how much does it cost?"."""
    OTHER = auto()
    """Asks the same of another one, which it does not name: "and the other one?"."""
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
    if kind is _Kind.OTHER:
        about = [*(thread.asked or thread.topic), *thread.times]
    elif kind is not _Kind.ANAPHORA:
        thread = _after(thread, question, language)
        about = [*thread.names, *thread.asked, *(thread.topic if kind is _Kind.MORE else ()), *thread.times]
    said_words = set(words(question))
    kept = [word for word in dict.fromkeys(about) if not set(words(word)) <= said_words]
    return " ".join([question, *kept[:MAX_CARRIED_WORDS]])


def with_thread(question: str, earlier: Sequence[str]) -> str | None:
    """Return what to search for where a short question that stands alone finds nothing; None for any other question.

    A question that names something says itself what it is about.
    """
    if not earlier:
        return None
    language = detect(question, default=detect(" ".join(earlier)))
    content = _content(question, language)
    if not content or len(content) > MAX_OWN_WORDS or any(name in content for name in _NAME.findall(question)):
        return None
    thread = _Thread()
    for said in earlier[-MAX_TURNS:]:
        thread = _after(thread, said, language)
    return " ".join([question, *[*thread.names, *thread.topic][:MAX_CARRIED_WORDS]])


def _kind(question: str, language: str) -> _Kind:
    text = " ".join(re.sub(r"[^\w\s'’-]", " ", fold(question)).split())
    said = _content(question, language)
    own = [word for word in said if fold(word) not in TIME_WORDS]
    # "Où" is no "ou".
    connected = None if question.lower().startswith("où") else _CONNECTIVE[language].match(text)
    rest = text[connected.end() :].strip() if connected else text
    if _MORE[language].fullmatch(rest) or (not said and not _PRONOUN[language].search(rest)):
        return _Kind.MORE
    if len(own) <= MAX_OWN_WORDS and _points_back(rest, language):
        means_another = _OTHER[language].search(rest) and _ANOTHER.issuperset(map(fold, own))
        return _Kind.OTHER if means_another else _Kind.ANAPHORA
    if not connected and (_BARE[language].fullmatch(rest) or _ATTRIBUTES[language].fullmatch(rest)):
        return _Kind.ANAPHORA
    if connected and len(own) <= MAX_OWN_WORDS + 1:
        return _Kind.FRAGMENT
    if len(own) <= MAX_OWN_WORDS and _PREPOSITION[language].match(rest):
        return _Kind.FRAGMENT
    return _Kind.COMPLETE


def _points_back(text: str, language: str) -> bool:
    """Tell whether a folded question says something of a thing that it does not name."""
    text = _EXPLETIVE[language].sub(" ", text)
    if language == "fr" and _NOUN_SUBJECT.search(text):
        text = _INVERSION.sub("", text)
    if _PRONOUN[language].search(text):
        return True
    return language == "fr" and _CLITIC.search(text) is not None


def _after(thread: _Thread, question: str, language: str) -> _Thread:
    """Return what is talked about once `question` was asked."""
    kind = _kind(question, language)
    content = _content(question, language)
    times = tuple(word for word in content if fold(word) in TIME_WORDS)
    names = tuple(name for name in _NAME.findall(question) if name in content and name not in times)
    # "API" names nothing by itself.
    names = tuple(
        name for name in names if not (name.isalpha() and name.isupper() and len(name) <= _ABBREVIATION_LETTERS)
    )
    asked = tuple(word for word in content if word not in times and word not in names)
    if kind is _Kind.COMPLETE or not (thread.names or thread.topic):
        return _Thread(names, asked, asked, times)
    if kind in {_Kind.MORE, _Kind.OTHER}:
        return replace(thread, names=()) if kind is _Kind.OTHER else thread
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
_INVERTED = re.compile(r"-(?:t-)?(?:je|tu|il|elle|on|nous|vous|ils|elles|moi|toi|le|la|les)$", re.IGNORECASE)
_ELIDED = re.compile(r"^(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu)['’]", re.IGNORECASE)


def _content(question: str, language: str) -> list[str]:
    """Return the words of a question that say what it is about, as they are written."""
    found = [_ELIDED.sub("", token) for token in _TOKEN.findall(question)]
    if language == "fr":
        found = [_INVERTED.sub("", token) for token in found]
    idle = STOP_WORDS[language] | _DEGREES
    return [word for word in found if any(part not in idle for part in words(word))]
