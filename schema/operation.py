"""What the fields of the schema share: the operation's context, and a row as it stands after a change."""

from typing import Any
from uuid import UUID

import strawberry

from resolvers.context import Context
from resolvers.errors import NotFound

Info = strawberry.Info[Context, None]


async def reload_row(info: Info, model: type[Any], key: UUID) -> Any:
    """Return a row as it stands after a change. Raises `NotFound` when the viewer cannot see it."""
    info.context.forget_loaded()
    row = await info.context.loaders.row(model, key)
    if row is None:
        raise NotFound(model.__name__.lower())
    return row
