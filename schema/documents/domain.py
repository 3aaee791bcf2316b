"""What documents bring to the graph."""

from data import models
from schema.documents.mutations import DocumentMutations
from schema.documents.subscriptions import DocumentSubscriptions
from schema.documents.types import Document
from schema.domain import Domain

DOMAIN = Domain(
    mutations=(DocumentMutations,),
    subscriptions=(DocumentSubscriptions,),
    types=(Document,),
    nodes=(models.Document,),
)
