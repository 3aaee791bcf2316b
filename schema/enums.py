"""Enumerations of the domain, with a description for each value."""

from enum import Enum
from typing import TypeVar

import strawberry

from core.errors import ErrorCode
from data.models import (
    AuditAction,
    DatabaseType,
    DocumentOrigin,
    DocumentStatus,
    IngestionStage,
    MessageRole,
    Role,
    WebsitePageReason,
    WebsitePageStatus,
    WebsiteStatus,
)
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
    AuditAction,
    "What was done with conversations as a whole.",
    {
        "CONVERSATION_ARCHIVED": "One was put away.",
        "CONVERSATION_REOPENED": "One was taken out again, by the team.",
        "CONVERSATION_DELETED": "One was deleted with its messages.",
        "CONVERSATIONS_EXPORTED": "Messages were exported.",
    },
)
_described(
    WebsiteStatus,
    "Where a website stands.",
    {
        "PENDING": "It waits for its crawl.",
        "CRAWLING": "Its pages are fetched.",
        "READY": "Its last crawl came to its end.",
        "FAILED": "Its last crawl could not go on; `error` says why. What was indexed stays.",
        "CANCELLED": "A person called its crawl off. What was indexed stays.",
    },
)
_described(
    WebsitePageStatus,
    "What the last crawl that came to a page did with it.",
    {
        "PENDING": "It was found, and waits to be fetched.",
        "INDEXED": "It is new or changed, and went to the index.",
        "UNCHANGED": "It is in the index, as it was.",
        "SKIPPED": "It is not kept, for a reason that lasts.",
        "FAILED": "It could not be read, for a reason that may pass. What was indexed of it stays.",
        "REMOVED": "It was in the index, and is gone.",
    },
)
_described(
    WebsitePageReason,
    "Why a page was skipped, failed or was removed. New reasons may be added.",
    {
        "EXCLUDED": "A pattern of `exclude` matches it.",
        "NOT_INCLUDED": "No pattern of `include` matches it.",
        "ROBOTS": "The site's robots.txt forbids it.",
        "NOINDEX": "The page asks not to be indexed.",
        "TRAP": "Its address is of a kind that goes on without end, as a calendar does.",
        "TOO_DEEP": "Too many links lead to it, one after the other.",
        "PAGE_LIMIT": "The website keeps as many pages as it may, or the crawl has had its time.",
        "NOT_TEXT": "It is a picture or another file that holds no text to read.",
        "NO_TEXT": "It shows no text.",
        "NOT_RENDERED": "It shows no text without its scripts, and the browser could not run them to an end.",
        "TOO_LARGE": "It has more bytes than are read of one page.",
        "REDIRECTED": "It leads to another page of the site.",
        "REDIRECTED_AWAY": "It leads to another site.",
        "CANONICAL_ELSEWHERE": "It names another page of the site as the one to read.",
        "DUPLICATE": "Another page that is kept has the same content.",
        "MISSING": "The site says that it does not exist, or not any more.",
        "REFUSED": "The site refuses it.",
        "NOT_LINKED": "No sitemap lists it and no page leads to it any more.",
        "NOT_ALLOWED": "The server may not connect to its host.",
        "NO_CONNECTION": "There was no connection, or it broke.",
        "TIMEOUT": "It took too long.",
        "BROKEN_ENCODING": "It was packed in a way that cannot be unpacked.",
        "SERVER_ERROR": "The site's server failed.",
        "TOO_MANY_REQUESTS": "The site asked for fewer requests, again and again.",
    },
)
_described(
    ErrorCode,
    "What went wrong, for programs. New codes may be added.",
    {code.name: code.description for code in ErrorCode},
)
