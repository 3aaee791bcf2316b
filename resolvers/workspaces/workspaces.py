"""Workspaces: create, read, update, delete; and the two questions every other room asks of them."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any, TypedDict, TypeVar
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from core.clock import today
from core.errors import ErrorCode, UserError
from data.engine import Database
from data.models import (
    AnalyticsDaily,
    ApiKey,
    AppUser,
    Document,
    InsightsCache,
    Role,
    Workspace,
    WorkspaceDatabase,
    WorkspaceMember,
)
from data.viewer import Staff
from data.visibility import visible, writable
from resolvers.accounts.emails import normalised_email
from resolvers.context import Context
from resolvers.errors import Forbidden, NotFound
from resolvers.rates import SHARE_PER_ACCOUNT
from resolvers.workspaces.origins import MAX_DOMAINS, normalised_domain

MAX_NAME_CHARACTERS = 255
MAX_DESCRIPTION_CHARACTERS = 4_000
MAX_URL_CHARACTERS = 2_048
MAX_PROMPT_CHARACTERS = 10_000
MAX_CSS_CHARACTERS = 20_000
MAX_MODEL_CHARACTERS = 100
MAX_TEMPERATURE = 1.5
MAX_ANSWER_TOKENS = 4_000

Told = TypeVar("Told")
Held = TypeVar("Held", ApiKey, Document, WorkspaceDatabase)
"""Kinds of rows that a workspace holds and its owner changes."""


class WorkspaceValues(TypedDict, total=False):
    """What may be set on a workspace, by column. An absent key leaves the column as it is."""

    name: str
    description: str | None
    website_url: str | None
    allowed_domains: list[str] | None
    custom_css: str | None
    widget_settings: dict[str, Any] | None
    is_active: bool
    model: str
    temperature: float
    max_tokens: int
    system_prompt: str | None


async def create(context: Context, values: WorkspaceValues) -> UUID:
    """Create a workspace, its analytics row of the day and its empty insights. Raises `UserError`, `OperationError`."""
    staff = context.staff()
    if staff.role is not Role.ADMIN:
        raise Forbidden("A reader's account cannot create workspaces.")
    columns = checked(values)

    async def store(session: AsyncSession) -> UUID:
        workspace = Workspace(user_id=staff.user_id, **columns)
        session.add(workspace)
        await session.flush()
        session.add(AnalyticsDaily(workspace_id=workspace.id, date=today()))
        session.add(InsightsCache(workspace_id=workspace.id))
        return workspace.id

    return await context.database.write(store)


async def update(context: Context, workspace_id: UUID, values: WorkspaceValues) -> None:
    """Change what `values` holds. Raises `UserError`, `OperationError`."""
    columns = checked(values)

    async def store(session: AsyncSession) -> None:
        workspace = await owned(context, session, workspace_id)
        for column, value in columns.items():
            setattr(workspace, column, value)

    await context.database.write(store)


async def remove(context: Context, workspace_id: UUID) -> None:
    """Delete a workspace and all it holds, its files included. Raises `OperationError`."""

    async def erase(session: AsyncSession) -> list[str]:
        await owned(context, session, workspace_id)
        files = await session.scalars(select(Document.file_path).where(Document.workspace_id == workspace_id))
        paths = list(files)
        await session.execute(delete(Workspace).where(Workspace.id == workspace_id))
        return paths

    for path in await context.database.write(erase):
        await context.services.storage.delete(path)


async def share(context: Context, workspace_id: UUID, email: str) -> None:
    """Let another account read a workspace. Sharing twice changes nothing. Raises `UserError`, `OperationError`."""
    await context.count(SHARE_PER_ACCOUNT, context.staff().user_id.hex)
    address = normalised_email(email)

    async def store(session: AsyncSession) -> None:
        workspace = await owned(context, session, workspace_id)
        user = await session.scalar(select(AppUser).where(AppUser.email == address))
        if user is None:
            raise UserError(ErrorCode.BAD_USER_INPUT, "There is no account with this e-mail.", ["email"])
        if user.id == workspace.user_id:
            raise UserError(ErrorCode.BAD_USER_INPUT, "The workspace is yours already.", ["email"])
        if await session.get(WorkspaceMember, (workspace_id, user.id)) is None:
            session.add(WorkspaceMember(workspace_id=workspace_id, user_id=user.id))

    await context.database.write(store)


async def unshare(context: Context, workspace_id: UUID, email: str) -> None:
    """Take back what `share` gave. Raises `UserError`, `OperationError`."""
    address = normalised_email(email)

    async def store(session: AsyncSession) -> None:
        await owned(context, session, workspace_id)
        account = select(AppUser.id).where(AppUser.email == address)
        await session.execute(
            delete(WorkspaceMember)
            .where(WorkspaceMember.workspace_id == workspace_id, WorkspaceMember.user_id.in_(account))
            .execution_options(synchronize_session=False)
        )

    await context.database.write(store)


async def readable(context: Context, workspace_id: UUID) -> Workspace:
    """Return a workspace that the account may read. Raises `OperationError`."""
    context.staff()
    context.workspace_id = workspace_id
    workspace = await context.loaders.row(Workspace, workspace_id)
    if workspace is None:
        raise NotFound("workspace")
    return workspace


async def while_readable(
    context: Context, workspace_id: UUID, news: AsyncGenerator[Told, None]
) -> AsyncGenerator[Told, None]:
    """Yield news of a workspace, which have no end, for as long as the account may read it. Raises `OperationError`.

    It is looked at again from time to time: what is read of each piece of news goes through `visible` anyway.
    """
    await readable(context, workspace_id)
    clock, period = asyncio.get_running_loop().time, context.policy.access_reviewed_every.total_seconds()
    review_at = clock() + period
    upcoming = asyncio.ensure_future(anext(news))
    try:
        while True:
            await asyncio.wait({upcoming}, timeout=max(review_at - clock(), 0))
            if clock() >= review_at:
                context.forget_loaded()
                await readable(context, workspace_id)
                review_at = clock() + period
            if upcoming.done():
                yield upcoming.result()
                upcoming = asyncio.ensure_future(anext(news))
    finally:
        upcoming.cancel()
        await asyncio.gather(upcoming, return_exceptions=True)
        await news.aclose()


async def is_switched_on(database: Database, workspace_id: UUID) -> bool:
    """Tell whether a workspace is there and serves its visitors."""
    found = select(Workspace.is_active).where(Workspace.id == workspace_id)
    return await database.read(lambda session: session.scalar(found)) is True


async def is_owner(context: Context, workspace_id: UUID) -> bool:
    """Tell of a workspace that is read whether the account may change it, as `writable` says of many."""
    viewer, workspace = context.viewer, await context.loaders.row(Workspace, workspace_id)
    if workspace is None or not isinstance(viewer, Staff):
        return False
    return viewer.role is Role.ADMIN and workspace.user_id == viewer.user_id


async def owned(context: Context, session: AsyncSession, workspace_id: UUID) -> Workspace:
    """Return, inside a unit, a workspace that the account may change. Raises `OperationError`."""
    context.staff()
    context.workspace_id = workspace_id
    workspace = await session.scalar(visible(context.viewer, Workspace).where(Workspace.id == workspace_id))
    if workspace is None:
        raise NotFound("workspace")
    if await session.scalar(select(Workspace.id).where(Workspace.id == workspace_id, writable(context.viewer))) is None:
        raise Forbidden
    return workspace


async def owned_row(context: Context, session: AsyncSession, model: type[Held], key: UUID, what: str) -> Held:
    """Return, inside a unit, a row of a workspace that the account may change.

    Raises `OperationError`, `what` not found.
    """
    row = await session.scalar(visible(context.viewer, model).where(model.id == key))
    if row is None:
        raise NotFound(what)
    await owned(context, session, row.workspace_id)
    return row


def checked(values: WorkspaceValues) -> dict[str, Any]:
    """Return the columns to store, normalised. Raises `UserError` for the first that is out of bounds."""
    columns: dict[str, Any] = dict(values)
    if "name" in values:
        columns["name"] = bounded("name", values["name"], MAX_NAME_CHARACTERS, least=1)
    for name, limit in _TEXTS.items():
        if columns.get(name) is not None:
            columns[name] = bounded(name, columns[name], limit) or None
    if columns.get("website_url"):
        _check_url(columns["website_url"])
    if columns.get("allowed_domains") is not None:
        columns["allowed_domains"] = _domains(columns["allowed_domains"])
    if "temperature" in values and not 0 <= values["temperature"] <= MAX_TEMPERATURE:
        raise rejected("temperature", f"The temperature is between 0 and {MAX_TEMPERATURE}.")
    if "max_tokens" in values and not 1 <= values["max_tokens"] <= MAX_ANSWER_TOKENS:
        raise rejected("max_tokens", f"An answer has between 1 and {MAX_ANSWER_TOKENS} tokens.")
    return columns


_TEXTS = {
    "description": MAX_DESCRIPTION_CHARACTERS,
    "website_url": MAX_URL_CHARACTERS,
    "custom_css": MAX_CSS_CHARACTERS,
    "system_prompt": MAX_PROMPT_CHARACTERS,
    "model": MAX_MODEL_CHARACTERS,
}


def bounded(column: str, value: str, limit: int, least: int = 0) -> str:
    """Return a text without the space around it. Raises `UserError` when it is too short or too long."""
    text = value.strip()
    if not least <= len(text) <= limit:
        raise rejected(column, f"This has {least} to {limit} characters.")
    return text


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        valid = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        valid = False
    if not valid:
        raise rejected("website_url", "A website's address begins with http:// or https://.")


def _domains(domains: list[str]) -> list[str]:
    if len(domains) > MAX_DOMAINS:
        raise rejected("allowed_domains", f"A workspace lists at most {MAX_DOMAINS} domains.")
    normal = []
    for text in domains:
        domain = normalised_domain(text)
        if domain is None:
            raise rejected("allowed_domains", f"{text[:100]!r} is no domain: write example.com or *.example.com.")
        normal.append(domain)
    return normal


def rejected(column: str, message: str) -> UserError:
    """Return the rejection of the input's field that sets a column."""
    first, *rest = column.split("_")
    return UserError(ErrorCode.BAD_USER_INPUT, message, ["".join([first, *(word.title() for word in rest)])])
