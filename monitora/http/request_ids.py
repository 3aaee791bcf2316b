"""A name for each request: in its answer, in its errors and in every line of the log that it causes."""

import re
from uuid import uuid4

import structlog
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADER = "X-Request-Id"
NAME = HEADER.lower().encode()
SANE = re.compile(r"[A-Za-z0-9._:/+=-]{1,128}")
"""What may be repeated in the log of an identifier that somebody else made."""


class RequestIds:
    """Gives each HTTP request an identifier, and answers it in `X-Request-Id`.

    One that the client or a proxy sends is never taken over, for anybody could send another's: the log repeats it as
    `parent_request_id`.
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
        parent = Headers(scope=scope).get(HEADER)
        if parent is not None and SANE.fullmatch(parent):
            structlog.contextvars.bind_contextvars(parent_request_id=parent)

        async def named(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), (NAME, request_id.encode())]
            await send(message)

        await self._app(scope, receive, named)
