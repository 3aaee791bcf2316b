"""What can go wrong, each with a stable code.

A `UserError` is an outcome to expect and travels as data; a `OperationError` is an error of the operation.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any


class ErrorCode(StrEnum):
    """Every code a client may meet, in the results of mutations, in errors' extensions and in failed answers."""

    BAD_USER_INPUT = "BAD_USER_INPUT"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    NOT_FOUND = "NOT_FOUND"
    RATE_LIMITED = "RATE_LIMITED"
    COST_LIMIT = "COST_LIMIT"
    PERSISTED_QUERY_NOT_FOUND = "PERSISTED_QUERY_NOT_FOUND"
    METHOD_NOT_ALLOWED = "METHOD_NOT_ALLOWED"
    UNSUPPORTED_MEDIA_TYPE = "UNSUPPORTED_MEDIA_TYPE"
    REQUEST_TOO_LARGE = "REQUEST_TOO_LARGE"
    PREFLIGHT_REQUIRED = "PREFLIGHT_REQUIRED"
    TOO_MANY_OPERATIONS = "TOO_MANY_OPERATIONS"
    INTERNAL = "INTERNAL"
    EMAIL_INVALID = "EMAIL_INVALID"
    EMAIL_TAKEN = "EMAIL_TAKEN"
    REGISTRATION_CLOSED = "REGISTRATION_CLOSED"
    PASSWORD_WEAK = "PASSWORD_WEAK"  # noqa: S105 - a code, not a secret
    INVALID_CREDENTIALS = "INVALID_CREDENTIALS"
    REFRESH_TOKEN_INVALID = "REFRESH_TOKEN_INVALID"  # noqa: S105 - a code, not a secret
    API_KEY_INVALID = "API_KEY_INVALID"
    API_KEY_EXPIRED = "API_KEY_EXPIRED"
    ORIGIN_MISSING = "ORIGIN_MISSING"
    HOST_NOT_ALLOWED = "HOST_NOT_ALLOWED"
    ORIGIN_NOT_ALLOWED = "ORIGIN_NOT_ALLOWED"
    WORKSPACE_INACTIVE = "WORKSPACE_INACTIVE"
    FILE_EMPTY = "FILE_EMPTY"
    FILE_TOO_LARGE = "FILE_TOO_LARGE"
    FILE_TYPE_UNSUPPORTED = "FILE_TYPE_UNSUPPORTED"
    FILE_UNREADABLE = "FILE_UNREADABLE"
    FILE_ENCRYPTED = "FILE_ENCRYPTED"
    FILE_WITHOUT_TEXT = "FILE_WITHOUT_TEXT"
    DOCUMENT_NOT_FAILED = "DOCUMENT_NOT_FAILED"
    MESSAGE_EMPTY = "MESSAGE_EMPTY"
    MESSAGE_TOO_LONG = "MESSAGE_TOO_LONG"
    MESSAGE_CONFLICT = "MESSAGE_CONFLICT"
    ANSWER_NOT_RUNNING = "ANSWER_NOT_RUNNING"
    ANSWER_INTERRUPTED = "ANSWER_INTERRUPTED"
    DAILY_TOKENS_SPENT = "DAILY_TOKENS_SPENT"
    MODEL_UNAUTHORIZED = "MODEL_UNAUTHORIZED"
    MODEL_RATE_LIMITED = "MODEL_RATE_LIMITED"
    MODEL_UNAVAILABLE = "MODEL_UNAVAILABLE"
    MODEL_TIMEOUT = "MODEL_TIMEOUT"
    MODEL_INTERRUPTED = "MODEL_INTERRUPTED"
    MODEL_REFUSED = "MODEL_REFUSED"


class UserError(Exception):
    """The input cannot be served as it is. `path` leads to the field of the input that is at fault."""

    def __init__(self, code: ErrorCode, message: str, path: Sequence[str] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.path = list(path) if path else None

    @property
    def extensions(self) -> dict[str, Any]:
        """What travels beside the message where no result can hold the rejection, as in a subscription."""
        return {"code": self.code.value} | ({"inputPath": self.path} if self.path else {})


class OperationError(Exception):
    """The operation is not for this viewer, or names something that does not exist for them.

    `extensions` is where GraphQL looks for what travels beside an error's message.
    """

    def __init__(self, code: ErrorCode, message: str) -> None:
        super().__init__(message)
        self.code = code

    @property
    def extensions(self) -> dict[str, Any]:
        """The error's code, under the name clients read it by."""
        return {"code": self.code.value}
