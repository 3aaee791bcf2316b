"""What can be asked about accounts."""

import strawberry

from data import models
from data.viewer import Anonymous, Staff
from resolvers.errors import Unauthenticated
from schema.accounts.types import User
from schema.operation import Info


@strawberry.type
class AccountQueries:
    @strawberry.field(
        graphql_type=User | None, description="The account behind the access token; null for anyone else."
    )
    async def me(self, info: Info) -> models.AppUser | None:
        viewer = info.context.viewer
        if isinstance(viewer, Anonymous) and viewer.problem is not None:
            raise Unauthenticated(viewer.problem)
        if not isinstance(viewer, Staff):
            return None
        return await info.context.loaders.row(models.AppUser, viewer.user_id)
