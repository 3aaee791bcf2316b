"""What can be followed of websites."""

from collections.abc import AsyncIterator
from typing import Annotated

import strawberry

from data import models
from rag.sources.crawler.events import WebsiteEvent
from resolvers import websites
from schema.operation import Info
from schema.relay.node import key_of
from schema.websites.types import WebsiteProgress


@strawberry.type
class WebsiteSubscriptions:
    @strawberry.subscription(
        graphql_type=WebsiteProgress,
        description="Where a website stands, then every page of its crawls, until unsubscribed.",
    )
    async def website_progress(
        self,
        info: Info,
        website_id: Annotated[strawberry.ID, strawberry.argument(description="The website.")],
    ) -> AsyncIterator[WebsiteEvent]:
        async for event in websites.progress(info.context, key_of(website_id, models.Website)):
            info.context.forget_loaded()
            yield event
