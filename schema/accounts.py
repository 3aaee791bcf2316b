"""Accounts and sessions."""

import datetime as dt
from typing import Annotated, Any

import strawberry

from data import models
from data.models import Role
from data.viewer import Anonymous, Staff
from resolvers import accounts, sessions
from resolvers.accounts import OpenSession
from resolvers.errors import Unauthenticated
from schema.connections import Connection, connection_field
from schema.node import Node, RowType, key_of
from schema.operation import Info, shown
from schema.user_errors import InvalidInput, RejectionsAsData


async def _is_current(root: strawberry.Parent[models.AppSession], info: Info) -> bool:
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
    is_current: bool = strawberry.field(resolver=_is_current, description="Whether it is the one that asks.")


@strawberry.type(description="An account of the team.")
class User(RowType, Node):
    """A row of `app_users`, without its secrets."""

    email: str = strawberry.field(description="The address the account logs in with, normalised.")
    full_name: str | None = strawberry.field(description="The person's name.")
    role: Role = strawberry.field(description="What the account may do.")
    created_at: dt.datetime = strawberry.field(description="When the account was made.")
    last_login_at: dt.datetime | None = strawberry.field(description="When somebody last logged in with it.")
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


@strawberry.input(description="A new account.")
class RegisterInput:
    """Input of `register`."""

    email: str = strawberry.field(description="The address to log in with, at most 254 characters.")
    password: str = strawberry.field(
        description="10 to 200 characters, not easy to guess: four unrelated words, or what a password manager makes."
    )
    full_name: str | None = strawberry.field(default=None, description="The person's name, at most 255 characters.")


@strawberry.input(description="Who logs in.")
class LoginInput:
    """Input of `login`."""

    email: str = strawberry.field(description="The account's address.")
    password: str = strawberry.field(description="The account's password.")
    device_token: str | None = strawberry.field(
        default=None, description="The `deviceToken` of an earlier session of the account on this device, if there is."
    )


@strawberry.input(description="The session to go on with.")
class RefreshSessionInput:
    """Input of `refreshSession`."""

    refresh_token: str = strawberry.field(description="The last refresh token of the session, unused.")


@strawberry.input(description="The account's password, and the one to have instead.")
class ChangePasswordInput:
    """Input of `changePassword`."""

    current_password: str = strawberry.field(description="The password the account has now.")
    new_password: str = strawberry.field(description="The new one, as for `register`.")


@strawberry.input(description="A session to end.")
class RevokeSessionInput:
    """Input of `revokeSession`."""

    id: strawberry.ID = strawberry.field(description="The session.")


@strawberry.type(description="The account has its new password.")
class ChangePasswordPayload:
    """Result of `changePassword`."""

    user: User = strawberry.field(description="The account.")
    ended_sessions: int = strawberry.field(description="How many other sessions were ended with it.")


@strawberry.type(description="The session has ended.")
class RevokeSessionPayload:
    """Result of `revokeSession`."""

    revoked_id: strawberry.ID = strawberry.field(description="The identifier it had.")


@strawberry.type(description="The account's other sessions have ended.")
class RevokeOtherSessionsPayload:
    """Result of `revokeOtherSessions`."""

    ended_sessions: int = strawberry.field(description="How many there were.")


@strawberry.type(description="The session has ended.")
class LogoutPayload:
    """Result of `logout`."""

    ended: bool = strawberry.field(description="Always true: the access token is good no more.")


RegisterResult = Annotated[
    Session | InvalidInput,
    strawberry.union("RegisterResult", description="The new account's first session, or why not."),
]
LoginResult = Annotated[
    Session | InvalidInput, strawberry.union("LoginResult", description="A session, or why there is none.")
]
RefreshSessionResult = Annotated[
    Session | InvalidInput, strawberry.union("RefreshSessionResult", description="New tokens, or why there are none.")
]
ChangePasswordResult = Annotated[
    ChangePasswordPayload | InvalidInput, strawberry.union("ChangePasswordResult", description="Done, or why not.")
]
RevokeSessionResult = Annotated[
    RevokeSessionPayload | InvalidInput, strawberry.union("RevokeSessionResult", description="Done, or why not.")
]


