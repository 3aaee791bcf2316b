"""A stop in the order that visitors notice least."""

import asyncio
import socket
from datetime import timedelta

import uvicorn
from starlette.applications import Starlette

from monitora.websocket import say_goodbye
from resolvers.context import Services

LAST_EVENTS_SECONDS = 0.2
"""How long readers have for the last events of the answers that just ended."""


class GracefulServer(uvicorn.Server):
    """Refuses new answers, lets those under way end within a grace period, closes sockets with 1001, then stops.

    Uvicorn alone would cut every socket at once.
    """

    def __init__(self, config: uvicorn.Config, application: Starlette, grace: timedelta) -> None:
        super().__init__(config)
        self._application = application
        self._grace = grace

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop."""
        for server in self.servers:
            server.close()
        services: Services = self._application.state.services
        await services.answers.close(self._grace)
        await asyncio.sleep(LAST_EVENTS_SECONDS)
        await say_goodbye()
        await super().shutdown(sockets)
