"""Procedures of a workspace's figures, and of clearing old data away."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Integer, Uuid

from data.engine import Session
from data.procedures.call import Procedure

MAX_RETENTION_DAYS = 36_500
"""A hundred years: further back, dates leave the calendar of the databases."""


@dataclass(frozen=True, slots=True)
class WorkspaceInsights:
    """A workspace's figures since its beginning, as `data.models.InsightsCache` describes them."""

    workspace_id: UUID
    satisfaction_rate: float | None
    avg_rag_score: float | None
    avg_messages_per_conversation: float | None
    low_confidence_count: int
    total_conversations: int
    total_messages: int
    scored_count: int
    rated_count: int
    calculated_at: datetime


@dataclass(frozen=True, slots=True)
class WorkspaceMetrics:
    """A workspace's figures of the moment.

    A conversation counts once it holds a message. Times are in milliseconds, `avg_rag_score` is in [0, 1],
    `satisfaction_rate` in [-1, 1]; an average over nothing is None.
    """

    workspace_id: UUID
    workspace_name: str
    total_documents: int
    indexed_documents: int
    total_chunks: int
    total_conversations: int
    active_conversations: int
    total_messages: int
    unique_visitors: int
    avg_messages_per_conversation: float | None
    avg_response_time_ms: float | None
    avg_rag_score: float | None
    satisfaction_rate: float | None
    rated_count: int
    low_confidence_count: int
    cache_entries: int
    cache_hits: int
    last_message_at: datetime | None


@dataclass(frozen=True, slots=True)
class Cleaned:
    """How many rows were archived or deleted."""

    archived_conversations: int
    deleted_conversations: int
    deleted_documents: int
    deleted_cache_entries: int
    deleted_sessions: int
    deleted_traces: int


CALCULATE_WORKSPACE_INSIGHTS = Procedure("sp_calculate_workspace_insights", {"workspace_id": Uuid()}, WorkspaceInsights)
GET_WORKSPACE_METRICS = Procedure("sp_get_workspace_metrics", {"workspace_id": Uuid()}, WorkspaceMetrics)
CLEANUP_OLD_DATA = Procedure("sp_cleanup_old_data", {"retention_days": Integer()}, Cleaned)


async def calculate_workspace_insights(session: Session, *, workspace_id: UUID) -> WorkspaceInsights | None:
    """Set `insights_cache` to what a workspace's messages add up to and return it; None for no such workspace."""
    return await CALCULATE_WORKSPACE_INSIGHTS.one_or_none(session, workspace_id=workspace_id)


async def get_workspace_metrics(session: Session, *, workspace_id: UUID) -> WorkspaceMetrics | None:
    """Return a workspace's figures of the moment, or None for no such workspace. Only reads."""
    return await GET_WORKSPACE_METRICS.one_or_none(session, workspace_id=workspace_id)


async def cleanup_old_data(session: Session, *, retention_days: int) -> Cleaned:
    """Archive what was silent for `retention_days`, delete what was archived or deleted for as long, or has expired.

    Raises `ValueError` when `retention_days` is not between 1 and `MAX_RETENTION_DAYS`.
    """
    if not 1 <= retention_days <= MAX_RETENTION_DAYS:
        raise ValueError(f"retention_days must be between 1 and {MAX_RETENTION_DAYS}")
    return await CLEANUP_OLD_DATA.one(session, retention_days=retention_days)
