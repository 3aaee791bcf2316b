"""A stop in the order that visitors notice least."""

import asyncio
import gc
import socket
from dataclasses import replace
from datetime import timedelta
from math import ceil

import uvicorn
from starlette.applications import Starlette

from monitora.application import create_application
from monitora.http.connections import BoundedClients, Connections
from monitora.http.descriptors import allow_connections
from monitora.http.protocol import BoundedHttpProtocol
from monitora.settings.settings import Settings
from monitora.websocket.protocol import close_all_sockets
from monitora.websocket.transport import SlowConsumerProtocol
from resolvers.services import Services

MAX_FRAME_BYTES = 1024 * 1024
"""A websocket message holds an operation and its variables: a megabyte is plenty."""
COLLECTED_AT = (50_000, 20, 100)
"""When Python looks for cycles: after so many new containers, and so many looks at younger ones.

Its own numbers make it look after some requests each; cycles are rare here, and 50,000 containers take some 5 MB.
"""
LAST_EVENTS_SECONDS = 0.2
"""How long readers have for the last events of the answers that just ended."""


class GracefulServer(uvicorn.Server):
    """Refuses new answers, lets those under way end within a grace period, closes sockets with 1001, then stops.

    Uvicorn alone would cut every socket at once.
    """

    def __init__(
        self, config: uvicorn.Config, application: Starlette, grace: timedelta, connections: Connections
    ) -> None:
        super().__init__(config)
        self.server_state = connections
        self._application = application
        self._grace = grace

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and take what lives as long as the process out of the collector's way."""
        await super().startup(sockets)
        gc.collect()
        gc.freeze()
        gc.set_threshold(*COLLECTED_AT)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop."""
        for server in self.servers:
            server.close()
        services: Services = self._application.state.services
        await services.answers.close(self._grace)
        await asyncio.sleep(LAST_EVENTS_SECONDS)
        await close_all_sockets()
        await super().shutdown(sockets)


def graceful_server(settings: Settings) -> GracefulServer:
    """Return a server of the application, ready to run."""
    application = create_application(settings)
    bounds = settings.connection_bounds
    bounds = replace(bounds, connections=allow_connections(bounds.connections))
    configuration = uvicorn.Config(
        BoundedClients(application, bounds, settings.forwarded_allow_ips),
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        http=BoundedHttpProtocol,
        ws=SlowConsumerProtocol,
        # Pieces of text are too short to compress, and a compressor holds memory for each socket.
        ws_per_message_deflate=False,
        ws_max_size=MAX_FRAME_BYTES,
        server_header=False,
        timeout_keep_alive=ceil(bounds.keep_alive_seconds),
        forwarded_allow_ips=settings.forwarded_allow_ips,
        timeout_graceful_shutdown=max(1, round(settings.shutdown_grace_seconds)),
    )
    connections = Connections(bounds, settings.forwarded_allow_ips)
    return GracefulServer(configuration, application, timedelta(seconds=settings.shutdown_grace_seconds), connections)
