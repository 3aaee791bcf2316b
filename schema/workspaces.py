"""Workspaces, and everything that hangs from one."""

import datetime as dt
from typing import Annotated, Any

import strawberry

from data import models
from resolvers import analytics, workspaces
from schema.analytics import (
    AnalyticsDay,
    DayMetrics,
    From,
    Insights,
    MessageTopic,
    To,
    WorkspaceMetrics,
    WorkspaceStats,
)
from schema.api_keys import ApiKey
from schema.connections import After, Before, Connection, First, Last, Rows, connection_field, page_request
from schema.conversations import Conversation
from schema.databases import WorkspaceDatabase
from schema.documents import Document
from schema.node import Node, RowType, key_of
from schema.operation import Info
from schema.scalars import URL
from schema.widget_settings import WidgetSettings, shown_settings

Parent = strawberry.Parent[models.Workspace]


def _domains(root: Parent) -> list[str]:
    return root.allowed_domains or []


def _widget(root: Parent) -> WidgetSettings:
    return shown_settings(root)


@strawberry.type(description="A chatbot: how it answers, where it may appear, and what it knows.")
class Workspace(RowType, Node):
    """A row of `workspaces`."""

    name: str = strawberry.field(description="What the team calls it, at most 255 characters.")
    description: str | None = strawberry.field(description="What it is for.")
    website_url: URL | None = strawberry.field(description="The site it serves.")
    allowed_domains: list[str] = strawberry.field(
        resolver=_domains, description="The domains whose pages may show it, such as `example.com` or `*.example.com`."
    )
    custom_css: str | None = strawberry.field(description="Style sheet of the widget, applied inside its shadow root.")
    widget: WidgetSettings = strawberry.field(resolver=_widget, description="How the widget looks and greets.")
    is_active: bool = strawberry.field(description="Whether it answers visitors.")
    model: str = strawberry.field(description="The model that writes the answers, by its provider's name.")
    temperature: float = strawberry.field(description="How freely the model writes, from 0 to 1.5.")
    max_tokens: int = strawberry.field(description="The longest answer, in tokens.")
    system_prompt: str | None = strawberry.field(description="What the model is told before anything else.")
    created_at: dt.datetime = strawberry.field(description="When it was made.")
    updated_at: dt.datetime = strawberry.field(description="When it last changed.")

    documents: Connection[Document] | None = connection_field(
        Document, models.Document, models.Document.workspace_id, "Its documents, newest first."
    )
    conversations: Connection[Conversation] | None = connection_field(
        Conversation, models.Conversation, models.Conversation.workspace_id, "Its conversations, newest first."
    )
    api_keys: Connection[ApiKey] | None = connection_field(
        ApiKey, models.ApiKey, models.ApiKey.workspace_id, "Its API keys, newest first."
    )
    databases: Connection[WorkspaceDatabase] | None = connection_field(
        WorkspaceDatabase,
        models.WorkspaceDatabase,
        models.WorkspaceDatabase.workspace_id,
        "Its external databases, newest first.",
    )
    topics: Connection[MessageTopic] | None = connection_field(
        MessageTopic, models.MessageTopic, models.MessageTopic.workspace_id, "What visitors ask about, newest first."
    )

    @strawberry.field(
        graphql_type=list[AnalyticsDay] | None,
        description="Figures of each day that has any, oldest first: the last 30 days by default, 400 at most.",
    )
    async def analytics(root: Parent, info: Info, from_: From = None, to: To = None) -> list[models.AnalyticsDaily]:
        """Return rows of `analytics_daily`."""
        return await analytics.days(info.context, root.id, from_, to)

    @strawberry.field(
        graphql_type=list[DayMetrics] | None, description="The days of `vw_daily_metrics`, for charts; as `analytics`."
    )
    async def daily_metrics(root: Parent, info: Info, from_: From = None, to: To = None) -> list[models.DailyMetrics]:
        """Return rows of `vw_daily_metrics`."""
        return await analytics.daily_metrics(info.context, root.id, from_, to)

    @strawberry.field(graphql_type=Insights | None, description="Figures since the beginning, as last calculated.")
    async def insights(root: Parent, info: Info) -> models.InsightsCache | None:
        """Return the row of `insights_cache`."""
        return await analytics.insights(info.context, root.id)

    @strawberry.field(graphql_type=WorkspaceStats | None, description="Totals, counted now.")
    async def stats(root: Parent, info: Info) -> models.WorkspaceStats | None:
        """Return the row of `vw_workspace_stats`."""
        return await analytics.stats(info.context, root.id)

    @strawberry.field(graphql_type=WorkspaceMetrics | None, description="Everything the dashboard shows, counted now.")
    async def metrics(root: Parent, info: Info) -> Any:
        """Return what `sp_get_workspace_metrics` counts."""
        return await analytics.metrics(info.context, root.id)


@strawberry.type
class WorkspaceQueries:
    """Fields of `Query`."""

    @strawberry.field(
        graphql_type=Workspace | None,
        description="A workspace that the account may read; an error with the code NOT_FOUND for any other.",
    )
    async def workspace(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The workspace.")]
    ) -> models.Workspace:
        """Return one workspace."""
        return await workspaces.readable(info.context, key_of(id, models.Workspace))

    @strawberry.field(
        graphql_type=Connection[Workspace], description="The workspaces the account owns or was given, oldest first."
    )
    async def workspaces(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Rows:
        """Return a page of workspaces."""
        info.context.staff()
        request = page_request(first, after, last, before)
        loaders = info.context.loaders
        return Rows(await loaders.page(models.Workspace, request), lambda: loaders.count(models.Workspace))
