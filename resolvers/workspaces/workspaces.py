"""Workspaces: create, update, delete, share."""

from typing import Any, TypedDict
from urllib.parse import urlsplit
from uuid import UUID

from core.errors import ErrorCode, QuotaExceeded, UserError
from data.engine import Session
from data.models import Role
from data.queries import workspaces as queries
from data.queries.accounts import find_user_by_email, lock_account
from resolvers.accounts.emails import normalised_email
from resolvers.context import Context
from resolvers.errors import Forbidden
from resolvers.rates import SHARE_PER_ACCOUNT, WORKSPACE_PER_ACCOUNT
from resolvers.workspaces.access import owned
from resolvers.workspaces.origins import MAX_DOMAINS, normalised_domain
from resolvers.workspaces.widget_settings import WidgetValues, merged

MAX_NAME_CHARACTERS = 255
MAX_DESCRIPTION_CHARACTERS = 4_000
MAX_URL_CHARACTERS = 2_048
MAX_PROMPT_CHARACTERS = 10_000
MAX_CSS_CHARACTERS = 20_000
MAX_MODEL_CHARACTERS = 100
MAX_TEMPERATURE = 1.5
MAX_ANSWER_TOKENS = 4_000
MAX_NO_ANSWER_CHARACTERS = 1_000
MAX_CONTACT_CHARACTERS = 2_000
MAX_SOURCES = 10
MAX_MEMBERS = 200
"""Accounts that one workspace is shared with."""


class WorkspaceValues(TypedDict, total=False):
    """What may be set on a workspace, by column. An absent key leaves the column as it is."""

    name: str
    description: str | None
    website_url: str | None
    allowed_domains: list[str] | None
    custom_css: str | None
    widget_settings: WidgetValues | None
    is_active: bool
    model: str
    temperature: float
    max_tokens: int
    system_prompt: str | None
    no_answer_text: str | None
    no_answer_text_fr: str | None
    contact_url: str | None
    confidence_threshold: float | None
    max_sources: int | None


async def create(context: Context, values: WorkspaceValues) -> UUID:
    """Create a workspace, its analytics row of the day and its empty insights.

    Raises `UserError`, `QuotaExceeded` when the account has as many as it may, and `OperationError`.
    """
    staff = context.staff()
    if staff.role is not Role.ADMIN:
        raise Forbidden("A reader's account cannot create workspaces.")
    await context.count(WORKSPACE_PER_ACCOUNT, staff.user_id.hex)
    columns = checked(values)
    columns["widget_settings"] = merged(None, values.get("widget_settings"))

    async def store(session: Session) -> UUID:
        most = context.policy.max_workspaces
        await lock_account(session, staff.user_id)
        if await queries.count_workspaces(session, staff.user_id) >= most:
            raise too_many(f"An account has at most {most} workspaces: delete one first.")
        return await queries.add_workspace(session, staff.user_id, columns)

    return await context.database.write(store)


async def update(context: Context, workspace_id: UUID, values: WorkspaceValues) -> None:
    """Change what `values` holds, and of the widget what that holds. Raises `UserError`, `OperationError`."""
    columns = checked(values)

    async def store(session: Session) -> None:
        workspace = await owned(context, session, workspace_id)
        if "widget_settings" in values:
            await queries.lock_workspace(session, workspace_id)
        for column, value in columns.items():
            stored = merged(workspace.widget_settings, value) if column == "widget_settings" else value
            setattr(workspace, column, stored)

    await context.database.write(store)


async def remove(context: Context, workspace_id: UUID) -> None:
    """Delete a workspace and all it holds, its files included. Raises `OperationError`."""

    async def erase(session: Session) -> None:
        workspace = await owned(context, session, workspace_id)
        await lock_account(session, workspace.user_id)
        await queries.delete_workspace(session, workspace_id)

    await context.database.write(erase)
    await context.services.storage.delete_workspace(workspace_id)


