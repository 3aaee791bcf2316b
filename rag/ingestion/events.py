"""Where documents stand on their way to the index."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from data.models import DocumentStatus, IngestionStage


@dataclass(frozen=True, slots=True)
class IngestionEvent:
    """One step of a document. `fraction` runs from 0 to 1; `error` says why it failed."""

    document_id: UUID
    workspace_id: UUID
    status: DocumentStatus
    stage: IngestionStage
    fraction: float
    error: str | None = None

    @property
    def topic(self) -> UUID:
        """The workspace."""
        return self.workspace_id

    @property
    def deduplication_key(self) -> UUID:
        """The document: a later step stands for the earlier."""
        return self.document_id

    def as_json(self) -> dict[str, Any]:
        """Return what another process needs to make it again."""
        return {
            "document_id": self.document_id.hex,
            "workspace_id": self.workspace_id.hex,
            "status": self.status,
            "stage": self.stage,
            "fraction": self.fraction,
            "error": self.error,
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "IngestionEvent":
        """Read what `as_json` wrote."""
        return cls(
            document_id=UUID(hex=value["document_id"]),
            workspace_id=UUID(hex=value["workspace_id"]),
            status=DocumentStatus(value["status"]),
            stage=IngestionStage(value["stage"]),
            fraction=value["fraction"],
            error=value["error"],
        )
