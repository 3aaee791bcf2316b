"""Counters that a dashboard reads in the place of the rows, and indexes by which each page stops after its own rows."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

SUMS = {
    "response_count": sa.Integer(),
    "response_ms": sa.BigInteger(),
    "scored_count": sa.Integer(),
    "score_sum": sa.Double(),
    "low_confidence_count": sa.Integer(),
    "rated_count": sa.Integer(),
    "rating_sum": sa.Integer(),
}
COUNTS = ("stored_count", "conversation_count", "active_count", "visitor_count", "message_count")
INDEXES = {
    # Name: table, columns before, columns after, whether it is the table's clustered one.
    "idx_conversations_visitor": ("conversations", "workspace_id visitor_id", "created_at id", False),
    "idx_sessions_user": ("app_sessions", "user_id", "created_at id", True),
}
ADDED = {
    "idx_conversations_last_message": ("conversations", ["workspace_id", "last_message_at"]),
    "idx_workspace_members_workspace": ("workspace_members", ["workspace_id", "created_at", "user_id"]),
}
PAGE_OF_DOCUMENTS = ["workspace_id", "deleted_at", "created_at", "id"]

FILL_CONVERSATIONS = """
UPDATE conversations
SET updated_at = conversations.updated_at,
    response_count = counted.response_count,
    response_ms = counted.response_ms,
    scored_count = counted.scored_count,
    score_sum = counted.score_sum,
    low_confidence_count = counted.low_confidence_count,
    rated_count = counted.rated_count,
    rating_sum = counted.rating_sum
FROM (
    SELECT
        conversation_id,
        SUM(CASE WHEN role = 'assistant' AND response_time_ms IS NOT NULL THEN 1 ELSE 0 END) AS response_count,
        SUM(CASE WHEN role = 'assistant' THEN COALESCE(CAST(response_time_ms AS BIGINT), 0) ELSE 0 END) AS response_ms,
        SUM(CASE WHEN role = 'assistant' AND rag_score IS NOT NULL THEN 1 ELSE 0 END) AS scored_count,
        SUM(CASE WHEN role = 'assistant' THEN COALESCE(rag_score, 0) ELSE 0 END) AS score_sum,
        SUM(CASE WHEN role = 'assistant' AND rag_score < 0.5 THEN 1 ELSE 0 END) AS low_confidence_count,
        SUM(CASE WHEN feedback IS NOT NULL THEN 1 ELSE 0 END) AS rated_count,
        SUM(COALESCE(feedback, 0)) AS rating_sum
    FROM messages
    GROUP BY conversation_id
) AS counted
WHERE counted.conversation_id = conversations.id
"""
FILL_WORKSPACES = """
INSERT INTO workspace_figures (
    workspace_id, stored_count, conversation_count, active_count, visitor_count, message_count, response_count,
    response_ms, scored_count, score_sum, low_confidence_count, rated_count, rating_sum
)
SELECT
    workspace_id,
    COUNT(*),
    SUM(CASE WHEN message_count > 0 THEN 1 ELSE 0 END),
    SUM(CASE WHEN message_count > 0 AND is_active = 1 AND archived_at IS NULL THEN 1 ELSE 0 END),
    0,
    SUM(message_count),
    SUM(response_count),
    SUM(response_ms),
    SUM(scored_count),
    SUM(score_sum),
    SUM(low_confidence_count),
    SUM(rated_count),
    SUM(rating_sum)
FROM conversations
GROUP BY workspace_id
"""
FILL_VISITORS = """
UPDATE workspace_figures
SET visitor_count = counted.visitors
FROM (
    SELECT workspace_id, COUNT(DISTINCT visitor_id) AS visitors
    FROM conversations
    WHERE message_count > 0
    GROUP BY workspace_id
) AS counted
WHERE counted.workspace_id = workspace_figures.workspace_id
"""


def upgrade() -> None:
    for name, kind in SUMS.items():
        op.add_column("conversations", sa.Column(name, kind, server_default=sa.text("0"), nullable=False))
    op.create_table(
        "workspace_figures",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        *(sa.Column(name, sa.Integer(), server_default=sa.text("0"), nullable=False) for name in COUNTS),
        *(sa.Column(name, kind, server_default=sa.text("0"), nullable=False) for name, kind in SUMS.items()),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_workspace_figures_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("workspace_id", name=op.f("pk_workspace_figures")),
    )
    if op.get_bind().dialect.name == "sqlite":
        # It would call every conversation changed. The migration puts lost triggers back; SQL Server's leaves a
        # statement alone that sets updated_at.
        op.execute("DROP TRIGGER IF EXISTS trg_conversations_updated_at")
    for fill in (FILL_CONVERSATIONS, FILL_WORKSPACES, FILL_VISITORS):
        op.execute(fill)
    for name, (table, before, after, clustered) in INDEXES.items():
        op.drop_index(name, table_name=table, mssql_clustered=clustered)
        op.create_index(name, table, f"{before} {after}".split(), mssql_clustered=clustered)
    _index_documents(PAGE_OF_DOCUMENTS)
    for name, (table, columns) in ADDED.items():
        op.create_index(name, table, columns)


def downgrade() -> None:
    for name, (table, _) in ADDED.items():
        op.drop_index(name, table_name=table)
    _index_documents([column for column in PAGE_OF_DOCUMENTS if column != "deleted_at"])
    for name, (table, before, _, clustered) in INDEXES.items():
        op.drop_index(name, table_name=table, mssql_clustered=clustered)
        op.create_index(name, table, before.split(), mssql_clustered=clustered)
    for name in ("trg_conversation_figures", "trg_conversation_figures_insert", "trg_conversation_figures_delete"):
        op.execute(f"DROP TRIGGER IF EXISTS {name}")
    op.drop_table("workspace_figures")
    for name in SUMS:
        op.drop_column("conversations", name, mssql_drop_default=True)


def _index_documents(columns: list[str]) -> None:
    op.drop_index("idx_documents_workspace_id", table_name="documents", mssql_clustered=True)
    op.create_index("idx_documents_workspace_id", "documents", columns, mssql_clustered=True)
