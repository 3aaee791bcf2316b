"""What can be changed about workspaces."""

import datetime as dt
from typing import Annotated, Any, cast

import strawberry

from data import models
from resolvers.workspaces import api_keys, widget_settings, workspaces
from resolvers.workspaces.workspaces import WorkspaceValues
from schema.operation import Info, named_fields, reload_row
from schema.relay.node import key_of
from schema.user_errors import InvalidInput, UserErrorsAsData
from schema.workspaces.inputs import (
    CreateApiKeyInput,
    CreateWorkspaceInput,
    DeleteWorkspaceInput,
    RevokeApiKeyInput,
    ShareWorkspaceInput,
    StartVisitInput,
    UnshareWorkspaceInput,
    UpdateWorkspaceInput,
)
from schema.workspaces.types import ApiKey, WidgetSettings, Workspace, widget_settings_of


@strawberry.type(description="The new key.")
class CreateApiKeyPayload:
    api_key: ApiKey = strawberry.field(description="The key as it is kept.")
    secret: str = strawberry.field(description="The key itself, shown this once.")


@strawberry.type(description="The key is good no more.")
class RevokeApiKeyPayload:
    api_key: ApiKey = strawberry.field(description="The key as it is kept.")


@strawberry.type(description="A visitor's pass to one workspace: send the token as `Authorization: Bearer …`.")
class Visit:
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
    @strawberry.mutation(
        graphql_type=CreateApiKeyResult,
        extensions=[UserErrorsAsData()],
        description="Make a key for a workspace's widget. Its secret is shown this once.",
    )
    async def create_api_key(
        self, info: Info, input: Annotated[CreateApiKeyInput, strawberry.argument(description="The key.")]
    ) -> CreateApiKeyPayload:
        workspace_id = key_of(input.workspace_id, models.Workspace)
        made = await api_keys.create(info.context, workspace_id, input.name, input.expires_at)
        return CreateApiKeyPayload(api_key=await reload_row(info, models.ApiKey, made.id), secret=made.secret)

    @strawberry.mutation(
        graphql_type=RevokeApiKeyResult, extensions=[UserErrorsAsData()], description="End a key at once."
    )
    async def revoke_api_key(
        self, info: Info, input: Annotated[RevokeApiKeyInput, strawberry.argument(description="The key.")]
    ) -> RevokeApiKeyPayload:
        key_id = key_of(input.id, models.ApiKey)
        await api_keys.revoke(info.context, key_id)
        return RevokeApiKeyPayload(api_key=await reload_row(info, models.ApiKey, key_id))

    @strawberry.mutation(
        graphql_type=StartVisitResult,
        extensions=[UserErrorsAsData()],
        description="Exchange a page's key for a visitor's token, good on that page's site, which must be allowed.",
    )
    async def start_visit(
        self, info: Info, input: Annotated[StartVisitInput, strawberry.argument(description="The visit.")]
    ) -> Visit:
        introduction = api_keys.Introduction(input.visitor_token, input.visitor_name, input.visitor_email)
        started = await api_keys.start_visit(info.context, input.api_key, introduction)
        return Visit(
            token=started.token,
            visitor_id=started.visitor_id,
            expires_at=started.expires_at,
            widget=widget_settings_of(started.workspace),
        )


@strawberry.type(description="The new workspace.")
class CreateWorkspacePayload:
    workspace: Workspace = strawberry.field(description="The workspace.")


@strawberry.type(description="The workspace, as it is now.")
class UpdateWorkspacePayload:
    workspace: Workspace = strawberry.field(description="The workspace.")


@strawberry.type(description="The workspace is gone, with all it held.")
class DeleteWorkspacePayload:
    deleted_id: strawberry.ID = strawberry.field(description="The identifier it had.")


CreateWorkspaceResult = Annotated[
    CreateWorkspacePayload | InvalidInput, strawberry.union("CreateWorkspaceResult", description="It, or why not.")
]


