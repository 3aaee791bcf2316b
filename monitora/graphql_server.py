"""GraphQL over HTTP and over the websocket, by Strawberry's own view, with a context for each operation."""

from typing import Any, cast

from cross_web import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.exceptions import ConnectionRejectionError
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.types.unset import UNSET, UnsetType

from monitora.identity import context_of
from monitora.websocket import GraphQLSocketHandler, PatientAdapter, Socket
from resolvers.context import Services
from schema import schema

MAX_OPERATIONS_PER_SOCKET = 50


class GraphQLServer(GraphQL[Any, None]):
    """The ASGI application at `/graphql`."""

    graphql_transport_ws_handler_class = GraphQLSocketHandler
    websocket_adapter_class = PatientAdapter

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
        if await context.is_refused():
            raise ConnectionRejectionError
        return cast("UnsetType", UNSET)
