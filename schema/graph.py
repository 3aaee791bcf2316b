"""The graph: the roots put together from the domains."""

from typing import Annotated, Any

import strawberry
from strawberry.schema.config import StrawberryConfig
from strawberry.tools import merge_types

from data import models
from schema import enums as _enums  # noqa: F401 - puts the enumerations in the schema
from schema.accounts.mutations import AccountMutations
from schema.accounts.queries import AccountQueries
from schema.accounts.types import LoginSession, User
from schema.analytics.mutations import AnalyticsMutations
from schema.analytics.types import AnalyticsDay, Insights, MessageTopic
from schema.conversations.events import AnswerDelta, AnswerFailed, AnswerFinished, AnswerStarted
from schema.conversations.mutations import AnswerMutations
from schema.conversations.queries import ConversationQueries
from schema.conversations.subscriptions import ActivitySubscriptions, AnswerSubscriptions
from schema.conversations.types import Conversation, Message
from schema.databases.mutations import DatabaseMutations
from schema.databases.types import WorkspaceDatabase
from schema.documents.mutations import DocumentMutations
from schema.documents.subscriptions import DocumentSubscriptions
from schema.documents.types import Document
from schema.execution.adapter import OperationSchema
from schema.operation import Info
from schema.relay.node import Node, parse_id
from schema.scalars import SCALARS
from schema.workspaces.mutations import ApiKeyMutations, WorkspaceMutations
from schema.workspaces.queries import WorkspaceQueries
from schema.workspaces.types import ApiKey, Workspace

NODES: dict[str, type[Any]] = {
    model.node_name: model
    for model in (
        models.AnalyticsDaily,
        models.ApiKey,
        models.AppSession,
        models.AppUser,
        models.Conversation,
        models.Document,
        models.InsightsCache,
        models.Message,
        models.MessageTopic,
        models.Workspace,
        models.WorkspaceDatabase,
    )
}
"""The models that `node` finds, by the kind in their identifier."""


@strawberry.type
class NodeQueries:
    """Relay's root field."""

    @strawberry.field(
        graphql_type=Node | None, description="Anything with an identifier; null when the viewer may not see it."
    )
    async def node(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The identifier.")]
    ) -> Any:
        """Return a row by its identifier."""
        kind, key = parse_id(id)
        return await info.context.loaders.row(NODES[kind], key) if kind in NODES else None


def _root(name: str, description: str, *parts: type) -> type:
    return strawberry.type(merge_types(name, parts), name=name, description=description)


def _built(config: StrawberryConfig) -> OperationSchema:
    return OperationSchema(
        query=_root(
            "Query",
            "What can be read. Nothing changes by it.",
            NodeQueries,
            AccountQueries,
            WorkspaceQueries,
            ConversationQueries,
        ),
        mutation=_root(
            "Mutation",
            "What can be changed. Each field takes one input and answers with its payload, or with why not.",
            AccountMutations,
            WorkspaceMutations,
            DocumentMutations,
            ApiKeyMutations,
            DatabaseMutations,
            AnswerMutations,
            AnalyticsMutations,
        ),
        subscription=_root(
            "Subscription",
            "What can be followed as it happens, over the websocket.",
            AnswerSubscriptions,
            DocumentSubscriptions,
            ActivitySubscriptions,
        ),
        types=[
            AnalyticsDay,
            AnswerDelta,
            AnswerFailed,
            AnswerFinished,
            AnswerStarted,
            ApiKey,
            Conversation,
            Document,
            Insights,
            LoginSession,
            Message,
            MessageTopic,
            User,
            Workspace,
            WorkspaceDatabase,
        ],
        config=config,
    )


def exported() -> str:
    """Return the graph in the schema language, sorted, as `schema.graphql` holds it."""
    return _built(StrawberryConfig(scalar_map=SCALARS, sort_schema=True)).as_str()


# Not sorted: a sorted schema is a copy, in which Strawberry does not recognise the members of its unions.
schema = _built(StrawberryConfig(scalar_map=SCALARS))
"""The one graph."""
