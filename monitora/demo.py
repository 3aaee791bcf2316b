"""The sample workspace: an administrator, a chatbot filled with the product's own guide, and the demo page's key.

The password and the key are derived from the server's signing key: each start can show them, and nothing stores them.
When the signing key is followed by another, what was derived from it goes on working while it is accepted.
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from uuid import UUID

import widget
from core.security.keys import API_KEY_PREFIX_LENGTH, digest
from data.engine import Database, Session
from data.models import ApiKey, AppUser, Role
from data.queries import workspaces as queries
from data.queries.accounts import find_user_by_email
from data.viewer import Anonymous
from monitora.operator import acting_for
from monitora.settings.settings import Settings
from resolvers import uploads
from resolvers.accounts import accounts
from resolvers.context import Context
from resolvers.services import Services
from resolvers.workspaces import widget_settings, workspaces

EMAIL = "admin@monitora.example"
WORKSPACE = "Monitora guide"
WIDGET: widget_settings.WidgetValues = {
    "title": "Monitora",
    "welcome": "Hello! Ask me anything about Monitora. / Bonjour ! Posez-moi vos questions sur Monitora.",
    "suggested_questions": [
        "How do I add the chat to my website?",
        "Which file types can I upload?",
        "Comment Monitora calcule-t-il la satisfaction ?",
    ],
}


@dataclass(frozen=True, slots=True)
class Demo:
    """What a person needs to try the server. `password` is None when it is no longer the generated one."""

    email: str
    password: str | None
    workspace_id: UUID


async def prepare(services: Services, settings: Settings) -> Demo:
    """Create what is missing of the administrator, the workspace, its documents and its key."""
    passwords = _derived(settings, "administrator's password")
    user = await services.database.read(lambda session: find_user_by_email(session, EMAIL))
    if user is None:
        await accounts.create_user(Context(Anonymous(), services), EMAIL, passwords[0], "Administrator", Role.ADMIN)
        user = await services.database.read(lambda session: find_user_by_email(session, EMAIL))
    if user is None:
        raise RuntimeError("the administrator was created and is not there")
    workspace_id = await _workspace(services, user)
    await services.database.write(lambda session: _publish(session, workspace_id, _keys(settings)[0]))
    unchanged = (given for given in passwords if services.passwords.verify(given, user.password_hash))
    return Demo(EMAIL, next(unchanged, None), workspace_id)


async def published_key(database: Database, settings: Settings) -> str | None:
    """Return the demo page's key, or None when there is no sample workspace."""
    keys = {digest(key): key for key in _keys(settings)}
    known = await database.read(lambda session: queries.find_stored_api_keys(session, list(keys)))
    return next((key for hashed, key in keys.items() if hashed in known), None)


def page(key: str, settings: Settings) -> str:
    """Return the demo page with its key. Where GraphiQL is switched off, nothing on the page leads to it."""
    lines = (widget.DEMO / "index.html").read_text(encoding="utf-8").splitlines(keepends=True)
    visible = "".join(line for line in lines if settings.graphiql or 'href="./graphiql"' not in line)
    return visible.replace("__MONITORA_KEY__", key)


async def _workspace(services: Services, user: AppUser) -> UUID:
    existing = await services.database.read(lambda session: queries.find_first_workspace(session, user.id))
    if existing is not None:
        return existing
    context = acting_for(services, user)
    workspace_id = await workspaces.create(
        context,
        {
            "name": WORKSPACE,
            "description": "Answers questions about Monitora from its own guide, in English and French.",
            "widget_settings": widget_settings.checked(WIDGET),
        },
    )
    for path in guide():
        await uploads.upload(context, workspace_id, path.name, BytesIO(path.read_bytes()), _title(path))
    return workspace_id


def guide() -> list[Path]:
    """Return the files of the guide, English first."""
    folder = Path(str(files("monitora") / "guide"))
    return sorted(folder.glob("*/*.md"))


def _title(path: Path) -> str:
    return path.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ").strip()


async def _publish(session: Session, workspace_id: UUID, key: str) -> None:
    if not await queries.find_stored_api_keys(session, [digest(key)]):
        published = ApiKey(
            workspace_id=workspace_id,
            name="Demo page",
            key_prefix=key[:API_KEY_PREFIX_LENGTH],
            key_hash=digest(key),
        )
        await queries.add_api_key(session, published)


def _keys(settings: Settings) -> list[str]:
    return [f"mk_{secret}" for secret in _derived(settings, "demo page key")]


def _derived(settings: Settings, purpose: str) -> list[str]:
    """Return a secret for a purpose from each signing key, the present one first."""
    message = f"monitora demo: {purpose}".encode()
    secrets = [hmac.digest(key.encode(), message, hashlib.sha256) for key in settings.signing_keys()]
    return [base64.urlsafe_b64encode(secret[:15]).decode() for secret in secrets]
