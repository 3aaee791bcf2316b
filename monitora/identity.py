"""From a token to a viewer: the session was looked up lately, or is looked up now."""

import asyncio
from contextlib import AbstractContextManager, nullcontext, suppress
from uuid import uuid4

from starlette.requests import HTTPConnection

from core.security.tokens import InvalidToken, StaffClaims, VisitorClaims
from data.viewer import Anonymous, Viewer, Visitor
from resolvers.accounts import sessions
from resolvers.context import Client, Context
from resolvers.services import Services
from resolvers.workspaces import access
from resolvers.workspaces.origins import Origin

EXPIRED = "The token has expired: refresh the session, or start the visit again."
ELSEWHERE = "The token is bound to another page's origin: start a visit from this one."
OF_CLIENTS = {b"user-agent", b"origin", b"host"}
"""The headers that tell where a connection comes from."""
INVALID = "The token is not one of this server's, or its session has ended: log in again."


async def context_of(
    services: Services, connection: HTTPConnection, authorization: str | None, request_id: str | None = None
) -> Context:
    """Return the context of one operation, which has an identifier of its own unless its request has one."""
    client = client_of(connection)
    token = bearer_token(authorization)
    viewer = await viewer_of(services, client, token) if token else Anonymous()
    return Context(viewer, services, client, token, request_id or uuid4().hex)


async def viewer_of(services: Services, client: Client, token: str) -> Viewer:
    """Return whom a token speaks for. One that is no good makes an anonymous viewer who knows why."""
    if (known := services.sessions.kept(token)) is not None:
        return known
    try:
        claims = services.tokens.read(token)
    except InvalidToken as error:
        return Anonymous(EXPIRED if error.expired else INVALID)
    if isinstance(claims, VisitorClaims):
        # Browsers name the page in each POST and handshake; who sends no origin could as well have sent the right one.
        if client.origin is not None and str(Origin.of(client.origin)) != claims.origin:
            return Anonymous(ELSEWHERE)
        return Visitor(claims.workspace_id, claims.visitor_id, claims.name, claims.email)
    staff = await services.sessions.identify(claims, token)
    return staff or Anonymous(INVALID)


async def is_over(services: Services, token: str) -> bool:
    """Tell whether what a token opened has ended: the account's session, or the visitor's assistant.

    A session whose tokens were exchanged for others goes on.
    """
    try:
        claims = services.tokens.read(token)
    except InvalidToken:
        return True
    if isinstance(claims, VisitorClaims):
        return not await access.is_switched_on(services.database, claims.workspace_id)
    return not await sessions.is_open(services.database, claims.session_id)


def watched(services: Services, token: str | None) -> AbstractContextManager[asyncio.Event]:
    """Return what yields an event that is set when a token's session may have ended; never, for other tokens."""
    with suppress(InvalidToken):
        claims = None if token is None else services.tokens.read(token)
        if isinstance(claims, StaffClaims):
            return services.sessions.watching(claims)
    return nullcontext(asyncio.Event())


def bearer_token(authorization: str | None) -> str | None:
    """Return the token of an Authorization header, or None when it holds none."""
    scheme, _, token = (authorization or "").partition(" ")
    return token.strip() or None if scheme.casefold() == "bearer" else None


def client_of(connection: HTTPConnection) -> Client:
    """Return where a connection comes from."""
    address: tuple[str, int] | None = connection.scope.get("client")
    # Looked at once: each look by name goes through all of them.
    headers = {
        name: value.decode("latin-1") for name, value in reversed(connection.scope["headers"]) if name in OF_CLIENTS
    }
    return Client(
        ip_address=address[0] if address else None,
        user_agent=headers.get(b"user-agent"),
        origin=headers.get(b"origin"),
        host=headers.get(b"host"),
    )
