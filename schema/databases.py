"""External databases of a workspace."""

import datetime as dt

import strawberry

from data.models import DatabaseType
from schema.node import Node, RowType


@strawberry.type(description="A connection to a database of the customer's own. Its password never leaves the server.")
class WorkspaceDatabase(RowType, Node):
    """A row of `workspace_databases`, without its secret."""

    name: str = strawberry.field(description="What the team calls it.")
    db_type: DatabaseType = strawberry.field(description="Its kind.")
    host: str = strawberry.field(description="The server's name or address.")
    port: int = strawberry.field(description="The server's port.")
    database: str = strawberry.field(description="The database's name on its server.")
    username: str | None = strawberry.field(description="Who connects.")
    description: str | None = strawberry.field(description="What it holds.")
    is_active: bool = strawberry.field(description="Whether it is used.")
    created_at: dt.datetime = strawberry.field(description="When it was added.")
    updated_at: dt.datetime = strawberry.field(description="When it last changed.")
