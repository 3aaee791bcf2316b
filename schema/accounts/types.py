"""What a client sees of accounts."""

import datetime as dt
from typing import Any

import strawberry

from data import models
from data.models import Role
from data.viewer import Staff
from resolvers import storage
from resolvers.accounts.accounts import OpenSession
from schema.accounts.storage import Storage
from schema.operation import Info
from schema.readings import derived_field
from schema.relay.connections import Connection, connection_field
from schema.relay.node import Node, RowType


def _is_current(root: strawberry.Parent[models.AppSession], info: Info) -> bool:
    viewer = info.context.viewer
    return isinstance(viewer, Staff) and viewer.session_id == root.id


@strawberry.type(description="A login that is alive: somewhere somebody uses the account.")
class LoginSession(RowType, Node):
    """A row of `app_sessions`, without its hashes."""

    created_at: dt.datetime = strawberry.field(description="When it was opened, by a login.")
    last_activity_at: dt.datetime | None = strawberry.field(
        description="When it was last used, to within five minutes."
    )
    expires_at: dt.datetime = strawberry.field(description="When it ends unless it is refreshed.")
    ip_address: str | None = strawberry.field(description="The address the login came from.")
    user_agent: str | None = strawberry.field(
        description="What the program that logged in says of itself, at most 500 characters. Anybody may say anything."
    )
    is_current: bool = derived_field(_is_current, "id", description="Whether it is the one that asks.")


async def _storage(info: Info) -> Any:
    return await storage.of_account(info.context)


@strawberry.type(description="An account of the team.")
class User(RowType, Node):
    """A row of `app_users`, without its secrets."""

    email: str = strawberry.field(description="The address the account logs in with, normalised.")
    full_name: str | None = strawberry.field(description="The person's name.")
    role: Role = strawberry.field(description="What the account may do.")
    created_at: dt.datetime = strawberry.field(description="When the account was made.")
    last_login_at: dt.datetime | None = strawberry.field(description="When somebody last logged in with it.")

    storage: Storage | None = derived_field(
        _storage, graphql_type=Storage | None, description="What its own workspaces store together."
    )
    sessions: Connection[LoginSession] | None = connection_field(
        LoginSession,
        models.AppSession,
        models.AppSession.user_id,
        "The account's own sessions that are alive, newest first.",
    )


@strawberry.type(
    description="A login: send the access token as `Authorization: Bearer …`, refresh it before it expires."
)
class Session:
    """The tokens of an open session."""

    access_token: str = strawberry.field(description="Good for a few minutes, for every request.")
    refresh_token: str = strawberry.field(
        description="Good once, for `refreshSession`; using it twice ends the session."
    )
    device_token: str = strawberry.field(
        description="Keep it where the login was made and send it with the next `login`: it is let in while others' "
        "wrong passwords keep the account locked. Good for 180 days, or until the password changes."
    )
    expires_at: dt.datetime = strawberry.field(description="When the access token expires.")
    user: User = strawberry.field(description="Whose login it is.")

    @classmethod
    def is_type_of(cls, value: Any, _info: Any) -> bool:
        """Recognise what the resolvers return."""
        return isinstance(value, OpenSession)
