"""GraphQL over HTTP and over the websocket, by Strawberry's own view, with a context for each operation."""

import copy
from dataclasses import dataclass, field
from typing import Any, cast

from cross_web import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.exceptions import ConnectionRejectionError
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler, Operation
from strawberry.types.unset import UNSET, UnsetType

from data.viewer import Anonymous
from monitora.identity import context_of
from resolvers.context import Context, Services
from schema import schema

MAX_OPERATIONS_PER_SOCKET = 50


@dataclass(slots=True)
class Socket:
    """What a websocket's operations share: where it comes from, and what its client said at the beginning."""

    services: Services
    connection: HTTPConnection
    connection_params: dict[str, Any] = field(default_factory=dict)

    async def context(self) -> Context:
        """Return the context of one operation: the session is looked up again, for it may have ended."""
        authorization = self.connection_params.get("authorization") or self.connection_params.get("Authorization")
        text = authorization if isinstance(authorization, str) else self.connection.headers.get("authorization")
        return await context_of(self.services, self.connection, text)


class OperationContextHandler(BaseGraphQLTransportWSHandler[Any, None]):
    """Strawberry's handler makes one context a socket; loaders and viewers belong to one operation."""

    async def run_operation(self, operation: Operation[Any, None]) -> None:
        """Run an operation on a copy of the handler that differs by its context."""
        handler = copy.copy(self)
        handler.context = await self.context.context()
        await BaseGraphQLTransportWSHandler.run_operation(handler, operation)


class GraphQLServer(GraphQL[Any, None]):
    """The ASGI application at `/graphql`."""

    graphql_transport_ws_handler_class = OperationContextHandler

    def __init__(self) -> None:
        super().__init__(
            schema,
            graphql_ide=None,
            subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL,),
            multipart_uploads_enabled=True,
            max_subscriptions_per_connection=MAX_OPERATIONS_PER_SOCKET,
            # Widgets live on other sites. There is no cookie to steal: what a socket may do is in its token, and a
            # visitor's token names the site it was given to.
            allowed_origins=("*",),
        )

    async def parse_http_body(self, request: Any) -> Any:
        """Read the operation of a request. A body that is JSON and no object is the client's fault, not ours."""
        try:
            return await super().parse_http_body(request)
        except (AttributeError, TypeError) as error:
            raise HTTPException(400, "The body is not a JSON object with a query.") from error

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Any:
        """Return the operation's context, or the socket from which each operation makes its own."""
        services: Services = request.app.state.services
        if isinstance(request, WebSocket):
            return Socket(services, request)
        return await context_of(services, request, request.headers.get("authorization"))

    async def on_ws_connect(self, context: Socket) -> UnsetType | dict[str, object] | None:
        """Refuse a socket whose token is no good, with 4403: its client must get another token first."""
        viewer = (await context.context()).viewer
        if isinstance(viewer, Anonymous) and viewer.problem is not None:
            raise ConnectionRejectionError
        return cast("UnsetType", UNSET)
