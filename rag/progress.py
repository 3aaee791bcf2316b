"""Where documents stand on their way to the index."""

from dataclasses import dataclass
from uuid import UUID

from data.models import DocumentStatus, IngestionStage


@dataclass(frozen=True, slots=True)
class Progress:
    """One step of a document. `fraction` runs from 0 to 1; `error` says why it failed."""

    document_id: UUID
    workspace_id: UUID
    status: DocumentStatus
    stage: IngestionStage
    fraction: float
    error: str | None = None

    @property
    def key(self) -> UUID:
        """The document: a later step stands for the earlier."""
        return self.document_id
