"""The HTTP fields that tell a client how it stands in the rates, by draft-ietf-httpapi-ratelimit-headers-10."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime

from core.rate_limits import RateLimitStatus

RATE_HEADERS = ("RateLimit", "RateLimit-Policy", "Retry-After")
"""The fields' names, for pages of other sites to read."""


def rate_headers(rate_limit_statuses: Sequence[RateLimitStatus]) -> dict[str, str]:
    """Return the fields of an operation that was counted, none for another.

    `RateLimit-Policy` has each rate's quota (`q`) and window in seconds (`w`); `RateLimit` what remains (`r`) and the
    seconds until one more use is free (`t`); `Retry-After` the seconds to wait when the operation was refused.
    """
    if not rate_limit_statuses:
        return {}
    policies = [f'"{one.rate.name}";q={one.quota};w={one.window_seconds}' for one in rate_limit_statuses]
    limits = [f'"{one.rate.name}";r={one.remaining};t={_seconds_until(one.frees_at)}' for one in rate_limit_statuses]
    waits = [_seconds_until(one.frees_at) for one in rate_limit_statuses if one.is_refused]
    headers = {"RateLimit-Policy": ", ".join(policies), "RateLimit": ", ".join(limits)}
    return headers | ({"Retry-After": str(max(waits))} if waits else {})


def _seconds_until(moment: datetime) -> int:
    return max(1, math.ceil((moment - datetime.now(UTC)).total_seconds()))
