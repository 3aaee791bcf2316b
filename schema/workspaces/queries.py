"""What can be asked about workspaces."""

from typing import Annotated

import strawberry

from data import models
from resolvers.workspaces import access
from schema.operation import Info
from schema.relay.connections import After, Before, Connection, First, Last, Rows, page_request
from schema.relay.node import key_of
from schema.workspaces.types import Workspace


@strawberry.type
class WorkspaceQueries:
    @strawberry.field(
        graphql_type=Workspace | None,
        description="A workspace that the account may read; an error with the code NOT_FOUND for any other.",
    )
    async def workspace(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The workspace.")]
    ) -> models.Workspace:
        return await access.readable(info.context, key_of(id, models.Workspace))

    @strawberry.field(
        graphql_type=Connection[Workspace], description="The workspaces the account owns or was given, oldest first."
    )
    async def workspaces(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Rows:
        info.context.staff()
        request = page_request(first, after, last, before)
        loaders = info.context.loaders
        return Rows(await loaders.page(models.Workspace, request), lambda: loaders.count(models.Workspace))
