"""What can be changed about accounts."""

from typing import Annotated

import strawberry

from data import models
from resolvers.accounts import accounts, sessions
from resolvers.accounts.accounts import OpenSession
from schema.accounts.inputs import (
    ChangePasswordInput,
    LoginInput,
    RefreshSessionInput,
    RegisterInput,
    RevokeSessionInput,
)
from schema.accounts.types import Session, User
from schema.operation import Info, reload_row
from schema.relay.node import key_of
from schema.user_errors import InvalidInput, UserErrorsAsData


@strawberry.type(description="The account has its new password.")
class ChangePasswordPayload:
    user: User = strawberry.field(description="The account.")
    ended_sessions: int = strawberry.field(description="How many other sessions were ended with it.")


@strawberry.type(description="The session has ended.")
class RevokeSessionPayload:
    revoked_id: strawberry.ID = strawberry.field(description="The identifier it had.")


@strawberry.type(description="The account's other sessions have ended.")
class RevokeOtherSessionsPayload:
    ended_sessions: int = strawberry.field(description="How many there were.")


@strawberry.type(description="The session has ended.")
class LogoutPayload:
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
class AccountMutations:
    @strawberry.mutation(
        graphql_type=RegisterResult,
        extensions=[UserErrorsAsData()],
        description="Make an account with the role ADMIN and log it in.",
    )
    async def register(
        self, info: Info, input: Annotated[RegisterInput, strawberry.argument(description="The account.")]
    ) -> OpenSession:
        return await accounts.register(info.context, input.email, input.password, input.full_name)

    @strawberry.mutation(
        graphql_type=LoginResult,
        extensions=[UserErrorsAsData()],
        description="Log in. After several wrong passwords the account is locked for a while, which is answered like a "
        "wrong password; a device that sends its `deviceToken` is let in all the same.",
    )
    async def login(
        self, info: Info, input: Annotated[LoginInput, strawberry.argument(description="Who logs in.")]
    ) -> OpenSession:
        return await accounts.login(info.context, input.email, input.password, input.device_token)

    @strawberry.mutation(
        graphql_type=RefreshSessionResult,
        extensions=[UserErrorsAsData()],
        description="Exchange a refresh token for a new pair of tokens; the old pair is good no more.",
    )
    async def refresh_session(
        self, info: Info, input: Annotated[RefreshSessionInput, strawberry.argument(description="The session.")]
    ) -> OpenSession:
        return await accounts.refresh(info.context, input.refresh_token)

    @strawberry.mutation(description="End the session of the access token.")
    async def logout(self, info: Info) -> LogoutPayload:
        await accounts.logout(info.context)
        return LogoutPayload(ended=True)

    @strawberry.mutation(
        graphql_type=ChangePasswordResult,
        extensions=[UserErrorsAsData()],
        description="Change the account's own password and end its other sessions. A wrong current password counts as "
        "a failed login.",
    )
    async def change_password(
        self, info: Info, input: Annotated[ChangePasswordInput, strawberry.argument(description="Both passwords.")]
    ) -> ChangePasswordPayload:
        ended = await accounts.change_password(info.context, input.current_password, input.new_password)
        user = await reload_row(info, models.AppUser, info.context.staff().user_id)
        return ChangePasswordPayload(user=user, ended_sessions=ended)

    @strawberry.mutation(
        graphql_type=RevokeSessionResult,
        extensions=[UserErrorsAsData()],
        description="End one of the account's own sessions. Its tokens are good no more, at once.",
    )
    async def revoke_session(
        self, info: Info, input: Annotated[RevokeSessionInput, strawberry.argument(description="The session.")]
    ) -> RevokeSessionPayload:
        await sessions.revoke(info.context, key_of(input.id, models.AppSession))
        return RevokeSessionPayload(revoked_id=input.id)

    @strawberry.mutation(description="End every session of the account but the one that asks.")
    async def revoke_other_sessions(self, info: Info) -> RevokeOtherSessionsPayload:
        return RevokeOtherSessionsPayload(ended_sessions=await sessions.revoke_others(info.context))
