"""What a client reads of an error: its code and the request's id; of an unexpected one nothing more."""

import re

import structlog
from graphql import GraphQLError

from core.errors import ErrorCode, MonitoraError
from data.engine import is_unavailable
from resolvers.context import Context
from schema.scalars import WrongScalar

logger = structlog.get_logger(__name__)

EXPECTED = MonitoraError | WrongScalar | GraphQLError
"""What a resolver or a scalar raises on purpose, for the client to read."""
MAX_ERRORS = 20
"""Errors of one response; what follows repeats what came before."""
MAX_MESSAGE_CHARACTERS = 500
"""Characters of one error's message: some quote what was sent."""
FAULTS = {
    ErrorCode.INTERNAL: "The server failed to do this. The request id finds it in the log.",
    ErrorCode.DATABASE_UNAVAILABLE: "The database cannot be used at the moment, and nothing was changed. Try again.",
}
"""What is told of a fault, whatever it was."""
SUGGESTION = re.compile(r" Did you mean [^?]*\?")
"""What GraphQL adds to the message about a name that the schema does not hold: those it holds that look like it."""


def mask_errors(context: Context, errors: list[GraphQLError]) -> list[GraphQLError]:
    """Return the errors of a response as the client reads them, `MAX_ERRORS` at most."""
    return [mask_error(context, error) for error in errors[:MAX_ERRORS]]


def mask_error(context: Context, error: GraphQLError) -> GraphQLError:
    """Return an error with its code and the request's id. A fault is logged whole, and told as one."""
    expected = error.original_error is None or isinstance(error.original_error, EXPECTED)
    if not expected:
        logger.error("operation_failed", path=error.path, exc_info=error.original_error)
    fault = ErrorCode.DATABASE_UNAVAILABLE if is_unavailable(error.original_error) else ErrorCode.INTERNAL
    message = _safe_text(context, error) if expected else FAULTS[fault]
    if len(message) > MAX_MESSAGE_CHARACTERS:
        message = message[: MAX_MESSAGE_CHARACTERS - 1] + "…"
    code = ErrorCode.BAD_USER_INPUT if expected else fault
    extensions = {"code": code.value, **(error.extensions or {} if expected else {}), "requestId": context.request_id}
    context.codes.add(_known(extensions["code"]))
    return GraphQLError(
        message,
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        path=error.path,
        original_error=error.original_error if expected else None,
        extensions=extensions,
    )


def _safe_text(context: Context, error: GraphQLError) -> str:
    is_ours = isinstance(error.original_error, MonitoraError)
    return error.message if is_ours or context.sees_schema else SUGGESTION.sub("", error.message)


def _known(code: object) -> str:
    """Return a code of ours: Strawberry's extensions have others, and what is counted by code must stay bounded."""
    return str(code) if code in ErrorCode.__members__ else ErrorCode.BAD_USER_INPUT.value
