"""How a workspace's widget looks and greets."""

import re
from dataclasses import asdict, dataclass, fields
from typing import Any

from core.errors import ErrorCode, UserError
from data.models import Workspace

MAX_TITLE_CHARACTERS = 100
MAX_WELCOME_CHARACTERS = 1_000
MAX_QUESTIONS = 6
MAX_QUESTION_CHARACTERS = 200
MAX_URL_CHARACTERS = 2_048
POSITIONS = ("bottom-right", "bottom-left")
LOCALES = ("en", "fr")
_COLOR = re.compile(r"#[0-9a-fA-F]{6}")


@dataclass(frozen=True, slots=True)
class WidgetSettings:
    """What the widget shows. A title of None is the workspace's name; a locale of None is the page's language."""

    title: str | None = None
    welcome: str | None = None
    suggested_questions: tuple[str, ...] = ()
    accent_color: str | None = None
    position: str = POSITIONS[0]
    avatar_url: str | None = None
    locale: str | None = None


def settings_of(workspace: Workspace) -> WidgetSettings:
    """Return a workspace's settings, with defaults where it says nothing."""
    stored = workspace.widget_settings or {}
    known = {field.name for field in fields(WidgetSettings)}
    return WidgetSettings(**{name: value for name, value in stored.items() if name in known})


def checked(settings: WidgetSettings) -> dict[str, Any]:
    """Return the settings as they are stored. Raises `UserError` for the first that is out of bounds."""
    _bound("title", settings.title, MAX_TITLE_CHARACTERS)
    _bound("welcome", settings.welcome, MAX_WELCOME_CHARACTERS)
    _bound("avatarUrl", settings.avatar_url, MAX_URL_CHARACTERS)
    if len(settings.suggested_questions) > MAX_QUESTIONS:
        raise _rejected("suggestedQuestions", f"At most {MAX_QUESTIONS} questions are suggested.")
    for question in settings.suggested_questions:
        _bound("suggestedQuestions", question, MAX_QUESTION_CHARACTERS)
    if settings.accent_color is not None and not _COLOR.fullmatch(settings.accent_color):
        raise _rejected("accentColor", "A colour is written #rrggbb.")
    if settings.position not in POSITIONS:
        raise _rejected("position", f"The position is one of {', '.join(POSITIONS)}.")
    if settings.locale not in {None, *LOCALES}:
        raise _rejected("locale", f"The language is one of {', '.join(LOCALES)}, or null for the page's.")
    return {name: value for name, value in asdict(settings).items() if value is not None}


def _bound(field: str, text: str | None, limit: int) -> None:
    if text is not None and not 1 <= len(text.strip()) <= limit:
        raise _rejected(field, f"This has 1 to {limit} characters.")


def _rejected(field: str, message: str) -> UserError:
    return UserError(ErrorCode.BAD_USER_INPUT, message, ["widget", field])
