"""What a client sends about workspaces."""

import datetime as dt
from typing import cast

import strawberry

from resolvers.workspaces import widget_settings
from schema.operation import named_fields
from schema.scalars import URL


@strawberry.input(
    description="How the widget should look and greet. What is left out stays as it is; null goes back to the default."
)
class WidgetSettingsInput:
    """Input beside a workspace's own."""

    title: strawberry.Maybe[str | None] = strawberry.field(
        description="At most 100 characters; the workspace's name by default."
    )
    welcome: strawberry.Maybe[str | None] = strawberry.field(
        description="At most 1,000 characters; the widget's own words by default."
    )
    suggested_questions: strawberry.Maybe[list[str] | None] = strawberry.field(
        description="At most six, of 200 characters each; none by default. The list replaces the one before."
    )
    accent_color: strawberry.Maybe[str | None] = strawberry.field(
        description="A colour written `#rrggbb`; the widget's own by default."
    )
    position: strawberry.Maybe[str | None] = strawberry.field(
        description="`bottom-right`, the default, or `bottom-left`."
    )
    avatar_url: strawberry.Maybe[URL | None] = strawberry.field(
        description="The address of a picture; none by default."
    )
    locale: strawberry.Maybe[str | None] = strawberry.field(
        description="`en` or `fr`; the language of the page by default."
    )

    def as_values(self) -> widget_settings.WidgetValues:
        """Return the settings that are named, to check and to merge with those that are stored."""
        return cast("widget_settings.WidgetValues", named_fields(self))


@strawberry.input(description="A new key.")
class CreateApiKeyInput:
    workspace_id: strawberry.ID = strawberry.field(description="The workspace it opens.")
    name: str = strawberry.field(description="What to call it, 1 to 255 characters.")
    expires_at: dt.datetime | None = strawberry.field(default=None, description="When it ends; null is never.")


@strawberry.input(description="A key to end.")
class RevokeApiKeyInput:
    id: strawberry.ID = strawberry.field(description="The key.")


@strawberry.input(description="A page's key, and what the page knows of its visitor.")
class StartVisitInput:
    api_key: str = strawberry.field(description="The key in the page.")
    visitor_token: str | None = strawberry.field(
        default=None,
        description="An earlier token of the same visitor, even if it is expired: they find their conversations again.",
    )
    visitor_name: str | None = strawberry.field(default=None, description="The name the site knows them by.")
    visitor_email: str | None = strawberry.field(default=None, description="The e-mail the site knows them by.")


@strawberry.input(description="A new workspace. What is left out gets its default.")
class CreateWorkspaceInput:
    name: str = strawberry.field(description="What the team calls it, 1 to 255 characters.")
    description: str | None = strawberry.field(default=None, description="What it is for, at most 4,000 characters.")
    website_url: URL | None = strawberry.field(default=None, description="The site it serves.")
    allowed_domains: list[str] | None = strawberry.field(
        default=None,
        description="At most 50 sites whose pages may show it. `example.com` and `*.example.com` mean https on its "
        "standard port; `http://localhost:5173` names a scheme and a port.",
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
    id: strawberry.ID = strawberry.field(description="The workspace.")
    name: strawberry.Maybe[str] = strawberry.field(description="1 to 255 characters.")
    description: strawberry.Maybe[str | None] = strawberry.field(description="At most 4,000 characters.")
    website_url: strawberry.Maybe[URL | None] = strawberry.field(description="The site it serves.")
    allowed_domains: strawberry.Maybe[list[str] | None] = strawberry.field(
        description="At most 50 sites, as in `createWorkspace`."
    )
    is_active: strawberry.Maybe[bool] = strawberry.field(description="Whether it answers visitors.")
    model: strawberry.Maybe[str] = strawberry.field(description="The model that answers.")
    temperature: strawberry.Maybe[float] = strawberry.field(description="From 0 to 1.5.")
    max_tokens: strawberry.Maybe[int] = strawberry.field(description="From 1 to 4,000.")
    system_prompt: strawberry.Maybe[str | None] = strawberry.field(description="At most 10,000 characters.")
    no_answer_text: strawberry.Maybe[str | None] = strawberry.field(
        description="What the assistant says where the documents do not answer, at most 1,000 characters; null for its "
        "own words."
    )
    no_answer_text_fr: strawberry.Maybe[str | None] = strawberry.field(
        description="The same for visitors who write in French; null for `noAnswerText`."
    )
    contact_url: strawberry.Maybe[URL | None] = strawberry.field(
        description="Where a visitor reaches people: told beside `noAnswerText`, and to who asks for somebody."
    )
    confidence_threshold: strawberry.Maybe[float | None] = strawberry.field(
        description="The least confidence of an answer, from 0 to 1; null for 0.5."
    )
    max_sources: strawberry.Maybe[int | None] = strawberry.field(
        description="The most passages an answer rests on, 1 to 10; null for 5."
    )
    custom_css: strawberry.Maybe[str | None] = strawberry.field(description="At most 20,000 characters.")
    widget: strawberry.Maybe[WidgetSettingsInput | None] = strawberry.field(
        description="How the widget looks and greets, merged with what is set; null resets all of it."
    )


@strawberry.input(description="A workspace to delete.")
class DeleteWorkspaceInput:
    id: strawberry.ID = strawberry.field(description="The workspace.")


@strawberry.input(description="A workspace, and an account that reads it.")
class ShareWorkspaceInput:
    id: strawberry.ID = strawberry.field(description="The workspace.")
    email: str = strawberry.field(description="The account's e-mail.")


@strawberry.input(description="A workspace, and an account that should read it no more.")
class UnshareWorkspaceInput(ShareWorkspaceInput):
    """Input of `unshareWorkspace`."""
