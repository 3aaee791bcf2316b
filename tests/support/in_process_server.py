"""An application of the tests behind the server's own transport, in the process of the test."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import uvicorn
from starlette.types import ASGIApp

from monitora.http.bounds import ConnectionBounds
from monitora.http.connections import BoundedClients, Connections
from monitora.http.protocol import BoundedHttpProtocol
from monitora.websocket.transport import SlowConsumerProtocol

NO_PROXY = "192.0.2.1"
"""An address of nobody (RFC 5737): the clients of the tests are themselves."""


@dataclass(frozen=True)
class InProcessServer:
    """Where a server of the test is reached, and what it knows of its connections."""

    host: str
    state: Connections

    @property
    def port(self) -> int:
        """The port."""
        return int(self.host.rpartition(":")[2])


@asynccontextmanager
async def serving(
    application: ASGIApp,
    bounds: ConnectionBounds | None = None,
    *,
    proxies: str = NO_PROXY,
    websocket: type[asyncio.Protocol] = SlowConsumerProtocol,
) -> AsyncIterator[InProcessServer]:
    """Serve an application on a free port of 127.0.0.1, without its lifespan, and yield it."""
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
    server.server_state = state = Connections(bounds, proxies)
    server.lifespan = configuration.lifespan_class(configuration)
    await server.startup()
    try:
        yield InProcessServer(f"127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}", state)
    finally:
        await server.shutdown()
