"""What visitors do, for the team to watch."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class ActivityKind(StrEnum):
    """What happened."""

    CONVERSATION_STARTED = "conversation_started"
    MESSAGE_ADDED = "message_added"
    MESSAGE_RATED = "message_rated"


@dataclass(frozen=True, slots=True)
class Activity:
    """Something that happened in a conversation, about one of its messages."""

    kind: ActivityKind
    workspace_id: UUID
    conversation_id: UUID
    message_id: UUID

    @property
    def key(self) -> tuple[ActivityKind, UUID]:
        """The happening: the same twice, as a rating changed, is told once to who read neither."""
        return self.kind, self.message_id
