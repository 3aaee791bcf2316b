"""Enumerations of the domain, with a description for each value."""

from enum import Enum
from typing import TypeVar

import strawberry

from core.errors import ErrorCode
from data.models import DatabaseType, DocumentOrigin, DocumentStatus, IngestionStage, MessageRole, Role
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
    DocumentOrigin,
    "Where a document came from.",
    {
        "UPLOAD": "A file that was uploaded.",
        "TEXT": "A text that was written in, such as the answer to a frequent question.",
        "PAGE": "A page of a website.",
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
    {code.name: code.description for code in ErrorCode},
)
