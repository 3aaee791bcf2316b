"""What a client sees of conversations."""

import datetime as dt
from typing import Annotated, Any
from uuid import UUID

import strawberry

from data import models
from data.models import MessageRole
from data.viewer import Staff
from rag.answers import citations
from rag.answers.steps import OWN_WORDS
from rag.answers.trace import trace_from_json
from rag.models.local.answerer import LocalAnswerer
from schema.conversations.traces import AnswerTrace
from schema.documents.types import Document
from schema.operation import Info
from schema.readings import derived_field, link_field
from schema.relay.connections import Connection, connection_field
from schema.relay.node import Node, RowType
from schema.scalars import URL


@strawberry.type(description="A passage that an answer was drawn from.")
class Source:
    """Read off a `rag.answers.citations.DocumentCitation`."""

    document: Document | None = link_field(
        Document, models.Document, "document_id", "The document, for staff; null once it is deleted."
    )
    document_name: str = strawberry.field(description="The document's title when the answer was made.")
    number: int = strawberry.field(
        description="How the answer cites it: `[2]`. Sources that it does not cite are left out."
    )
    chunk_index: int = strawberry.field(description="The passage's place in the document, from 0.")
    excerpt: str = strawberry.field(description="The passage, at most 600 characters of it.")
    score: float = strawberry.field(description="How well it fits the question, from 0 to 1.")
    location: str | None = strawberry.field(description="Where to find it in the document: a page, or headings.")
    url: URL | None = strawberry.field(description="The passage's page on the web, when it came from one.")


def _sources(root: strawberry.Parent[models.Message]) -> Any:
    return citations.stored_citations(root.rag_sources)


def _model(root: strawberry.Parent[models.Message], info: Info) -> str | None:
    return (root.details or {}).get("model") if isinstance(info.context.viewer, Staff) else None


def _finish_reason(root: strawberry.Parent[models.Message]) -> str | None:
    return (root.details or {}).get("finish_reason")


def _cached(root: strawberry.Parent[models.Message]) -> bool:
    return bool((root.details or {}).get("cached"))


def _can_differ(root: strawberry.Parent[models.Message]) -> bool:
    return (root.details or {}).get("model") not in {None, "", OWN_WORDS, LocalAnswerer.name}


def _answer_id(root: strawberry.Parent[models.Message]) -> strawberry.ID | None:
    return None if root.answer_id is None else answer_global_id(root.answer_id)


def _resolved(root: strawberry.Parent[models.Message], info: Info) -> bool | None:
    return root.is_resolved if isinstance(info.context.viewer, Staff) else None


async def _trace(root: strawberry.Parent[models.Message], info: Info) -> Any:
    # Read once, whatever is asked of it: it is compressed, and may hold a prompt and ten passages.
    row = await info.context.loaders.row(models.MessageTrace, root.id)
    return None if row is None else trace_from_json(row.content)


@strawberry.type(description="One message of a conversation.")
class Message(RowType, Node):
    """A row of `messages`."""

    role: MessageRole = strawberry.field(description="Who speaks.")
    content: str = strawberry.field(description="The text; an answer's is Markdown.")
    rag_score: float | None = strawberry.field(
        description="How sure an answer is, from 0 to 1; null for a question and for small talk."
    )
    sources: list[Source] = derived_field(
        _sources, "rag_sources", graphql_type=list[Source], description="What an answer was drawn from, best first."
    )
    tokens_used: int | None = strawberry.field(description="What an answer cost, in tokens; 0 from the cache.")
    response_time_ms: int | None = strawberry.field(description="Time to the whole answer, in milliseconds.")
    feedback: int | None = strawberry.field(description="The visitor's rating: -1, 0, 1, or null when not rated.")
    feedback_comment: str | None = strawberry.field(description="What the visitor wrote beside the rating.")
    is_resolved: bool | None = derived_field(
        _resolved, "is_resolved", description="Whether the team dealt with it; null for a visitor."
    )
    answer_id: strawberry.ID | None = derived_field(
        _answer_id, "answer_id", description="A question's answer, for `answer`; it may be under way still."
    )
    model: str | None = derived_field(
        _model, "details", description="The model that wrote an answer; null for a visitor."
    )
    finish_reason: str | None = derived_field(
        _finish_reason,
        "details",
        description=(
            "How an answer ended: `stop`, `length` when it was cut at its longest, `stopped` by the reader, `other` "
            "when the model ended it for a reason of its own."
        ),
    )
    cached: bool = derived_field(_cached, "details", description="Whether an answer came from the cache.")
    can_differ: bool = derived_field(
        _can_differ,
        "details",
        description=(
            "Whether `regenerateAnswer` can give another answer: true for one that a model wrote; false for a "
            "question, and for what always comes out the same, such as quotations of the local answerer."
        ),
    )
    trace: AnswerTrace | None = derived_field(
        _trace,
        "id",
        graphql_type=AnswerTrace | None,
        description="How an answer came about, for staff; null for a question, for a visitor, and once it is no longer "
        "kept.",
    )
    created_at: dt.datetime = strawberry.field(description="When it was written.")
    updated_at: dt.datetime = strawberry.field(description="When it last changed.")
    conversation: Annotated["Conversation", strawberry.lazy("schema.conversations.types")] | None = link_field(
        Annotated["Conversation", strawberry.lazy("schema.conversations.types")],
        models.Conversation,
        "conversation_id",
        "The conversation it belongs to.",
    )


@strawberry.type(description="A discussion of one visitor with a workspace's assistant.")
class Conversation(RowType, Node):
    """A row of `conversations`."""

    title: str | None = strawberry.field(description="Its first question, shortened.")
    visitor_id: str = strawberry.field(description="The visitor; `staff:…` when the team tries its assistant.")
    visitor_name: str | None = strawberry.field(description="The name the site knows the visitor by.")
    visitor_email: str | None = strawberry.field(description="The e-mail the site knows the visitor by.")
    is_active: bool = strawberry.field(description="Whether it is open; false once archived.")
    message_count: int = strawberry.field(description="How many messages it has.")
    last_message_at: dt.datetime | None = strawberry.field(description="When somebody last wrote.")
    created_at: dt.datetime = strawberry.field(description="When it began.")
    archived_at: dt.datetime | None = strawberry.field(description="When it was archived.")

    messages: Connection[Message] | None = connection_field(
        Message, models.Message, models.Message.conversation_id, "Its messages, oldest first."
    )


def answer_global_id(key: UUID) -> strawberry.ID:
    """Return the identifier clients know an answer by, before and after it is stored."""
    return strawberry.ID(models.global_id(models.Message.node_name, key))
