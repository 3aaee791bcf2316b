"""The operation allowlist: what a server runs for those who are not logged in, where it is closed to strangers."""

from graphql import FieldNode, GraphQLError, OperationDefinitionNode, OperationType

from data.viewer import Anonymous, Staff
from resolvers.context import Context
from resolvers.errors import Forbidden, Unauthenticated
from schema.execution.persisted_operations import PersistedOperations

WAYS_TO_A_TOKEN = frozenset({"register", "login", "refreshSession", "logout"})
"""The mutations by which a front end of the team gets its token: they stay open, in whatever words."""
NOT_ALLOWED = "Without the token of an account, this server runs the operations of its own chat only: log in first."


def closed_to(
    context: Context, persisted: PersistedOperations, text: str, operation: OperationDefinitionNode
) -> list[GraphQLError]:
    """Return the error of an operation that is closed to the viewer, or none.

    The allowlist is about the text of an operation, not about how it came: the chat may send it or its hash.
    """
    is_open = (
        not context.policy.persisted_operations_only
        or isinstance(context.viewer, Staff)
        or persisted.is_built_in(text)
        or _leads_to_a_token(operation)
    )
    if is_open:
        return []
    problem = context.viewer.problem if isinstance(context.viewer, Anonymous) else None
    error = Unauthenticated(problem) if problem else Forbidden(NOT_ALLOWED)
    return [GraphQLError(str(error), original_error=error)]


def _leads_to_a_token(operation: OperationDefinitionNode) -> bool:
    fields = operation.selection_set.selections
    return operation.operation is OperationType.MUTATION and all(
        isinstance(node, FieldNode) and node.name.value in WAYS_TO_A_TOKEN for node in fields
    )
