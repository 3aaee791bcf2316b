"""External databases of a workspace."""

import datetime as dt
from typing import Annotated, Any, cast

import strawberry

from data import models
from data.models import DatabaseType
from resolvers import databases, workspaces
from resolvers.databases import DatabaseValues
from schema.node import Node, RowType, key_of
from schema.operation import Info, shown
from schema.user_errors import InvalidInput, RejectionsAsData

Parent = strawberry.Parent[models.WorkspaceDatabase]


def _owner_s(name: str, kind: Any, description: str) -> Any:
    """Return a field that holds a column for those who may change it."""

    async def resolve(root: Parent, info: Info) -> Any:
        return getattr(root, name) if await workspaces.is_owner(info.context, root.workspace_id) else None

    return strawberry.field(
        resolver=resolve, graphql_type=kind | None, description=f"{description} Null for those who only read."
    )


def _has_password(root: Parent) -> bool:
    return root.password_encrypted is not None


@strawberry.type(description="A connection to a database of the customer's own. Its password never leaves the server.")
class WorkspaceDatabase(RowType, Node):
    """A row of `workspace_databases`, without its secret."""

    name: str = strawberry.field(description="What the team calls it.")
    db_type: DatabaseType = strawberry.field(description="Its kind.")
    host: str | None = _owner_s("host", str, "The server's name or address.")
    port: int | None = _owner_s("port", int, "The server's port.")
    database: str | None = _owner_s("database", str, "The database's name on its server.")
    username: str | None = _owner_s("username", str, "Who connects.")
    has_password: bool = strawberry.field(resolver=_has_password, description="Whether a password is kept for it.")
    description: str | None = strawberry.field(description="What it holds.")
    is_active: bool = strawberry.field(description="Whether it is used.")
    created_at: dt.datetime = strawberry.field(description="When it was added.")
    updated_at: dt.datetime = strawberry.field(description="When it last changed.")


@strawberry.input(description="An external database. The server must be allowed to connect to its host.")
class CreateWorkspaceDatabaseInput:
    """Input of `createWorkspaceDatabase`."""

    workspace_id: strawberry.ID = strawberry.field(description="The workspace it is for.")
    name: str = strawberry.field(description="What to call it, 1 to 255 characters.")
    db_type: DatabaseType = strawberry.field(description="Its kind.")
    host: str = strawberry.field(
        description="The server's name or address: on the internet, or in a network that the operator allows."
    )
    port: int | None = strawberry.field(
        default=None, description="The server's port, 1,024 or more; 1433, 3306 or 5432 by default, as its kind has it."
    )
    database: str = strawberry.field(description="The database's name on its server, 1 to 255 characters.")
    username: str | None = strawberry.field(default=None, description="Who connects, at most 255 characters.")
    password: str | None = strawberry.field(
        default=None, description="With which password, at most 300 bytes. It is encrypted and never shown again."
    )
    description: str | None = strawberry.field(default=None, description="What it holds, at most 4,000 characters.")


@strawberry.input(description="What to change. What is left out stays; null clears what may be empty.")
class UpdateWorkspaceDatabaseInput:
    """Input of `updateWorkspaceDatabase`."""

    id: strawberry.ID = strawberry.field(description="The database.")
    name: strawberry.Maybe[str] = strawberry.field(description="1 to 255 characters.")
    db_type: strawberry.Maybe[DatabaseType] = strawberry.field(description="Its kind.")
    host: strawberry.Maybe[str] = strawberry.field(
        description="The server's name or address. With another host or port, the password is given again."
    )
    port: strawberry.Maybe[int] = strawberry.field(description="The server's port, 1,024 or more.")
    database: strawberry.Maybe[str] = strawberry.field(description="1 to 255 characters.")
    username: strawberry.Maybe[str | None] = strawberry.field(description="At most 255 characters.")
    password: strawberry.Maybe[str | None] = strawberry.field(description="At most 300 bytes; null takes it away.")
    description: strawberry.Maybe[str | None] = strawberry.field(description="At most 4,000 characters.")
    is_active: strawberry.Maybe[bool] = strawberry.field(description="Whether it is used.")


@strawberry.input(description="An external database to forget.")
class DeleteWorkspaceDatabaseInput:
    """Input of `deleteWorkspaceDatabase`."""

    id: strawberry.ID = strawberry.field(description="The database.")


@strawberry.type(description="The external database, as it is now.")
class WorkspaceDatabasePayload:
    """Result of `createWorkspaceDatabase` and `updateWorkspaceDatabase`."""

    database: WorkspaceDatabase = strawberry.field(description="The database.")


@strawberry.type(description="The external database is forgotten, with its password.")
class DeleteWorkspaceDatabasePayload:
    """Result of `deleteWorkspaceDatabase`."""

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
    """Fields of `Mutation`."""

    @strawberry.mutation(
        graphql_type=CreateWorkspaceDatabaseResult,
        extensions=[RejectionsAsData()],
        description="Add an external database to a workspace, 20 at most.",
    )
    async def create_workspace_database(
        self,
        info: Info,
        input: Annotated[CreateWorkspaceDatabaseInput, strawberry.argument(description="The database.")],
    ) -> WorkspaceDatabasePayload:
        """Add a database."""
        given = {name: value for name, value in vars(input).items() if value is not None and name != "workspace_id"}
        workspace_id = key_of(input.workspace_id, models.Workspace)
        key = await databases.create(info.context, workspace_id, cast("DatabaseValues", given))
        return WorkspaceDatabasePayload(database=await shown(info, models.WorkspaceDatabase, key))

    @strawberry.mutation(
        graphql_type=UpdateWorkspaceDatabaseResult,
        extensions=[RejectionsAsData()],
        description="Change an external database.",
    )
    async def update_workspace_database(
        self,
        info: Info,
        input: Annotated[UpdateWorkspaceDatabaseInput, strawberry.argument(description="The changes.")],
    ) -> WorkspaceDatabasePayload:
        """Change a database."""
        given = {name: value.value for name, value in vars(input).items() if isinstance(value, strawberry.Some)}
        key = key_of(input.id, models.WorkspaceDatabase)
        await databases.change(info.context, key, cast("DatabaseValues", given))
        return WorkspaceDatabasePayload(database=await shown(info, models.WorkspaceDatabase, key))

    @strawberry.mutation(
        graphql_type=DeleteWorkspaceDatabaseResult,
        extensions=[RejectionsAsData()],
        description="Forget an external database and its password. The database itself is left as it is.",
    )
    async def delete_workspace_database(
        self,
        info: Info,
        input: Annotated[DeleteWorkspaceDatabaseInput, strawberry.argument(description="The database.")],
    ) -> DeleteWorkspaceDatabasePayload:
        """Forget a database."""
        await databases.remove(info.context, key_of(input.id, models.WorkspaceDatabase))
        return DeleteWorkspaceDatabasePayload(deleted_id=input.id)
