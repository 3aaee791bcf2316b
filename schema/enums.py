"""Enumerations of the domain, with a description for each value."""

from enum import Enum
from typing import TypeVar

import strawberry

from core.errors import ErrorCode
from data.models import DatabaseType, DocumentStatus, IngestionStage, MessageRole, Role
from rag.answers.conversation_events import ActivityKind

Choice = TypeVar("Choice", bound=type[Enum])


def _described(choices: Choice, description: str, values: dict[str, str]) -> Choice:
    """Put an enumeration of the domain in the schema. Raises `KeyError` for a value without its sentence."""
    described = strawberry.enum(choices, description=description)
    for value in described.__strawberry_definition__.values:  # type: ignore[attr-defined]
        value.description = values[value.name]
    return described


_described(
    Role,
    "What an account may do.",
    {
        "ADMIN": "Owns workspaces and changes them.",
        "LECTEUR": "Reads the workspaces it was given, and changes nothing.",
    },
)
_described(
    DocumentStatus,
    "Where a document stands between its upload and being searched.",
    {
        "PENDING": "It waits for its turn.",
        "PROCESSING": "It is being read, cut and embedded.",
        "READY": "Its passages are searched.",
        "FAILED": "It could not be indexed; `error` says why, and `retryDocument` tries again.",
    },
)
_described(
    IngestionStage,
    "What is being done to a document.",
    {
        "QUEUED": "It waits for its turn.",
        "PARSING": "Its text is read from the file.",
        "CHUNKING": "Its text is cut into passages.",
        "EMBEDDING": "Its passages are turned into vectors.",
        "STORING": "Its passages are written to the database.",
        "DONE": "Nothing more is to be done.",
    },
)
_described(
    MessageRole,
    "Who speaks.",
    {"USER": "The visitor, or staff trying the assistant.", "ASSISTANT": "The assistant."},
)
_described(
    DatabaseType,
    "A kind of external database.",
    {"SQL_SERVER": "Microsoft SQL Server.", "MYSQL": "MySQL or MariaDB.", "POSTGRES": "PostgreSQL."},
)
_described(
    ActivityKind,
    "What happened in a conversation.",
    {
        "CONVERSATION_STARTED": "A visitor began a conversation; `message` is its first.",
        "MESSAGE_ADDED": "Somebody spoke, visitor or assistant.",
        "MESSAGE_RATED": "An answer was rated.",
    },
)
_described(
    ErrorCode,
    "What went wrong, for programs. New codes may be added.",
    {
        "BAD_USER_INPUT": "An input is out of its bounds; the message says which and how.",
        "UNAUTHENTICATED": "There is no token, or it is no longer good: log in or start a visit again.",
        "FORBIDDEN": "The viewer may see this and not change it.",
        "NOT_FOUND": "There is no such thing for this viewer.",
        "RATE_LIMITED": "Too many requests: wait and try again.",
        "COST_LIMIT": "The operation asks for too much at once: ask for less.",
        "PERSISTED_QUERY_NOT_FOUND": "The server does not know this hash of an operation: send its text beside it.",
        "METHOD_NOT_ALLOWED": "The request's method does not run such an operation: send it by POST.",
        "UNSUPPORTED_MEDIA_TYPE": "The request's body is neither JSON nor a form with files.",
        "REQUEST_TOO_LARGE": "The request has more bytes than the server takes.",
        "PREFLIGHT_REQUIRED": "A form with files carries the header `GraphQL-Require-Preflight`.",
        "TOO_MANY_OPERATIONS": "The socket has as many operations as it may have: complete one first.",
        "INTERNAL": "The server failed; the request id finds it in the log.",
        "EMAIL_INVALID": "The text is no e-mail address.",
        "EMAIL_TAKEN": "An account with this e-mail exists.",
        "REGISTRATION_CLOSED": "The operator makes the accounts of this server.",
        "PASSWORD_WEAK": "The password is too short, too long or too easy to guess.",
        "INVALID_CREDENTIALS": "The e-mail or the password is wrong, or the account is locked for a while.",
        "REFRESH_TOKEN_INVALID": "The refresh token is unknown, expired or was used before: log in again.",
        "API_KEY_INVALID": "The API key is unknown or was revoked.",
        "API_KEY_EXPIRED": "The API key has expired.",
        "ORIGIN_MISSING": "The request does not say which page it comes from: send the page's Origin header.",
        "HOST_NOT_ALLOWED": "The host does not exist, or the server may not connect to it.",
        "ORIGIN_NOT_ALLOWED": "The page's site is not among the workspace's allowed domains.",
        "WORKSPACE_INACTIVE": "The assistant is switched off.",
        "FILE_EMPTY": "The file holds nothing.",
        "FILE_TOO_LARGE": "The file is larger than the server takes.",
        "FILE_TYPE_UNSUPPORTED": "The file is of a type that cannot be read.",
        "FILE_UNREADABLE": "The file is damaged.",
        "FILE_ENCRYPTED": "The file is protected by a password.",
        "FILE_WITHOUT_TEXT": "The file holds no text, as a scan does.",
        "DOCUMENT_NOT_FAILED": "Only a document that failed can be tried again.",
        "MESSAGE_EMPTY": "The message is empty.",
        "MESSAGE_TOO_LONG": "The message has too many characters.",
        "MESSAGE_CONFLICT": "The client's message id was used for another message.",
        "ANSWER_NOT_RUNNING": "The answer is over already.",
        "ANSWER_INTERRUPTED": "The answer was cut off before its end: ask for it again.",
        "DAILY_TOKENS_SPENT": "The workspace's model tokens of the day are used up, until midnight UTC.",
        "MODEL_UNAUTHORIZED": "The model's provider refused the server's key.",
        "MODEL_RATE_LIMITED": "The model's provider has too much to do: try again in a moment.",
        "MODEL_UNAVAILABLE": "The model's provider does not answer: try again in a moment.",
        "MODEL_TIMEOUT": "The model took too long: try again.",
        "MODEL_INTERRUPTED": "The model broke off in the middle: try again.",
        "MODEL_REFUSED": "The model's provider refused the request.",
    },
)
