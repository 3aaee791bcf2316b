"""What can go wrong: one code for each thing, and one tree of errors, used by every room.

A `UserError` is an outcome to expect, which the person can mend, and travels as data. An `OperationError` is an error
of the operation.
"""

from collections.abc import Mapping, Sequence
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
    RESPONSE_TOO_LARGE = "RESPONSE_TOO_LARGE"
    PREFLIGHT_REQUIRED = "PREFLIGHT_REQUIRED"
    TOO_MANY_OPERATIONS = "TOO_MANY_OPERATIONS"
    INTERNAL = "INTERNAL"
    DATABASE_UNAVAILABLE = "DATABASE_UNAVAILABLE"
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
    FILE_TOO_COMPLEX = "FILE_TOO_COMPLEX"
    DOCUMENT_NOT_FAILED = "DOCUMENT_NOT_FAILED"
    DOCUMENT_NOT_UNDER_WAY = "DOCUMENT_NOT_UNDER_WAY"
    DOCUMENT_CANCELLED = "DOCUMENT_CANCELLED"
    DUPLICATE_DOCUMENT = "DUPLICATE_DOCUMENT"
    WORKER_LOST = "WORKER_LOST"
    QUOTA_EXCEEDED = "QUOTA_EXCEEDED"
    DISK_FULL = "DISK_FULL"
    WEBSITE_EXISTS = "WEBSITE_EXISTS"
    WEBSITE_UNREACHABLE = "WEBSITE_UNREACHABLE"
    WEBSITE_NOT_UNDER_WAY = "WEBSITE_NOT_UNDER_WAY"
    MESSAGE_EMPTY = "MESSAGE_EMPTY"
    MESSAGE_TOO_LONG = "MESSAGE_TOO_LONG"
    MESSAGE_CONFLICT = "MESSAGE_CONFLICT"
    CONVERSATION_FULL = "CONVERSATION_FULL"
    ANSWER_NOT_RUNNING = "ANSWER_NOT_RUNNING"
    ANSWER_INTERRUPTED = "ANSWER_INTERRUPTED"
    DAILY_TOKENS_SPENT = "DAILY_TOKENS_SPENT"
    MODEL_UNAUTHORIZED = "MODEL_UNAUTHORIZED"
    MODEL_RATE_LIMITED = "MODEL_RATE_LIMITED"
    MODEL_UNAVAILABLE = "MODEL_UNAVAILABLE"
    MODEL_TIMEOUT = "MODEL_TIMEOUT"
    MODEL_INTERRUPTED = "MODEL_INTERRUPTED"
    MODEL_REFUSED = "MODEL_REFUSED"

    @property
    def description(self) -> str:
        """What went wrong, in a sentence for those who write clients."""
        return _DESCRIPTIONS[self]


