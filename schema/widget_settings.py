"""How a workspace's widget looks and greets: read by the widget, set by the team."""

import strawberry

from data import models
from resolvers import widget_settings
from schema.scalars import URL


@strawberry.type(description="How the widget looks and greets.")
class WidgetSettings:
    """What a page shows before anybody says a word."""

    title: str = strawberry.field(description="The panel's title; the workspace's name when none was set.")
    welcome: str | None = strawberry.field(description="The first words, before any question.")
    suggested_questions: list[str] = strawberry.field(description="Questions to begin with, at most six.")
    accent_color: str | None = strawberry.field(description="The colour of buttons, as `#rrggbb`.")
    position: str = strawberry.field(description="The corner: `bottom-right` or `bottom-left`.")
    avatar_url: URL | None = strawberry.field(description="A small picture of the assistant.")
    locale: str | None = strawberry.field(description="The language, `en` or `fr`; null follows the page.")
    custom_css: str | None = strawberry.field(description="Style sheet applied inside the widget's shadow root.")


@strawberry.input(description="How the widget should look and greet. What is left out goes back to its default.")
class WidgetSettingsInput:
    """Input beside a workspace's own."""

    title: str | None = strawberry.field(default=None, description="At most 100 characters.")
    welcome: str | None = strawberry.field(default=None, description="At most 1,000 characters.")
    suggested_questions: list[str] | None = strawberry.field(
        default=None, description="At most six, of 200 characters each."
    )
    accent_color: str | None = strawberry.field(default=None, description="A colour written `#rrggbb`.")
    position: str | None = strawberry.field(default=None, description="`bottom-right` or `bottom-left`.")
    avatar_url: URL | None = strawberry.field(default=None, description="The address of a picture.")
    locale: str | None = strawberry.field(default=None, description="`en` or `fr`; null follows the page.")

    def as_settings(self) -> widget_settings.WidgetSettings:
        """Return the settings to check and store."""
        return widget_settings.WidgetSettings(
            title=self.title,
            welcome=self.welcome,
            suggested_questions=tuple(self.suggested_questions or ()),
            accent_color=self.accent_color,
            position=self.position or widget_settings.POSITIONS[0],
            avatar_url=self.avatar_url,
            locale=self.locale,
        )


def shown_settings(workspace: models.Workspace) -> WidgetSettings:
    """Return what the widget of a workspace shows."""
    settings = widget_settings.settings_of(workspace)
    return WidgetSettings(
        title=settings.title or workspace.name,
        welcome=settings.welcome,
        suggested_questions=list(settings.suggested_questions),
        accent_color=settings.accent_color,
        position=settings.position,
        avatar_url=URL(settings.avatar_url) if settings.avatar_url else None,
        locale=settings.locale,
        custom_css=workspace.custom_css,
    )
