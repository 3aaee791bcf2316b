"""The path under which a reverse proxy serves the server, such as `/monitora` of `https://example.com/monitora`.

The pages name their scripts, the graph and each other by relative addresses. So the server uses the path only to take
it off the requests of a proxy that passes it on.
"""

from urllib.parse import unquote, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send


class BasePath:
    """Takes the path of the public address off each request and websocket that carries it.

    A proxy that strips the path itself sends none, and one without a path has nothing to take off: both pass untouched.
    """

    def __init__(self, app: ASGIApp, public_url: str) -> None:
        self._app = app
        self._path = unquote(urlsplit(public_url).path).rstrip("/")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        path = scope.get("path", "")
        if self._path and f"{path}/".startswith(f"{self._path}/"):
            scope = {**scope, "path": path.removeprefix(self._path) or "/", "raw_path": None}
        await self._app(scope, receive, send)


async def redirect_to_plain_address(request: Request) -> Response:
    """Lead from `/demo/` or `/demo/index.html` to `/demo`, relative to it.

    Starlette's own redirection is absolute, made of the `Host` and the path: it leads out of the proxy's path.
    """
    name = request.scope["path"].split("/")[1]
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"../{name}{query}")