_DESCRIPTIONS: Mapping[ErrorCode, str] = {
    ErrorCode.BAD_USER_INPUT: "An input is out of its bounds; the message says which and how.",
    ErrorCode.UNAUTHENTICATED: "There is no token, or it is no longer good: log in or start a visit again.",
    ErrorCode.FORBIDDEN: "The viewer may see this and not change it.",
    ErrorCode.NOT_FOUND: "There is no such thing for this viewer.",
    ErrorCode.RATE_LIMITED: "Too many requests: wait and try again.",
    ErrorCode.COST_LIMIT: "The operation asks for too much at once: ask for less.",
    ErrorCode.PERSISTED_QUERY_NOT_FOUND: "The server does not know this hash of an operation: send its text beside it.",
    ErrorCode.METHOD_NOT_ALLOWED: "The request's method does not run such an operation: send it by POST.",
    ErrorCode.UNSUPPORTED_MEDIA_TYPE: "The request's body is neither JSON nor a form with files.",
    ErrorCode.REQUEST_TOO_LARGE: "The request has more bytes than the server takes.",
    ErrorCode.RESPONSE_TOO_LARGE: "The response has more bytes than the viewer is sent: ask for less at once.",
    ErrorCode.PREFLIGHT_REQUIRED: "A form with files carries the header `GraphQL-Require-Preflight`.",
    ErrorCode.TOO_MANY_OPERATIONS: "The socket has as many operations as it may have: complete one first.",
    ErrorCode.INTERNAL: "The server failed; the request id finds it in the log.",
    ErrorCode.DATABASE_UNAVAILABLE: "The database cannot be used at the moment, and nothing was changed: try again.",
    ErrorCode.EMAIL_INVALID: "The text is no e-mail address.",
    ErrorCode.EMAIL_TAKEN: "An account with this e-mail exists.",
    ErrorCode.REGISTRATION_CLOSED: "The operator makes the accounts of this server.",
    ErrorCode.PASSWORD_WEAK: "The password is too short, too long or too easy to guess.",
    ErrorCode.INVALID_CREDENTIALS: "The e-mail or the password is wrong, or the account is locked for a while.",
    ErrorCode.REFRESH_TOKEN_INVALID: "The refresh token is unknown, expired or was used before: log in again.",
    ErrorCode.API_KEY_INVALID: "The API key is unknown or was revoked.",
    ErrorCode.API_KEY_EXPIRED: "The API key has expired.",
    ErrorCode.ORIGIN_MISSING: "The request does not say which page it comes from: send the page's Origin header.",
    ErrorCode.HOST_NOT_ALLOWED: "The host does not exist, or the server may not connect to it.",
    ErrorCode.ORIGIN_NOT_ALLOWED: "The page's site is not among the workspace's allowed domains.",
    ErrorCode.WORKSPACE_INACTIVE: "The assistant is switched off.",
    ErrorCode.FILE_EMPTY: "The file holds nothing.",
    ErrorCode.FILE_TOO_LARGE: "The file is larger than the server takes.",
    ErrorCode.FILE_TYPE_UNSUPPORTED: "The file is of a type that cannot be read.",
    ErrorCode.FILE_UNREADABLE: "The file is damaged.",
    ErrorCode.FILE_ENCRYPTED: "The file is protected by a password.",
    ErrorCode.FILE_WITHOUT_TEXT: "The file holds no text, as a scan does.",
    ErrorCode.FILE_TOO_COMPLEX: "Reading the file takes more memory or time than one file is given, or crashes.",
    ErrorCode.DOCUMENT_NOT_FAILED: "Only a document that failed can be tried again.",
    ErrorCode.DOCUMENT_NOT_UNDER_WAY: "Only a document that waits or is processed can be cancelled.",
    ErrorCode.DOCUMENT_CANCELLED: "A person called the indexing off.",
    ErrorCode.DUPLICATE_DOCUMENT: "The workspace holds a document of the same content; the answer names it.",
    ErrorCode.WORKER_LOST: "The server stopped twice in the middle of the work: try it again.",
    ErrorCode.DISK_FULL: "The server has no room for the file, and nothing was stored: tell who runs the server.",
    ErrorCode.WEBSITE_EXISTS: "The workspace has this website already: refresh it.",
    ErrorCode.WEBSITE_UNREACHABLE: "The website cannot be crawled at the moment; nothing of it was removed.",
    ErrorCode.WEBSITE_NOT_UNDER_WAY: "Only a website that waits or is crawled can be cancelled.",
    ErrorCode.QUOTA_EXCEEDED: "As many or as much as there may be is stored already: delete some first.",
    ErrorCode.MESSAGE_EMPTY: "The message is empty.",
    ErrorCode.MESSAGE_TOO_LONG: "The message has too many characters.",
    ErrorCode.MESSAGE_CONFLICT: "The client's message id was used for another message.",
    ErrorCode.CONVERSATION_FULL: "The conversation has as many messages as it may have: begin a new one.",
    ErrorCode.ANSWER_NOT_RUNNING: "The answer is over already.",
    ErrorCode.ANSWER_INTERRUPTED: "The answer was cut off before its end: ask for it again.",
    ErrorCode.DAILY_TOKENS_SPENT: "The workspace's model tokens of the day are used up, until midnight UTC.",
    ErrorCode.MODEL_UNAUTHORIZED: "The model's provider refused the server's key.",
    ErrorCode.MODEL_RATE_LIMITED: "The model's provider has too much to do: try again in a moment.",
    ErrorCode.MODEL_UNAVAILABLE: "The model's provider does not answer: try again in a moment.",
    ErrorCode.MODEL_TIMEOUT: "The model took too long: try again.",
    ErrorCode.MODEL_INTERRUPTED: "The model broke off in the middle: try again.",
    ErrorCode.MODEL_REFUSED: "The model's provider refused the request.",
}


class MonitoraError(Exception):
    """Something that went wrong in a way that was foreseen. `message` is for people, `code` for programs.

    `extensions` is where GraphQL looks for what travels beside an error's message.
    """

    def __init__(self, code: ErrorCode, message: str, *details: Any) -> None:
        # All of it, so that the error is the same once it has crossed to another process.
        super().__init__(code, message, *details)
        self.code = code
        self.message = message

    def __str__(self) -> str:
        return self.message

    @property
    def extensions(self) -> dict[str, Any]:
        """The error's code, under the name clients read it by."""
        return {"code": self.code.value}


class UserError(MonitoraError):
    """The input cannot be used as it is. `path` leads to the field of the input that is at fault."""

    def __init__(self, code: ErrorCode, message: str, path: Sequence[str] | None = None) -> None:
        super().__init__(code, message, path)
        self.path = list(path) if path else None

    @property
    def extensions(self) -> dict[str, Any]:
        """What travels beside the message where no result can hold the error, as in a subscription."""
        return super().extensions | ({"inputPath": self.path} if self.path else {})


class QuotaExceeded(UserError):
    """As many or as much is stored as may be. The code is QUOTA_EXCEEDED."""


class OperationError(MonitoraError):
    """The operation is not for this viewer, or names something that does not exist for them."""
