"""What the fields of the schema share: the context, what an input names, and a row as it stands after a change."""

from typing import Any
from uuid import UUID

import strawberry

from resolvers.context import Context
from resolvers.errors import NotFound

Info = strawberry.Info[Context, None]


def named_fields(input: object) -> dict[str, Any]:
    """Return the fields that the client named of an input whose fields are `Maybe`. Null is None."""
    return {name: value.value for name, value in vars(input).items() if isinstance(value, strawberry.Some)}


async def reload_row(info: Info, model: type[Any], key: UUID) -> Any:
    """Return a row as it stands after a change. Raises `NotFound` when the viewer cannot see it."""
    info.context.forget_loaded()
    row = await info.context.loaders.row(model, key)
    if row is None:
        raise NotFound(model.__name__.lower())
    return row
