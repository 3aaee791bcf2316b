"""The tables of the specification."""

import sqlalchemy as sa
from alembic import op

from data.types import UtcDateTime, Vector, exact_text, utc_now

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "app_users",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.Unicode(length=255), nullable=False),
        sa.Column("password_hash", sa.Unicode(length=500), nullable=False),
        sa.Column("password_salt", sa.Unicode(length=255), nullable=False),
        sa.Column("full_name", sa.Unicode(length=255), nullable=True),
        sa.Column("role", sa.Unicode(50), server_default="admin", nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("1"), nullable=False),
        sa.Column("failed_login_attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("locked_until", UtcDateTime(), nullable=True),
        sa.Column("last_login_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), server_default=utc_now(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), server_default=utc_now(), nullable=False),
        sa.CheckConstraint("role IN ('admin', 'lecteur')", name=op.f("CHK_app_users_role")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_app_users"), mssql_clustered=False),
        sa.UniqueConstraint("email", name=op.f("uq_app_users_email")),
    )
    op.create_index("idx_users_email", "app_users", ["email"], unique=False, mssql_clustered=True)
    op.create_table(
        "app_sessions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.Unicode(length=500), nullable=False),
        sa.Column("refresh_token_hash", sa.Unicode(length=500), nullable=True),
        sa.Column("ip_address", sa.Unicode(length=50), nullable=True),
        sa.Column("user_agent", sa.Unicode(length=500), nullable=True),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("last_activity_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), server_default=utc_now(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["app_users.id"], name=op.f("fk_app_sessions_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_app_sessions"), mssql_clustered=False),
        sa.UniqueConstraint("token_hash", name=op.f("uq_app_sessions_token_hash")),
    )
    op.create_index("idx_sessions_expires", "app_sessions", ["expires_at"], unique=False)
    op.create_index("idx_sessions_token", "app_sessions", ["token_hash"], unique=False)
    op.create_index("idx_sessions_user", "app_sessions", ["user_id"], unique=False, mssql_clustered=True)
    op.create_table(
        "profiles",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("avatar_url", sa.Unicode(), nullable=True),
        sa.Column("phone", sa.Unicode(length=20), nullable=True),
        sa.Column("country", sa.Unicode(length=100), nullable=True),
        sa.Column("role", sa.Unicode(50), server_default="admin", nullable=False),
        sa.Column("bio", sa.Unicode(), nullable=True),
        sa.Column("preferences", sa.Unicode(), nullable=True),
        sa.Column("created_at", UtcDateTime(), server_default=utc_now(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), server_default=utc_now(), nullable=False),
        sa.ForeignKeyConstraint(["id"], ["app_users.id"], name=op.f("fk_profiles_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_profiles"), mssql_clustered=False),
    )
    op.create_table(
        "workspaces",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Unicode(length=255), nullable=False),
        sa.Column("description", sa.Unicode(), nullable=True),
        sa.Column("website_url", sa.Unicode(), nullable=True),
        sa.Column("allowed_domains", sa.Unicode(), nullable=True),
        sa.Column("custom_css", sa.Unicode(), nullable=True),
        sa.Column("widget_settings", sa.Unicode(), nullable=True),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("1"), nullable=False),
        sa.Column("model", sa.Unicode(length=100), server_default="mistral-small", nullable=False),
        sa.Column("temperature", sa.Double(), server_default=sa.text("(0.7)"), nullable=False),
        sa.Column("max_tokens", sa.Integer(), server_default=sa.text("(900)"), nullable=False),
        sa.Column("system_prompt", sa.Unicode(), nullable=True),
        sa.Column("created_at", UtcDateTime(), server_default=utc_now(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), server_default=utc_now(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["profiles.id"], name=op.f("fk_workspaces_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workspaces"), mssql_clustered=False),
    )
    op.create_index(
        "idx_workspaces_user_id", "workspaces", ["user_id", "created_at", "id"], unique=False, mssql_clustered=True
    )
    op.create_table(
        "analytics_daily",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("total_conversations", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("total_messages", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("unique_visitors", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("avg_messages_per_conversation", sa.Double(), nullable=True),
        sa.Column("avg_response_time_ms", sa.Double(), nullable=True),
        sa.Column("avg_rag_score", sa.Double(), nullable=True),
        sa.Column("satisfaction_rate", sa.Double(), nullable=True),
        sa.Column("response_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("scored_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("rated_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("created_at", UtcDateTime(), server_default=utc_now(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), server_default=utc_now(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_analytics_daily_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_analytics_daily"), mssql_clustered=False),
        sa.UniqueConstraint("workspace_id", "date", name=op.f("uq_analytics_daily_workspace_id_date")),
    )
    op.create_index(
        "idx_analytics_workspace_date", "analytics_daily", ["workspace_id", "date"], unique=False, mssql_clustered=True
    )
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Unicode(length=255), nullable=False),
        sa.Column("key_prefix", sa.Unicode(length=20), nullable=False),
        sa.Column("key_hash", sa.Unicode(length=255), nullable=False),
        sa.Column("last_used_at", UtcDateTime(), nullable=True),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), server_default=utc_now(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), server_default=utc_now(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_api_keys_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys"), mssql_clustered=False),
        sa.UniqueConstraint("key_hash", name=op.f("uq_api_keys_key_hash")),
    )
    op.create_index("idx_api_keys_key_prefix", "api_keys", ["key_prefix"], unique=False)
    op.create_index(
        "idx_api_keys_workspace_id",
        "api_keys",
        ["workspace_id", "created_at", "id"],
        unique=False,
        mssql_clustered=True,
    )
    op.create_table(
        "conversations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("visitor_id", exact_text(255), nullable=False),
        sa.Column("visitor_name", sa.Unicode(length=255), nullable=True),
        sa.Column("visitor_email", sa.Unicode(length=255), nullable=True),
        sa.Column("title", sa.Unicode(length=500), nullable=True),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("1"), nullable=False),
        sa.Column("message_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("last_message_at", UtcDateTime(), nullable=True),
        sa.Column("archived_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), server_default=utc_now(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), server_default=utc_now(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_conversations_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversations"), mssql_clustered=False),
    )
    op.create_index("idx_conversations_visitor", "conversations", ["workspace_id", "visitor_id"], unique=False)
    op.create_index(
        "idx_conversations_workspace",
        "conversations",
        ["workspace_id", "created_at", "id"],
        unique=False,
        mssql_clustered=True,
    )
    op.create_table(
        "documents",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Unicode(length=500), nullable=False),
        sa.Column("file_path", sa.Unicode(), nullable=False),
        sa.Column("file_type", sa.Unicode(length=50), nullable=False),
        sa.Column("file_size", sa.BigInteger(), nullable=False),
        sa.Column("language", sa.Unicode(length=10), nullable=True),
        sa.Column("status", sa.Unicode(20), server_default="pending", nullable=False),
        sa.Column("stage", sa.Unicode(20), server_default="queued", nullable=False),
        sa.Column("progress", sa.Double(), server_default=sa.text("0"), nullable=False),
        sa.Column("error_code", sa.Unicode(length=50), nullable=True),
        sa.Column("error", sa.Unicode(), nullable=True),
        sa.Column("is_indexed", sa.Boolean(), server_default=sa.text("0"), nullable=False),
        sa.Column("embedding_model", sa.Unicode(length=100), nullable=True),
        sa.Column("chunk_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("deleted_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), server_default=utc_now(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), server_default=utc_now(), nullable=False),
        sa.CheckConstraint("file_size > 0", name=op.f("CHK_documents_file_size")),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_documents_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_documents"), mssql_clustered=False),
    )
    op.create_index("idx_documents_status", "documents", ["status"], unique=False)
    op.create_index(
        "idx_documents_workspace_id",
        "documents",
        ["workspace_id", "created_at", "id"],
        unique=False,
        mssql_clustered=True,
    )
    op.create_table(
        "insights_cache",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("satisfaction_rate", sa.Double(), nullable=True),
        sa.Column("avg_rag_score", sa.Double(), nullable=True),
        sa.Column("avg_messages_per_conversation", sa.Double(), nullable=True),
        sa.Column("low_confidence_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("total_conversations", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("total_messages", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("scored_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("rated_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("calculated_at", UtcDateTime(), server_default=utc_now(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_insights_cache_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_insights_cache"), mssql_clustered=False),
        sa.UniqueConstraint("workspace_id", name=op.f("uq_insights_cache_workspace_id"), mssql_clustered=True),
    )
    op.create_table(
        "message_topics",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("topic_name", exact_text(255), nullable=False),
        sa.Column("message_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("sample_questions", sa.Unicode(), nullable=True),
        sa.Column("created_at", UtcDateTime(), server_default=utc_now(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), server_default=utc_now(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_message_topics_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_topics"), mssql_clustered=False),
        sa.UniqueConstraint("workspace_id", "topic_name", name=op.f("uq_message_topics_workspace_id_topic_name")),
    )
    op.create_index(
        "idx_message_topics_workspace",
        "message_topics",
        ["workspace_id", "created_at", "id"],
        unique=False,
        mssql_clustered=True,
    )
    op.create_table(
        "response_cache",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("question_hash", sa.Unicode(length=255), nullable=False),
        sa.Column("original_question", sa.Unicode(), nullable=False),
        sa.Column("cached_response", sa.Unicode(), nullable=False),
        sa.Column("ttl_seconds", sa.Integer(), nullable=False),
        sa.Column("hit_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), server_default=utc_now(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), server_default=utc_now(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_response_cache_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_response_cache"), mssql_clustered=False),
    )
    op.create_index("idx_response_cache_hash", "response_cache", ["workspace_id", "question_hash"], unique=True)
    op.create_index(
        "idx_response_cache_workspace",
        "response_cache",
        ["workspace_id", "created_at", "id"],
        unique=False,
        mssql_clustered=True,
    )
    op.create_table(
        "workspace_databases",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Unicode(length=255), nullable=False),
        sa.Column("db_type", sa.Unicode(50), nullable=False),
        sa.Column("host", sa.Unicode(length=255), nullable=False),
        sa.Column("port", sa.Integer(), nullable=False),
        sa.Column("database", sa.Unicode(length=255), nullable=False),
        sa.Column("username", sa.Unicode(length=255), nullable=True),
        sa.Column("password_encrypted", sa.Unicode(length=500), nullable=True),
        sa.Column("description", sa.Unicode(), nullable=True),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", UtcDateTime(), server_default=utc_now(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), server_default=utc_now(), nullable=False),
        sa.CheckConstraint("db_type IN ('sqlserver', 'mysql', 'postgres')", name=op.f("CHK_db_type")),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_workspace_databases_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workspace_databases"), mssql_clustered=False),
    )
    op.create_index(
        "idx_workspace_databases_workspace",
        "workspace_databases",
        ["workspace_id", "created_at", "id"],
        unique=False,
        mssql_clustered=True,
    )
    op.create_table(
        "workspace_members",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", UtcDateTime(), server_default=utc_now(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["app_users.id"], name=op.f("fk_workspace_members_user_id")),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_workspace_members_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("workspace_id", "user_id", name=op.f("pk_workspace_members")),
    )
    op.create_index("idx_workspace_members_user", "workspace_members", ["user_id"], unique=False)
    op.create_table(
        "document_chunks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("chunk_index", sa.Integer(), nullable=False),
        sa.Column("heading", sa.Unicode(), nullable=True),
        sa.Column("location", sa.Unicode(length=500), nullable=True),
        sa.Column("content", sa.Unicode(), nullable=False),
        sa.Column("token_count", sa.Integer(), nullable=False),
        sa.Column("embedding", Vector(), nullable=False),
        sa.Column("created_at", UtcDateTime(), server_default=utc_now(), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_id"], ["documents.id"], name=op.f("fk_document_chunks_document_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_document_chunks_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document_chunks"), mssql_clustered=False),
    )
    op.create_index(
        "idx_document_chunks_document",
        "document_chunks",
        ["document_id", "chunk_index"],
        unique=True,
        mssql_clustered=True,
    )
    op.create_index("idx_document_chunks_workspace", "document_chunks", ["workspace_id"], unique=False)
    op.create_table(
        "messages",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Unicode(20), nullable=False),
        sa.Column("content", sa.Unicode(), nullable=False),
        sa.Column("answer_id", sa.Uuid(), nullable=True),
        sa.Column("reply_to_id", sa.Uuid(), nullable=True),
        sa.Column("tokens_used", sa.Integer(), nullable=True),
        sa.Column("response_time_ms", sa.Integer(), nullable=True),
        sa.Column("rag_score", sa.Double(), nullable=True),
        sa.Column("rag_sources", sa.Unicode(), nullable=True),
        sa.Column("feedback", sa.Integer(), nullable=True),
        sa.Column("feedback_comment", sa.Unicode(length=2000), nullable=True),
        sa.Column("is_resolved", sa.Boolean(), server_default=sa.text("0"), nullable=False),
        sa.Column("metadata", sa.Unicode(), nullable=True),
        sa.Column("created_at", UtcDateTime(), server_default=utc_now(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), server_default=utc_now(), nullable=False),
        sa.CheckConstraint("role IN ('user', 'assistant')", name=op.f("CHK_messages_role")),
        sa.CheckConstraint("feedback IN (-1, 0, 1)", name=op.f("CHK_messages_feedback")),
        sa.CheckConstraint("rag_score >= 0 AND rag_score <= 1", name=op.f("CHK_messages_rag_score")),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name=op.f("fk_messages_conversation_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["reply_to_id"], ["messages.id"], name=op.f("fk_messages_reply_to_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages"), mssql_clustered=False),
    )
    op.create_index("idx_messages_answer", "messages", ["answer_id"], unique=False)
    op.create_index(
        "idx_messages_conversation",
        "messages",
        ["conversation_id", "created_at", "id"],
        unique=False,
        mssql_clustered=True,
    )
    op.create_index("idx_messages_reply_to", "messages", ["reply_to_id"], unique=False)


def downgrade() -> None:
    op.drop_index("idx_messages_reply_to", table_name="messages")
    op.drop_index("idx_messages_conversation", table_name="messages", mssql_clustered=True)
    op.drop_index("idx_messages_answer", table_name="messages")
    op.drop_table("messages")
    op.drop_index("idx_document_chunks_workspace", table_name="document_chunks")
    op.drop_index("idx_document_chunks_document", table_name="document_chunks", mssql_clustered=True)
    op.drop_table("document_chunks")
    op.drop_index("idx_workspace_members_user", table_name="workspace_members")
    op.drop_table("workspace_members")
    op.drop_index("idx_workspace_databases_workspace", table_name="workspace_databases", mssql_clustered=True)
    op.drop_table("workspace_databases")
    op.drop_index("idx_response_cache_workspace", table_name="response_cache", mssql_clustered=True)
    op.drop_index("idx_response_cache_hash", table_name="response_cache")
    op.drop_table("response_cache")
    op.drop_index("idx_message_topics_workspace", table_name="message_topics", mssql_clustered=True)
    op.drop_table("message_topics")
    op.drop_table("insights_cache")
    op.drop_index("idx_documents_workspace_id", table_name="documents", mssql_clustered=True)
    op.drop_index("idx_documents_status", table_name="documents")
    op.drop_table("documents")
    op.drop_index("idx_conversations_workspace", table_name="conversations", mssql_clustered=True)
    op.drop_index("idx_conversations_visitor", table_name="conversations")
    op.drop_table("conversations")
    op.drop_index("idx_api_keys_workspace_id", table_name="api_keys", mssql_clustered=True)
    op.drop_index("idx_api_keys_key_prefix", table_name="api_keys")
    op.drop_table("api_keys")
    op.drop_index("idx_analytics_workspace_date", table_name="analytics_daily", mssql_clustered=True)
    op.drop_table("analytics_daily")
    op.drop_index("idx_workspaces_user_id", table_name="workspaces", mssql_clustered=True)
    op.drop_table("workspaces")
    op.drop_table("profiles")
    op.drop_index("idx_sessions_user", table_name="app_sessions", mssql_clustered=True)
    op.drop_index("idx_sessions_token", table_name="app_sessions")
    op.drop_index("idx_sessions_expires", table_name="app_sessions")
    op.drop_table("app_sessions")
    op.drop_index("idx_users_email", table_name="app_users")
    op.drop_table("app_users")
