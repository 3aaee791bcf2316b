"""What websites bring to the graph."""

from data import models
from schema.domain import Domain
from schema.websites.mutations import WebsiteMutations
from schema.websites.subscriptions import WebsiteSubscriptions
from schema.websites.types import Website

DOMAIN = Domain(
    mutations=(WebsiteMutations,),
    subscriptions=(WebsiteSubscriptions,),
    types=(Website,),
    nodes=(models.Website,),
)
