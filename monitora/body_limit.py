"""A bound on the size of requests, counted as they arrive."""

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class BodyLimit:
    """Answers 413 to a request that announces more than the bound, and cuts off one that sends more unannounced."""

    def __init__(self, app: ASGIApp, max_bytes: int, max_multipart_bytes: int) -> None:
        """Wrap an application. `max_multipart_bytes` bounds requests that carry files, `max_bytes` all others."""
        self._app = app
        self._max_bytes = max_bytes
        self._max_multipart_bytes = max_multipart_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, counting its body."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        is_multipart = headers.get(b"content-type", b"").lower().startswith(b"multipart/")
        max_bytes = self._max_multipart_bytes if is_multipart else self._max_bytes
        announced = headers.get(b"content-length", b"0")
        if announced.isdigit() and int(announced) > max_bytes:
            refusal = PlainTextResponse(f"A request has at most {max_bytes} bytes.", status_code=413)
            await refusal(scope, receive, send)
            return
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            return {"type": "http.disconnect"} if received > max_bytes else message

        await self._app(scope, counted, send)
