"""What the tests of accounts share."""

from datetime import timedelta
from typing import Any

from core.events import MemoryEventBus
from data.engine import Database
from resolvers.accounts.session_checks import SessionChecks
from tests.support.people import PASSWORD, People

SESSION = (
    "... on Session { accessToken refreshToken deviceToken expiresAt user { id email fullName role lastLoginAt } }"
)
ME = "{ me { email } }"


def lasting_look_ups(database: Database) -> SessionChecks:
    """Return look-ups of sessions that outlive every test: what ends a session has to say so, and no time decides."""
    return SessionChecks(database, MemoryEventBus(), checked_every=timedelta(hours=1))


async def register(people: People, email: str = "Ada@Example.com ", password: str = PASSWORD) -> Any:
    """Register somebody called Ada and return the result."""
    return await people.anyone.change(f"register {SESSION}", email=email, password=password, fullName="Ada")


async def lock(people: People, email: str = "ada@example.com") -> None:
    """Give so many wrong passwords that the account is locked."""
    for _ in range(people.services.policy.failed_logins_allowed):
        refused = await people.anyone.change("login", email=email, password="wrong password")
        assert refused["code"] == "INVALID_CREDENTIALS"
