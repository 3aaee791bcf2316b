"""What a client sends about workspaces."""

import datetime as dt

import strawberry

from resolvers.workspaces import widget_settings
from schema.scalars import URL


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


@strawberry.input(description="A new key.")
class CreateApiKeyInput:
    """Input of `createApiKey`."""

    workspace_id: strawberry.ID = strawberry.field(description="The workspace it opens.")
    name: str = strawberry.field(description="What to call it, 1 to 255 characters.")
    expires_at: dt.datetime | None = strawberry.field(default=None, description="When it ends; null is never.")


@strawberry.input(description="A key to end.")
class RevokeApiKeyInput:
    """Input of `revokeApiKey`."""

    id: strawberry.ID = strawberry.field(description="The key.")


@strawberry.input(description="A page's key, and what the page knows of its visitor.")
class StartVisitInput:
    """Input of `startVisit`."""

    api_key: str = strawberry.field(description="The key in the page.")
    visitor_token: str | None = strawberry.field(
        default=None,
        description="An earlier token of the same visitor, even if it is expired: they find their conversations again.",
    )
    visitor_name: str | None = strawberry.field(default=None, description="The name the site knows them by.")
    visitor_email: str | None = strawberry.field(default=None, description="The e-mail the site knows them by.")


@strawberry.input(description="A new workspace. What is left out gets its default.")
class CreateWorkspaceInput:
    """Input of `createWorkspace`."""

    name: str = strawberry.field(description="What the team calls it, 1 to 255 characters.")
    description: str | None = strawberry.field(default=None, description="What it is for, at most 4,000 characters.")
    website_url: URL | None = strawberry.field(default=None, description="The site it serves.")
    allowed_domains: list[str] | None = strawberry.field(
        default=None, description="At most 50 domains whose pages may show it: `example.com`, `*.example.com`."
    )
    model: str | None = strawberry.field(
        default=None, description="The model that answers; `mistral-small` by default."
    )
    temperature: float | None = strawberry.field(default=None, description="From 0 to 1.5; 0.7 by default.")
    max_tokens: int | None = strawberry.field(default=None, description="From 1 to 4,000; 900 by default.")
    system_prompt: str | None = strawberry.field(default=None, description="At most 10,000 characters.")
    custom_css: str | None = strawberry.field(default=None, description="At most 20,000 characters.")
    widget: WidgetSettingsInput | None = strawberry.field(default=None, description="How the widget looks and greets.")


@strawberry.input(description="What to change. What is left out stays; null clears what may be empty.")
class UpdateWorkspaceInput:
    """Input of `updateWorkspace`."""

    id: strawberry.ID = strawberry.field(description="The workspace.")
    name: strawberry.Maybe[str] = strawberry.field(description="1 to 255 characters.")
    description: strawberry.Maybe[str | None] = strawberry.field(description="At most 4,000 characters.")
    website_url: strawberry.Maybe[URL | None] = strawberry.field(description="The site it serves.")
    allowed_domains: strawberry.Maybe[list[str] | None] = strawberry.field(description="At most 50 domains.")
    is_active: strawberry.Maybe[bool] = strawberry.field(description="Whether it answers visitors.")
    model: strawberry.Maybe[str] = strawberry.field(description="The model that answers.")
    temperature: strawberry.Maybe[float] = strawberry.field(description="From 0 to 1.5.")
    max_tokens: strawberry.Maybe[int] = strawberry.field(description="From 1 to 4,000.")
    system_prompt: strawberry.Maybe[str | None] = strawberry.field(description="At most 10,000 characters.")
    custom_css: strawberry.Maybe[str | None] = strawberry.field(description="At most 20,000 characters.")
    widget: strawberry.Maybe[WidgetSettingsInput | None] = strawberry.field(description="How the widget looks.")


@strawberry.input(description="A workspace to delete.")
class DeleteWorkspaceInput:
    """Input of `deleteWorkspace`."""

    id: strawberry.ID = strawberry.field(description="The workspace.")


@strawberry.input(description="A workspace, and an account that reads it.")
class ShareWorkspaceInput:
    """Input of `shareWorkspace`."""

    id: strawberry.ID = strawberry.field(description="The workspace.")
    email: str = strawberry.field(description="The account's e-mail.")


@strawberry.input(description="A workspace, and an account that should read it no more.")
class UnshareWorkspaceInput(ShareWorkspaceInput):
    """Input of `unshareWorkspace`."""
