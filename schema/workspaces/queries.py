"""What can be asked about workspaces."""

from typing import Annotated, Any

import strawberry

from data import models
from resolvers.context import Context
from schema.operation import Info
from schema.readings import Found, Items, Root, read_by, row_at
from schema.relay.connections import After, Before, Connection, First, Last, Rows, page_request
from schema.relay.node import key_of
from schema.workspaces.types import Workspace


def _workspace(context: Context, id: str) -> Found:
    key = key_of(id, models.Workspace)
    context.staff()
    context.workspace_id = key
    return models.Workspace, key


@strawberry.type
class WorkspaceQueries:
    @strawberry.field(
        graphql_type=Workspace | None,
        metadata=read_by(Root(_workspace, "workspace")),
        description="A workspace that the account may read; an error with the code NOT_FOUND for any other.",
    )
    async def workspace(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The workspace.")]
    ) -> Any:
        return await row_at(info.context, _workspace(info.context, id), "workspace")

    @strawberry.field(
        graphql_type=Connection[Workspace],
        metadata=read_by(Items(models.Workspace)),
        description="The workspaces the account owns or was given, oldest first.",
    )
    async def workspaces(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Rows:
        info.context.staff()
        request = page_request(models.Workspace, first, after, last, before)
        loaders = info.context.loaders
        return Rows(await loaders.page(models.Workspace, request), lambda: loaders.count(models.Workspace))
