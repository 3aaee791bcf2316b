"""Layers 2 and 5: workspaces (chatbots), who reads them, their API keys and their external databases."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, PrimaryKeyConstraint, Unicode, select, text
from sqlalchemy.orm import Mapped, column_property, mapped_column, synonym

from data.models.accounts import AppUser, Role
from data.models.base import YES, ZERO, Created, Keyed, Model, Updated, primary_key
from data.types import Chosen, Json

DEFAULT_MODEL = "mistral-small"
DEFAULT_TEMPERATURE = 0.7
DEFAULT_MAX_TOKENS = 900


class Workspace(Keyed, Created, Updated, Model):
    """A chatbot: how it answers (`model`, `temperature`, `max_tokens`, `system_prompt`) and where it may appear.

    `no_answer_text` is what it says where the documents do not answer, `no_answer_text_fr` the same in French, and
    `contact_url` where a visitor reaches people. `confidence_threshold`, in [0, 1], is the least confidence of an
    answer, `max_sources` the most passages it rests on. None of these is the server's own.
    """

    __tablename__ = "workspaces"
    node_name = "Workspace"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("profiles.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(Unicode(255))
    description: Mapped[str | None] = mapped_column(Unicode())
    website_url: Mapped[str | None] = mapped_column(Unicode())
    allowed_domains: Mapped[list[str] | None] = mapped_column(Json())
    custom_css: Mapped[str | None] = mapped_column(Unicode())
    widget_settings: Mapped[dict[str, Any] | None] = mapped_column(Json())
    is_active: Mapped[bool] = mapped_column(default=True, server_default=YES)
    model: Mapped[str] = mapped_column(Unicode(100), default=DEFAULT_MODEL, server_default=DEFAULT_MODEL)
    temperature: Mapped[float] = mapped_column(default=DEFAULT_TEMPERATURE, server_default=text("0.7"))
    max_tokens: Mapped[int] = mapped_column(default=DEFAULT_MAX_TOKENS, server_default=text("900"))
    system_prompt: Mapped[str | None] = mapped_column(Unicode())
    no_answer_text: Mapped[str | None] = mapped_column(Unicode(1000))
    no_answer_text_fr: Mapped[str | None] = mapped_column(Unicode(1000))
    contact_url: Mapped[str | None] = mapped_column(Unicode(2000))
    confidence_threshold: Mapped[float | None]
    max_sources: Mapped[int | None]

    __table_args__ = (
        primary_key(),
        Index("idx_workspaces_user_id", "user_id", "created_at", "id", mssql_clustered=True),
    )


class StorageUsage(Model):
    """What a workspace stores: the bytes of its files, its documents, and their pages, deleted ones left out.

    `index_version` counts the changes of what is searched, `embedder` is what made the vectors that are, since
    `embedder_since` if there was another before. `embedding_progress`, from 0 to 1, is how far the workspace is on its
    way to another embedder. All is kept by `data.queries` in the units that store, index
    and delete documents. Not in `workspaces`: each change would be a change of the workspace.
    """

    __tablename__ = "storage_usage"

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"))
    byte_count: Mapped[int] = mapped_column(BigInteger(), default=0, server_default=ZERO)
    document_count: Mapped[int] = mapped_column(default=0, server_default=ZERO)
    page_count: Mapped[int] = mapped_column(default=0, server_default=ZERO)
    index_version: Mapped[int] = mapped_column(BigInteger(), default=0, server_default=ZERO)
    embedder: Mapped[str | None] = mapped_column(Unicode(100))
    embedder_since: Mapped[datetime | None]
    embedding_progress: Mapped[float | None]

    __table_args__ = (PrimaryKeyConstraint("workspace_id"),)


def _of_account(column: Any, user_id: Any) -> Any:
    """Return an attribute that is read with the row: a column of the account that the row names."""
    account = select(column).where(AppUser.id == user_id).correlate_except(AppUser)
    return column_property(account.scalar_subquery())


class WorkspaceMember(Created, Model):
    """A workspace that an account was given to read. No cascade from the account: SQL Server allows one path only."""

    __tablename__ = "workspace_members"

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("app_users.id"))
    id: Mapped[UUID] = synonym("user_id")
    """The account: unique among the members of a workspace, as pages of them want it."""
    email: Mapped[str] = _of_account(AppUser.email, user_id)
    full_name: Mapped[str | None] = _of_account(AppUser.full_name, user_id)
    role: Mapped[Role] = _of_account(AppUser.role, user_id)

    __table_args__ = (
        PrimaryKeyConstraint("workspace_id", "user_id"),
        Index("idx_workspace_members_user", "user_id"),
        Index("idx_workspace_members_workspace", "workspace_id", "created_at", "user_id"),
    )


class ApiKey(Keyed, Created, Updated, Model):
    """A key for the widget: the first characters to recognise it by, and the SHA-256 of the whole."""

    __tablename__ = "api_keys"
    node_name = "ApiKey"

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(Unicode(255))
    key_prefix: Mapped[str] = mapped_column(Unicode(20))
    key_hash: Mapped[str] = mapped_column(Unicode(255), unique=True)
    last_used_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

    __table_args__ = (
        primary_key(),
        Index("idx_api_keys_workspace_id", "workspace_id", "created_at", "id", mssql_clustered=True),
        Index("idx_api_keys_key_prefix", "key_prefix"),
    )


class DatabaseType(StrEnum):
    """A kind of external database."""

    SQL_SERVER = "sqlserver"
    MYSQL = "mysql"
    POSTGRES = "postgres"


class WorkspaceDatabase(Keyed, Created, Updated, Model):
    """A connection to a database of the customer's own; its password is encrypted before it is stored."""

    __tablename__ = "workspace_databases"
    node_name = "WorkspaceDatabase"

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(Unicode(255))
    db_type: Mapped[DatabaseType] = mapped_column(Chosen(DatabaseType, 50))
    host: Mapped[str] = mapped_column(Unicode(255))
    port: Mapped[int]
    database: Mapped[str] = mapped_column(Unicode(255))
    username: Mapped[str | None] = mapped_column(Unicode(255))
    password_encrypted: Mapped[str | None] = mapped_column(Unicode(500))
    description: Mapped[str | None] = mapped_column(Unicode())
    is_active: Mapped[bool] = mapped_column(default=True, server_default=YES)

    __table_args__ = (
        primary_key(),
        CheckConstraint("db_type IN ('sqlserver', 'mysql', 'postgres')", name="CHK_db_type"),
        Index("idx_workspace_databases_workspace", "workspace_id", "created_at", "id", mssql_clustered=True),
    )
