"""Rate limits: a moving window for each caller, counted in the process, or in Redis for several processes together."""

from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any

from limits import RateLimitItem, parse_many
from limits.aio.storage import RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter

from core.redis import RedisClient, RedisUnavailable
from core.security.keys import digest

SWEPT_EVERY = 60.0
"""Seconds between two sweeps of the callers whose uses all left their windows."""
MAX_USES = 10_000
MAX_WINDOW_SECONDS = 24 * 60 * 60
"""Each use is remembered as long as the window is: the two bound the memory of one caller."""


@dataclass(frozen=True, slots=True)
class Rate:
    """How often one caller may do something.

    `name` is the rate's in settings and headers, `default` how often in the notation of `limits`, `what` what is
    counted and for whom, `why` the reason for the number. One that is not `is_shared` is counted by each process for
    itself, also where there is Redis: it bounds the work of a process, and must not cost a way to Redis and back.
    """

    name: str
    default: str
    what: str
    why: str
    is_shared: bool = True


@dataclass(frozen=True, slots=True)
class RateLimitStatus:
    """What a caller has left after a use. `frees_at` is when the oldest use leaves the window: one more may come."""

    rate: Rate
    quota: int
    window_seconds: int
    remaining: int
    frees_at: datetime
    is_refused: bool


def parsed(text: str) -> RateLimitItem | None:
    """Read a rate such as "10/minute" or "100 per 2 hours"; None for an empty text. Raises `ValueError`."""
    if not text.strip():
        return None
    try:
        items = parse_many(text)
    except ValueError as error:
        raise ValueError("write a number per time, such as 10/minute, or nothing for no limit") from error
    if len(items) != 1:
        raise ValueError("write one number per time, such as 10/minute")
    item = items[0]
    if not 1 <= item.amount <= MAX_USES or item.get_expiry() > MAX_WINDOW_SECONDS:
        raise ValueError(f"a rate is 1 to {MAX_USES} uses in a day or less; an empty value is no limit")
    return item


class RateLimiter:
    """Counts what callers do against the rates that have a limit. Callers are kept as digests.

    With Redis all processes count together. While Redis is away each process counts by itself: N processes then allow
    up to N times as much.
    """

    def __init__(self, limits: Mapping[str, RateLimitItem], redis: RedisClient | None = None) -> None:
        self._limits = limits
        self._own = MovingWindows()
        self._redis = redis
        self._shared = None if redis is None else MovingWindowRateLimiter(_redis_storage(redis))

    async def count(self, rate: Rate, caller: str, limit: RateLimitItem | None = None) -> RateLimitStatus | None:
        """Count one use, unless it is refused, and return the caller's status; None for a rate without a limit.

        `limit` is that of a rate that is no setting of its own.
        """
        limit = limit or self._limits.get(rate.name)
        if limit is None:
            return None
        key = digest(caller)
        if rate.is_shared and self._redis is not None and self._shared is not None:
            shared = self._shared
            with suppress(RedisUnavailable):
                return await self._redis.run(lambda _redis: _counted(shared, rate, limit, key))
        return self._own.count(rate, limit, key)


class MovingWindows:
    """Counts the uses of callers in this process. The clock that people set does not matter to it."""

    def __init__(self) -> None:
        self._uses: dict[tuple[str, str], deque[float]] = {}
        """When each use leaves its window, the oldest first, by the rate and the caller."""
        self._swept = monotonic()

    def __len__(self) -> int:
        return len(self._uses)

    def count(self, rate: Rate, limit: RateLimitItem, caller: str) -> RateLimitStatus:
        """Count one use, unless it is refused, and return the caller's status."""
        present, window = monotonic(), limit.get_expiry()
        if present - self._swept > SWEPT_EVERY:
            self._sweep(present)
        uses = self._uses.setdefault((rate.name, caller), deque())
        while uses and uses[0] <= present:
            uses.popleft()
        is_refused = len(uses) >= limit.amount
        if not is_refused:
            uses.append(present + window)
        return RateLimitStatus(
            rate,
            quota=limit.amount,
            window_seconds=window,
            remaining=max(limit.amount - len(uses), 0),
            frees_at=datetime.now(UTC) + timedelta(seconds=uses[0] - present),
            is_refused=is_refused,
        )

    def _sweep(self, present: float) -> None:
        """Forget who has no use in a window."""
        self._swept = present
        self._uses = {key: uses for key, uses in self._uses.items() if uses[-1] > present}


async def _counted(limiter: MovingWindowRateLimiter, rate: Rate, limit: RateLimitItem, caller: str) -> RateLimitStatus:
    key = (rate.name, caller)
    accepted = await limiter.hit(limit, *key)
    window = await limiter.get_window_stats(limit, *key)
    return RateLimitStatus(
        rate,
        quota=limit.amount,
        window_seconds=limit.get_expiry(),
        remaining=max(window.remaining, 0) if accepted else 0,
        frees_at=datetime.fromtimestamp(window.reset_time, UTC),
        is_refused=not accepted,
    )


def _redis_storage(redis: RedisClient) -> RedisStorage:
    # The library's types know no client of its users' choosing; it takes this one's connections.
    connections: Any = redis.commands.connection_pool
    return RedisStorage(
        f"async+{redis.url}", implementation="redispy", key_prefix="monitora:rates", connection_pool=connections
    )
