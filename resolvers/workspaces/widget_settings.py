"""How a workspace's widget looks and greets."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, TypedDict

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


class WidgetValues(TypedDict, total=False):
    """What may be set on a widget, by name. An absent key leaves the setting as it is; None gives it its default."""

    title: str | None
    welcome: str | None
    suggested_questions: list[str] | None
    accent_color: str | None
    position: str | None
    avatar_url: str | None
    locale: str | None


def settings_of(workspace: Workspace) -> WidgetSettings:
    """Return a workspace's settings, with defaults where it says nothing."""
    stored = workspace.widget_settings or {}
    known = {field.name for field in fields(WidgetSettings)}
    return WidgetSettings(**{name: value for name, value in stored.items() if name in known})


def checked(values: WidgetValues) -> WidgetValues:
    """Return the values as they came. Raises `UserError` for the first that is out of bounds."""
    _bound("title", values.get("title"), MAX_TITLE_CHARACTERS)
    _bound("welcome", values.get("welcome"), MAX_WELCOME_CHARACTERS)
    _bound("avatarUrl", values.get("avatar_url"), MAX_URL_CHARACTERS)
    questions = values.get("suggested_questions") or []
    if len(questions) > MAX_QUESTIONS:
        raise _rejected("suggestedQuestions", f"At most {MAX_QUESTIONS} questions are suggested.")
    for question in questions:
        _bound("suggestedQuestions", question, MAX_QUESTION_CHARACTERS)
    color = values.get("accent_color")
    if color is not None and not _COLOR.fullmatch(color):
        raise _rejected("accentColor", "A colour is written #rrggbb.")
    if values.get("position") not in {None, *POSITIONS}:
        raise _rejected("position", f"The position is one of {', '.join(POSITIONS)}.")
    if values.get("locale") not in {None, *LOCALES}:
        raise _rejected("locale", f"The language is one of {', '.join(LOCALES)}, or null for the page's.")
    return values


def merged(stored: Mapping[str, Any] | None, values: WidgetValues | None) -> dict[str, Any] | None:
    """Return what is stored after a change. Values of None reset all settings to their defaults."""
    if values is None:
        return None
    return {name: value for name, value in {**(stored or {}), **values}.items() if value is not None}


def _bound(field: str, text: str | None, limit: int) -> None:
    if text is not None and not 1 <= len(text.strip()) <= limit:
        raise _rejected(field, f"This has 1 to {limit} characters.")


def _rejected(field: str, message: str) -> UserError:
    return UserError(ErrorCode.BAD_USER_INPUT, message, ["widget", field])
