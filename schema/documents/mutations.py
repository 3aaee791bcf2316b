"""What can be changed about documents."""

from typing import Annotated, cast

import strawberry
from starlette.datastructures import UploadFile

from data import models
from resolvers import documents, uploads
from schema.documents.inputs import (
    AddTextInput,
    CancelDocumentInput,
    DeleteDocumentInput,
    ReplaceDocumentInput,
    RetryDocumentInput,
    RetryFailedDocumentsInput,
    UploadDocumentInput,
)
from schema.documents.results import (
    AddTextPayload,
    AddTextResult,
    CancelDocumentPayload,
    CancelDocumentResult,
    DeleteDocumentPayload,
    DeleteDocumentResult,
    DuplicateDocument,
    ReplaceDocumentPayload,
    ReplaceDocumentResult,
    RetryDocumentPayload,
    RetryDocumentResult,
    RetryFailedDocumentsPayload,
    RetryFailedDocumentsResult,
    UploadDocumentPayload,
    UploadDocumentResult,
)
from schema.documents.types import Document
from schema.operation import Info
from schema.relay.node import key_of
from schema.user_errors import UserErrorsAsData


def _content_errors() -> UserErrorsAsData:
    return UserErrorsAsData({uploads.DuplicateDocument: DuplicateDocument.of})


@strawberry.type
class DocumentMutations:
    @strawberry.mutation(
        graphql_type=UploadDocumentResult,
        extensions=[_content_errors()],
        description="Store a file and index it in the background.",
    )
    async def upload_document(
        self, info: Info, input: Annotated[UploadDocumentInput, strawberry.argument(description="The file.")]
    ) -> UploadDocumentPayload:
        workspace_id = key_of(input.workspace_id, models.Workspace)
        file = cast("UploadFile", input.file)
        row = await uploads.upload(
            info.context,
            workspace_id,
            file.filename or "",
            file.file,
            input.name,
            allow_duplicate=input.allow_duplicate,
        )
        return UploadDocumentPayload(document=cast("Document", row))

    @strawberry.mutation(
        graphql_type=AddTextResult,
        extensions=[_content_errors()],
        description="Store a text as a document of its own and index it in the background.",
    )
    async def add_text(
        self, info: Info, input: Annotated[AddTextInput, strawberry.argument(description="The text.")]
    ) -> AddTextPayload:
        workspace_id = key_of(input.workspace_id, models.Workspace)
        row = await uploads.add_text(
            info.context, workspace_id, input.title, input.content, allow_duplicate=input.allow_duplicate
        )
        return AddTextPayload(document=cast("Document", row))

    @strawberry.mutation(
        graphql_type=ReplaceDocumentResult,
        extensions=[_content_errors()],
        description="Store a file in the place of a document's and index it in the background. The document is "
        "searched as it was until the new file is read, and stays so when that fails.",
    )
    async def replace_document(
        self, info: Info, input: Annotated[ReplaceDocumentInput, strawberry.argument(description="The new file.")]
    ) -> ReplaceDocumentPayload:
        key, file = key_of(input.id, models.Document), cast("UploadFile", input.file)
        row = await uploads.replace(
            info.context, key, file.filename or "", file.file, allow_duplicate=input.allow_duplicate
        )
        return ReplaceDocumentPayload(document=cast("Document", row))

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
        description="Call off the indexing of a document, at whatever stage. What was searched before stays searched, "
        "and a file that was to stand for the document's own is given up.",
    )
    async def cancel_document(
        self, info: Info, input: Annotated[CancelDocumentInput, strawberry.argument(description="The document.")]
    ) -> CancelDocumentPayload:
        row = await documents.cancel(info.context, key_of(input.id, models.Document))
        return CancelDocumentPayload(document=cast("Document", row))

    @strawberry.mutation(
        graphql_type=RetryFailedDocumentsResult,
        extensions=[UserErrorsAsData()],
        description="Index each document of a workspace again that failed, once; those that were cancelled stay.",
    )
    async def retry_failed_documents(
        self,
        info: Info,
        input: Annotated[RetryFailedDocumentsInput, strawberry.argument(description="The workspace.")],
    ) -> RetryFailedDocumentsPayload:
        count = await documents.retry_failed(info.context, key_of(input.workspace_id, models.Workspace))
        return RetryFailedDocumentsPayload(retried_count=count)
