"""What a client sends about documents."""

import strawberry
from strawberry.file_uploads import Upload


@strawberry.input(description="A file for a workspace, sent by the multipart request convention.")
class UploadDocumentInput:
    workspace_id: strawberry.ID = strawberry.field(description="The workspace that learns from it.")
    file: Upload = strawberry.field(description="Text, Markdown, HTML, PDF, DOCX or CSV, at most 25 MB.")
    name: str | None = strawberry.field(default=None, description="Its title; the file's name by default.")


@strawberry.input(description="A document.")
class DeleteDocumentInput:
    id: strawberry.ID = strawberry.field(description="The document.")


@strawberry.input(description="A document that failed.")
class RetryDocumentInput:
    id: strawberry.ID = strawberry.field(description="The document.")


@strawberry.input(description="A document that waits or is processed.")
class CancelDocumentInput:
    id: strawberry.ID = strawberry.field(description="The document.")
