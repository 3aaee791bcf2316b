"""The lifetimes and limits that an operator may set."""

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from data.queries.storage import Quotas
from data.viewer import Staff, Viewer


class Introspection(StrEnum):
    """Who is shown the schema."""

    EVERYBODY = "everybody"
    STAFF = "staff"
    NOBODY = "nobody"


class Registration(StrEnum):
    """Whether anybody may make an account."""

    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class OperationLimits:
    """How large an operation of one viewer may be.

    `tokens` are the words and marks of its text, `cost` is the price of its largest response, `response_bytes` is the
    size of the response that it gets, as JSON in UTF-8.
    """

    tokens: int
    cost: int
    response_bytes: int


STAFF_TOKENS = 1_000
VISITOR_TOKENS = 500
"""Words and marks of one operation, of which reading costs the server up to 40 µs each. The introspection query, the
longest in common use, has some 200."""


@dataclass(frozen=True, slots=True)
class Policy:
    """The lifetimes and limits, most of which an operator may set.

    `access_reviewed_every` is how soon what is followed ends once its session or the right to read it is over.
    `max_workspaces` bounds those of one account. `public_url` is where browsers reach the server, "" when nobody said.
    """

    access_token_lifetime: timedelta = timedelta(minutes=15)
    session_lifetime: timedelta = timedelta(days=30)
    visitor_token_lifetime: timedelta = timedelta(hours=1)
    access_reviewed_every: timedelta = timedelta(seconds=30)
    failed_logins_allowed: int = 5
    lock_duration: timedelta = timedelta(minutes=15)
    max_message_characters: int = 4_000
    max_file_bytes: int = 25 * 1024 * 1024
    max_workspaces: int = 100
    max_website_pages: int = 10_000
    quotas: Quotas = field(default_factory=Quotas)
    max_operation_cost: int = 1_000_000
    max_visitor_operation_cost: int = 15_000
    max_response_bytes: int = 8 * 2**20
    max_visitor_response_bytes: int = 2**20
    max_operation_depth: int = 20
    introspection: Introspection = Introspection.EVERYBODY
    persisted_operations_only: bool = False
    registration: Registration = Registration.OPEN
    public_url: str = ""

    def limits_of(self, viewer: Viewer) -> OperationLimits:
        """Return how large an operation may be of an account, or of everybody else."""
        if isinstance(viewer, Staff):
            return OperationLimits(STAFF_TOKENS, self.max_operation_cost, self.max_response_bytes)
        return OperationLimits(VISITOR_TOKENS, self.max_visitor_operation_cost, self.max_visitor_response_bytes)
