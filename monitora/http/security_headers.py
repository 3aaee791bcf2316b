"""The headers that every answer carries, so that a browser does no more with it than it must."""

from collections.abc import Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

COMMON = {
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"referrer-policy": b"same-origin",
    b"permissions-policy": b"camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
}
OWN = COMMON | {b"cross-origin-resource-policy": b"same-origin"}
EMBEDDABLE = COMMON | {b"cross-origin-resource-policy": b"cross-origin"}
NOTHING = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
"""The Content-Security-Policy of what is no page, should a browser ever show it as one."""
NO_PAGE = {b"content-security-policy": NOTHING.encode()}
PAGE = {
    b"content-security-policy": (
        # Scripts, styles and connections are the server's own; a workspace's avatar may lie anywhere.
        f"{NOTHING}; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data: https:"
    ).encode(),
    b"cross-origin-opener-policy": b"same-origin",
}
EMBEDDED = "/widget"
"""What other sites load into their pages begins with this."""
ENCRYPTED = {b"strict-transport-security": b"max-age=31536000"}
"""For a year."""


class SecurityHeaders:
    """Adds the headers to the answers of an application, where it did not set them itself. Sockets pass untouched."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        added = _added(scope)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                _add(message, added)
            await send(message)

        await self._app(scope, receive, send_with_headers)


def _added(scope: Scope) -> dict[bytes, bytes]:
    added = EMBEDDABLE if scope["path"].startswith(EMBEDDED) else OWN
    return added | ENCRYPTED if scope["scheme"] == "https" else added


def _add(message: Message, added: Mapping[bytes, bytes]) -> None:
    """Add headers to those of an answer, whose names are in lower case (ASGI), where it has none of the name."""
    headers = [*message.get("headers", ())]
    own = dict(headers)
    policies = PAGE if own.get(b"content-type", b"").startswith(b"text/html") else NO_PAGE
    headers += [pair for part in (added, policies) for pair in part.items() if pair[0] not in own]
    message["headers"] = headers
