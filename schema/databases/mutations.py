"""What can be changed about external databases."""

from typing import Annotated, cast

import strawberry

from data import models
from resolvers import databases
from resolvers.databases import DatabaseValues
from schema.databases.inputs import (
    CreateWorkspaceDatabaseInput,
    DeleteWorkspaceDatabaseInput,
    UpdateWorkspaceDatabaseInput,
)
from schema.databases.types import WorkspaceDatabase
from schema.operation import Info, named_fields, reload_row
from schema.relay.node import key_of
from schema.user_errors import InvalidInput, UserErrorsAsData


@strawberry.type(description="The external database, as it is now.")
class WorkspaceDatabasePayload:
    database: WorkspaceDatabase = strawberry.field(description="The database.")


@strawberry.type(description="The external database is forgotten, with its password.")
class DeleteWorkspaceDatabasePayload:
    deleted_id: strawberry.ID = strawberry.field(description="The identifier it had.")


CreateWorkspaceDatabaseResult = Annotated[
    WorkspaceDatabasePayload | InvalidInput,
    strawberry.union("CreateWorkspaceDatabaseResult", description="It, or why not."),
]


UpdateWorkspaceDatabaseResult = Annotated[
    WorkspaceDatabasePayload | InvalidInput,
    strawberry.union("UpdateWorkspaceDatabaseResult", description="It, or why not."),
]


DeleteWorkspaceDatabaseResult = Annotated[
    DeleteWorkspaceDatabasePayload | InvalidInput,
    strawberry.union("DeleteWorkspaceDatabaseResult", description="Done, or why not."),
]


@strawberry.type
class DatabaseMutations:
    @strawberry.mutation(
        graphql_type=CreateWorkspaceDatabaseResult,
        extensions=[UserErrorsAsData()],
        description="Add an external database to a workspace, 20 at most.",
    )
    async def create_workspace_database(
        self,
        info: Info,
        input: Annotated[CreateWorkspaceDatabaseInput, strawberry.argument(description="The database.")],
    ) -> WorkspaceDatabasePayload:
        given = {name: value for name, value in vars(input).items() if value is not None and name != "workspace_id"}
        workspace_id = key_of(input.workspace_id, models.Workspace)
        key = await databases.create(info.context, workspace_id, cast("DatabaseValues", given))
        return WorkspaceDatabasePayload(database=await reload_row(info, models.WorkspaceDatabase, key))

    @strawberry.mutation(
        graphql_type=UpdateWorkspaceDatabaseResult,
        extensions=[UserErrorsAsData()],
        description="Change an external database.",
    )
    async def update_workspace_database(
        self,
        info: Info,
        input: Annotated[UpdateWorkspaceDatabaseInput, strawberry.argument(description="The changes.")],
    ) -> WorkspaceDatabasePayload:
        key = key_of(input.id, models.WorkspaceDatabase)
        await databases.change(info.context, key, cast("DatabaseValues", named_fields(input)))
        return WorkspaceDatabasePayload(database=await reload_row(info, models.WorkspaceDatabase, key))

    @strawberry.mutation(
        graphql_type=DeleteWorkspaceDatabaseResult,
        extensions=[UserErrorsAsData()],
        description="Forget an external database and its password. The database itself is left as it is.",
    )
    async def delete_workspace_database(
        self,
        info: Info,
        input: Annotated[DeleteWorkspaceDatabaseInput, strawberry.argument(description="The database.")],
    ) -> DeleteWorkspaceDatabasePayload:
        await databases.remove(info.context, key_of(input.id, models.WorkspaceDatabase))
        return DeleteWorkspaceDatabasePayload(deleted_id=input.id)
