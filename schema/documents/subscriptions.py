"""What can be followed of documents."""

from collections.abc import AsyncIterator
from typing import Annotated

import strawberry

from data import models
from rag.ingestion.events import IngestionEvent
from resolvers import documents
from schema.documents.types import DocumentProgress
from schema.operation import Info
from schema.relay.node import key_of


@strawberry.type
class DocumentSubscriptions:
    @strawberry.subscription(
        graphql_type=DocumentProgress,
        description="Where each document of a workspace stands that is unfinished or finished within the last minute, "
        "then every step, until unsubscribed.",
    )
    async def document_progress(
        self,
        info: Info,
        workspace_id: Annotated[strawberry.ID, strawberry.argument(description="The workspace.")],
    ) -> AsyncIterator[IngestionEvent]:
        async for step in documents.progress(info.context, key_of(workspace_id, models.Workspace)):
            info.context.forget_loaded()
            yield step
