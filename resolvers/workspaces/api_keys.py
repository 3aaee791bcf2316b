"""API keys: made and revoked by the workspace's owner, exchanged for a visitor's token by the widget."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from core.clock import now
from core.errors import ErrorCode, UserError
from core.security.keys import API_KEY_PREFIX_LENGTH, digest, new_api_key
from core.security.tokens import VisitorClaims
from data.engine import Session
from data.models import ApiKey, Workspace
from data.queries import workspaces as queries
from resolvers.accounts.emails import normalised_email
from resolvers.context import Client, Context
from resolvers.rates import KEY_PER_ACCOUNT, VISIT_PER_ADDRESS, VISIT_PER_KEY
from resolvers.workspaces import access
from resolvers.workspaces.origins import Origin, entry_for, is_allowed
from resolvers.workspaces.workspaces import too_many

MAX_NAME_CHARACTERS = 255
USE_NOTED_EVERY = timedelta(minutes=1)
"""How fresh `last_used_at` is kept: in a rush of visits, a write for each would hold up the database."""
MAX_KEYS = 100
"""Keys of one workspace that are alive at once."""
MAX_REVOKED_KEYS = 100
"""Revoked keys of one workspace that are kept to be shown: those that were revoked last."""


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key just made. `secret` is shown this once: only its hash is kept."""

    id: UUID
    secret: str


@dataclass(frozen=True, slots=True)
class StartedVisit:
    """What a page gets for its key: a token of one visitor in one workspace."""

    token: str
    visitor_id: str
    expires_at: datetime
    workspace: Workspace


async def create(context: Context, workspace_id: UUID, name: str, expires_at: datetime | None) -> NewKey:
    """Make a key. Raises `UserError`, `OperationError`."""
    label = name.strip()
    if not 1 <= len(label) <= MAX_NAME_CHARACTERS:
        raise UserError(ErrorCode.BAD_USER_INPUT, f"A key's name has 1 to {MAX_NAME_CHARACTERS} characters.", ["name"])
    if expires_at is not None and expires_at <= now():
        raise UserError(ErrorCode.BAD_USER_INPUT, "The key would have expired already.", ["expiresAt"])
    await context.count(KEY_PER_ACCOUNT, context.staff().user_id.hex)
    secret = new_api_key()

    async def store(session: Session) -> UUID:
        await access.owned(context, session, workspace_id)
        await queries.lock_workspace(session, workspace_id)
        if await queries.count_live_api_keys(session, workspace_id, MAX_KEYS) >= MAX_KEYS:
            raise too_many(f"A workspace has at most {MAX_KEYS} keys: revoke one first.")
        key = ApiKey(
            workspace_id=workspace_id,
            name=label,
            key_prefix=secret[:API_KEY_PREFIX_LENGTH],
            key_hash=digest(secret),
            expires_at=expires_at,
        )
        return await queries.add_api_key(session, key)

    return NewKey(await context.database.write(store), secret)


async def revoke(context: Context, key_id: UUID) -> None:
    """End a key at once. Raises `OperationError`."""

    async def store(session: Session) -> None:
        key = await access.owned_row(context, session, ApiKey, key_id, "API key")
        if key.revoked_at is None:
            key.revoked_at = now()
            await queries.delete_revoked_api_keys(session, key.workspace_id, kept=MAX_REVOKED_KEYS)

    context.staff()
    await context.database.write(store)


@dataclass(frozen=True, slots=True)
class Introduction:
    """What a page says of its visitor: an earlier token of theirs, and a name and an e-mail the site knows them by."""

    visitor_token: str | None = None
    name: str | None = None
    email: str | None = None


async def start_visit(context: Context, api_key: str, introduction: Introduction) -> StartedVisit:
    """Exchange a page's key for a visitor's token, for the same visitor when an earlier token of the page is shown.

    Raises `UserError` when there is no origin, the key is unknown, revoked or expired, or the page's site is not on the
    workspace's list.
    """
    if context.client.origin is None:
        raise UserError(ErrorCode.ORIGIN_MISSING, "A visit begins on a page: send its Origin header, as browsers do.")
    await context.count(VISIT_PER_ADDRESS, context.client.network)
    await context.count(VISIT_PER_KEY, api_key)
    # As the server: whose workspace it is, only the key says.
    database = context.services.database
    key, workspace = await database.read(lambda session: _opened_by(session, api_key, context.client))
    if key.last_used_at is None or key.last_used_at < now() - USE_NOTED_EVERY:
        await database.write(lambda session: queries.note_api_key_use(session, key.id, now() - USE_NOTED_EVERY))
    origin = str(Origin.of(context.client.origin))
    earlier = context.services.tokens.returning_visitor(introduction.visitor_token or "")
    is_same = earlier is not None and (earlier.workspace_id, earlier.origin) == (workspace.id, origin)
    claims = VisitorClaims(
        visitor_id=earlier.visitor_id if earlier and is_same else uuid4().hex,
        workspace_id=workspace.id,
        origin=origin,
        name=_name(introduction.name),
        email=normalised_email(introduction.email) if introduction.email else None,
    )
    lifetime = context.policy.visitor_token_lifetime
    token = context.services.tokens.for_visitor(claims, lifetime)
    return StartedVisit(token, claims.visitor_id, now() + lifetime, workspace)


async def _opened_by(session: Session, api_key: str, client: Client) -> tuple[ApiKey, Workspace]:
    """Find a key that is good, and its workspace: what the specification calls trg_api_key_expiry_check."""
    found = await queries.find_api_key(session, digest(api_key))
    if found is None or found[0].revoked_at is not None:
        raise UserError(ErrorCode.API_KEY_INVALID, "This API key is unknown or was revoked.", ["apiKey"])
    key, workspace = found
    if key.expires_at is not None and key.expires_at <= now():
        raise UserError(ErrorCode.API_KEY_EXPIRED, "This API key has expired: make a new one.", ["apiKey"])
    if not workspace.is_active:
        raise UserError(ErrorCode.WORKSPACE_INACTIVE, "This assistant is switched off.", ["apiKey"])
    origin = Origin.of(client.origin)
    if origin is None:
        text = "A page without a site, such as a file or a sandboxed frame, may not show this assistant."
        raise UserError(ErrorCode.ORIGIN_NOT_ALLOWED, f"{text} Serve it from one of the workspace's allowed domains.")
    if not is_allowed(origin, workspace.allowed_domains or [], client.host):
        text = f"The site {str(origin)[:200]} may not show this assistant"
        entry = entry_for(origin)[:200]
        raise UserError(ErrorCode.ORIGIN_NOT_ALLOWED, f"{text}: add {entry} to the workspace's allowed domains.")
    return key, workspace


def _name(name: str | None) -> str | None:
    text = (name or "").strip()
    if len(text) > MAX_NAME_CHARACTERS:
        raise UserError(
            ErrorCode.BAD_USER_INPUT, f"A name has at most {MAX_NAME_CHARACTERS} characters.", ["visitorName"]
        )
    return text or None
