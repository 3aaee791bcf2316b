"""What a client sees of documents."""

import datetime as dt

import strawberry

from core.errors import ErrorCode
from data import models
from data.models import DocumentOrigin, DocumentStatus, IngestionStage
from schema.operation import Info
from schema.readings import derived_field, link_field
from schema.relay.connections import Connection, connection_field
from schema.relay.node import Node, RowType
from schema.scalars import URL


@strawberry.type(description="A passage of a document: what is searched, and quoted in answers.")
class Passage(RowType):
    """A row of `document_chunks`, of the version that is searched."""

    chunk_index: int = strawberry.field(name="index", description="Its place in the document, from 0.")
    content: str = strawberry.field(description="Its text.")
    location: str | None = strawberry.field(
        description="Where it stands in the document: pages, slides, sheet and cells, or lines."
    )
    heading: str | None = strawberry.field(description="The headings above it, outermost first, with › between them.")
    token_count: int = strawberry.field(description="Its approximate length in tokens.")


def _warnings(root: strawberry.Parent[models.Document]) -> list[str]:
    return root.warnings or []


def _download_url(root: strawberry.Parent[models.Document], info: Info) -> URL:
    return URL(f"{info.context.policy.public_url}/files/{models.global_id(models.Document.node_name, root.id)}")


def _error_code(root: strawberry.Parent[models.Document]) -> ErrorCode | None:
    return None if root.error_code is None else ErrorCode(root.error_code)


@strawberry.type(description="A file that the assistant answers from.")
class Document(RowType, Node):
    """A row of `documents`."""

    origin: DocumentOrigin = strawberry.field(description="Where it came from.")
    name: str = strawberry.field(description="What the team calls it, at most 500 characters.")
    title: str | None = strawberry.field(description="What it calls itself, once it is read; null when it does not.")
    url: URL | None = strawberry.field(description="The address of a page of a website; null for other documents.")
    status: DocumentStatus = strawberry.field(description="Where it stands.")
    stage: IngestionStage = strawberry.field(description="What is being done to it, or was when it failed.")
    progress: float = strawberry.field(description="How far it is, from 0 to 1.")
    error: str | None = strawberry.field(description="Why it failed and what to do, for people.")
    error_code: ErrorCode | None = derived_field(_error_code, "error_code", description="Why it failed, for programs.")
    warnings: list[str] = derived_field(
        _warnings, "warnings", description="What of it could not be read, a sentence each: `pages 4 to 6 hold no text`."
    )
    file_type: str = strawberry.field(
        description="Its kind, found from its content: `pdf`, `docx`, `xlsx`, `markdown` …"
    )
    file_size: int = strawberry.field(description="Its size in bytes.")
    language: str | None = strawberry.field(description="Its language, `en` or `fr`, once it is read.")
    published_at: dt.datetime | None = strawberry.field(
        description="When it says that it was published, once it is read; null when it does not. A day is its midnight."
    )
    modified_at: dt.datetime | None = strawberry.field(
        description="When it says that it was last changed, once it is read; null when it does not."
    )
    is_indexed: bool = strawberry.field(description="Whether its passages are searched.")
    chunk_version: int = strawberry.field(
        name="version",
        description="How many times its passages were made; 0 before they are first.",
    )
    chunk_count: int = strawberry.field(description="How many passages it was cut into.")
    embedding_model: str | None = strawberry.field(description="What made its vectors.")
    created_at: dt.datetime = strawberry.field(description="When it was uploaded.")
    updated_at: dt.datetime = strawberry.field(description="When it last changed.")
    download_url: URL | None = derived_field(
        _download_url,
        "id",
        description="Where its file is downloaded, with the account's token: an address, or a path of this server when "
        "the operator named no public address.",
    )

    passages: Connection[Passage] | None = connection_field(
        Passage,
        models.DocumentChunk,
        models.DocumentChunk.document_id,
        "Its passages in reading order: those that are searched, also while a new version of it is read.",
    )


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
