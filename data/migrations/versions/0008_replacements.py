"""Files that are to stand for those of documents, a number for the state of each index, and what finds duplicates."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

COLUMNS = {
    "replacement_path": sa.Unicode(),
    "replacement_type": sa.Unicode(50),
    "replacement_size": sa.BigInteger(),
    "replacement_hash": sa.Unicode(64),
}
INDEXES = {
    "idx_documents_workspace_status": ["workspace_id", "status", "created_at", "id"],
    "idx_documents_workspace_updated": ["workspace_id", "updated_at"],
    "idx_documents_replacement_hash": ["workspace_id", "replacement_hash"],
}


def upgrade() -> None:
    for name, kind in COLUMNS.items():
        op.add_column("documents", sa.Column(name, kind, nullable=True))
    for name, columns in INDEXES.items():
        op.create_index(name, "documents", columns)
    op.add_column(
        "storage_usage", sa.Column("index_version", sa.BigInteger(), server_default=sa.text("0"), nullable=False)
    )


def downgrade() -> None:
    op.drop_column("storage_usage", "index_version", mssql_drop_default=True)
    for name in INDEXES:
        op.drop_index(name, table_name="documents")
    for name in COLUMNS:
        op.drop_column("documents", name)
