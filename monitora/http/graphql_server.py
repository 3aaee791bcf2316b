"""GraphQL over HTTP, and over the websocket by Strawberry's own view, with a context for each operation."""

from datetime import timedelta
from typing import Any, cast

import structlog
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.exceptions import ConnectionRejectionError, MissingQueryError
from strawberry.schema.exceptions import InvalidOperationTypeError
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.types import ExecutionResult
from strawberry.types.graphql import OperationType
from strawberry.types.unset import UNSET, UnsetType

from core.errors import ErrorCode
from core.json import as_json
from data.viewer import Staff
from monitora.http.graphql_request import (
    GRAPHQL_RESPONSE,
    NOT_KEPT,
    BoundedBody,
    GraphQLRequest,
    RequestFailed,
    media_type,
    parsed_json,
)
from monitora.http.rate_headers import rate_headers
from monitora.identity import context_of
from monitora.websocket.protocol import GraphQLSocketHandler, Socket, SocketAdapter
from resolvers.context import Context
from resolvers.services import Services
from schema import schema
from schema.plans.plan import sendable

logger = structlog.get_logger(__name__)

ALLOWED_OPERATIONS = {
    "GET": {OperationType.QUERY},
    "POST": {OperationType.QUERY, OperationType.MUTATION},
}
"""What each method may run. A GET changes nothing; subscriptions have the websocket."""


class GraphQLServer(GraphQL[Any, None]):
    """The ASGI application at `/graphql`."""

    graphql_transport_ws_handler_class = GraphQLSocketHandler
    websocket_adapter_class = SocketAdapter
    request_adapter_class = GraphQLRequest

    def __init__(self, connection_init_within: timedelta) -> None:
        super().__init__(
            schema,
            connection_init_wait_timeout=connection_init_within,
            graphql_ide=None,
            subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL,),
            # The handler bounds the operations of a socket itself, with a code.
            max_subscriptions_per_connection=None,
            # Widgets live on other sites. There is no cookie to steal: what a socket may do is in its token, and a
            # visitor's token names the site it was given to.
            allowed_origins=("*",),
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request or a socket. What goes wrong with a request is answered as the graph answers."""
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        request = Request(scope, BoundedBody(receive, Headers(scope=scope)))
        try:
            response = await self._answer(request)
        except ClientDisconnect:
            return
        except RequestFailed as failure:
            logger.info("request_refused", status=failure.status, code=failure.code.value)
            response = failure.response(request, request.state.request_id)
        except Exception:
            logger.exception("request_failed")
            fault = RequestFailed(500, "The server failed. The request id finds it in the log.", ErrorCode.INTERNAL)
            response = fault.response(request, request.state.request_id)
        finally:
            await request.close()
        await response(scope, receive, send)

    def decode_json(self, data: str | bytes) -> object:
        """Read a frame of the websocket."""
        return parsed_json(data)

    async def _answer(self, request: Request) -> Response:
        """Run a request's operation and return its answer. Raises `RequestFailed`.

        The answer's headers say how the caller stands in its rates. Its status tells of an operation that failed before
        a field was reached, and so has no data, only to who knows GraphQL's own media type.
        """
        if request.method not in ALLOWED_OPERATIONS:
            message = "Send a query by GET or POST, and a mutation by POST."
            raise RequestFailed(405, message, ErrorCode.METHOD_NOT_ALLOWED, allow=", ".join(ALLOWED_OPERATIONS))
        context = await self._context(request)
        result = sendable(await self._execute(request, context))
        body: dict[str, object] = {"data": result.data}
        if result.errors:
            body["errors"] = [error.formatted for error in result.errors]
            if result.data is None and not any(error.path for error in result.errors):
                del body["data"]
        if result.extensions:
            body["extensions"] = result.extensions
        kind = media_type(request.headers.get("accept", ""))
        status = 400 if "data" not in body and kind == GRAPHQL_RESPONSE else 200
        headers = NOT_KEPT | rate_headers(context.rate_limit_statuses)
        return Response(as_json(body), status, headers, media_type=kind)

    async def _execute(self, request: Request, context: Context) -> ExecutionResult:
        parameters = await GraphQLRequest(request).parameters()
        try:
            return await self.schema.execute(
                parameters.get("query"),
                variable_values=parameters.get("variables"),
                context_value=context,
                operation_name=parameters.get("operationName"),
                operation_extensions=parameters.get("extensions"),
                allowed_operation_types=ALLOWED_OPERATIONS[request.method],
            )
        except MissingQueryError as error:
            raise RequestFailed(400, "The request has no `query`.") from error
        except InvalidOperationTypeError as error:
            if error.operation_type is OperationType.MUTATION:
                message = "A mutation is sent by POST."
                raise RequestFailed(405, message, ErrorCode.METHOD_NOT_ALLOWED, allow="POST") from error
            message = "A subscription goes over the websocket of this address: its protocol is graphql-transport-ws."
            raise RequestFailed(400, message) from error

    async def _context(self, request: Request) -> Context:
        services: Services = request.app.state.services
        authorization = request.headers.get("authorization")
        context = await context_of(services, request, authorization, request.state.request_id)
        if isinstance(context.viewer, Staff):
            # The body is read after this: a file comes in for a session that is alive, and for nobody else.
            cast("BoundedBody", request.receive).take_files(services.policy.max_file_bytes)
        return context

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Any:
        """Return the socket, from which each operation makes its own context."""
        return Socket(request.app.state.services, request)

    async def on_ws_connect(self, context: Socket) -> UnsetType | dict[str, object] | None:
        """Refuse a socket whose token is no good, with 4403: its client must get another token first."""
        if await context.is_refused():
            raise ConnectionRejectionError
        return cast("UnsetType", UNSET)
