"""What surrounds each request: an identifier, and headers by which a browser does no more with an answer than it must.

The identifier is in the answer, in its errors and in every line of the log that the request causes.
"""

import re
from functools import cache
from uuid import uuid4

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

REQUEST_ID = "X-Request-Id"
SANE = re.compile(rb"[A-Za-z0-9._:/+=-]{1,128}")
"""What may be repeated in the log of an identifier that somebody else made."""

COMMON = {
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"referrer-policy": b"same-origin",
    b"permissions-policy": b"camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
}
OWN = {b"cross-origin-resource-policy": b"same-origin"}
EMBEDDABLE = {b"cross-origin-resource-policy": b"cross-origin"}
NOTHING = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
"""The Content-Security-Policy of what is not a page, in case a browser shows it as one."""
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

Headers = list[tuple[bytes, bytes]]


class Envelope:
    """Names each HTTP request, and adds its identifier and the headers to the answer. Sockets pass untouched.

    A header that the application set itself stays as it is. An identifier that the client or a proxy sends is never
    taken over, for anybody could send another's: the log repeats it as `parent_request_id`.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, under its name. A websocket's operations have one each, given by their contexts."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id
        # The request has a task of its own, and so these values are its own.
        structlog.contextvars.bind_contextvars(request_id=request_id)
        parent = next((value for name, value in scope["headers"] if name == b"x-request-id"), None)
        if parent is not None and SANE.fullmatch(parent):
            structlog.contextvars.bind_contextvars(parent_request_id=parent.decode())

        async def enveloped(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [
                    *_completed(scope, list(message.get("headers", ()))),
                    (b"x-request-id", request_id.encode()),
                ]
            await send(message)

        await self._app(scope, receive, enveloped)


def _completed(scope: Scope, headers: Headers) -> Headers:
    """Return the headers of an answer, whose names are in lower case (ASGI), with those it has none of the name of."""
    own = dict(headers)
    added = _added(
        is_page=own.get(b"content-type", b"").startswith(b"text/html"),
        is_embeddable=scope["path"].startswith(EMBEDDED),
        is_encrypted=scope["scheme"] == "https",
    )
    return headers + [pair for pair in added if pair[0] not in own]


@cache
def _added(*, is_page: bool, is_embeddable: bool, is_encrypted: bool) -> Headers:
    added = COMMON | (EMBEDDABLE if is_embeddable else OWN) | (PAGE if is_page else NO_PAGE)
    return list((added | ENCRYPTED if is_encrypted else added).items())
