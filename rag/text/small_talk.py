"""Messages that ask nothing of the documents: greetings, thanks, and questions about the assistant itself."""

import re
from dataclasses import dataclass
from enum import StrEnum

from rag.text.terms import fold


class SmallTalkKind(StrEnum):
    """What a message says, from what must be answered first to what may be passed over."""

    PERSON = "person"
    """Asks to talk to somebody."""
    NATURE = "nature"
    """Asks whether a person or a program answers."""
    IDENTITY = "identity"
    """Asks who the assistant is, or what it can do."""
    GOODBYE = "goodbye"
    THANKS = "thanks"
    WELL_BEING = "well-being"
    GREETING = "greeting"
    ACKNOWLEDGEMENT = "acknowledgement"


@dataclass(frozen=True, slots=True)
class SmallTalk:
    """What a message says, and in which language; None for words that both have."""

    kind: SmallTalkKind
    language: str | None


MAX_CHARACTERS = 200
"""A longer message says something else as well."""

_SOMEBODY = (
    r"(?:somebody|someone|anyone|anybody|a (?:real |live )?(?:human|person|agent|advisor|adviser|colleague"
    r"|representative"
    r"|operator|employee)|an (?:agent|advisor|adviser|operator|employee|actual (?:human|person))|humans?|people"
    r"|(?:the |your )?(?:support|customer service|sales)(?: team)?|(?:a |the )?(?:real )?human being)"
)
_QUELQU_UN = (
    r"(?:quelqu'un|quelqu un|(?:une? )?(?:vraie? )?(?:humain|personne|conseiller|conseillere|agent|operateur"
    r"|operatrice"
    r"|collegue|employee?|responsable)|(?:le |votre |un )?(?:support|service client)|un etre humain)"
)
_EN: dict[SmallTalkKind, str] = {
    SmallTalkKind.PERSON: (
        rf"(?:(?:can|could|may|might) (?:i|we|you) (?:please )?|(?:i|we) (?:want|need|wish|would like|'?d like) to "
        rf"|(?:i would|i'?d) (?:like|prefer) to |how (?:can|do) i |let me |please |is it possible to )?"
        rf"(?:talk|speak|chat|connect me|get|put me through|transfer me)(?: (?:to|with))? {_SOMEBODY}(?: please)?"
        rf"|(?:is there |i (?:want|need) )?{_SOMEBODY}(?: (?:i can|to) (?:talk|speak) (?:to|with))? ?please"
        r"|(?:i (?:want|need) )(?:a |an )?(?:real )?(?:human|person|agent)|human|agent|real person"
    ),
    SmallTalkKind.NATURE: (
        r"(?:are|r) (?:you|u) (?:really |even |actually )?(?:an? )?(?:real |actual )?"
        r"(?:humans?|persons?|people|bot|robot|chatbot|machine|computer|program|ai|real|alive)(?: (?:or|and) "
        r"(?:an? )?"
        r"(?:real )?(?:human|person|bot|robot|chatbot|machine|ai))?"
        r"|am i (?:talking|speaking|chatting) (?:to|with) (?:an? )?(?:real )?(?:human|person|bot|robot|chatbot"
        r"|machine|ai)"
        r"(?: or (?:an? )?(?:real )?(?:human|person|bot|robot|chatbot|machine|ai))?|is this (?:an? )?(?:bot|robot"
        r"|chatbot|ai)"
    ),
    SmallTalkKind.IDENTITY: (
        r"who (?:are|r) (?:you|u)|what are you|what(?: is|'?s) your name|do you have a name|who is this"
        r"|what (?:can|do|could) you (?:do|help(?: me)?(?: with)?|know|answer)(?: for me)?|how (?:can|do|could) "
        r"you help(?: me)?"
        r"|what (?:can|may|could) i ask(?: you)?|(?:can|could) you help(?: me)?|i need (?:some )?help|help(?: me)?"
        r"|introduce yourself|tell me about yourself|how do you work|who (?:made|built|created) you"
    ),
    SmallTalkKind.GOODBYE: (
        r"(?:good ?)?bye(?: ?bye)?|see (?:you|ya|u)(?: (?:later|soon|tomorrow|around))?|good night|farewell|take care"
        r"|have a (?:nice|good|great|lovely) (?:day|evening|night|weekend|one)|that(?: is|'?s|'?ll be| will be) all"
        r"|until next time|talk (?:to you )?(?:later|soon)"
    ),
    SmallTalkKind.THANKS: (
        r"(?:many |much )?thanks?(?: (?:you|u))?(?: (?:so|very) much| a (?:lot|million|bunch)| again| anyway)?"
        r"|thank you|thx|tnx|ty|tysm|cheers"
        r"|(?:i )?(?:really )?appreciate (?:it|that|your help)|(?:that|this|it)(?: was| is|'?s) (?:very |so "
        r"|really )?(?:helpful|kind|perfect|great)"
        r"|(?:you(?: are|'?re) )?(?:very |so )(?:helpful|kind)|much appreciated|you(?: are|'?re) (?:great|the "
        r"best|welcome|awesome|amazing)"
    ),
    SmallTalkKind.WELL_BEING: (
        r"how are (?:you|u|things)(?: (?:doing|today|doing today))?|how(?: is|'?s) it going|how do you do|what'?s "
        r"up|sup|nice to meet you"
        r"|how(?: is|'?s) your day(?: going)?"
    ),
    SmallTalkKind.GREETING: (
        r"hello+|hi+|hey+|hiya|howdy|yo|greetings|good (?:morning|afternoon|evening|day)|morning|evening|welcome"
        r"|is (?:anybody|anyone|somebody|someone) (?:there|here)|are you there|anybody there"
    ),
    SmallTalkKind.ACKNOWLEDGEMENT: (
        r"(?:i )?(?:got|get) it|(?:i )?(?:understand|understood|see)|(?:that )?sounds good|(?:all )?right|alright"
        r"|sure|fine|nice|great"
        r"|good|awesome|amazing|wonderful|excellent|brilliant|no problem|never ?mind"
        r"|forget (?:it|that)|(?:it )?does(?: not|n't) matter|makes sense|yes|yep|yeah|no"
        r"|nope|not really"
        r"|(?:that )?works|good to know|well done|interesting|sorry|oops|test(?:ing)?"
    ),
}
_FR: dict[SmallTalkKind, str] = {
    SmallTalkKind.PERSON: (
        rf"(?:(?:est-ce que |est ce que )?(?:je peux|je pourrais|peut-on|puis-je|pourrais-je|on peut|je veux|je "
        rf"voudrais|je souhaite"
        rf"|je souhaiterais|j'aimerais|il faut que je|comment) |pouvez-vous |peux-tu |merci de |veuillez )?"
        rf"(?:parler|discuter|echanger|etre mise? en (?:contact|relation)|me mettre en (?:contact|relation)|me "
        rf"passer|contacter|joindre|avoir)"
        rf"(?: (?:a|avec|directement a|directement avec))? {_QUELQU_UN}(?: (?:s'il (?:vous|te) plait|svp|stp))?"
        rf"|{_QUELQU_UN} (?:s'il (?:vous|te) plait|svp|stp)|(?:je veux |il me faut )un (?:vrai )?(?:humain"
        rf"|conseiller|agent)|y a-t-il quelqu'un a qui parler"
    ),
    SmallTalkKind.NATURE: (
        r"(?:est-ce que |est ce que )?(?:tu es|t'es|es-tu|es tu|vous etes|etes-vous|etes vous|c'est|suis-je en "
        r"train de parler a|je parle a)"
        r"(?: vraiment| bien)?(?: (?:une?|avec une?))? ?(?:vraie? )?(?:humain|humaine|personne|robot|bot|chatbot"
        r"|machine|ia|reel|reelle|ordinateur)"
        r"(?: ou (?:une? )?(?:vraie? )?(?:humain|personne|robot|bot|machine|ia))?"
    ),
    SmallTalkKind.IDENTITY: (
        r"(?:qui|tu) (?:es|t'es)[- ]?(?:tu|qui)|t'es qui|qui (?:etes|est)[- ]?(?:vous|ce)|vous etes qui|c'est qui"
        r"|(?:comment|quel est ton nom|quel est votre nom)(?: (?:tu t'appelles|vous appelez-vous|t'appelles-tu"
        r"|vous vous appelez))?"
        r"|(?:que|qu'est-ce que|qu est ce que) (?:tu |vous )?(?:peux|pouvez|sais|savez|fais|faites)[- ]?(?:tu"
        r"|vous)?(?: faire)?(?: pour moi)?"
        r"|(?:comment|en quoi) (?:peux-tu|pouvez-vous|tu peux|vous pouvez) m'aider|(?:peux-tu|pouvez-vous|tu peux"
        r"|vous pouvez) m'aider"
        r"|(?:j'ai )?besoin d'aide|aide(?:z)?[- ]moi|aide|presente[- ]toi|presentez[- ]vous|quel est (?:ton"
        r"|votre) (?:nom|role)"
    ),
    SmallTalkKind.GOODBYE: (
        r"au revoir|a (?:bientot|plus(?: tard)?|demain|la prochaine)|a\+|bonne (?:journee|soiree|nuit|fin de "
        r"journee|continuation)"
        r"|bon (?:week-end|weekend|apres-midi)|adieu|ciao|tchao|c'est tout"
    ),
    SmallTalkKind.THANKS: (
        r"(?:un )?(?:grand |mille )?mercis?(?: (?:beaucoup|bien|infiniment|mille fois|encore|a (?:vous|toi)"
        r"|d'avance))?|je (?:vous|te) remercie(?: beaucoup)?"
        r"|c'est (?:tres )?(?:gentil|sympa|utile|parfait)|(?:vous etes|tu es) (?:tres )?(?:gentille?|formidable"
        r"|super)"
    ),
    SmallTalkKind.WELL_BEING: (
        r"(?:comment )?(?:ca|sa) va(?: bien)?|comment (?:allez-vous|vas-tu|tu vas|vous allez)|(?:vous allez|tu "
        r"vas) bien|quoi de neuf|la forme"
    ),
    SmallTalkKind.GREETING: (
        r"bonjour+|bonsoir|salut|coucou|rebonjour|re-bonjour|allo|bjr|slt|enchante|(?:il )?y a(?:-t-il)? "
        r"quelqu'un|bienvenue"
    ),
    SmallTalkKind.ACKNOWLEDGEMENT: (
        r"d'accord|(?:c'est )?(?:compris|parfait|note|entendu|bon|bien|clair|genial|nickel|excellent)|(?:tres "
        r")?bien|(?:ca|cela) marche"
        r"|je (?:vois|comprends)|j'ai compris|oui|non|ouais|pas vraiment|pas de (?:souci|probleme)|dommage"
        r"|laisse(?:z)? tomber|tant pis|peu importe|oubliez?(?: (?:ca|cela))?|ce n'est pas grave|c'est pas grave"
        r"|desolee?|bravo|chouette|formidable"
    ),
}
_BOTH: dict[SmallTalkKind, str] = {
    SmallTalkKind.ACKNOWLEDGEMENT: r"ok(?:ay|i)?|k|super|top|cool|perfect|lol|haha+|hehe+|hm+|ah|oh|test",
}
_FILLERS = {
    "en": (
        r"there|all|everyone|everybody|team|sir|madam|mate|friend|dear|assistant|bot|guys|folks|and|please|then"
        r"|now|again|just|so|very much"
        r"|for (?:your|the|all your|this|that) (?:help|answer|time|support|information|info|quick answer|reply)"
        r"|for everything|for helping(?: me)?|today|to you(?: too)?"
        r"|dear (?:sir|madam)|or madam|well|oh|you too|for now|it(?: was|'s) perfect"
    ),
    "fr": (
        r"a (?:tous|toutes|vous|toi)|monsieur|madame|mademoiselle|messieurs|mesdames|tout le monde|l'equipe|toute "
        r"l'equipe|et|alors|donc|aussi|ici"
        r"|s'il (?:vous|te) plait|svp|stp|pour (?:votre|ton|l'|cette|la|les|vos) ?(?:aide|reponse|reponses"
        r"|information|informations|infos?|temps|accueil|rapidite)|pour tout"
        r"|de (?:votre|ton) aide|encore|bien|ben|bah"
    ),
}


