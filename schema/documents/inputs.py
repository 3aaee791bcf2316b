"""What a client sends about documents."""

import strawberry
from strawberry.file_uploads import Upload


@strawberry.input(description="A file for a workspace, sent by the multipart request convention.")
class UploadDocumentInput:
    """Input of `uploadDocument`."""

    workspace_id: strawberry.ID = strawberry.field(description="The workspace that learns from it.")
    file: Upload = strawberry.field(description="Text, Markdown, HTML, PDF, DOCX or CSV, at most 25 MB.")
    name: str | None = strawberry.field(default=None, description="Its title; the file's name by default.")


@strawberry.input(description="A document.")
class DeleteDocumentInput:
    """Input of `deleteDocument`."""

    id: strawberry.ID = strawberry.field(description="The document.")


@strawberry.input(description="A document that failed.")
class RetryDocumentInput:
    """Input of `retryDocument`."""

    id: strawberry.ID = strawberry.field(description="The document.")
