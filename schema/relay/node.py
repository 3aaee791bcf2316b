"""Global identifiers: what `id` holds, and how a row is found from it."""

import base64
import binascii
from typing import Any
from uuid import UUID

import strawberry
from graphql import GraphQLAbstractType, GraphQLResolveInfo

from data.models import Model
from resolvers.errors import NotFound


@strawberry.interface(description="Something with an identifier of its own, which `node` finds again.")
class Node:
    """The interface of rows. A row names its type by `node_name` and its identifier by `global_id`."""

    global_id: strawberry.ID = strawberry.field(
        name="id", description="An opaque identifier, unique in the whole graph and stable."
    )

    @classmethod
    def resolve_type(cls, row: Model, _info: GraphQLResolveInfo[Any], _abstract: GraphQLAbstractType) -> str:
        """Return the GraphQL type of a row."""
        return str(row.node_name)  # type: ignore[attr-defined]


class RowType:
    """Mixed into the types that show rows as they are: a row is of the type that has its name."""

    @classmethod
    def is_type_of(cls, row: Any, _info: GraphQLResolveInfo[Any]) -> bool:
        """Tell whether a row is shown by this type."""
        return bool(row.node_name == cls.__name__)


def parse_id(text: str) -> tuple[str, UUID]:
    """Return the kind and the key that a global identifier holds. Raises `NotFound`: nothing has such an identifier."""
    try:
        kind, _, key = base64.urlsafe_b64decode(text.encode()).decode().partition(":")
        return kind, UUID(hex=key)
    except (ValueError, binascii.Error) as error:
        raise NotFound("thing") from error


def key_of(text: str, model: type[Any]) -> UUID:
    """Return the key of a row of `model`. Raises `NotFound` for an identifier of something else."""
    kind, key = parse_id(text)
    if kind != model.node_name:
        raise NotFound(model.__name__.lower())
    return key
