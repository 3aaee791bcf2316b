"""Documents and the chunks that retrieval searches."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, PrimaryKeyConstraint, Unicode
from sqlalchemy.orm import Mapped, mapped_column

from data.models.base import NO, ZERO, Created, Keyed, Model, Updated, primary_key
from data.types import Chosen, Json, Vector


class DocumentStatus(StrEnum):
    """Where a document stands between its upload and being searched."""

    PENDING = "pending"
    PROCESSING = "processing"
    READY = "ready"
    FAILED = "failed"


class IngestionStage(StrEnum):
    """What is being done to a document that is processed."""

    QUEUED = "queued"
    PARSING = "parsing"
    CHUNKING = "chunking"
    EMBEDDING = "embedding"
    STORING = "storing"
    DONE = "done"


class DocumentOrigin(StrEnum):
    """Where a document came from."""

    UPLOAD = "upload"
    TEXT = "text"
    PAGE = "page"


class Document(Keyed, Created, Updated, Model):
    """A file of a workspace. `file_path` is its key in the file storage, never the visitor's or customer's name for it.

    `progress` runs from 0 to 1. `error_code` and `error` say why a document failed. `page_count` is zero until it
    is read. `title` is what the document calls itself, `warnings` tell what of it could not be read, a sentence
    each. `url` is where a page of a website is, `published_at` and `modified_at` when it says that it was.
    `content_hash` is the SHA-256 of the file in hexadecimal; files stored before it was kept have none.
    `chunk_version` says which version of its chunks is searched. The `replacement_` columns describe a file that is
    to stand for the one there is, once it is read. A document with `deleted_at` is gone for
    every reader; the row waits for `sp_cleanup_old_data`.
    """

    __tablename__ = "documents"
    node_name = "Document"

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"))
    origin: Mapped[DocumentOrigin] = mapped_column(
        Chosen(DocumentOrigin, 20), default=DocumentOrigin.UPLOAD, server_default=DocumentOrigin.UPLOAD.value
    )
    name: Mapped[str] = mapped_column(Unicode(500))
    title: Mapped[str | None] = mapped_column(Unicode(500))
    url: Mapped[str | None] = mapped_column(Unicode(2000))
    file_path: Mapped[str] = mapped_column(Unicode())
    file_type: Mapped[str] = mapped_column(Unicode(50))
    file_size: Mapped[int] = mapped_column(BigInteger())
    content_hash: Mapped[str | None] = mapped_column(Unicode(64))
    replacement_path: Mapped[str | None] = mapped_column(Unicode())
    replacement_type: Mapped[str | None] = mapped_column(Unicode(50))
    replacement_size: Mapped[int | None] = mapped_column(BigInteger())
    replacement_hash: Mapped[str | None] = mapped_column(Unicode(64))
    warnings: Mapped[list[str] | None] = mapped_column(Json())
    language: Mapped[str | None] = mapped_column(Unicode(10))
    published_at: Mapped[datetime | None]
    modified_at: Mapped[datetime | None]
    status: Mapped[DocumentStatus] = mapped_column(
        Chosen(DocumentStatus, 20), default=DocumentStatus.PENDING, server_default=DocumentStatus.PENDING.value
    )
    stage: Mapped[IngestionStage] = mapped_column(
        Chosen(IngestionStage, 20), default=IngestionStage.QUEUED, server_default=IngestionStage.QUEUED.value
    )
    progress: Mapped[float] = mapped_column(default=0.0, server_default=ZERO)
    error_code: Mapped[str | None] = mapped_column(Unicode(50))
    error: Mapped[str | None] = mapped_column(Unicode())
    is_indexed: Mapped[bool] = mapped_column(default=False, server_default=NO)
    embedding_model: Mapped[str | None] = mapped_column(Unicode(100))
    chunk_count: Mapped[int] = mapped_column(default=0, server_default=ZERO)
    chunk_version: Mapped[int] = mapped_column(default=0, server_default=ZERO)
    page_count: Mapped[int] = mapped_column(default=0, server_default=ZERO)
    deleted_at: Mapped[datetime | None]

    __table_args__ = (
        primary_key(),
        CheckConstraint("file_size > 0", name="CHK_documents_file_size"),
        Index("idx_documents_workspace_id", "workspace_id", "deleted_at", "created_at", "id", mssql_clustered=True),
        Index("idx_documents_status", "status"),
        Index("idx_documents_workspace_status", "workspace_id", "status", "created_at", "id"),
        Index("idx_documents_workspace_updated", "workspace_id", "updated_at"),
        Index("idx_documents_content_hash", "workspace_id", "content_hash"),
        Index("idx_documents_replacement_hash", "workspace_id", "replacement_hash"),
    )


class DocumentChunk(Keyed, Created, Model):
    """A passage of a document.

    Each attempt to index the document writes a `version` of its chunks, a few at a time, which is searched when
    `documents.chunk_version` names it.

    `places` are the [offset in `content`, place] of its parts, where they are in several.

    `embedding` is float32 of shape (dimensions,) in the space `documents.embedding_model`, where there is one.

    `workspace_id` does not cascade: SQL Server refuses a second path from the same ancestor (error 1785).
    """

    __tablename__ = "document_chunks"
    node_name = "Passage"

    document_id: Mapped[UUID] = mapped_column(ForeignKey("documents.id", ondelete="CASCADE"))
    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id"))
    version: Mapped[int] = mapped_column(default=0, server_default=ZERO)
    chunk_index: Mapped[int]
    heading: Mapped[str | None] = mapped_column(Unicode())
    location: Mapped[str | None] = mapped_column(Unicode(500))
    places: Mapped[list[list[Any]] | None] = mapped_column(Json())
    content: Mapped[str] = mapped_column(Unicode())
    token_count: Mapped[int]
    embedding: Mapped[NDArray[np.float32]] = mapped_column(Vector())

    __table_args__ = (
        primary_key(),
        Index(
            "idx_document_chunks_document", "document_id", "version", "chunk_index", unique=True, mssql_clustered=True
        ),
        Index("idx_document_chunks_workspace", "workspace_id"),
    )


class DocumentVectors(Created, Model):
    """Vectors of some of a document's chunks by another embedder than the one that indexed it.

    They are those of the `chunk_count` chunks of `chunk_version` from `first_chunk` on, in order: float32 of shape
    (chunk_count, dimensions), row by row. Kept for a while after the embedder searched the workspace last.

    `workspace_id` does not cascade, as that of chunks.
    """

    __tablename__ = "document_vectors"

    document_id: Mapped[UUID] = mapped_column(ForeignKey("documents.id", ondelete="CASCADE"))
    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id"))
    embedder: Mapped[str] = mapped_column(Unicode(100))
    chunk_version: Mapped[int]
    first_chunk: Mapped[int]
    chunk_count: Mapped[int]
    vectors: Mapped[NDArray[np.float32]] = mapped_column(Vector())

    __table_args__ = (
        PrimaryKeyConstraint("document_id", "embedder", "chunk_version", "first_chunk"),
        Index("idx_document_vectors_workspace", "workspace_id"),
    )
