"""What a client sends about documents."""

import strawberry
from strawberry.file_uploads import Upload

DUPLICATES = "Whether to take it also when the workspace holds the same content already; false by default."


@strawberry.input(description="A file for a workspace, sent by the multipart request convention.")
class UploadDocumentInput:
    workspace_id: strawberry.ID = strawberry.field(description="The workspace that learns from it.")
    file: Upload = strawberry.field(
        description="Text, Markdown, HTML, JSON, CSV, PDF, Word, PowerPoint, Excel, OpenDocument, RTF, EPUB or an "
        "e-mail, at most 25 MB."
    )
    name: str | None = strawberry.field(default=None, description="Its title; the file's name by default.")
    allow_duplicate: bool = strawberry.field(default=False, description=DUPLICATES)


@strawberry.input(description="A text for a workspace, such as the answer to a frequent question.")
class AddTextInput:
    workspace_id: strawberry.ID = strawberry.field(description="The workspace that learns from it.")
    title: str = strawberry.field(
        description="What it is about, such as the question that it answers: 1 to 500 characters. It is searched too."
    )
    content: str = strawberry.field(description="The text, as plain text or Markdown: 1 to 50,000 characters.")
    allow_duplicate: bool = strawberry.field(default=False, description=DUPLICATES)


@strawberry.input(description="A file that is to stand for a document's, sent by the multipart request convention.")
class ReplaceDocumentInput:
    id: strawberry.ID = strawberry.field(description="The document, which keeps its name and its identifier.")
    file: Upload = strawberry.field(description="As that of `uploadDocument`; its type may be another than before.")
    allow_duplicate: bool = strawberry.field(default=False, description=DUPLICATES)


@strawberry.input(description="A document.")
class DeleteDocumentInput:
    id: strawberry.ID = strawberry.field(description="The document.")


@strawberry.input(description="A document that failed.")
class RetryDocumentInput:
    id: strawberry.ID = strawberry.field(description="The document.")


@strawberry.input(description="A document that waits or is processed, or whose new file could not be read.")
class CancelDocumentInput:
    id: strawberry.ID = strawberry.field(description="The document.")


@strawberry.input(description="A workspace whose documents failed.")
class RetryFailedDocumentsInput:
    workspace_id: strawberry.ID = strawberry.field(description="The workspace.")
