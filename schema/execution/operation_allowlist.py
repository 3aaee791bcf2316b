"""Which operations a server that is locked to its own chat still runs, and for whom."""

from graphql import FieldNode, GraphQLError, OperationDefinitionNode, OperationType

from data.viewer import Anonymous, Staff
from resolvers.context import Context
from resolvers.errors import Forbidden, Unauthenticated

WAYS_TO_A_TOKEN = frozenset({"register", "login", "refreshSession", "logout"})
"""The mutations by which a front end of the team gets its token: they stay open, in whatever words."""
LOCKED = "Without the token of an account, this server runs the operations of its own chat only: log in first."


def closed_to(context: Context, text: str, operation: OperationDefinitionNode) -> list[GraphQLError]:
    """Return the error of an operation that is closed to the viewer, or none.

    The lock is about the text of an operation, not about how it came: the chat may send it or its hash.
    """
    is_open = (
        not context.policy.persisted_operations_only
        or isinstance(context.viewer, Staff)
        or context.services.persisted.is_built_in(text)
        or _leads_to_a_token(operation)
    )
    if is_open:
        return []
    problem = context.viewer.problem if isinstance(context.viewer, Anonymous) else None
    refusal = Unauthenticated(problem) if problem else Forbidden(LOCKED)
    return [GraphQLError(str(refusal), original_error=refusal)]


def _leads_to_a_token(operation: OperationDefinitionNode) -> bool:
    fields = operation.selection_set.selections
    return operation.operation is OperationType.MUTATION and all(
        isinstance(node, FieldNode) and node.name.value in WAYS_TO_A_TOKEN for node in fields
    )
