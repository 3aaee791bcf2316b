"""What a client sends about accounts."""

import strawberry


@strawberry.input(description="A new account.")
class RegisterInput:
    email: str = strawberry.field(description="The address to log in with, at most 254 characters.")
    password: str = strawberry.field(
        description="10 to 200 characters, not easy to guess: four unrelated words, or what a password manager makes."
    )
    full_name: str | None = strawberry.field(default=None, description="The person's name, at most 255 characters.")


@strawberry.input(description="Who logs in.")
class LoginInput:
    email: str = strawberry.field(description="The account's address.")
    password: str = strawberry.field(description="The account's password.")
    device_token: str | None = strawberry.field(
        default=None, description="The `deviceToken` of an earlier session of the account on this device, if there is."
    )


@strawberry.input(description="The session to go on with.")
class RefreshSessionInput:
    refresh_token: str = strawberry.field(description="The last refresh token of the session, unused.")


@strawberry.input(description="The account's password, and the one to have instead.")
class ChangePasswordInput:
    current_password: str = strawberry.field(description="The password the account has now.")
    new_password: str = strawberry.field(description="The new one, as for `register`.")


@strawberry.input(description="A session to end.")
class RevokeSessionInput:
    id: strawberry.ID = strawberry.field(description="The session.")
