"""Why an operation is refused."""

import math
from datetime import UTC, datetime
from typing import Any

from core.errors import ErrorCode, OperationError


class Unauthenticated(OperationError):
    """There is no token, or it is no longer good."""

    def __init__(self, message: str) -> None:
        super().__init__(ErrorCode.UNAUTHENTICATED, message)


class Forbidden(OperationError):
    """The viewer sees the thing and may not do this with it."""

    def __init__(self, message: str = "This account may read this workspace but not change it.") -> None:
        super().__init__(ErrorCode.FORBIDDEN, message)


class NotFound(OperationError):
    """There is no such thing for this viewer. Something of another tenant does not exist either."""

    def __init__(self, kind: str) -> None:
        super().__init__(ErrorCode.NOT_FOUND, f"There is no such {kind}, or it is not yours.")


class BadInput(OperationError):
    """An argument of a field cannot be used."""

    def __init__(self, message: str) -> None:
        super().__init__(ErrorCode.BAD_USER_INPUT, message)


class RateLimited(OperationError):
    """Something was done too often. `retry_at` is when it may be done once more."""

    def __init__(self, what: str, retry_at: datetime) -> None:
        self.retry_at = retry_at
        self.retry_after_seconds = max(1, math.ceil((retry_at - datetime.now(UTC)).total_seconds()))
        super().__init__(
            ErrorCode.RATE_LIMITED, f"Too many {what}: try again in {_duration(self.retry_after_seconds)}."
        )

    @property
    def extensions(self) -> dict[str, Any]:
        """The code, and when to try again: a moment, and seconds for clocks that differ."""
        return super().extensions | {
            "retryAt": self.retry_at.isoformat(),
            "retryAfterSeconds": self.retry_after_seconds,
        }


def _duration(seconds: int) -> str:
    return f"{seconds} seconds" if seconds < 120 else f"{math.ceil(seconds / 60)} minutes"  # noqa: PLR2004
