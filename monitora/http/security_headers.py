"""The headers that every answer carries, so that a browser does no more with it than it must."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

COMMON = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "permissions-policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
}
NOTHING = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
"""The Content-Security-Policy of what is no page, should a browser ever show it as one."""
PAGE = {
    "content-security-policy": (
        # Scripts, styles and connections are the server's own; a workspace's avatar may lie anywhere.
        f"{NOTHING}; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data: https:"
    ),
    "cross-origin-opener-policy": "same-origin",
}
EMBEDDED = "/widget"
"""What other sites load into their pages begins with this."""
ENCRYPTED_FOR_A_YEAR = "max-age=31536000"


class SecurityHeaders:
    """Adds the headers to the answers of an application, where it did not set them itself. Sockets pass untouched."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                _add(MutableHeaders(scope=message), scope)
            await send(message)

        await self._app(scope, receive, send_with_headers)


def _add(headers: MutableHeaders, scope: Scope) -> None:
    is_page = headers.get("content-type", "").startswith("text/html")
    added = COMMON | (PAGE if is_page else {"content-security-policy": NOTHING})
    added["cross-origin-resource-policy"] = "cross-origin" if scope["path"].startswith(EMBEDDED) else "same-origin"
    if scope["scheme"] == "https":
        added["strict-transport-security"] = ENCRYPTED_FOR_A_YEAR
    for name, value in added.items():
        headers.setdefault(name, value)
