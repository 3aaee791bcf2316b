"""What a client sends about external databases."""

import strawberry

from data.models import DatabaseType


@strawberry.input(description="An external database. The server must be allowed to connect to its host.")
class CreateWorkspaceDatabaseInput:
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
    id: strawberry.ID = strawberry.field(description="The database.")
