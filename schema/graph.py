"""The graph: the roots put together from the domains."""

import logging
from typing import Annotated, Any

import strawberry
from graphql import GraphQLError, OperationDefinitionNode
from strawberry.extensions.runner import SchemaExtensionsRunner
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.exceptions import CannotGetOperationTypeError
from strawberry.tools import merge_types
from strawberry.types import ExecutionContext
from strawberry.types.execution import PreExecutionError

from core.errors import OperationError
from data import models
from resolvers.context import Context
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
from schema.execution.error_masking import CodedErrors
from schema.execution.introspection import IntrospectionByViewer
from schema.execution.telemetry import Observation
from schema.execution.validation_cache import CheckedOperations
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


class Schema(strawberry.Schema):
    """The schema. Errors are logged once, by `CodedErrors`, with what an operator needs.

    An operation that cannot be chosen from its document fails as one that is not valid.
    An operation of somebody without a token is counted before it is read.
    """

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Leave logging to `CodedErrors`."""
        for error in errors:
            logging.getLogger(__name__).debug("%s", error.message)

    async def _prepare_operation_async(
        self, context: ExecutionContext, extensions_runner: SchemaExtensionsRunner
    ) -> PreExecutionError | None:
        asked: Context = context.context
        try:
            await asked.admit()
            context.query = asked.services.persisted.text_of(context.query, context.operation_extensions)
            failure = await super()._prepare_operation_async(context, extensions_runner)
        except OperationError as refusal:
            return PreExecutionError(data=None, errors=[GraphQLError(str(refusal), original_error=refusal)])
        except CannotGetOperationTypeError as error:
            return PreExecutionError(data=None, errors=[GraphQLError(error.as_http_error_reason())])
        if failure is None and _is_ambiguous(context):
            message = "The document has several operations: say by `operationName` which one is meant."
            return PreExecutionError(data=None, errors=[GraphQLError(message)])
        return failure


def _is_ambiguous(context: ExecutionContext) -> bool:
    # Strawberry would take the first of several; what the client itself named is kept in this attribute alone.
    definitions = context.graphql_document.definitions if context.graphql_document else ()
    count = sum(isinstance(definition, OperationDefinitionNode) for definition in definitions)
    return count > 1 and context._provided_operation_name is None  # noqa: SLF001


def _root(name: str, description: str, *parts: type) -> type:
    return strawberry.type(merge_types(name, parts), name=name, description=description)


def _built(config: StrawberryConfig) -> Schema:
    return Schema(
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
        extensions=[Observation, CodedErrors, IntrospectionByViewer, CheckedOperations],
        config=config,
    )


def exported() -> str:
    """Return the graph in the schema language, sorted, as `schema.graphql` holds it."""
    return _built(StrawberryConfig(scalar_map=SCALARS, sort_schema=True)).as_str()


# Not sorted: a sorted schema is a copy, in which Strawberry does not recognise the members of its unions.
schema = _built(StrawberryConfig(scalar_map=SCALARS))
"""The one graph."""