UpdateWorkspaceResult = Annotated[
    UpdateWorkspacePayload | InvalidInput, strawberry.union("UpdateWorkspaceResult", description="It, or why not.")
]


DeleteWorkspaceResult = Annotated[
    DeleteWorkspacePayload | InvalidInput, strawberry.union("DeleteWorkspaceResult", description="Done, or why not.")
]


ShareWorkspaceResult = Annotated[
    UpdateWorkspacePayload | InvalidInput, strawberry.union("ShareWorkspaceResult", description="It, or why not.")
]


UnshareWorkspaceResult = Annotated[
    UpdateWorkspacePayload | InvalidInput, strawberry.union("UnshareWorkspaceResult", description="It, or why not.")
]


def _values(named: dict[str, Any]) -> WorkspaceValues:
    """Return the columns that an input names: its fields have the columns' names."""
    if "widget" in named:
        look = named.pop("widget")
        named["widget_settings"] = None if look is None else widget_settings.checked(look.as_values())
    return cast("WorkspaceValues", named)


@strawberry.type
class WorkspaceMutations:
    @strawberry.mutation(
        graphql_type=CreateWorkspaceResult, extensions=[UserErrorsAsData()], description="Make a workspace."
    )
    async def create_workspace(
        self, info: Info, input: Annotated[CreateWorkspaceInput, strawberry.argument(description="The workspace.")]
    ) -> CreateWorkspacePayload:
        values = _values({name: value for name, value in vars(input).items() if value is not None})
        workspace_id = await workspaces.create(info.context, values)
        return CreateWorkspacePayload(workspace=await reload_row(info, models.Workspace, workspace_id))

    @strawberry.mutation(
        graphql_type=UpdateWorkspaceResult, extensions=[UserErrorsAsData()], description="Change a workspace."
    )
    async def update_workspace(
        self, info: Info, input: Annotated[UpdateWorkspaceInput, strawberry.argument(description="The changes.")]
    ) -> UpdateWorkspacePayload:
        workspace_id = key_of(input.id, models.Workspace)
        await workspaces.update(info.context, workspace_id, _values(named_fields(input)))
        return UpdateWorkspacePayload(workspace=await reload_row(info, models.Workspace, workspace_id))

    @strawberry.mutation(
        graphql_type=DeleteWorkspaceResult,
        extensions=[UserErrorsAsData()],
        description="Delete a workspace with its documents, conversations, figures and keys. There is no way back.",
    )
    async def delete_workspace(
        self, info: Info, input: Annotated[DeleteWorkspaceInput, strawberry.argument(description="The workspace.")]
    ) -> DeleteWorkspacePayload:
        await workspaces.remove(info.context, key_of(input.id, models.Workspace))
        return DeleteWorkspacePayload(deleted_id=input.id)

    @strawberry.mutation(
        graphql_type=ShareWorkspaceResult,
        extensions=[UserErrorsAsData()],
        description="Let another account read a workspace.",
    )
    async def share_workspace(
        self, info: Info, input: Annotated[ShareWorkspaceInput, strawberry.argument(description="With whom.")]
    ) -> UpdateWorkspacePayload:
        workspace_id = key_of(input.id, models.Workspace)
        await workspaces.share(info.context, workspace_id, input.email)
        return UpdateWorkspacePayload(workspace=await reload_row(info, models.Workspace, workspace_id))

    @strawberry.mutation(
        graphql_type=UnshareWorkspaceResult,
        extensions=[UserErrorsAsData()],
        description="Take back what `shareWorkspace` gave.",
    )
    async def unshare_workspace(
        self, info: Info, input: Annotated[UnshareWorkspaceInput, strawberry.argument(description="From whom.")]
    ) -> UpdateWorkspacePayload:
        workspace_id = key_of(input.id, models.Workspace)
        await workspaces.unshare(info.context, workspace_id, input.email)
        return UpdateWorkspacePayload(workspace=await reload_row(info, models.Workspace, workspace_id))
