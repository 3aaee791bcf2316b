"""The graph: the roots put together from the domains."""

from typing import Annotated, Any

import strawberry
from strawberry.schema.config import StrawberryConfig
from strawberry.tools import merge_types

from resolvers.context import Context
from schema import enums as _enums  # noqa: F401 - puts the enumerations in the schema
from schema.accounts.domain import DOMAIN as ACCOUNTS
from schema.analytics.domain import DOMAIN as ANALYTICS
from schema.conversations.domain import DOMAIN as CONVERSATIONS
from schema.databases.domain import DOMAIN as DATABASES
from schema.documents.domain import DOMAIN as DOCUMENTS
from schema.execution.adapter import OperationSchema
from schema.operation import Info
from schema.readings import Found, Root, read_by, row_at
from schema.relay.node import Node, parse_id
from schema.scalars import SCALARS
from schema.websites.domain import DOMAIN as WEBSITES
from schema.workspaces.domain import DOMAIN as WORKSPACES

DOMAINS = (ACCOUNTS, WORKSPACES, DOCUMENTS, CONVERSATIONS, ANALYTICS, DATABASES, WEBSITES)
NODES: dict[str, type[Any]] = {model.node_name: model for domain in DOMAINS for model in domain.nodes}
"""The models that `node` finds, by the kind in their identifier."""


def _node(_context: Context, id: str) -> Found | None:
    kind, key = parse_id(id)
    return (NODES[kind], key) if kind in NODES else None


@strawberry.type
class NodeQueries:
    """Relay's root field."""

    @strawberry.field(
        graphql_type=Node | None,
        metadata=read_by(Root(_node, what=None)),
        description="Anything with an identifier; null when the viewer may not see it.",
    )
    async def node(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The identifier.")]
    ) -> Any:
        return await row_at(info.context, _node(info.context, id), what=None)


def _root(name: str, description: str, *parts: type) -> type:
    return strawberry.type(merge_types(name, parts), name=name, description=description)


def _built(config: StrawberryConfig) -> OperationSchema:
    return OperationSchema(
        query=_root(
            "Query",
            "What can be read. Nothing changes by it.",
            NodeQueries,
            *(part for domain in DOMAINS for part in domain.queries),
        ),
        mutation=_root(
            "Mutation",
            "What can be changed. Each field takes one input and answers with its payload, or with why not.",
            *(part for domain in DOMAINS for part in domain.mutations),
        ),
        subscription=_root(
            "Subscription",
            "What can be followed as it happens, over the websocket.",
            *(part for domain in DOMAINS for part in domain.subscriptions),
        ),
        types=[kind for domain in DOMAINS for kind in domain.types],
        config=config,
    )


def exported() -> str:
    """Return the graph in the schema language, sorted, as `schema.graphql` holds it."""
    return _built(StrawberryConfig(scalar_map=SCALARS, sort_schema=True)).as_str()


# Not sorted: a sorted schema is a copy, in which Strawberry does not recognise the members of its unions.
schema = _built(StrawberryConfig(scalar_map=SCALARS))
"""The one graph."""
