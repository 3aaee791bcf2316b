"""Background work as rows, and chunks that are written a few at a time and searched all at once."""

import sqlalchemy as sa
from alembic import op

from data.types import UtcDateTime, utc_now

revision = "0003"
down_revision = "0002"

OLD_INDEX = ["document_id", "chunk_index"]
NEW_INDEX = ["document_id", "version", "chunk_index"]


def upgrade() -> None:
    op.create_table(
        "jobs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Unicode(30), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=True),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.Unicode(20), server_default="waiting", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("lease", sa.Uuid(), nullable=True),
        sa.Column("leased_until", UtcDateTime(), nullable=True),
        sa.Column("not_before", UtcDateTime(), server_default=utc_now(), nullable=False),
        sa.Column("progress", sa.Double(), server_default=sa.text("0"), nullable=False),
        sa.Column("error_code", sa.Unicode(50), nullable=True),
        sa.Column("error", sa.Unicode(), nullable=True),
        sa.Column("created_at", UtcDateTime(), server_default=utc_now(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_jobs_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs"), mssql_clustered=False),
    )
    op.create_index("idx_jobs_workspace", "jobs", ["workspace_id", "created_at"], mssql_clustered=True)
    op.create_index("idx_jobs_subject", "jobs", ["kind", "subject_id"], unique=True)
    op.create_index("idx_jobs_turn", "jobs", ["status", "workspace_id", "not_before"])
    op.create_index("idx_jobs_lease", "jobs", ["status", "leased_until"])
    # What is stored is version 0 of its document, and searched as such.
    op.add_column("documents", sa.Column("chunk_version", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.add_column("document_chunks", sa.Column("version", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.drop_index("idx_document_chunks_document", table_name="document_chunks", mssql_clustered=True)
    op.create_index("idx_document_chunks_document", "document_chunks", NEW_INDEX, unique=True, mssql_clustered=True)


def downgrade() -> None:
    op.drop_index("idx_document_chunks_document", table_name="document_chunks", mssql_clustered=True)
    op.create_index("idx_document_chunks_document", "document_chunks", OLD_INDEX, unique=True, mssql_clustered=True)
    op.drop_column("document_chunks", "version", mssql_drop_default=True)
    op.drop_column("documents", "chunk_version", mssql_drop_default=True)
    op.drop_table("jobs")
