"""GraphQL over HTTP and over the websocket, by Strawberry's own view, with a context for each operation."""

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
from strawberry.http import GraphQLHTTPResponse, GraphQLRequestData
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
            response = await self.run(request)
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

    def is_request_allowed(self, request: Any) -> bool:
        """Raise `RequestFailed` for a method that runs nothing."""
        if request.method not in ALLOWED_OPERATIONS:
            message = "Send a query by GET or POST, and a mutation by POST."
            raise RequestFailed(405, message, ErrorCode.METHOD_NOT_ALLOWED, allow=", ".join(ALLOWED_OPERATIONS))
        return True

    def should_render_graphql_ide(self, request: Any) -> bool:
        """GraphiQL has an address of its own."""
        return False

    def decode_json(self, data: str | bytes) -> object:
        """Read a frame of the websocket."""
        return parsed_json(data)

    def encode_json(self, data: object) -> bytes:
        """Return an answer as JSON in UTF-8, in which its size was counted."""
        return as_json(data)

    async def parse_http_body(self, request: Any) -> GraphQLRequestData:
        """Read the operation of a request. Raises `RequestFailed`."""
        parameters = await cast("GraphQLRequest", request).parameters()
        return GraphQLRequestData(
            query=parameters.get("query"),
            variables=parameters.get("variables"),
            operation_name=parameters.get("operationName"),
            extensions=parameters.get("extensions"),
        )

    async def execute_single(
        self,
        request: Request,
        request_adapter: Any,
        sub_response: Response,
        context: Context,
        root_value: None,
        request_data: GraphQLRequestData,
    ) -> ExecutionResult:
        """Run an operation. Raises `RequestFailed` when there is none, or it needs another method."""
        try:
            return await self.schema.execute(
                request_data.query,
                variable_values=request_data.variables,
                context_value=context,
                operation_name=request_data.operation_name,
                operation_extensions=request_data.extensions,
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

    async def process_result(self, request: Request, result: ExecutionResult) -> GraphQLHTTPResponse:
        """Return the body of an answer. An operation that failed before a field was reached has no data."""
        body = await super().process_result(request, sendable(result))
        if result.data is None and not any(error.path for error in result.errors or ()):
            del body["data"]
        return body

    async def get_sub_response(self, request: Request | WebSocket) -> Response:
        """Return what an operation may put into the answer beside its body, in the form that the client accepts."""
        response = await super().get_sub_response(request)
        response.media_type = media_type(request.headers.get("accept", ""))
        response.headers.update(NOT_KEPT)
        return response

    def create_response(self, response_data: Any, sub_response: Response) -> Response:
        """Return the answer. Its status tells of an early failure only to who knows GraphQL's own media type."""
        response = super().create_response(response_data, sub_response)
        response.headers["content-type"] = sub_response.media_type or ""
        if "data" not in response_data and sub_response.media_type == GRAPHQL_RESPONSE:
            response.status_code = 400
        return response

    async def execute_operation(
        self,
        request: Request,
        request_adapter: Any,
        request_data: Any,
        context: Context,
        root_value: None,
        sub_response: Response,
    ) -> Any:
        """Run an operation, and say in the answer's headers how the caller stands in its rates."""
        result = await super().execute_operation(
            request, request_adapter, request_data, context, root_value, sub_response
        )
        sub_response.headers.update(rate_headers(context.rate_limit_statuses))
        return result

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Any:
        """Return the operation's context, or the socket from which each operation makes its own."""
        services: Services = request.app.state.services
        if isinstance(request, WebSocket):
            return Socket(services, request)
        context = await context_of(services, request, request.headers.get("authorization"))
        context.request_id = request.state.request_id
        if isinstance(context.viewer, Staff):
            # The body is read after this: a file comes in for a session that is alive, and for nobody else.
            cast("BoundedBody", request.receive).take_files(services.policy.max_file_bytes)
        return context

    async def on_ws_connect(self, context: Socket) -> UnsetType | dict[str, object] | None:
        """Refuse a socket whose token is no good, with 4403: its client must get another token first."""
        if await context.is_refused():
            raise ConnectionRejectionError
        return cast("UnsetType", UNSET)
