"""How each answer came about, apart from its message."""

import sqlalchemy as sa
from alembic import op

from data.types import CompressedJson, UtcDateTime, utc_now

revision = "0011"
down_revision = "0015"


def upgrade() -> None:
    op.create_table(
        "message_traces",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", UtcDateTime(), server_default=utc_now(), nullable=False),
        sa.Column("content", CompressedJson(), nullable=False),
        sa.ForeignKeyConstraint(["id"], ["messages.id"], name=op.f("fk_message_traces_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_message_traces_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_traces"), mssql_clustered=False),
    )
    op.create_index(
        "idx_message_traces_workspace", "message_traces", ["workspace_id", "created_at", "id"], mssql_clustered=True
    )


def downgrade() -> None:
    op.drop_table("message_traces")
