"""The counting of uses: in the process, or in Redis for several processes together."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog
from limits import RateLimitItem, parse_many
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from core.security.keys import digest

logger = structlog.get_logger(__name__)

SWEPT_EVERY = 60.0
"""Seconds between two sweeps of the uses that left their windows."""
REDIS_PATIENCE = 1.0
"""Seconds Redis may take: a count that is slower is made in the process."""
REDIS_PAUSE = 5.0
"""Seconds for which Redis is left alone after it failed, so that an outage delays one operation and not each."""


MAX_USES = 10_000
MAX_WINDOW_SECONDS = 24 * 60 * 60
"""Each use is remembered as long as the window is: the two bound the memory of one caller."""


@dataclass(frozen=True, slots=True)
class Rate:
    """How often one caller may do something.

    `name` is the rate's in settings and headers, `default` how often in the notation of `limits`, `what` what is
    counted and for whom, `why` the reason for the number.
    """

    name: str
    default: str
    what: str
    why: str


@dataclass(frozen=True, slots=True)
class RateLimitStatus:
    """Where a caller stands after a use. `frees_at` is when the oldest use leaves the window: one more may come."""

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

    While Redis is out of reach each process counts by itself: N processes then allow up to N times as much.
    """

    def __init__(self, limits: Mapping[str, RateLimitItem], redis_url: str = "") -> None:
        self._limits = limits
        self._own = MovingWindowRateLimiter(MemoryStorage())
        # The library's types know no client of its own choosing; this is redis-py's.
        self._redis: Any = _redis_storage(redis_url) if redis_url else None
        self._shared = MovingWindowRateLimiter(self._redis) if self._redis is not None else None
        self._shared_from = 0.0
        self._sweeping: asyncio.Task[None] | None = None

    async def count(self, rate: Rate, caller: str) -> RateLimitStatus | None:
        """Count one use, unless it is refused, and say how the caller stands; None for a rate without a limit."""
        limit = self._limits.get(rate.name)
        if limit is None:
            return None
        if self._shared is not None and time.monotonic() >= self._shared_from:
            try:
                return await _counted(self._shared, rate, limit, caller)
            except (RedisError, OSError) as error:
                logger.warning("rates_counted_in_the_process", because=repr(error))
                self._shared_from = time.monotonic() + REDIS_PAUSE
        self._sweep_now_and_then()
        return await _counted(self._own, rate, limit, caller)

    async def close(self) -> None:
        """Stop the sweep and leave Redis."""
        if self._sweeping is not None:
            self._sweeping.cancel()
            await asyncio.gather(self._sweeping, return_exceptions=True)
        if self._redis is not None:
            await self._redis.bridge.get_connection().aclose()

    def _sweep_now_and_then(self) -> None:
        storage = self._own.storage
        if self._sweeping is None and isinstance(storage, MemoryStorage):
            # In place of the library's own sweep, which goes through every caller after each count, in a thread for
            # each: 80 µs a caller (limits 5.8).
            self._sweeping = storage.timer = asyncio.create_task(_sweep(storage))


async def _counted(limiter: MovingWindowRateLimiter, rate: Rate, limit: RateLimitItem, caller: str) -> RateLimitStatus:
    key = (rate.name, digest(caller))
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


async def _sweep(storage: MemoryStorage) -> None:
    while True:
        await asyncio.sleep(SWEPT_EVERY)
        now = time.time()
        for key, uses in list(storage.events.items()):
            storage.events[key] = [use for use in uses if use.expiry > now]
            if not storage.events[key]:
                await storage.clear(key)


def _redis_storage(url: str) -> RedisStorage:
    options: dict[str, Any] = {
        "socket_timeout": REDIS_PATIENCE,
        "socket_connect_timeout": REDIS_PATIENCE,
        "retry": Retry(NoBackoff(), 0),
    }
    return RedisStorage(f"async+{url}", implementation="redispy", key_prefix="monitora:rates", **options)
