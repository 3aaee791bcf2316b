"""An application of the tests behind the server's own transport, in the process of the test."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from starlette.types import ASGIApp

from monitora.http.bounds import ConnectionBounds
from monitora.http.connections import BoundedClients, Connections
from monitora.http.protocol import BoundedHttpProtocol
from monitora.websocket.transport import SlowConsumerProtocol

NO_PROXY = "192.0.2.1"
"""An address of nobody (RFC 5737): the clients of the tests are themselves."""


@asynccontextmanager
async def serving(
    application: ASGIApp,
    bounds: ConnectionBounds | None = None,
    *,
    proxies: str = NO_PROXY,
    websocket: type[asyncio.Protocol] = SlowConsumerProtocol,
) -> AsyncIterator[str]:
    """Serve an application on a free port of 127.0.0.1, without its lifespan, and yield the host and port."""
    bounds = bounds or ConnectionBounds()
    configuration = uvicorn.Config(
        BoundedClients(application, bounds, proxies),
        port=0,
        http=BoundedHttpProtocol,
        ws=websocket,
        forwarded_allow_ips=proxies,
        log_config=None,
        lifespan="off",
        timeout_graceful_shutdown=1,
    )
    configuration.load()
    server = uvicorn.Server(configuration)
    server.server_state = Connections(bounds, proxies)
    server.lifespan = configuration.lifespan_class(configuration)
    await server.startup()
    try:
        yield f"127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        await server.shutdown()
