"""Expected outcomes as data: what a mutation answers instead of its payload."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import strawberry
from strawberry.extensions import FieldExtension

from core import errors
from core.errors import ErrorCode


@strawberry.interface(description="Why a mutation did not do what was asked, in a way the person can mend.")
class UserError:
    """The interface of every expected refusal."""

    code: ErrorCode = strawberry.field(description="What went wrong, for programs.")
    message: str = strawberry.field(description="What went wrong and what to do, for people.")
    path: list[str] | None = strawberry.field(description="The field of the input at fault, from the input's root.")


@strawberry.type(description="An input cannot be used as it is.")
class InvalidInput(UserError):
    """The general case: code, message and path say all."""


class UserErrorsAsData(FieldExtension):
    """Turns a `UserError` raised by an operation into the member of its result that says so."""

    def __init__(self, members: Mapping[type[errors.UserError], Callable[[Any], UserError]] | None = None) -> None:
        """Prepare. `members` are those that say more than `InvalidInput`, by the error that they are made of."""
        super().__init__()
        self._members = members or {}

    async def resolve_async(
        self, next_: Callable[..., Awaitable[Any]], source: Any, info: strawberry.Info, **arguments: Any
    ) -> Any:
        """Run the operation."""
        try:
            return await next_(source, info, **arguments)
        except errors.UserError as error:
            info.context.codes.add(error.code.value)
            if (member := self._members.get(type(error))) is not None:
                return member(error)
            return InvalidInput(code=error.code, message=error.message, path=error.path)
