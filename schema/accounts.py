"""Accounts and sessions."""

import datetime as dt
from typing import Annotated, Any

import strawberry

from data import models
from data.models import Role
from data.viewer import Anonymous, Staff
from resolvers import accounts
from resolvers.accounts import OpenSession
from resolvers.errors import Unauthenticated
from schema.node import Node, RowType
from schema.operation import Info
from schema.user_errors import AccountLocked, InvalidInput, RejectionsAsData


@strawberry.type(description="An account of the team.")
class User(RowType, Node):
    """A row of `app_users`, without its secrets."""

    email: str = strawberry.field(description="The address the account logs in with, normalised.")
    full_name: str | None = strawberry.field(description="The person's name.")
    role: Role = strawberry.field(description="What the account may do.")
    created_at: dt.datetime = strawberry.field(description="When the account was made.")
    last_login_at: dt.datetime | None = strawberry.field(description="When somebody last logged in with it.")


@strawberry.type(
    description="A login: send the access token as `Authorization: Bearer …`, refresh it before it expires."
)
class Session:
    """The tokens of an open session."""

    access_token: str = strawberry.field(description="Good for a few minutes, for every request.")
    refresh_token: str = strawberry.field(
        description="Good once, for `refreshSession`; using it twice ends the session."
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
    password: str = strawberry.field(description="10 to 200 characters.")
    full_name: str | None = strawberry.field(default=None, description="The person's name, at most 255 characters.")


@strawberry.input(description="Who logs in.")
class LoginInput:
    """Input of `login`."""

    email: str = strawberry.field(description="The account's address.")
    password: str = strawberry.field(description="The account's password.")


@strawberry.input(description="The session to go on with.")
class RefreshSessionInput:
    """Input of `refreshSession`."""

    refresh_token: str = strawberry.field(description="The last refresh token of the session, unused.")


@strawberry.type(description="The session has ended.")
class LogoutPayload:
    """Result of `logout`."""

    ended: bool = strawberry.field(description="Always true: the access token is good no more.")


RegisterResult = Annotated[
    Session | InvalidInput,
    strawberry.union("RegisterResult", description="The new account's first session, or why not."),
]
LoginResult = Annotated[
    Session | AccountLocked | InvalidInput,
    strawberry.union("LoginResult", description="A session, or why there is none."),
]
RefreshSessionResult = Annotated[
    Session | InvalidInput, strawberry.union("RefreshSessionResult", description="New tokens, or why there are none.")
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
        description="Log in. After several wrong passwords the account is locked for a while.",
    )
    async def login(
        self, info: Info, input: Annotated[LoginInput, strawberry.argument(description="Who logs in.")]
    ) -> OpenSession:
        """Log in."""
        return await accounts.login(info.context, input.email, input.password)

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
