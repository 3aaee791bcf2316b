"""What an operation works with: who asks, and their loaders. One context an operation."""

from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address
from typing import Any
from uuid import UUID, uuid4

from limits import RateLimitItem

from core.rate_limits import Rate, RateLimitStatus
from data.engine import Database
from data.loaders import Loaders
from data.viewer import Anonymous, Staff, Viewer, Visitor
from resolvers.errors import Forbidden, RateLimited, Unauthenticated
from resolvers.policy import Introspection, OperationLimits, Policy
from resolvers.rates import (
    ANONYMOUS_PER_ADDRESS,
    OPERATION_PER_ACCOUNT,
    OPERATION_PER_VISITOR,
    VISITOR_OPERATION_PER_ADDRESS,
)
from resolvers.services import Services

LOG_IN = "Log in first: this needs the access token of an account."


@dataclass(frozen=True, slots=True)
class Client:
    """Where a request comes from. `origin` is the page's, as it was sent; `host` is ours."""

    ip_address: str | None = None
    user_agent: str | None = None
    origin: str | None = None
    host: str | None = None

    @property
    def network(self) -> str | None:
        """Whom the address stands for in rates: itself, or for IPv6 its /64, of which one subscriber has all."""
        try:
            address = ip_address(self.ip_address or "")
        except ValueError:
            return self.ip_address
        if not isinstance(address, IPv6Address):
            return str(address)
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return f"{IPv6Address(int(address) >> 64 << 64)}/64"


@dataclass(slots=True)
class Context:
    """One operation's context; also on a websocket, where several operations share a socket.

    `rate_limit_statuses` is where the viewer stands in the rates that the operation was counted against.
    `delta_template` is the execution layer's fast path, where the transport has one, and `plans` are those of a
    subscription's document.
    `codes` are those of its errors so far, `workspace_id` is the workspace it named: for the log.
    """

    viewer: Viewer
    services: Services
    client: Client = field(default_factory=Client)
    access_token: str | None = None
    request_id: str = field(default_factory=lambda: uuid4().hex)
    delta_template: Any = None
    plans: Any = None
    rate_limit_statuses: list[RateLimitStatus] = field(default_factory=list)
    codes: set[str] = field(default_factory=set)
    workspace_id: UUID | None = None
    database: Database = field(init=False)
    loaders: Loaders = field(init=False)

    def __post_init__(self) -> None:
        self.database = self.services.database.seen_by(self.viewer)
        self.loaders = Loaders(self.database, self.viewer)

    @property
    def policy(self) -> Policy:
        """The operator's limits."""
        return self.services.policy

    @property
    def limits(self) -> OperationLimits:
        """How large this viewer's operations may be."""
        return self.policy.limits_of(self.viewer)

    @property
    def sees_schema(self) -> bool:
        """Whether the viewer is shown the schema, and told of its names."""
        shown_to = self.policy.introspection
        return shown_to is Introspection.EVERYBODY or (
            shown_to is Introspection.STAFF and isinstance(self.viewer, Staff)
        )

    def staff(self) -> Staff:
        """Return the account that asks. Raises `Unauthenticated` or, for a visitor, `Forbidden`."""
        if isinstance(self.viewer, Staff):
            return self.viewer
        if isinstance(self.viewer, Visitor):
            raise Forbidden("A visitor's token does not open this.")
        raise Unauthenticated(self.viewer.problem or LOG_IN)

    def speaker(self) -> Staff | Visitor:
        """Return who may chat: a visitor, or staff trying their own assistant. Raises `Unauthenticated`."""
        if isinstance(self.viewer, Anonymous):
            raise Unauthenticated(self.viewer.problem or "Start a visit or log in first: this needs a token.")
        return self.viewer

    async def count(self, rate: Rate, caller: str | None, limit: RateLimitItem | None = None) -> None:
        """Count one use of a rate by a caller. Raises `RateLimited`. A caller nobody can name is not counted.

        `limit` is that of a rate that is no setting of its own.
        """
        status = None if caller is None else await self.services.rate_limiter.count(rate, caller, limit)
        if status is None:
            return
        self.rate_limit_statuses.append(status)
        if status.is_refused:
            raise RateLimited(rate.what, status.frees_at)

    async def admit(self) -> None:
        """Count an operation, whoever asks. Raises `RateLimited`."""
        match self.viewer:
            case Staff():
                await self.count(OPERATION_PER_ACCOUNT, self.viewer.user_id.hex)
            case Visitor():
                await self.count(OPERATION_PER_VISITOR, f"{self.viewer.workspace_id.hex}/{self.viewer.visitor_id}")
                await self.count(VISITOR_OPERATION_PER_ADDRESS, self.client.network)
            case Anonymous():
                await self.count(ANONYMOUS_PER_ADDRESS, self.client.network)

    def forget_loaded(self) -> None:
        """Drop what was loaded before a change, so that what follows reads what is stored now."""
        self.loaders = Loaders(self.database, self.viewer)
