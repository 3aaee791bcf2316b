"""Who did what with the conversations of a workspace."""

import sqlalchemy as sa
from alembic import op

from data.types import UtcDateTime, utc_now

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "audit_log",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("action", sa.Unicode(50), nullable=False),
        sa.Column("actor_email", sa.Unicode(255), nullable=True),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("row_count", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), server_default=utc_now(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_audit_log_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_log"), mssql_clustered=False),
    )
    op.create_index("idx_audit_log_workspace", "audit_log", ["workspace_id", "created_at", "id"], mssql_clustered=True)


def downgrade() -> None:
    op.drop_table("audit_log")
