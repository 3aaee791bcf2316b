"""What external databases bring to the graph."""

from data import models
from schema.databases.mutations import DatabaseMutations
from schema.databases.types import WorkspaceDatabase
from schema.domain import Domain

DOMAIN = Domain(
    mutations=(DatabaseMutations,),
    types=(WorkspaceDatabase,),
    nodes=(models.WorkspaceDatabase,),
)
