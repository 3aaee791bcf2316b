"""What a client sees of external databases."""

import datetime as dt
from typing import Any

import strawberry

from data import models
from data.models import DatabaseType
from schema.operation import Info
from schema.relay.node import Node, RowType

Parent = strawberry.Parent[models.WorkspaceDatabase]


def _owner_s(name: str, kind: Any, description: str) -> Any:
    """Return a field that holds a column for those who may change it."""

    async def resolve(root: Parent, info: Info) -> Any:
        return getattr(root, name) if await info.context.loaders.is_writable(root.workspace_id) else None

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
