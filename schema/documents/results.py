"""What mutations of documents answer."""

from typing import Annotated
from uuid import UUID

import strawberry

from data import models
from resolvers import uploads
from schema.documents.types import Document
from schema.readings import link_field
from schema.user_errors import InvalidInput, UserError


@strawberry.type(description="The workspace holds a document of the same content.")
class DuplicateDocument(UserError):
    key: strawberry.Private[UUID]
    document_id: strawberry.ID = strawberry.field(description="The identifier of the document that is there.")
    document: Document = link_field(Document, models.Document, "key", "The document that is there.", what="document")

    @classmethod
    def of(cls, error: uploads.DuplicateDocument) -> "DuplicateDocument":
        """Return what an operation answers that met the error."""
        document_id = strawberry.ID(models.global_id(models.Document.node_name, error.document_id))
        return cls(
            code=error.code, message=error.message, path=error.path, key=error.document_id, document_id=document_id
        )


@strawberry.type(description="The document, waiting to be indexed.")
class UploadDocumentPayload:
    document: Document = strawberry.field(description="The document; follow it with `documentProgress`.")


@strawberry.type(description="The text as a document, waiting to be indexed.")
class AddTextPayload:
    document: Document = strawberry.field(description="The document; follow it with `documentProgress`.")


@strawberry.type(description="The document, searched as it was while it waits to be indexed again.")
class ReplaceDocumentPayload:
    document: Document = strawberry.field(description="The document; follow it with `documentProgress`.")


@strawberry.type(description="The document is gone.")
class DeleteDocumentPayload:
    deleted_id: strawberry.ID = strawberry.field(description="The identifier it had.")


@strawberry.type(description="The document waits again.")
class RetryDocumentPayload:
    document: Document = strawberry.field(description="The document.")


@strawberry.type(description="The documents that failed wait again.")
class RetryFailedDocumentsPayload:
    retried_count: int = strawberry.field(description="How many they are.")


@strawberry.type(description="The document is no longer processed.")
class CancelDocumentPayload:
    document: Document = strawberry.field(description="The document: as it was searched before, or failed.")


UploadDocumentResult = Annotated[
    UploadDocumentPayload | DuplicateDocument | InvalidInput,
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


AddTextResult = Annotated[
    AddTextPayload | DuplicateDocument | InvalidInput,
    strawberry.union("AddTextResult", description="The document, or why not."),
]


ReplaceDocumentResult = Annotated[
    ReplaceDocumentPayload | DuplicateDocument | InvalidInput,
    strawberry.union("ReplaceDocumentResult", description="The document, or why not."),
]


RetryFailedDocumentsResult = Annotated[
    RetryFailedDocumentsPayload | InvalidInput,
    strawberry.union("RetryFailedDocumentsResult", description="How many, or why not."),
]
