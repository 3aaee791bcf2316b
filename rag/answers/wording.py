"""What the assistant says in its own words, or the workspace's: small talk, and that it does not know."""

import re
from collections.abc import Sequence

from data.models import Workspace
from rag.text.small_talk import SmallTalkKind

_SMALL_TALK = {
    "en": {
        SmallTalkKind.PERSON: "I am an automatic assistant and cannot put you through to a person from here.",
        SmallTalkKind.NATURE: "I am an automatic assistant, not a person. I answer from the documents of {name}.",
        SmallTalkKind.IDENTITY: "I am the automatic assistant of {name}. I answer questions from its documents "
        "and show "
        "where each answer comes from. What would you like to know?",
        SmallTalkKind.GOODBYE: "Goodbye, and thank you for your visit!",
        SmallTalkKind.THANKS: "You are welcome! Is there anything else you would like to know?",
        SmallTalkKind.WELL_BEING: "Very well, thank you! What would you like to know?",
        SmallTalkKind.GREETING: "Hello! What would you like to know?",
        SmallTalkKind.ACKNOWLEDGEMENT: "All right. Is there anything else you would like to know?",
    },
    "fr": {
        SmallTalkKind.PERSON: "Je suis un assistant automatique et ne peux pas vous mettre en relation avec une "
        "personne d'ici.",
        SmallTalkKind.NATURE: "Je suis un assistant automatique, pas une personne. Je réponds à partir des "
        "documents de {name}.",
        SmallTalkKind.IDENTITY: "Je suis l'assistant automatique de {name}. Je réponds aux questions à partir de "
        "ses documents "
        "et j'indique d'où vient chaque réponse. Que souhaitez-vous savoir ?",
        SmallTalkKind.GOODBYE: "Au revoir, et merci de votre visite !",
        SmallTalkKind.THANKS: "Avec plaisir ! Souhaitez-vous savoir autre chose ?",
        SmallTalkKind.WELL_BEING: "Très bien, merci ! Que souhaitez-vous savoir ?",
        SmallTalkKind.GREETING: "Bonjour ! Que souhaitez-vous savoir ?",
        SmallTalkKind.ACKNOWLEDGEMENT: "Très bien. Souhaitez-vous savoir autre chose ?",
    },
}
_CONTACT = {"en": "You can reach us here: {url}", "fr": "Vous pouvez nous joindre ici : {url}"}
_NO_ANSWER = {
    "en": "I did not find the answer in the documents.",
    "fr": "Je n'ai pas trouvé la réponse dans les documents.",
}
_SUGGESTIONS = {
    "en": "Perhaps one of these helps: {titles}.",
    "fr": "Peut-être l'un de ceux-ci vous aidera-t-il : {titles}.",
}
_QUOTED = {"en": "“{}”", "fr": "« {} »"}
MAX_SUGGESTIONS = 3


def small_talk_text(kind: SmallTalkKind, language: str, workspace: Workspace) -> str:
    """Return the reply to small talk. A greeting is returned with the welcome of the widget, if it has one."""
    widget = workspace.widget_settings or {}
    if kind is SmallTalkKind.GREETING and widget.get("welcome"):
        return str(widget["welcome"])
    text = _SMALL_TALK[language][kind].format(name=widget.get("title") or workspace.name)
    return _with_contact(text, language, workspace) if kind in {SmallTalkKind.PERSON, SmallTalkKind.NATURE} else text


def no_answer_text(language: str, workspace: Workspace) -> str:
    """Return what the assistant says where the documents do not answer: the workspace's text, or its own."""
    own = (workspace.no_answer_text_fr if language == "fr" else None) or workspace.no_answer_text
    return _with_contact(own or _NO_ANSWER[language], language, workspace)


def suggestions_text(language: str, titles: Sequence[str]) -> str:
    """Return the sentence that offers documents near the question; "" where there are none."""
    quoted = ", ".join(_QUOTED[language].format(title) for title in titles[:MAX_SUGGESTIONS])
    return _SUGGESTIONS[language].format(titles=quoted) if quoted else ""


def _with_contact(text: str, language: str, workspace: Workspace) -> str:
    url = workspace.contact_url
    return text if not url or url in text else f"{text} {_CONTACT[language].format(url=url)}"


_UNKNOWN = re.compile(
    r"\b(?:(?:i|we) (?:do not|don't|cannot|can't|could not|couldn't|did not|didn't) (?:know|find|have|answer|see)"
    r"|(?:is|are|was|were) not (?:mentioned|stated|specified|provided|covered|available|found|in the)"
    r"|(?:documents?|passages?|context)(?: provided)? (?:do|does|did) not (?:say|contain|mention|specify|provide"
    r"|answer|include)"
    r"|no information|je (?:ne|n'ai pas|n'ai) (?:sais|trouve|peux|connais|dispose|trouvé|pas)"
    r"|ne (?:figure|mentionne|precise|précise|contien|permet|trouve|disent|dit)\w* pas|aucune information)\b"
)


def says_unknown(text: str, no_answer: str) -> bool:
    """Tell whether an answer that cites nothing says that the documents do not hold the answer."""
    said = " ".join(text.lower().replace("’", "'").split())
    refusal = " ".join(no_answer.lower().replace("’", "'").split())
    return not said or (bool(refusal) and said.startswith(refusal)) or _UNKNOWN.search(said) is not None
