"""Websites that a workspace learns from, and their pages."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mssql

from data.types import UtcDateTime, utc_now

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "websites",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("url", sa.Unicode(length=2000), nullable=False),
        sa.Column("root_url", sa.Unicode(length=2000), nullable=True),
        sa.Column("status", sa.Unicode(20), server_default="pending", nullable=False),
        sa.Column("error_code", sa.Unicode(length=50), nullable=True),
        sa.Column("error", sa.Unicode(), nullable=True),
        sa.Column("max_pages", sa.Integer(), nullable=False),
        sa.Column("include_patterns", sa.Unicode(), nullable=False),
        sa.Column("exclude_patterns", sa.Unicode(), nullable=False),
        sa.Column("refresh_hours", sa.Integer(), nullable=True),
        sa.Column("is_dry_run", sa.Boolean(), server_default=sa.text("0"), nullable=False),
        sa.Column("crawl", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("has_sitemaps_read", sa.Boolean(), server_default=sa.text("0"), nullable=False),
        sa.Column("is_partial", sa.Boolean(), server_default=sa.text("0"), nullable=False),
        sa.Column("found_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("indexed_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("unchanged_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("skipped_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("failed_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("removed_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("kept_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("bytes_fetched", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("seconds", sa.Double(), server_default=sa.text("0"), nullable=False),
        sa.Column("last_crawled_at", UtcDateTime(), nullable=True),
        sa.Column("next_crawl_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), server_default=utc_now(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_websites_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_websites"), mssql_clustered=False),
    )
    op.create_index("idx_websites_next_crawl", "websites", ["next_crawl_at"])
    op.create_index("idx_websites_workspace", "websites", ["workspace_id", "created_at", "id"], mssql_clustered=True)
    op.create_table(
        "website_pages",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("website_id", sa.Uuid(), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("url", sa.Unicode(length=2000), nullable=False),
        sa.Column("status", sa.Unicode(20), server_default="pending", nullable=False),
        sa.Column("reason", sa.Unicode(30), nullable=True),
        sa.Column("http_status", sa.Integer(), nullable=True),
        sa.Column("document_id", sa.Uuid(), nullable=True),
        sa.Column("found_in", sa.Integer(), nullable=False),
        sa.Column("is_due", sa.Boolean(), server_default=sa.text("0"), nullable=False),
        sa.Column("is_kept", sa.Boolean(), server_default=sa.text("0"), nullable=False),
        sa.Column("is_listed", sa.Boolean(), server_default=sa.text("0"), nullable=False),
        sa.Column("depth", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("chain", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("misses", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("not_before", UtcDateTime(), nullable=True),
        sa.Column("etag", sa.Unicode(length=300), nullable=True),
        sa.Column("last_modified", sa.Unicode(length=100), nullable=True),
        sa.Column("content_hash", sa.Uuid(), nullable=True),
        sa.Column("links", sa.LargeBinary().with_variant(mssql.VARBINARY(length="max"), "mssql"), nullable=True),
        sa.Column("leads_to", sa.Uuid(), nullable=True),
        sa.Column("fetched_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), server_default=utc_now(), nullable=False),
        sa.ForeignKeyConstraint(
            ["website_id"], ["websites.id"], name=op.f("fk_website_pages_website_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_website_pages_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_website_pages"), mssql_clustered=False),
    )
    op.create_index("idx_website_pages_content", "website_pages", ["website_id", "content_hash"])
    op.create_index("idx_website_pages_due", "website_pages", ["website_id", "is_due", "created_at", "id"])
    op.create_index("idx_website_pages_status", "website_pages", ["website_id", "status", "created_at", "id"])
    op.create_index(
        "idx_website_pages_website", "website_pages", ["website_id", "created_at", "id"], mssql_clustered=True
    )
    op.create_index("idx_website_pages_workspace", "website_pages", ["workspace_id"])


def downgrade() -> None:
    op.drop_table("website_pages")
    op.drop_table("websites")
