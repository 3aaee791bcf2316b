"""What is read over HTTP beside the graph, by accounts: with their token, and refused as the graph refuses."""

from collections.abc import Awaitable, Callable

import structlog
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from core.errors import ErrorCode, OperationError
from core.rate_limits import RateLimitStatus
from data.engine import is_unavailable
from monitora.http.envelope import REQUEST_ID
from monitora.http.graphql_request import RequestFailed
from monitora.http.rate_headers import RATE_HEADERS, rate_headers
from monitora.identity import context_of
from resolvers.context import Context
from schema.execution.error_masking import FAULTS

logger = structlog.get_logger(__name__)

STATUSES = {
    ErrorCode.UNAUTHENTICATED: 401,
    ErrorCode.FORBIDDEN: 403,
    ErrorCode.NOT_FOUND: 404,
    ErrorCode.BAD_USER_INPUT: 400,
    ErrorCode.RATE_LIMITED: 429,
    ErrorCode.DATABASE_UNAVAILABLE: 503,
}
"""The statuses of refusals and faults; any other is 500."""
METHODS = ("GET", "HEAD")
READ_BY_PAGES = ("content-disposition", "content-range", "etag")

Answer = Callable[[Request, Context], Awaitable[Response]]
"""Returns what is sent to an account. Raises `OperationError`."""


class ForAccounts:
    """The ASGI application at an address that accounts read."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        response = await self._answered(Request(scope, receive))
        await response(scope, receive, send)

    async def _answered(self, request: Request) -> Response:
        statuses: list[RateLimitStatus] = []
        if request.method not in METHODS:
            failure = RequestFailed(
                405, "This address is read.", ErrorCode.METHOD_NOT_ALLOWED, allow=", ".join(METHODS)
            )
            return failure.response(request, request.state.request_id)
        try:
            authorization = request.headers.get("authorization")
            context = await context_of(request.app.state.services, request, authorization, request.state.request_id)
            statuses = context.rate_limit_statuses
            await context.admit()
            context.staff()
            return await self._answer(request, context)
        except OperationError as error:
            failure = RequestFailed(STATUSES.get(error.code, 500), error.message, error.code)
            logger.info("request_refused", status=failure.status, code=error.code.value)
        except Exception as error:
            code = ErrorCode.DATABASE_UNAVAILABLE if is_unavailable(error) else ErrorCode.INTERNAL
            failure = RequestFailed(STATUSES.get(code, 500), FAULTS[code], code)
            logger.exception("request_failed")
        response = failure.response(request, request.state.request_id)
        response.headers.update(rate_headers(statuses))
        if failure.code is ErrorCode.UNAUTHENTICATED:
            response.headers["www-authenticate"] = "Bearer"
        return response


def route(path: str, answer: Answer) -> Route:
    """Return a route that accounts read, also from the pages of other sites: with a token, and never with a cookie."""
    any_site = Middleware(
        CORSMiddleware,
        allow_origins=["*"],
        allow_methods=METHODS,
        allow_headers=["authorization", "range", "if-range", "if-none-match"],
        expose_headers=(*RATE_HEADERS, REQUEST_ID, *READ_BY_PAGES),
        max_age=600,
    )
    # Any method, for the pages of other sites ask with OPTIONS first.
    return Route(path, ForAccounts(answer), methods=None, middleware=[any_site])
