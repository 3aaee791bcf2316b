"""Who asks: every read is scoped by one of these."""

from dataclasses import dataclass
from uuid import UUID

from data.models.accounts import Role


@dataclass(frozen=True, slots=True)
class Anonymous:
    """Somebody with no token: may register, log in or start a visit."""


@dataclass(frozen=True, slots=True)
class Staff:
    """An account that is logged in, by a session that was alive when the operation began."""

    user_id: UUID
    session_id: UUID
    role: Role


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody on a customer's page, bound to one workspace by a short-lived token."""

    workspace_id: UUID
    visitor_id: str


Viewer = Anonymous | Staff | Visitor