def _pattern(kinds: dict[SmallTalkKind, str], fillers: str) -> list[tuple[SmallTalkKind | None, re.Pattern[str]]]:
    """Return the expressions that may stand at the beginning of what is left of a message, longest kinds first."""
    patterns: list[tuple[SmallTalkKind | None, re.Pattern[str]]] = [
        (kind, re.compile(rf"(?:{phrases})(?=$|[ ])")) for kind, phrases in kinds.items()
    ]
    patterns.append((None, re.compile(rf"(?:{fillers})(?=$|[ ])")))
    return patterns


_PATTERNS = {
    "en": _pattern(_EN, _FILLERS["en"]),
    "fr": _pattern(_FR, _FILLERS["fr"]),
}
_SHARED = _pattern(_BOTH, r"(?!)")
_MARKS = re.compile(r"[^\w'+-]+|(?<!\w)[-+]|[-+](?=\s|$)(?<!a\+)")


def small_talk(message: str) -> SmallTalk | None:
    """Return what a message says if it is nothing but small talk, else None."""
    if len(message) > MAX_CHARACTERS:
        return None
    words = " ".join(_MARKS.sub(" ", fold(message)).split())
    if not words:
        return SmallTalk(SmallTalkKind.ACKNOWLEDGEMENT, None) if message.strip() else None
    readings = [(language, _kinds(words, patterns)) for language, patterns in _PATTERNS.items()]
    found = [(language, kinds) for language, kinds in readings if kinds]
    if not found:
        return None
    language, kinds = found[0]
    order = list(SmallTalkKind)
    is_shared = len(found) > 1 or _kinds(words, []) is not None
    return SmallTalk(min(kinds, key=order.index), None if is_shared else language)


def _kinds(words: str, patterns: list[tuple[SmallTalkKind | None, re.Pattern[str]]]) -> set[SmallTalkKind] | None:
    """Return what the phrases that `words` is made of say; None where something else is in it."""
    kinds: set[SmallTalkKind] = set()
    while words:
        matches = [(kind, match) for kind, pattern in [*patterns, *_SHARED] if (match := pattern.match(words))]
        if not matches:
            return None
        kind, longest = max(matches, key=lambda each: each[1].end())
        if kind is not None:
            kinds.add(kind)
        words = words[longest.end() :].strip()
    return kinds or None
