"""API keys, and the visits they open."""

import datetime as dt
from typing import Annotated

import strawberry

from data import models
from resolvers import api_keys
from schema.node import Node, RowType, key_of
from schema.operation import Info, shown
from schema.user_errors import InvalidInput, RejectionsAsData
from schema.widget_settings import WidgetSettings, shown_settings


@strawberry.type(description="A key for the widget: put in a page, it opens visits of one workspace and nothing else.")
class ApiKey(RowType, Node):
    """A row of `api_keys`, without its hash."""

    name: str = strawberry.field(description="What the team calls it.")
    key_prefix: str = strawberry.field(description="The key's first characters, to recognise it by.")
    last_used_at: dt.datetime | None = strawberry.field(description="When it last opened a visit, to within a minute.")
    expires_at: dt.datetime | None = strawberry.field(description="When it ends; null is never.")
    revoked_at: dt.datetime | None = strawberry.field(description="When it was revoked; null while it is good.")
    created_at: dt.datetime = strawberry.field(description="When it was made.")


@strawberry.input(description="A new key.")
class CreateApiKeyInput:
    """Input of `createApiKey`."""

    workspace_id: strawberry.ID = strawberry.field(description="The workspace it opens.")
    name: str = strawberry.field(description="What to call it, 1 to 255 characters.")
    expires_at: dt.datetime | None = strawberry.field(default=None, description="When it ends; null is never.")


@strawberry.type(description="The new key.")
class CreateApiKeyPayload:
    """Result of `createApiKey`."""

    api_key: ApiKey = strawberry.field(description="The key as it is kept.")
    secret: str = strawberry.field(description="The key itself, shown this once.")


@strawberry.input(description="A key to end.")
class RevokeApiKeyInput:
    """Input of `revokeApiKey`."""

    id: strawberry.ID = strawberry.field(description="The key.")


@strawberry.type(description="The key is good no more.")
class RevokeApiKeyPayload:
    """Result of `revokeApiKey`."""

    api_key: ApiKey = strawberry.field(description="The key as it is kept.")


@strawberry.input(description="A page's key, and what the page knows of its visitor.")
class StartVisitInput:
    """Input of `startVisit`."""

    api_key: str = strawberry.field(description="The key in the page.")
    visitor_token: str | None = strawberry.field(
        default=None,
        description="An earlier token of the same visitor, be it expired: they find their conversations again.",
    )
    visitor_name: str | None = strawberry.field(default=None, description="The name the site knows them by.")
    visitor_email: str | None = strawberry.field(default=None, description="The e-mail the site knows them by.")


@strawberry.type(description="A visitor's pass to one workspace: send the token as `Authorization: Bearer …`.")
class Visit:
    """Result of `startVisit`."""

    token: str = strawberry.field(description="Good until `expiresAt`; renew it by another `startVisit`.")
    visitor_id: str = strawberry.field(description="The visitor, the same for as long as earlier tokens are shown.")
    expires_at: dt.datetime = strawberry.field(description="When the token expires.")
    widget: WidgetSettings = strawberry.field(description="How the widget looks and greets.")


CreateApiKeyResult = Annotated[
    CreateApiKeyPayload | InvalidInput, strawberry.union("CreateApiKeyResult", description="The key, or why not.")
]
RevokeApiKeyResult = Annotated[
    RevokeApiKeyPayload | InvalidInput, strawberry.union("RevokeApiKeyResult", description="The key, or why not.")
]
StartVisitResult = Annotated[
    Visit | InvalidInput, strawberry.union("StartVisitResult", description="The visit, or why there is none.")
]


@strawberry.type
class ApiKeyMutations:
    """Fields of `Mutation`."""

    @strawberry.mutation(
        graphql_type=CreateApiKeyResult,
        extensions=[RejectionsAsData()],
        description="Make a key for a workspace's widget. Its secret is shown this once.",
    )
    async def create_api_key(
        self, info: Info, input: Annotated[CreateApiKeyInput, strawberry.argument(description="The key.")]
    ) -> CreateApiKeyPayload:
        """Make a key."""
        workspace_id = key_of(input.workspace_id, models.Workspace)
        made = await api_keys.create(info.context, workspace_id, input.name, input.expires_at)
        return CreateApiKeyPayload(api_key=await shown(info, models.ApiKey, made.id), secret=made.secret)

    @strawberry.mutation(
        graphql_type=RevokeApiKeyResult, extensions=[RejectionsAsData()], description="End a key at once."
    )
    async def revoke_api_key(
        self, info: Info, input: Annotated[RevokeApiKeyInput, strawberry.argument(description="The key.")]
    ) -> RevokeApiKeyPayload:
        """End a key."""
        key_id = key_of(input.id, models.ApiKey)
        await api_keys.revoke(info.context, key_id)
        return RevokeApiKeyPayload(api_key=await shown(info, models.ApiKey, key_id))

    @strawberry.mutation(
        graphql_type=StartVisitResult,
        extensions=[RejectionsAsData()],
        description="Exchange a page's key for a visitor's token, good on that page's site, which must be allowed.",
    )
    async def start_visit(
        self, info: Info, input: Annotated[StartVisitInput, strawberry.argument(description="The visit.")]
    ) -> Visit:
        """Open a visit."""
        introduction = api_keys.Introduction(input.visitor_token, input.visitor_name, input.visitor_email)
        started = await api_keys.start_visit(info.context, input.api_key, introduction)
        return Visit(
            token=started.token,
            visitor_id=started.visitor_id,
            expires_at=started.expires_at,
            widget=shown_settings(started.workspace),
        )
