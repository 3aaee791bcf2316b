"""What a client sees of workspaces."""

import datetime as dt
from typing import Annotated, Any

import strawberry

from data import models
from data.models import Role
from resolvers import analytics, storage
from resolvers.search import Hit
from resolvers.search import search as search_documents
from resolvers.workspaces import widget_settings
from schema.accounts.storage import Storage
from schema.analytics.audit import AuditEntry
from schema.analytics.types import (
    AnalyticsDay,
    DayMetrics,
    From,
    Insights,
    MessageTopic,
    To,
    WorkspaceMetrics,
    WorkspaceStats,
)
from schema.conversations.types import Conversation
from schema.databases.types import WorkspaceDatabase
from schema.documents.types import Document
from schema.operation import Info
from schema.readings import Derived, derived_field, link_field, read_by
from schema.relay.connections import Connection, connection_field
from schema.relay.node import Node, RowType
from schema.scalars import URL
from schema.websites.types import Website
from schema.workspaces.search import SearchHit


@strawberry.type(description="How the widget looks and greets.")
class WidgetSettings:
    """What a page shows before anybody says a word."""

    title: str = strawberry.field(description="The panel's title; the workspace's name when none was set.")
    welcome: str | None = strawberry.field(description="The first words, before any question.")
    suggested_questions: list[str] = strawberry.field(description="Questions to begin with, at most six.")
    accent_color: str | None = strawberry.field(description="The colour of buttons, as `#rrggbb`.")
    position: str = strawberry.field(description="The corner: `bottom-right` or `bottom-left`.")
    avatar_url: URL | None = strawberry.field(description="A small picture of the assistant.")
    locale: str | None = strawberry.field(description="The language, `en` or `fr`; null follows the page.")
    custom_css: str | None = strawberry.field(description="Style sheet applied inside the widget's shadow root.")


def widget_settings_of(workspace: models.Workspace) -> WidgetSettings:
    """Return what the widget of a workspace shows."""
    settings = widget_settings.settings_of(workspace)
    return WidgetSettings(
        title=settings.title or workspace.name,
        welcome=settings.welcome,
        suggested_questions=list(settings.suggested_questions),
        accent_color=settings.accent_color,
        position=settings.position,
        avatar_url=URL(settings.avatar_url) if settings.avatar_url else None,
        locale=settings.locale,
        custom_css=workspace.custom_css,
    )


@strawberry.type(description="A key for the widget: put in a page, it opens visits of one workspace and nothing else.")
class ApiKey(RowType, Node):
    """A row of `api_keys`, without its hash."""

    name: str = strawberry.field(description="What the team calls it.")
    key_prefix: str = strawberry.field(description="The key's first characters, to recognise it by.")
    last_used_at: dt.datetime | None = strawberry.field(description="When it last opened a visit, to within a minute.")
    expires_at: dt.datetime | None = strawberry.field(description="When it ends; null is never.")
    revoked_at: dt.datetime | None = strawberry.field(description="When it was revoked; null while it is good.")
    created_at: dt.datetime = strawberry.field(description="When it was made.")


@strawberry.type(description="An account that a workspace is shared with: it reads the workspace.")
class WorkspaceMember:
    """A row of `workspace_members`, and what it shows of the account."""

    email: str = strawberry.field(description="The account's e-mail, as `unshareWorkspace` takes it.")
    full_name: str | None = strawberry.field(description="The person's name; null when the account has none.")
    role: Role = strawberry.field(
        description="The account's role. Whatever it is, the account reads this workspace and changes nothing in it."
    )
    created_at: dt.datetime = strawberry.field(description="When the workspace was shared with it.")


Parent = strawberry.Parent[models.Workspace]
Query = Annotated[str, strawberry.argument(description="What to search for, at most 4,000 characters.")]
First = Annotated[int | None, strawberry.argument(description="The most passages, from 1 to 40; 10 by default.")]


def _domains(root: Parent) -> list[str]:
    return root.allowed_domains or []


def _widget(root: Parent) -> WidgetSettings:
    return widget_settings_of(root)


async def _storage(root: Parent, info: Info) -> Any:
    return await storage.of_workspace(info.context, root.id)


async def _embedding_progress(root: Parent, info: Info) -> float | None:
    return await storage.embedding_progress(info.context, root.id)


async def _metrics(root: Parent, info: Info) -> Any:
    return await analytics.metrics(info.context, root.id)


