"""What a workspace and an account store, and how much they may."""

from dataclasses import dataclass
from uuid import UUID

from data.models import StorageUsage
from data.queries.storage import Amount, stored_by
from resolvers.context import Context


@dataclass(frozen=True, slots=True)
class Storage:
    """How much is stored beside the most that may be; a bound of None is no bound."""

    bytes: int
    documents: int
    pages: int
    max_bytes: int | None
    max_documents: int | None
    max_pages: int | None


async def of_workspace(context: Context, workspace_id: UUID) -> Storage | None:
    """Return what a workspace stores; None for those who only read it."""
    row = await context.loaders.row_by(StorageUsage, StorageUsage.workspace_id, workspace_id)
    if row is None:
        return None
    stored = Amount(row.byte_count, row.document_count, row.page_count)
    return _beside(stored, context.policy.quotas.workspace)


async def embedding_progress(context: Context, workspace_id: UUID) -> float | None:
    """Return how far a workspace is on its way to another embedder; None when it is not on one, or is not one's own."""
    row = await context.loaders.row_by(StorageUsage, StorageUsage.workspace_id, workspace_id)
    return None if row is None else row.embedding_progress


async def of_account(context: Context) -> Storage:
    """Return what the workspaces of the account that asks store together."""
    stored = await context.database.read(lambda session: stored_by(session, context.viewer))
    return _beside(stored, context.policy.quotas.account)


def _beside(stored: Amount, most: Amount) -> Storage:
    return Storage(
        stored.byte_count,
        stored.document_count,
        stored.page_count,
        most.byte_count or None,
        most.document_count or None,
        most.page_count or None,
    )
