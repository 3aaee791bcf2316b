"""Which embedder searches a workspace, and the vectors of others."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mssql

from data.types import UtcDateTime, utc_now

revision = "0016"
down_revision = "0011"


def upgrade() -> None:
    op.create_table(
        "document_vectors",
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("embedder", sa.Unicode(length=100), nullable=False),
        sa.Column("chunk_version", sa.Integer(), nullable=False),
        sa.Column("first_chunk", sa.Integer(), nullable=False),
        sa.Column("chunk_count", sa.Integer(), nullable=False),
        sa.Column("vectors", sa.LargeBinary().with_variant(mssql.VARBINARY(length="max"), "mssql"), nullable=False),
        sa.Column("created_at", UtcDateTime(), server_default=utc_now(), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_id"], ["documents.id"], name=op.f("fk_document_vectors_document_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_document_vectors_workspace_id")),
        sa.PrimaryKeyConstraint(
            "document_id", "embedder", "chunk_version", "first_chunk", name=op.f("pk_document_vectors")
        ),
    )
    op.create_index("idx_document_vectors_workspace", "document_vectors", ["workspace_id"])
    op.add_column("storage_usage", sa.Column("embedder", sa.Unicode(length=100), nullable=True))
    op.add_column("storage_usage", sa.Column("embedder_since", UtcDateTime(), nullable=True))
    op.add_column("storage_usage", sa.Column("embedding_progress", sa.Double(), nullable=True))
    usage = sa.table("storage_usage", sa.column("workspace_id"), sa.column("embedder"))
    documents = sa.table(
        "documents",
        *(sa.column(name) for name in ("workspace_id", "embedding_model", "deleted_at")),
        sa.column("is_indexed", sa.Boolean()),
    )
    embedder = (
        sa.select(sa.func.max(documents.c.embedding_model))
        .where(
            documents.c.workspace_id == usage.c.workspace_id,
            documents.c.is_indexed == sa.true(),
            documents.c.deleted_at.is_(None),
        )
        .scalar_subquery()
    )
    op.execute(usage.update().values(embedder=embedder))


def downgrade() -> None:
    for name in ("embedding_progress", "embedder_since", "embedder"):
        op.drop_column("storage_usage", name)
    op.drop_table("document_vectors")
