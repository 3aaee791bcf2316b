"""What a client sees of the storage of a workspace and of an account."""

import strawberry


@strawberry.type(description="How much is stored, and the most that may be. Deleted documents do not count.")
class Storage:
    """Read off `resolvers.storage.Storage`."""

    bytes: float = strawberry.field(
        description="Bytes of the uploaded files, a whole number; a Float, because it may pass 2,147,483,647."
    )
    documents: int = strawberry.field(description="Documents, failed ones included.")
    pages: int = strawberry.field(
        description="Pages of the documents that were read: a PDF's own, or 3,000 characters each if that gives more."
    )
    max_bytes: float | None = strawberry.field(description="The most bytes; null is no bound.")
    max_documents: int | None = strawberry.field(description="The most documents; null is no bound.")
    max_pages: int | None = strawberry.field(description="The most pages; null is no bound.")
