"""Documents: what an assistant knows."""

import datetime as dt
from collections.abc import AsyncIterator
from typing import Annotated, Any, cast

import strawberry
from starlette.datastructures import UploadFile
from strawberry.file_uploads import Upload

from core.errors import ErrorCode
from data import models
from data.models import DocumentStatus, IngestionStage
from rag.ingestion.events import Progress
from resolvers import documents
from schema.node import Node, RowType, key_of
from schema.operation import Info
from schema.user_errors import InvalidInput, RejectionsAsData


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
    error_code: ErrorCode | None = strawberry.field(resolver=_error_code, description="Why it failed, for programs.")
    file_type: str = strawberry.field(description="Its kind, found from its content: `pdf`, `docx`, `markdown` …")
    file_size: int = strawberry.field(description="Its size in bytes.")
    language: str | None = strawberry.field(description="Its language, `en` or `fr`, once it is read.")
    is_indexed: bool = strawberry.field(description="Whether its passages are searched.")
    chunk_count: int = strawberry.field(description="How many passages it was cut into.")
    embedding_model: str | None = strawberry.field(description="What made its vectors.")
    created_at: dt.datetime = strawberry.field(description="When it was uploaded.")
    updated_at: dt.datetime = strawberry.field(description="When it last changed.")


@strawberry.input(description="A file for a workspace, sent by the multipart request convention.")
class UploadDocumentInput:
    """Input of `uploadDocument`."""

    workspace_id: strawberry.ID = strawberry.field(description="The workspace that learns from it.")
    file: Upload = strawberry.field(description="Text, Markdown, HTML, PDF, DOCX or CSV, at most 25 MB.")
    name: str | None = strawberry.field(default=None, description="Its title; the file's name by default.")


@strawberry.type(description="The document, waiting to be indexed.")
class UploadDocumentPayload:
    """Result of `uploadDocument`."""

    document: Document = strawberry.field(description="The document; follow it with `documentProgress`.")


@strawberry.input(description="A document.")
class DeleteDocumentInput:
    """Input of `deleteDocument`."""

    id: strawberry.ID = strawberry.field(description="The document.")


@strawberry.type(description="The document is gone.")
class DeleteDocumentPayload:
    """Result of `deleteDocument`."""

    deleted_id: strawberry.ID = strawberry.field(description="The identifier it had.")


@strawberry.input(description="A document that failed.")
class RetryDocumentInput:
    """Input of `retryDocument`."""

    id: strawberry.ID = strawberry.field(description="The document.")


@strawberry.type(description="The document waits again.")
class RetryDocumentPayload:
    """Result of `retryDocument`."""

    document: Document = strawberry.field(description="The document.")


UploadDocumentResult = Annotated[
    UploadDocumentPayload | InvalidInput,
    strawberry.union("UploadDocumentResult", description="The document, or why not."),
]
DeleteDocumentResult = Annotated[
    DeleteDocumentPayload | InvalidInput, strawberry.union("DeleteDocumentResult", description="Done, or why not.")
]
RetryDocumentResult = Annotated[
    RetryDocumentPayload | InvalidInput,
    strawberry.union("RetryDocumentResult", description="The document, or why not."),
]


async def _document(root: strawberry.Parent[Progress], info: Info) -> Any:
    return await info.context.loaders.row(models.Document, root.document_id)


@strawberry.type(description="A step of a document on its way to the index.")
class DocumentProgress:
    """An event of `documentProgress`; its fields are read off `rag.ingestion.events.Progress`."""

    document: Document | None = strawberry.field(
        resolver=_document,
        graphql_type=Document | None,
        description="The document; null when it was deleted meanwhile.",
    )
    status: DocumentStatus = strawberry.field(description="Where it stands.")
    stage: IngestionStage = strawberry.field(description="What is being done to it.")
    fraction: float = strawberry.field(name="progress", description="How far it is, from 0 to 1.")
    error: str | None = strawberry.field(description="Why it failed.")


@strawberry.type
class DocumentMutations:
    """Fields of `Mutation`."""

    @strawberry.mutation(
        graphql_type=UploadDocumentResult,
        extensions=[RejectionsAsData()],
        description="Store a file and index it in the background.",
    )
    async def upload_document(
        self, info: Info, input: Annotated[UploadDocumentInput, strawberry.argument(description="The file.")]
    ) -> UploadDocumentPayload:
        """Store a file."""
        workspace_id = key_of(input.workspace_id, models.Workspace)
        file = cast("UploadFile", input.file)
        row = await documents.upload(info.context, workspace_id, file.filename or "", file.file, input.name)
        return UploadDocumentPayload(document=cast("Document", row))

    @strawberry.mutation(
        graphql_type=DeleteDocumentResult,
        extensions=[RejectionsAsData()],
        description="Take a document out of the answers and erase its file and passages.",
    )
    async def delete_document(
        self, info: Info, input: Annotated[DeleteDocumentInput, strawberry.argument(description="The document.")]
    ) -> DeleteDocumentPayload:
        """Delete a document."""
        await documents.remove(info.context, key_of(input.id, models.Document))
        return DeleteDocumentPayload(deleted_id=input.id)

    @strawberry.mutation(
        graphql_type=RetryDocumentResult,
        extensions=[RejectionsAsData()],
        description="Index a document again that failed.",
    )
    async def retry_document(
        self, info: Info, input: Annotated[RetryDocumentInput, strawberry.argument(description="The document.")]
    ) -> RetryDocumentPayload:
        """Try again."""
        row = await documents.retry(info.context, key_of(input.id, models.Document))
        return RetryDocumentPayload(document=cast("Document", row))


@strawberry.type
class DocumentSubscriptions:
    """Fields of `Subscription`."""

    @strawberry.subscription(
        graphql_type=DocumentProgress,
        description="Where each document of a workspace stands that is unfinished or finished within the last minute, "
        "then every step, until unsubscribed.",
    )
    async def document_progress(
        self,
        info: Info,
        workspace_id: Annotated[strawberry.ID, strawberry.argument(description="The workspace.")],
    ) -> AsyncIterator[Progress]:
        """Follow the documents."""
        async for step in documents.progress(info.context, key_of(workspace_id, models.Workspace)):
            info.context.forget_loaded()
            yield step
