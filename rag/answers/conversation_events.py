"""What visitors do, for the team to watch."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID


class ActivityKind(StrEnum):
    """What happened."""

    CONVERSATION_STARTED = "conversation_started"
    MESSAGE_ADDED = "message_added"
    MESSAGE_RATED = "message_rated"


@dataclass(frozen=True, slots=True)
class ConversationEvent:
    """Something that happened in a conversation, about one of its messages."""

    kind: ActivityKind
    workspace_id: UUID
    conversation_id: UUID
    message_id: UUID

    @property
    def topic(self) -> UUID:
        """The workspace."""
        return self.workspace_id

    @property
    def deduplication_key(self) -> tuple[ActivityKind, UUID]:
        """The event: of the same one twice, as a rating changed, a subscriber that took neither gets one."""
        return self.kind, self.message_id

    def as_json(self) -> dict[str, Any]:
        """Return what another process needs to make it again."""
        return {
            "kind": self.kind,
            "workspace_id": self.workspace_id.hex,
            "conversation_id": self.conversation_id.hex,
            "message_id": self.message_id.hex,
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "ConversationEvent":
        """Read what `as_json` wrote."""
        keys = {name: UUID(hex=value[name]) for name in ("workspace_id", "conversation_id", "message_id")}
        return cls(ActivityKind(value["kind"]), **keys)