@strawberry.type(description="A chatbot: how it answers, where it may appear, and what it knows.")
class Workspace(RowType, Node):
    """A row of `workspaces`."""

    name: str = strawberry.field(description="What the team calls it, at most 255 characters.")
    description: str | None = strawberry.field(description="What it is for.")
    website_url: URL | None = strawberry.field(description="The site it serves.")
    allowed_domains: list[str] = derived_field(
        _domains,
        "allowed_domains",
        description="The sites whose pages may show it. `example.com` and `*.example.com` mean https on its "
        "standard port; other entries name a scheme or a port.",
    )
    custom_css: str | None = strawberry.field(description="Style sheet of the widget, applied inside its shadow root.")
    widget: WidgetSettings = derived_field(
        _widget, "widget_settings", "name", "custom_css", description="How the widget looks and greets."
    )
    is_active: bool = strawberry.field(description="Whether it answers visitors.")
    model: str = strawberry.field(description="The model that writes the answers, by its provider's name.")
    temperature: float = strawberry.field(description="How freely the model writes, from 0 to 1.5.")
    max_tokens: int = strawberry.field(description="The longest answer, in tokens.")
    system_prompt: str | None = strawberry.field(description="What the model is told before anything else.")
    no_answer_text: str | None = strawberry.field(
        description="What the assistant says where the documents do not answer; null for its own words."
    )
    no_answer_text_fr: str | None = strawberry.field(
        description="The same for visitors who write in French; null for `noAnswerText`."
    )
    contact_url: URL | None = strawberry.field(description="Where a visitor reaches people.")
    confidence_threshold: float | None = strawberry.field(
        description="The least confidence of an answer, from 0 to 1; null for 0.5."
    )
    max_sources: int | None = strawberry.field(description="The most passages an answer rests on; null for 5.")
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
    websites: Connection[Website] | None = connection_field(
        Website, models.Website, models.Website.workspace_id, "The websites that it learns from, newest first."
    )
    members: Connection[WorkspaceMember] | None = connection_field(
        WorkspaceMember,
        models.WorkspaceMember,
        models.WorkspaceMember.workspace_id,
        "The accounts that it is shared with, newest first. Null for those who only read.",
        owner_only=True,
    )
    topics: Connection[MessageTopic] | None = connection_field(
        MessageTopic,
        models.MessageTopic,
        models.MessageTopic.workspace_id,
        "What visitors ask about, newest first. Reserved: nothing fills it yet, and the list is empty.",
    )

    audit_log: Connection[AuditEntry] | None = connection_field(
        AuditEntry,
        models.AuditEntry,
        models.AuditEntry.workspace_id,
        "What was archived, deleted and exported, newest first. Null for those who only read.",
        owner_only=True,
    )

    storage: Storage | None = derived_field(
        _storage,
        "id",
        graphql_type=Storage | None,
        description="What its documents take of its storage. Null for those who only read.",
    )
    embedding_progress: float | None = derived_field(
        _embedding_progress,
        "id",
        description="How much of it has vectors of the embedder that is to search it, from 0 to 1; until then it is "
        "searched as before. Null when nothing is embedded again, and for those who only read.",
    )
    insights: Insights | None = link_field(
        Insights,
        models.InsightsCache,
        "id",
        "Figures since the beginning, as last calculated.",
        by=models.InsightsCache.workspace_id,
    )
    stats: WorkspaceStats | None = link_field(
        WorkspaceStats,
        models.WorkspaceStats,
        "id",
        "Totals, as they are now.",
        by=models.WorkspaceStats.workspace_id,
    )
    metrics: WorkspaceMetrics | None = derived_field(
        _metrics,
        "id",
        graphql_type=WorkspaceMetrics | None,
        description="Everything the dashboard shows, as it is now.",
    )

    @strawberry.field(
        graphql_type=list[AnalyticsDay] | None,
        metadata=read_by(Derived(("id",))),
        description="Figures of each day that has any, oldest first: the last 30 days by default, 400 at most.",
    )
    async def analytics(root: Parent, info: Info, from_: From = None, to: To = None) -> list[models.AnalyticsDaily]:
        return await analytics.days(info.context, root.id, from_, to)

    @strawberry.field(
        graphql_type=list[DayMetrics] | None,
        metadata=read_by(Derived(("id",))),
        description="The days of `vw_daily_metrics`, for charts; as `analytics`.",
    )
    async def daily_metrics(root: Parent, info: Info, from_: From = None, to: To = None) -> list[models.DailyMetrics]:
        return await analytics.daily_metrics(info.context, root.id, from_, to)

    @strawberry.field(
        graphql_type=list[SearchHit],
        metadata=read_by(Derived(("id",))),
        description="The passages of its documents that come nearest to a question, best first, as an answer finds "
        "them, whether they answer it or not.",
    )
    async def search(root: Parent, info: Info, query: Query, first: First = None) -> list[Hit]:
        return await search_documents(info.context, root.id, query, first)
