"""What a client sees of documents."""

import datetime as dt

import strawberry

from core.errors import ErrorCode
from data import models
from data.models import DocumentStatus, IngestionStage
from schema.readings import derived_field, link_field
from schema.relay.node import Node, RowType


def _error_code(root: strawberry.Parent[models.Document]) -> ErrorCode | None:
    return None if root.error_code is None else ErrorCode(root.error_code)


@strawberry.type(description="A file that the assistant answers from.")
class Document(RowType, Node):
    """A row of `documents`."""

    name: str = strawberry.field(description="Its title, at most 500 characters.")
    status: DocumentStatus = strawberry.field(description="Where it stands.")
    stage: IngestionStage = strawberry.field(description="What is being done to it, or was when it failed.")
    progress: float = strawberry.field(description="How far it is, from 0 to 1.")
    error: str | None = strawberry.field(description="Why it failed and what to do, for people.")
    error_code: ErrorCode | None = derived_field(_error_code, "error_code", description="Why it failed, for programs.")
    file_type: str = strawberry.field(description="Its kind, found from its content: `pdf`, `docx`, `markdown` …")
    file_size: int = strawberry.field(description="Its size in bytes.")
    language: str | None = strawberry.field(description="Its language, `en` or `fr`, once it is read.")
    is_indexed: bool = strawberry.field(description="Whether its passages are searched.")
    chunk_count: int = strawberry.field(description="How many passages it was cut into.")
    embedding_model: str | None = strawberry.field(description="What made its vectors.")
    created_at: dt.datetime = strawberry.field(description="When it was uploaded.")
    updated_at: dt.datetime = strawberry.field(description="When it last changed.")


@strawberry.type(description="A step of a document on its way to the index.")
class DocumentProgress:
    """An event of `documentProgress`; its fields are read off `rag.ingestion.events.IngestionEvent`."""

    document: Document | None = link_field(
        Document, models.Document, "document_id", "The document; null when it was deleted meanwhile."
    )
    status: DocumentStatus = strawberry.field(description="Where it stands.")
    stage: IngestionStage = strawberry.field(description="What is being done to it.")
    fraction: float = strawberry.field(name="progress", description="How far it is, from 0 to 1.")
    error: str | None = strawberry.field(description="Why it failed.")
