"""A Starlette route that answers the same small JSON: what a server in Python costs before it does anything."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


async def hello(_request: Request) -> Response:
    """Answer."""
    return Response(b'{"data":{"__typename":"Query"}}', media_type="application/json")


app = Starlette(routes=[Route("/hello", hello, methods=["POST"])])
