"""What a client sees of external databases."""

import datetime as dt

import strawberry

from data import models
from data.models import DatabaseType
from schema.readings import derived_field, owner_field
from schema.relay.node import Node, RowType

Parent = strawberry.Parent[models.WorkspaceDatabase]


def _has_password(root: Parent) -> bool:
    return root.password_encrypted is not None


@strawberry.type(description="A connection to a database of the customer's own. Its password never leaves the server.")
class WorkspaceDatabase(RowType, Node):
    """A row of `workspace_databases`, without its secret."""

    name: str = strawberry.field(description="What the team calls it.")
    db_type: DatabaseType = strawberry.field(description="Its kind.")
    host: str | None = owner_field("host", str, "The server's name or address.")
    port: int | None = owner_field("port", int, "The server's port.")
    database: str | None = owner_field("database", str, "The database's name on its server.")
    username: str | None = owner_field("username", str, "Who connects.")
    has_password: bool = derived_field(
        _has_password, "password_encrypted", description="Whether a password is kept for it."
    )
    description: str | None = strawberry.field(description="What it holds.")
    is_active: bool = strawberry.field(description="Whether it is used.")
    created_at: dt.datetime = strawberry.field(description="When it was added.")
    updated_at: dt.datetime = strawberry.field(description="When it last changed.")
