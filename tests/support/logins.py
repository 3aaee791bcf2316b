"""What the tests of accounts share."""

from typing import Any

from tests.support.people import PASSWORD, People

SESSION = (
    "... on Session { accessToken refreshToken deviceToken expiresAt user { id email fullName role lastLoginAt } }"
)
ME = "{ me { email } }"


async def register(people: People, email: str = "Ada@Example.com ", password: str = PASSWORD) -> Any:
    """Register somebody called Ada and return the result."""
    return await people.anyone.change(f"register {SESSION}", email=email, password=password, fullName="Ada")


async def lock(people: People, email: str = "ada@example.com") -> None:
    """Give so many wrong passwords that the account is locked."""
    for _ in range(people.services.policy.failed_logins_allowed):
        refused = await people.anyone.change("login", email=email, password="wrong password")
        assert refused["code"] == "INVALID_CREDENTIALS"
