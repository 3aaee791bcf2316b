"""What a client reads of an error: its code and the request's id; of an unexpected one nothing more."""

import re
from collections.abc import Iterator

import structlog
from graphql import GraphQLError
from strawberry.exceptions import MissingQueryError
from strawberry.extensions import MaskErrors
from strawberry.schema.exceptions import InvalidOperationTypeError

from core.errors import ErrorCode, OperationError, UserError
from resolvers.context import Context
from schema.scalars import WrongScalar

logger = structlog.get_logger(__name__)

EXPECTED = OperationError | UserError | WrongScalar | GraphQLError
"""What a resolver or a scalar raises on purpose, for the client to read."""
MAX_ERRORS = 20
"""Errors of one response; what follows repeats what came before."""
MAX_MESSAGE_CHARACTERS = 500
"""Characters of one error's message: some quote what was sent."""
FAULT = "The server failed to do this. The request id finds it in the log."
SUGGESTION = re.compile(r" Did you mean [^?]*\?")
"""What GraphQL adds to the message about a name that the schema does not hold: those it holds that look like it."""


class CodedErrors(MaskErrors):
    """Gives every error a code and the request's id, and hides what was not meant to be read."""

    def __init__(self) -> None:
        super().__init__()

    def on_operation(self) -> Iterator[None]:
        """Code the errors of an operation, and the one that ends it when it cannot be parsed or even begun."""
        try:
            yield from super().on_operation()
        except (MissingQueryError, InvalidOperationTypeError):
            # Of the transport, which answers them.
            raise
        except Exception as failure:
            raise self._coded(GraphQLError(str(failure), original_error=failure)) from failure
        for error in self.execution_context.pre_execution_errors or ():
            error.extensions = self._coded(error).extensions

    def _process_errors(self, errors: list[GraphQLError]) -> list[GraphQLError]:
        return [self._coded(error) for error in errors[:MAX_ERRORS]]

    def _shown(self, error: GraphQLError) -> str:
        context: Context = self.execution_context.context
        is_ours = isinstance(error.original_error, OperationError | UserError)
        return error.message if is_ours or context.sees_schema else SUGGESTION.sub("", error.message)

    def _coded(self, error: GraphQLError) -> GraphQLError:
        context: Context = self.execution_context.context
        expected = error.original_error is None or isinstance(error.original_error, EXPECTED)
        if not expected:
            logger.error("operation_failed", path=error.path, exc_info=error.original_error)
        message = self._shown(error) if expected else FAULT
        if len(message) > MAX_MESSAGE_CHARACTERS:
            message = message[: MAX_MESSAGE_CHARACTERS - 1] + "…"
        code = ErrorCode.BAD_USER_INPUT if expected else ErrorCode.INTERNAL
        extensions = {
            "code": code.value,
            **(error.extensions or {} if expected else {}),
            "requestId": context.request_id,
        }
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


def _known(code: object) -> str:
    """Return a code of ours: Strawberry's extensions have others, and what is counted by code must stay bounded."""
    return str(code) if code in ErrorCode.__members__ else ErrorCode.BAD_USER_INPUT.value
