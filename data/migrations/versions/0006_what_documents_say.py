"""What documents say of themselves, where they came from, and where the parts of a passage stand."""

import sqlalchemy as sa
from alembic import op

from data.types import Json

revision = "0006"
down_revision = "0005"

COLUMNS = {
    "title": sa.Unicode(500),
    "url": sa.Unicode(2000),
    "content_hash": sa.Unicode(64),
    "warnings": Json(),
}


def upgrade() -> None:
    op.add_column("documents", sa.Column("origin", sa.Unicode(20), server_default="upload", nullable=False))
    for name, kind in COLUMNS.items():
        op.add_column("documents", sa.Column(name, kind, nullable=True))
    op.add_column("document_chunks", sa.Column("places", Json(), nullable=True))
    op.create_index("idx_documents_content_hash", "documents", ["workspace_id", "content_hash"])


def downgrade() -> None:
    op.drop_index("idx_documents_content_hash", table_name="documents")
    op.drop_column("document_chunks", "places")
    for name in COLUMNS:
        op.drop_column("documents", name)
    op.drop_column("documents", "origin", mssql_drop_default=True)