async def share(context: Context, workspace_id: UUID, email: str) -> None:
    """Let another account read a workspace. Sharing twice changes nothing. Raises `UserError`, `OperationError`."""
    await context.count(SHARE_PER_ACCOUNT, context.staff().user_id.hex)
    address = normalised_email(email)

    async def store(session: Session) -> None:
        workspace = await owned(context, session, workspace_id)
        user = await find_user_by_email(session, address)
        if user is None:
            raise UserError(ErrorCode.BAD_USER_INPUT, "There is no account with this e-mail.", ["email"])
        if user.id == workspace.user_id:
            raise UserError(ErrorCode.BAD_USER_INPUT, "The workspace is yours already.", ["email"])
        await queries.lock_workspace(session, workspace_id)
        members = await queries.find_members(session, workspace_id)
        if user.id in members:
            return
        if len(members) >= MAX_MEMBERS:
            raise too_many(f"A workspace is shared with at most {MAX_MEMBERS} accounts: take it back from one first.")
        queries.add_member(session, workspace_id, user.id)

    await context.database.write(store)


async def unshare(context: Context, workspace_id: UUID, email: str) -> None:
    """Take back what `share` gave. Raises `UserError`, `OperationError`."""
    address = normalised_email(email)

    async def store(session: Session) -> None:
        await owned(context, session, workspace_id)
        await queries.delete_member(session, workspace_id, address)

    await context.database.write(store)


def checked(values: WorkspaceValues) -> dict[str, Any]:
    """Return the columns to store, normalised. Raises `UserError` for the first that is out of bounds."""
    columns: dict[str, Any] = dict(values)
    if "name" in values:
        columns["name"] = bounded("name", values["name"], MAX_NAME_CHARACTERS, least=1)
    for name, limit in _TEXTS.items():
        if columns.get(name) is not None:
            columns[name] = bounded(name, columns[name], limit) or None
    for name in ("website_url", "contact_url"):
        if columns.get(name):
            _check_url(name, columns[name])
    if columns.get("allowed_domains") is not None:
        columns["allowed_domains"] = _domains(columns["allowed_domains"])
    for name, (least, most, message) in _RANGES.items():
        if columns.get(name) is not None and not least <= columns[name] <= most:
            raise rejected(name, message)
    return columns


_RANGES: dict[str, tuple[float, float, str]] = {
    "temperature": (0, MAX_TEMPERATURE, f"The temperature is between 0 and {MAX_TEMPERATURE}."),
    "max_tokens": (1, MAX_ANSWER_TOKENS, f"An answer has between 1 and {MAX_ANSWER_TOKENS} tokens."),
    "confidence_threshold": (0, 1, "The least confidence of an answer is between 0 and 1."),
    "max_sources": (1, MAX_SOURCES, f"An answer rests on 1 to {MAX_SOURCES} sources."),
}
_TEXTS = {
    "description": MAX_DESCRIPTION_CHARACTERS,
    "website_url": MAX_URL_CHARACTERS,
    "custom_css": MAX_CSS_CHARACTERS,
    "system_prompt": MAX_PROMPT_CHARACTERS,
    "model": MAX_MODEL_CHARACTERS,
    "no_answer_text": MAX_NO_ANSWER_CHARACTERS,
    "no_answer_text_fr": MAX_NO_ANSWER_CHARACTERS,
    "contact_url": MAX_CONTACT_CHARACTERS,
}


def bounded(column: str, value: str, limit: int, least: int = 0) -> str:
    """Return a text without the space around it. Raises `UserError` when it is too short or too long."""
    text = value.strip()
    if not least <= len(text) <= limit:
        raise rejected(column, f"This has {least} to {limit} characters.")
    return text


def _check_url(column: str, url: str) -> None:
    try:
        parts = urlsplit(url)
        valid = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        valid = False
    if not valid:
        raise rejected(column, "An address on the web begins with http:// or https://.")


def _domains(domains: list[str]) -> list[str]:
    if len(domains) > MAX_DOMAINS:
        raise rejected("allowed_domains", f"A workspace lists at most {MAX_DOMAINS} domains.")
    normal = []
    for text in domains:
        domain = normalised_domain(text)
        if domain is None:
            examples = "example.com, *.example.com or http://localhost:5173"
            raise rejected("allowed_domains", f"{text[:100]!r} names no site: write it like {examples}.")
        normal.append(domain)
    return normal


def too_many(message: str) -> QuotaExceeded:
    """Return the error of something of which there are as many as may be."""
    return QuotaExceeded(ErrorCode.QUOTA_EXCEEDED, message)


def rejected(column: str, message: str) -> UserError:
    """Return the error of the input's field that sets a column."""
    first, *rest = column.split("_")
    return UserError(ErrorCode.BAD_USER_INPUT, message, ["".join([first, *(word.title() for word in rest)])])
