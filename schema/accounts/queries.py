"""What can be asked about accounts."""

from typing import Any

import strawberry

from data import models
from data.viewer import Anonymous, Staff
from resolvers.context import Context
from resolvers.errors import Unauthenticated
from schema.accounts.types import User
from schema.operation import Info
from schema.readings import Found, Root, read_by, row_at


def _me(context: Context) -> Found | None:
    viewer = context.viewer
    if isinstance(viewer, Anonymous) and viewer.problem is not None:
        raise Unauthenticated(viewer.problem)
    return (models.AppUser, viewer.user_id) if isinstance(viewer, Staff) else None


@strawberry.type
class AccountQueries:
    @strawberry.field(
        graphql_type=User | None,
        metadata=read_by(Root(_me, what=None)),
        description="The account behind the access token; null for anyone else.",
    )
    async def me(self, info: Info) -> Any:
        return await row_at(info.context, _me(info.context), what=None)
