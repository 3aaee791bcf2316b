"""What accounts bring to the graph."""

from data import models
from schema.accounts.mutations import AccountMutations
from schema.accounts.queries import AccountQueries
from schema.accounts.types import LoginSession, User
from schema.domain import Domain

DOMAIN = Domain(
    queries=(AccountQueries,),
    mutations=(AccountMutations,),
    types=(LoginSession, User),
    nodes=(models.AppSession, models.AppUser),
)
