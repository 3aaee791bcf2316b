"""What a message asks for: small talk or a question, alone or after the ones before, and in which language."""

from collections.abc import Sequence
from dataclasses import dataclass

from rag.answers.follow_ups import standalone, with_thread
from rag.models.protocols import Turn
from rag.text.language import clear_language
from rag.text.small_talk import SmallTalk, SmallTalkKind, small_talk
from rag.text.stop_words import LANGUAGES


@dataclass(frozen=True, slots=True)
class Understanding:
    """What was understood of a message.

    `language` is None where neither the message, the conversation nor the widget tells. `search_query` is what the
    documents are searched for: the message, with what it leaves out where it follows up. `second_query` is searched
    for where that finds nothing: the message, where it may stand alone after all, or may not.
    """

    small_talk: SmallTalk | None
    language: str | None
    is_follow_up: bool
    search_query: str
    second_query: str | None = None


def understand(message: str, history: Sequence[Turn], locale: str | None) -> Understanding:
    """Return what `message` asks for after `history`, oldest first. `locale` is the language of the widget."""
    said = small_talk(message)
    if said and said.kind is SmallTalkKind.ACKNOWLEDGEMENT and _answers_a_question(history):
        said = None
    earlier = [turn.content for turn in history if turn.role == "user"]
    language = _language(message, said, earlier, locale)
    asked = [content for content in earlier if small_talk(content) is None]
    query = None if said else standalone(message, asked)
    second = message if query else None if said else with_thread(message, asked)
    return Understanding(said, language, query is not None, query or message, second)


def _answers_a_question(history: Sequence[Turn]) -> bool:
    """Tell whether the assistant asked something last: "yes" then means what it asked."""
    return bool(history) and history[-1].role == "assistant" and history[-1].content.rstrip().endswith("?")


def _language(message: str, said: SmallTalk | None, earlier: Sequence[str], locale: str | None) -> str | None:
    told = [said.language if said else None, clear_language(message)]
    told += [clear_language(content) for content in reversed(earlier)]
    told.append(locale if locale in LANGUAGES else None)
    return next((language for language in told if language is not None), None)
