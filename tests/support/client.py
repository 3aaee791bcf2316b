"""A front end of the tests: the ordinary Python client, over HTTP and over the websocket."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gql import Client, FileVar, GraphQLRequest
from gql.transport.aiohttp import AIOHTTPTransport
from gql.transport.websockets import WebsocketsTransport

from tests.support.server import Server
from tests.support.waiting import HANG_SECONDS


def _request(query: str, variables: dict[str, Any]) -> GraphQLRequest:
    return GraphQLRequest(query, variable_values=variables)


@dataclass(frozen=True)
class FrontEnd:
    """Asks a server with a token, or without one, from a page of this server, or of `page`."""

    server: Server
    token: str | None = None
    page: Server | None = None

    async def ask(self, query: str, **variables: Any) -> Any:
        """Run a query or mutation over HTTP."""
        headers = {**self._headers, "graphql-require-preflight": "1"}
        if self.token:
            headers["authorization"] = f"Bearer {self.token}"
        uploads = any(isinstance(value, FileVar) for value in variables.get("input", {}).values())
        transport = AIOHTTPTransport(self.server.http, headers=headers, ssl=False)
        async with Client(transport=transport, execute_timeout=HANG_SECONDS) as session:
            return await session.execute(_request(query, variables), upload_files=uploads)

    async def stream(self, query: str, **variables: Any) -> AsyncIterator[Any]:
        """Run a subscription over the websocket."""
        payload = {"authorization": f"Bearer {self.token}"} if self.token else {}
        transport = WebsocketsTransport(
            self.server.websocket,
            headers=self._headers,
            init_payload=payload,
            connect_timeout=HANG_SECONDS,
            ack_timeout=HANG_SECONDS,
            close_timeout=HANG_SECONDS,
        )
        async with Client(transport=transport) as session:
            async for event in session.subscribe(_request(query, variables)):
                yield event

    @property
    def _headers(self) -> dict[str, str]:
        return {"origin": (self.page or self.server).origin}

    @staticmethod
    def file(path: Path) -> FileVar:
        """Return a file as a variable."""
        return FileVar(str(path), filename=path.name)
