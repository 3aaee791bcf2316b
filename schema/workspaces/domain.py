"""What workspaces bring to the graph."""

from data import models
from schema.domain import Domain
from schema.workspaces.mutations import ApiKeyMutations, WorkspaceMutations
from schema.workspaces.queries import WorkspaceQueries
from schema.workspaces.types import ApiKey, Workspace

DOMAIN = Domain(
    queries=(WorkspaceQueries,),
    mutations=(WorkspaceMutations, ApiKeyMutations),
    types=(ApiKey, Workspace),
    nodes=(models.ApiKey, models.Workspace),
)
