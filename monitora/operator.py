"""What the operator does at the command line, in the name of a workspace's owner."""

from contextlib import suppress
from dataclasses import replace
from uuid import UUID, uuid4

from core.rate_limits import RateLimiter
from data.models import AppUser, Role, Workspace
from data.queries.workspaces import find_workspaces_called, find_workspaces_of_all
from data.viewer import Staff
from resolvers.context import Context
from resolvers.services import Services


class UnknownWorkspace(Exception):
    """No workspace, or more than one, has that name or key."""


def acting_for(services: Services, user: AppUser) -> Context:
    """Return a context in which operations act for an account, without a session of its own and as often as wanted."""
    return Context(
        Staff(user.id, uuid4(), Role(user.role), is_operator=True), replace(services, rate_limiter=RateLimiter({}))
    )


async def find_workspace(services: Services, name: str) -> tuple[Workspace, AppUser]:
    """Return the workspace of that name or key, and its owner. Raises `UnknownWorkspace`."""
    key = None
    with suppress(ValueError):
        key = UUID(name)
    found = await services.database.read(lambda session: find_workspaces_called(session, name, key))
    if len(found) != 1:
        count = "no workspace" if not found else f"{len(found)} workspaces"
        raise UnknownWorkspace(f"There is {count} called {name!r}: give its key instead.")
    return found[0]


async def only_workspace(services: Services) -> tuple[Workspace, AppUser]:
    """Return the one workspace that there is, and its owner. Raises `UnknownWorkspace`."""
    found = await services.database.read(lambda session: find_workspaces_of_all(session, 2))
    if len(found) != 1:
        count = "no workspace" if not found else "more than one workspace"
        raise UnknownWorkspace(f"There is {count}: name the one to search.")
    return found[0]
