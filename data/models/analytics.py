"""Layer 4: daily figures, insights, and the three views a dashboard reads."""

import datetime as dt
from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, PrimaryKeyConstraint, Unicode, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.clock import now
from data.models.base import ZERO, Created, Keyed, Model, Updated, View, primary_key
from data.types import utc_now


class AnalyticsDaily(Keyed, Created, Updated, Model):
    """A workspace's day (UTC), kept by triggers as messages arrive.

    `avg_response_time_ms` and `avg_rag_score` are over the assistant's messages that carry the value (`response_count`,
    `scored_count`); `satisfaction_rate` is the average feedback, in [-1, 1], over the `rated_count` rated messages.
    `tokens_used` are the model's, of prompts and answers.
    """

    __tablename__ = "analytics_daily"
    node_name = "AnalyticsDay"

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"))
    date: Mapped[dt.date]
    total_conversations: Mapped[int] = mapped_column(default=0, server_default=ZERO)
    total_messages: Mapped[int] = mapped_column(default=0, server_default=ZERO)
    unique_visitors: Mapped[int] = mapped_column(default=0, server_default=ZERO)
    avg_messages_per_conversation: Mapped[float | None]
    avg_response_time_ms: Mapped[float | None]
    avg_rag_score: Mapped[float | None]
    satisfaction_rate: Mapped[float | None]
    response_count: Mapped[int] = mapped_column(default=0, server_default=ZERO)
    scored_count: Mapped[int] = mapped_column(default=0, server_default=ZERO)
    rated_count: Mapped[int] = mapped_column(default=0, server_default=ZERO)
    tokens_used: Mapped[int] = mapped_column(BigInteger(), default=0, server_default=ZERO)

    __table_args__ = (
        primary_key(),
        UniqueConstraint("workspace_id", "date"),
        Index("idx_analytics_workspace_date", "workspace_id", "date", mssql_clustered=True),
    )


class InsightsCache(Keyed, Model):
    """A workspace's figures since its beginning.

    A trigger moves them at each message; `sp_calculate_workspace_insights` sets them to what is there now.
    `low_confidence_count` counts the answers whose `rag_score` is below 0.5, the confidence under which the assistant
    says it does not know.
    """

    __tablename__ = "insights_cache"
    node_name = "Insights"

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"))
    satisfaction_rate: Mapped[float | None]
    avg_rag_score: Mapped[float | None]
    avg_messages_per_conversation: Mapped[float | None]
    low_confidence_count: Mapped[int] = mapped_column(default=0, server_default=ZERO)
    total_conversations: Mapped[int] = mapped_column(default=0, server_default=ZERO)
    total_messages: Mapped[int] = mapped_column(default=0, server_default=ZERO)
    scored_count: Mapped[int] = mapped_column(default=0, server_default=ZERO)
    rated_count: Mapped[int] = mapped_column(default=0, server_default=ZERO)
    calculated_at: Mapped[datetime] = mapped_column(default=now, server_default=utc_now())

    __table_args__ = (primary_key(), UniqueConstraint("workspace_id", mssql_clustered=True))


class WorkspaceFigures(Model):
    """What the conversations of a workspace add up to now, deleted ones left out. Triggers keep it.

    `stored_count` counts every conversation; the others those that hold a message: `active_count` the ones neither
    closed nor archived, `visitor_count` their visitors. The rest are sums of what each conversation keeps.
    """

    __tablename__ = "workspace_figures"

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"))
    stored_count: Mapped[int] = mapped_column(default=0, server_default=ZERO)
    conversation_count: Mapped[int] = mapped_column(default=0, server_default=ZERO)
    active_count: Mapped[int] = mapped_column(default=0, server_default=ZERO)
    visitor_count: Mapped[int] = mapped_column(default=0, server_default=ZERO)
    message_count: Mapped[int] = mapped_column(default=0, server_default=ZERO)
    response_count: Mapped[int] = mapped_column(default=0, server_default=ZERO)
    response_ms: Mapped[int] = mapped_column(BigInteger(), default=0, server_default=ZERO)
    scored_count: Mapped[int] = mapped_column(default=0, server_default=ZERO)
    score_sum: Mapped[float] = mapped_column(default=0, server_default=ZERO)
    low_confidence_count: Mapped[int] = mapped_column(default=0, server_default=ZERO)
    rated_count: Mapped[int] = mapped_column(default=0, server_default=ZERO)
    rating_sum: Mapped[int] = mapped_column(default=0, server_default=ZERO)

    __table_args__ = (PrimaryKeyConstraint("workspace_id"),)


class WorkspaceStats(View):
    """`vw_workspace_stats`: a workspace's totals, read off its figures."""

    __tablename__ = "vw_workspace_stats"

    workspace_id: Mapped[UUID] = mapped_column(primary_key=True)
    workspace_name: Mapped[str] = mapped_column(Unicode(255))
    total_conversations: Mapped[int]
    total_messages: Mapped[int]
    unique_visitors: Mapped[int]


class UserWorkspace(View):
    """`vw_user_workspaces`: the workspaces an account owns or was given."""

    __tablename__ = "vw_user_workspaces"

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    user_email: Mapped[str] = mapped_column(Unicode(255))
    workspace_id: Mapped[UUID] = mapped_column(primary_key=True)
    workspace_name: Mapped[str] = mapped_column(Unicode(255))
    workspace_created_at: Mapped[datetime]


class DailyMetrics(View):
    """`vw_daily_metrics`: a workspace's day, satisfaction in [-1, 1] and response time in milliseconds."""

    __tablename__ = "vw_daily_metrics"

    date: Mapped[dt.date] = mapped_column(primary_key=True)
    workspace_id: Mapped[UUID] = mapped_column(primary_key=True)
    avg_satisfaction: Mapped[float | None]
    avg_response_time: Mapped[float | None]