@strawberry.type
class AccountQueries:
    """Fields of `Query`."""

    @strawberry.field(
        graphql_type=User | None, description="The account behind the access token; null for anyone else."
    )
    async def me(self, info: Info) -> models.AppUser | None:
        """Return the viewer's own account."""
        viewer = info.context.viewer
        if isinstance(viewer, Anonymous) and viewer.problem is not None:
            raise Unauthenticated(viewer.problem)
        if not isinstance(viewer, Staff):
            return None
        return await info.context.loaders.row(models.AppUser, viewer.user_id)


@strawberry.type
class AccountMutations:
    """Fields of `Mutation`."""

    @strawberry.mutation(
        graphql_type=RegisterResult,
        extensions=[RejectionsAsData()],
        description="Make an account with the role ADMIN and log it in.",
    )
    async def register(
        self, info: Info, input: Annotated[RegisterInput, strawberry.argument(description="The account.")]
    ) -> OpenSession:
        """Make an account."""
        return await accounts.register(info.context, input.email, input.password, input.full_name)

    @strawberry.mutation(
        graphql_type=LoginResult,
        extensions=[RejectionsAsData()],
        description="Log in. After several wrong passwords the account is locked for a while, which is answered like a "
        "wrong password; a device that sends its `deviceToken` is let in all the same.",
    )
    async def login(
        self, info: Info, input: Annotated[LoginInput, strawberry.argument(description="Who logs in.")]
    ) -> OpenSession:
        """Log in."""
        return await accounts.login(info.context, input.email, input.password, input.device_token)

    @strawberry.mutation(
        graphql_type=RefreshSessionResult,
        extensions=[RejectionsAsData()],
        description="Exchange a refresh token for a new pair of tokens; the old pair is good no more.",
    )
    async def refresh_session(
        self, info: Info, input: Annotated[RefreshSessionInput, strawberry.argument(description="The session.")]
    ) -> OpenSession:
        """Rotate the tokens."""
        return await accounts.refresh(info.context, input.refresh_token)

    @strawberry.mutation(description="End the session of the access token.")
    async def logout(self, info: Info) -> LogoutPayload:
        """Log out."""
        await accounts.logout(info.context)
        return LogoutPayload(ended=True)

    @strawberry.mutation(
        graphql_type=ChangePasswordResult,
        extensions=[RejectionsAsData()],
        description="Change the account's own password and end its other sessions. A wrong current password counts as "
        "a failed login.",
    )
    async def change_password(
        self, info: Info, input: Annotated[ChangePasswordInput, strawberry.argument(description="Both passwords.")]
    ) -> ChangePasswordPayload:
        """Change the password."""
        ended = await accounts.change_password(info.context, input.current_password, input.new_password)
        user = await shown(info, models.AppUser, info.context.staff().user_id)
        return ChangePasswordPayload(user=user, ended_sessions=ended)

    @strawberry.mutation(
        graphql_type=RevokeSessionResult,
        extensions=[RejectionsAsData()],
        description="End one of the account's own sessions. Its tokens are good no more, at once.",
    )
    async def revoke_session(
        self, info: Info, input: Annotated[RevokeSessionInput, strawberry.argument(description="The session.")]
    ) -> RevokeSessionPayload:
        """End a session."""
        await sessions.revoke(info.context, key_of(input.id, models.AppSession))
        return RevokeSessionPayload(revoked_id=input.id)

    @strawberry.mutation(description="End every session of the account but the one that asks.")
    async def revoke_other_sessions(self, info: Info) -> RevokeOtherSessionsPayload:
        """End the other sessions."""
        return RevokeOtherSessionsPayload(ended_sessions=await sessions.revoke_others(info.context))
