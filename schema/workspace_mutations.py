"""What may be done to a workspace."""

from typing import Annotated, Any, cast

import strawberry

from data import models
from resolvers import widget_settings, workspaces
from resolvers.workspaces import WorkspaceValues
from schema.node import key_of
from schema.operation import Info, shown
from schema.scalars import URL
from schema.user_errors import InvalidInput, RejectionsAsData
from schema.widget_settings import WidgetSettingsInput
from schema.workspaces import Workspace


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


@strawberry.type(description="The new workspace.")
class CreateWorkspacePayload:
    """Result of `createWorkspace`."""

    workspace: Workspace = strawberry.field(description="The workspace.")


@strawberry.type(description="The workspace, as it is now.")
class UpdateWorkspacePayload:
    """Result of `updateWorkspace`, `shareWorkspace` and `unshareWorkspace`."""

    workspace: Workspace = strawberry.field(description="The workspace.")


@strawberry.type(description="The workspace is gone, with all it held.")
class DeleteWorkspacePayload:
    """Result of `deleteWorkspace`."""

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


def _values(given: dict[str, Any]) -> WorkspaceValues:
    """Return the columns that an input names: its fields have the columns' names."""
    if "widget" in given:
        look = given.pop("widget")
        given["widget_settings"] = None if look is None else widget_settings.checked(look.as_settings())
    return cast("WorkspaceValues", given)


@strawberry.type
class WorkspaceMutations:
    """Fields of `Mutation`."""

    @strawberry.mutation(
        graphql_type=CreateWorkspaceResult, extensions=[RejectionsAsData()], description="Make a workspace."
    )
    async def create_workspace(
        self, info: Info, input: Annotated[CreateWorkspaceInput, strawberry.argument(description="The workspace.")]
    ) -> CreateWorkspacePayload:
        """Make a workspace."""
        values = _values({name: value for name, value in vars(input).items() if value is not None})
        workspace_id = await workspaces.create(info.context, values)
        return CreateWorkspacePayload(workspace=await shown(info, models.Workspace, workspace_id))

    @strawberry.mutation(
        graphql_type=UpdateWorkspaceResult, extensions=[RejectionsAsData()], description="Change a workspace."
    )
    async def update_workspace(
        self, info: Info, input: Annotated[UpdateWorkspaceInput, strawberry.argument(description="The changes.")]
    ) -> UpdateWorkspacePayload:
        """Change a workspace."""
        given = {name: value.value for name, value in vars(input).items() if isinstance(value, strawberry.Some)}
        workspace_id = key_of(input.id, models.Workspace)
        await workspaces.update(info.context, workspace_id, _values(given))
        return UpdateWorkspacePayload(workspace=await shown(info, models.Workspace, workspace_id))

    @strawberry.mutation(
        graphql_type=DeleteWorkspaceResult,
        extensions=[RejectionsAsData()],
        description="Delete a workspace with its documents, conversations, figures and keys. There is no way back.",
    )
    async def delete_workspace(
        self, info: Info, input: Annotated[DeleteWorkspaceInput, strawberry.argument(description="The workspace.")]
    ) -> DeleteWorkspacePayload:
        """Delete a workspace."""
        await workspaces.remove(info.context, key_of(input.id, models.Workspace))
        return DeleteWorkspacePayload(deleted_id=input.id)

    @strawberry.mutation(
        graphql_type=ShareWorkspaceResult,
        extensions=[RejectionsAsData()],
        description="Let another account read a workspace.",
    )
    async def share_workspace(
        self, info: Info, input: Annotated[ShareWorkspaceInput, strawberry.argument(description="With whom.")]
    ) -> UpdateWorkspacePayload:
        """Share a workspace."""
        workspace_id = key_of(input.id, models.Workspace)
        await workspaces.share(info.context, workspace_id, input.email)
        return UpdateWorkspacePayload(workspace=await shown(info, models.Workspace, workspace_id))

    @strawberry.mutation(
        graphql_type=UnshareWorkspaceResult,
        extensions=[RejectionsAsData()],
        description="Take back what `shareWorkspace` gave.",
    )
    async def unshare_workspace(
        self, info: Info, input: Annotated[UnshareWorkspaceInput, strawberry.argument(description="From whom.")]
    ) -> UpdateWorkspacePayload:
        """Stop sharing a workspace."""
        workspace_id = key_of(input.id, models.Workspace)
        await workspaces.unshare(info.context, workspace_id, input.email)
        return UpdateWorkspacePayload(workspace=await shown(info, models.Workspace, workspace_id))
