"""Who asks: every read is scoped by one of these."""

from dataclasses import dataclass
from uuid import UUID

from data.models.accounts import Role


@dataclass(frozen=True, slots=True)
class Anonymous:
    """Somebody with no token, or with one that is no good (`problem` says why): may register, log in, start a visit."""

    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Staff:
    """An account that is logged in, by a session that was alive when the operation began.

    The operator at the command line acts with the rights of an account, and not in its name.
    """

    user_id: UUID
    session_id: UUID
    role: Role
    is_operator: bool = False


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody on a customer's page, bound to one workspace by a short-lived token."""

    workspace_id: UUID
    visitor_id: str
    name: str | None = None
    email: str | None = None


Viewer = Anonymous | Staff | Visitor
