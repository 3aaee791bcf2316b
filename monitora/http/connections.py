"""The connections of a process: how many there may be, in all and from one address, and how slow their clients may be.

Uvicorn alone keeps a client that stalls for ever, and as many connections as there are descriptors.
"""

import asyncio
from collections import Counter
from http import HTTPStatus
from typing import Protocol

import prometheus_client
import structlog
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
from uvicorn.server import ServerState

from monitora.http.bounds import ConnectionBounds
from resolvers.context import Client

TOO_MANY = "There are too many connections from your address: close some, or try again later."
FULL = "The server has as many connections as it can serve: try again in a moment."

OPEN = prometheus_client.Gauge("monitora_connections_open", "Connections of clients, websockets among them.")
DROPPED = prometheus_client.Counter(
    "monitora_connections_dropped", "Connections that were refused or cut: what bound they passed.", ["bound"]
)

logger = structlog.get_logger(__name__)


class Pace:
    """Tells whether bytes move fast enough, over one window of time after another."""

    def __init__(self, bounds: ConnectionBounds) -> None:
        self._window = bounds.stall_seconds
        self._least = bounds.stall_seconds * bounds.least_bytes_per_second
        self._since: float | None = None
        self._moved = 0

    def restart(self) -> None:
        """Begin a window with what is reported next: until then the client was not waited for."""
        self._since = None

    def is_too_slow(self, now: float, moved: int) -> bool:
        """Tell whether a window has ended in which too little moved. `moved` counts up, from any number."""
        if self._since is None:
            self._since, self._moved = now, moved
        if now - self._since < self._window:
            return False
        too_slow = moved - self._moved < self._least
        self._since, self._moved = now, moved
        return too_slow


class Watched(Protocol):
    """A connection that is looked at, and cuts itself when its client is too slow."""

    def look(self, now: float) -> None:
        """Cut the connection if its client has passed a bound. `now` is the loop's time, in seconds."""


class Addresses:
    """Counts what each address holds. An IPv6 address counts as its /64, which one subscriber has all of.

    An address that the operator lists as a proxy stands for many clients, and has no bound.
    """

    def __init__(self, bound: int, proxies: str) -> None:
        self._bound = bound
        self._proxies = ProxyHeadersMiddleware(_no_application, trusted_hosts=proxies).trusted_hosts
        self._held: Counter[str] = Counter()

    def take(self, address: str | None) -> bool:
        """Count one more for an address, and return True; False, and nothing is counted, at the bound."""
        network = self._network(address)
        if network is None:
            return True
        if self._held[network] >= self._bound:
            return False
        self._held[network] += 1
        return True

    def give_back(self, address: str | None) -> None:
        """Count one less for an address, after a `take` that returned True."""
        network = self._network(address)
        if network is None:
            return
        self._held[network] -= 1
        if self._held[network] <= 0:
            del self._held[network]

    def _network(self, address: str | None) -> str | None:
        return None if address is None or address in self._proxies else Client(ip_address=address).network


class Connections(ServerState):
    """What the connections of a process share: Uvicorn's state, the counts, and one timer that looks at each."""

    def __init__(self, bounds: ConnectionBounds, proxies: str) -> None:
        super().__init__()
        self.bounds = bounds
        self._addresses = Addresses(bounds.connections_per_address, proxies)
        self._open: dict[Watched, str | None] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._told: set[str] = set()

    @classmethod
    def of(cls, state: ServerState) -> "Connections":
        """Return the state of a server as what it is. Raises `TypeError` for a server without bounds."""
        if not isinstance(state, cls):
            raise TypeError("The protocols need a server whose state is a Connections.")
        return state

    def open(self, connection: Watched, address: str | None) -> str | None:
        """Count a connection and look at it from now on, and return None; or return why there is no room for it."""
        if len(self._open) >= self.bounds.connections:
            self._tell("connections", self.bounds.connections)
            return FULL
        if not self._addresses.take(address):
            self._tell("address", self.bounds.connections_per_address)
            return TOO_MANY
        self._open[connection] = address
        OPEN.inc()
        if self._timer is None:
            self._look_again()
        return None

    def close(self, connection: Watched) -> None:
        """Forget a connection, if it was counted."""
        if connection in self._open:
            self._addresses.give_back(self._open.pop(connection))
            OPEN.dec()
            if not self._open:
                self._told.clear()

    def _look_again(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(self.bounds.tick_seconds, self._look)

    def _look(self) -> None:
        now = asyncio.get_running_loop().time()
        for connection in list(self._open):
            connection.look(now)
        self._timer = None
        if self._open:
            self._look_again()

    def _tell(self, bound: str, limit: int) -> None:
        DROPPED.labels(bound).inc()
        # Once until all have gone: strangers must not fill the log.
        if bound not in self._told:
            self._told.add(bound)
            logger.warning("connections_refused", bound=bound, limit=limit)


class BoundedClients:
    """Bounds the requests and sockets under way of each client behind a proxy, where all connections are the proxy's.

    The client is the one that a listed proxy names. A client without a proxy has no more of them than connections.
    """

    def __init__(self, app: ASGIApp, bounds: ConnectionBounds, proxies: str) -> None:
        self._app = app
        self._addresses = Addresses(bounds.connections_per_address, proxies)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer 429."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        address = scope["client"][0] if scope.get("client") else None
        if not self._addresses.take(address):
            DROPPED.labels("address").inc()
            await PlainTextResponse(TOO_MANY, status_code=429)(scope, receive, send)
            return
        try:
            await self._app(scope, receive, send)
        finally:
            self._addresses.give_back(address)


def plain_answer(status: HTTPStatus, text: str) -> bytes:
    """Return an answer for a connection that is closed behind it."""
    head = f"HTTP/1.1 {status.value} {status.phrase}\r\ncontent-type: text/plain; charset=utf-8\r\nconnection: close"
    return f"{head}\r\ncontent-length: {len(text)}\r\n\r\n{text}".encode()


async def _no_application(_scope: object, _receive: object, _send: object) -> None:
    raise AssertionError("only the list of proxies is used")
