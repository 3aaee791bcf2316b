"""What a client sees of analytics."""

import datetime as dt
from typing import Annotated

import strawberry

from data import models
from schema.readings import derived_field
from schema.relay.node import Node, RowType

From = Annotated[
    dt.date | None, strawberry.argument(name="from", description="The first day; 29 days before the last by default.")
]


To = Annotated[dt.date | None, strawberry.argument(name="to", description="The last day, included; today by default.")]


@strawberry.type(description="A workspace's day (UTC), kept up as messages arrive.")
class AnalyticsDay(RowType, Node):
    """A row of `analytics_daily`."""

    date: dt.date = strawberry.field(description="The day.")
    total_conversations: int = strawberry.field(description="Conversations begun on the day.")
    total_messages: int = strawberry.field(description="Messages of the day, both sides.")
    unique_visitors: int = strawberry.field(description="Visitors who wrote on the day.")
    avg_messages_per_conversation: float | None = strawberry.field(description="Messages for each conversation.")
    avg_response_time_ms: float | None = strawberry.field(
        description="Average time to a whole answer, in milliseconds."
    )
    avg_rag_score: float | None = strawberry.field(description="Average confidence of the answers, from 0 to 1.")
    satisfaction_rate: float | None = strawberry.field(
        description="Average rating over the rated answers, from -1 to 1; null when none is rated."
    )
    rated_count: int = strawberry.field(description="How many answers were rated.")
    response_count: int = strawberry.field(description="How many answers were given.")


@strawberry.type(description="A day of `vw_daily_metrics`.")
class DayMetrics:
    """A row of `vw_daily_metrics`."""

    date: dt.date = strawberry.field(description="The day.")
    avg_satisfaction: float | None = strawberry.field(description="Average rating, from -1 to 1.")
    avg_response_time: float | None = strawberry.field(description="Average time to a whole answer, in milliseconds.")


@strawberry.type(description="A workspace's figures since its beginning.")
class Insights(RowType, Node):
    """A row of `insights_cache`."""

    satisfaction_rate: float | None = strawberry.field(
        description="Average rating over the rated answers, from -1 to 1."
    )
    avg_rag_score: float | None = strawberry.field(description="Average confidence of the answers, from 0 to 1.")
    avg_messages_per_conversation: float | None = strawberry.field(description="Messages for each conversation.")
    low_confidence_count: int = strawberry.field(description="Answers with a confidence below 0.5.")
    total_conversations: int = strawberry.field(description="Conversations.")
    total_messages: int = strawberry.field(description="Messages, both sides.")
    rated_count: int = strawberry.field(description="How many answers were rated.")
    calculated_at: dt.datetime = strawberry.field(description="When the figures last moved.")


@strawberry.type(description="A workspace's totals as they are now (`vw_workspace_stats`).")
class WorkspaceStats:
    """A row of `vw_workspace_stats`."""

    total_conversations: int = strawberry.field(description="Conversations.")
    total_messages: int = strawberry.field(description="Messages, both sides.")
    unique_visitors: int = strawberry.field(description="Visitors who ever began a conversation.")


@strawberry.type(description="Everything a dashboard shows, as it is now (`sp_get_workspace_metrics`).")
class WorkspaceMetrics:
    """The result of `sp_get_workspace_metrics`."""

    total_documents: int = strawberry.field(description="Documents.")
    indexed_documents: int = strawberry.field(description="Documents whose passages are searched.")
    total_chunks: int = strawberry.field(description="Passages.")
    total_conversations: int = strawberry.field(description="Conversations.")
    active_conversations: int = strawberry.field(description="Conversations that are not archived.")
    total_messages: int = strawberry.field(description="Messages, both sides.")
    unique_visitors: int = strawberry.field(description="Visitors who ever began a conversation.")
    avg_messages_per_conversation: float | None = strawberry.field(description="Messages for each conversation.")
    avg_response_time_ms: float | None = strawberry.field(
        description="Average time to a whole answer, in milliseconds."
    )
    avg_rag_score: float | None = strawberry.field(description="Average confidence of the answers, from 0 to 1.")
    satisfaction_rate: float | None = strawberry.field(description="Average rating, from -1 to 1.")
    rated_count: int = strawberry.field(description="How many answers were rated.")
    low_confidence_count: int = strawberry.field(description="Answers with a confidence below 0.5.")
    cache_entries: int = strawberry.field(description="Answers kept for repeated questions.")
    cache_hits: int = strawberry.field(description="Times an answer was given again from the cache.")
    last_message_at: dt.datetime | None = strawberry.field(description="When somebody last wrote.")


def _questions(root: strawberry.Parent[models.MessageTopic]) -> list[str]:
    return root.sample_questions or []


@strawberry.type(description="A subject that visitors ask about. Reserved: nothing fills it yet.")
class MessageTopic(RowType, Node):
    """A row of `message_topics`."""

    topic_name: str = strawberry.field(description="The subject.")
    message_count: int = strawberry.field(description="How many messages are about it.")
    sample_questions: list[str] = derived_field(_questions, "sample_questions", description="Some of the questions.")
    created_at: dt.datetime = strawberry.field(description="When it was first seen.")
