"""What can be changed about documents."""

from typing import Annotated, cast

import strawberry
from starlette.datastructures import UploadFile

from data import models
from resolvers import documents
from schema.documents.inputs import CancelDocumentInput, DeleteDocumentInput, RetryDocumentInput, UploadDocumentInput
from schema.documents.types import Document
from schema.operation import Info
from schema.relay.node import key_of
from schema.user_errors import InvalidInput, UserErrorsAsData


@strawberry.type(description="The document, waiting to be indexed.")
class UploadDocumentPayload:
    document: Document = strawberry.field(description="The document; follow it with `documentProgress`.")


@strawberry.type(description="The document is gone.")
class DeleteDocumentPayload:
    deleted_id: strawberry.ID = strawberry.field(description="The identifier it had.")


@strawberry.type(description="The document waits again.")
class RetryDocumentPayload:
    document: Document = strawberry.field(description="The document.")


@strawberry.type(description="The document is no longer processed.")
class CancelDocumentPayload:
    document: Document = strawberry.field(description="The document: as it was searched before, or failed.")


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


CancelDocumentResult = Annotated[
    CancelDocumentPayload | InvalidInput,
    strawberry.union("CancelDocumentResult", description="The document, or why not."),
]


@strawberry.type
class DocumentMutations:
    @strawberry.mutation(
        graphql_type=UploadDocumentResult,
        extensions=[UserErrorsAsData()],
        description="Store a file and index it in the background.",
    )
    async def upload_document(
        self, info: Info, input: Annotated[UploadDocumentInput, strawberry.argument(description="The file.")]
    ) -> UploadDocumentPayload:
        workspace_id = key_of(input.workspace_id, models.Workspace)
        file = cast("UploadFile", input.file)
        row = await documents.upload(info.context, workspace_id, file.filename or "", file.file, input.name)
        return UploadDocumentPayload(document=cast("Document", row))

    @strawberry.mutation(
        graphql_type=DeleteDocumentResult,
        extensions=[UserErrorsAsData()],
        description="Take a document out of the answers and erase its file and passages.",
    )
    async def delete_document(
        self, info: Info, input: Annotated[DeleteDocumentInput, strawberry.argument(description="The document.")]
    ) -> DeleteDocumentPayload:
        await documents.remove(info.context, key_of(input.id, models.Document))
        return DeleteDocumentPayload(deleted_id=input.id)

    @strawberry.mutation(
        graphql_type=RetryDocumentResult,
        extensions=[UserErrorsAsData()],
        description="Index a document again that failed.",
    )
    async def retry_document(
        self, info: Info, input: Annotated[RetryDocumentInput, strawberry.argument(description="The document.")]
    ) -> RetryDocumentPayload:
        row = await documents.retry(info.context, key_of(input.id, models.Document))
        return RetryDocumentPayload(document=cast("Document", row))

    @strawberry.mutation(
        graphql_type=CancelDocumentResult,
        extensions=[UserErrorsAsData()],
        description="Call off the indexing of a document, at whatever stage. What was searched before stays searched.",
    )
    async def cancel_document(
        self, info: Info, input: Annotated[CancelDocumentInput, strawberry.argument(description="The document.")]
    ) -> CancelDocumentPayload:
        row = await documents.cancel(info.context, key_of(input.id, models.Document))
        return CancelDocumentPayload(document=cast("Document", row))
