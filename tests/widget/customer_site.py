"""A customer's site of the tests: pages of another origin than the server's, under a strict Content-Security-Policy."""

import asyncio
from types import TracebackType
from typing import Self

PAGE = """<!doctype html>
<html lang="en" dir="{direction}">
<head><meta charset="utf-8"><title>Garden centre</title><link rel="icon" href="data:,"></head>
<body><main><h1>Garden centre</h1><button type="button">Order</button></main>{script}</body>
</html>"""


NONCE = "c2VlZA"
"""What marks the scripts of the page that a policy by nonce lets run."""


class CustomerSite:
    """Serves one page at every path, within an `async with` block.

    It is reached as `localhost` and as `127.0.0.1`: two origins, of which a workspace may allow one. Its policy names
    the server; `by_nonce`, it names no host, but lets the scripts with the nonce run and what they load; `freely`, it
    has none.
    """

    def __init__(self, server: str) -> None:
        self.port = 0
        self._server = server
        self._scripts = f"http://{server}"
        self._script = ""
        self._direction = "ltr"
        self._is_strict = True
        self._listener: asyncio.Server | None = None

    def embed(self, script: str, direction: str = "ltr") -> None:
        """Put a script tag into the page."""
        self._script, self._direction = script, direction

    def by_nonce(self) -> None:
        """Let scripts run by the nonce alone."""
        self._scripts = f"'nonce-{NONCE}' 'strict-dynamic'"

    def freely(self) -> None:
        """Let pages do what they like, such as writing HTML into themselves."""
        self._is_strict = False

    @property
    def _policy(self) -> str:
        if not self._is_strict:
            return "frame-ancestors 'none'"
        return (
            f"default-src 'none'; script-src {self._scripts}; img-src data:; "
            f"connect-src http://{self._server} ws://{self._server}; "
            "require-trusted-types-for 'script'; trusted-types 'none'"
        )

    async def __aenter__(self) -> Self:
        self._listener = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._listener.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, _kind: type[BaseException] | None, _error: object, _trace: TracebackType | None) -> None:
        assert self._listener is not None
        self._listener.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            pass  # a browser opens connections that it does not use
        else:
            page = PAGE.format(direction=self._direction, script=self._script).encode()
            head = (
                "HTTP/1.1 200 OK\r\ncontent-type: text/html; charset=utf-8\r\nconnection: close\r\n"
                f"content-length: {len(page)}\r\ncontent-security-policy: {self._policy}\r\n\r\n"
            )
            writer.write(head.encode() + page)
            await writer.drain()
        finally:
            writer.close()
