"""Layer 1 of the specification: accounts, their sessions and their profiles."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Unicode
from sqlalchemy.orm import Mapped, mapped_column

from data.models.base import YES, ZERO, Created, Keyed, Model, Updated, primary_key
from data.types import Chosen, Json


class Role(StrEnum):
    """What an account may do."""

    ADMIN = "admin"
    LECTEUR = "lecteur"


class AppUser(Keyed, Created, Updated, Model):
    """An account. `email` is stored normalised, so that both databases compare it alike."""

    __tablename__ = "app_users"
    node_name = "User"

    email: Mapped[str] = mapped_column(Unicode(255), unique=True)
    password_hash: Mapped[str] = mapped_column(Unicode(500))
    password_salt: Mapped[str] = mapped_column(Unicode(255))
    full_name: Mapped[str | None] = mapped_column(Unicode(255))
    role: Mapped[Role] = mapped_column(Chosen(Role, 50), default=Role.ADMIN, server_default=Role.ADMIN.value)
    is_active: Mapped[bool] = mapped_column(default=True, server_default=YES)
    failed_login_attempts: Mapped[int] = mapped_column(default=0, server_default=ZERO)
    locked_until: Mapped[datetime | None]
    last_login_at: Mapped[datetime | None]

    __table_args__ = (
        primary_key(),
        CheckConstraint("role IN ('admin', 'lecteur')", name="CHK_app_users_role"),
        Index("idx_users_email", "email", mssql_clustered=True),
    )


class AppSession(Keyed, Created, Model):
    """A login that is alive: the SHA-256 of its present access token and of its present refresh token."""

    __tablename__ = "app_sessions"
    node_name = "LoginSession"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("app_users.id", ondelete="CASCADE"))
    token_hash: Mapped[str] = mapped_column(Unicode(500), unique=True)
    refresh_token_hash: Mapped[str | None] = mapped_column(Unicode(500))
    ip_address: Mapped[str | None] = mapped_column(Unicode(50))
    user_agent: Mapped[str | None] = mapped_column(Unicode(500))
    expires_at: Mapped[datetime]
    last_activity_at: Mapped[datetime | None]

    __table_args__ = (
        primary_key(),
        Index("idx_sessions_token", "token_hash"),
        Index("idx_sessions_user", "user_id", "created_at", "id", mssql_clustered=True),
        Index("idx_sessions_expires", "expires_at"),
    )


class Profile(Created, Updated, Model):
    """What a person says of themselves; its key is the account's own. Workspaces belong to a profile."""

    __tablename__ = "profiles"

    id: Mapped[UUID] = mapped_column(ForeignKey("app_users.id", ondelete="CASCADE"))
    avatar_url: Mapped[str | None] = mapped_column(Unicode())
    phone: Mapped[str | None] = mapped_column(Unicode(20))
    country: Mapped[str | None] = mapped_column(Unicode(100))
    role: Mapped[Role] = mapped_column(Chosen(Role, 50), default=Role.ADMIN, server_default=Role.ADMIN.value)
    bio: Mapped[str | None] = mapped_column(Unicode())
    preferences: Mapped[dict[str, Any] | None] = mapped_column(Json())

    __table_args__ = (primary_key(),)
