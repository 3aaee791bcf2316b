"""What the server does once a day by itself: the clean-up, in one of its processes."""

import asyncio
import time
from collections.abc import Callable
from datetime import timedelta

import structlog

from core.redis import RedisUnavailable
from data.migrations import pending
from rag.clean_up import clean_up
from resolvers.services import Services

logger = structlog.get_logger(__name__)

EVERY = timedelta(days=1)
LOOKED_AT_EVERY = timedelta(hours=1)
"""How often a process looks whether the day is over, and whether another has taken the turn."""
TURN = "monitora:clean-up"
"""The key in Redis of the process that cleans up; it expires when the next turn comes."""


class DailyCleanUp:
    """Cleans up at the start and then each day. Of processes that share Redis one does."""

    def __init__(self, services: Services, retention_days: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._services = services
        self._retention_days = retention_days
        self._clock = clock
        self._next_turn = clock()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin, in the background."""
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Stop. A statement under way goes on to its end."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            try:
                if await pending(self._services.database) is None and await self._has_turn():
                    done = await clean_up(self._services.database, self._services.storage, self._retention_days)
                    logger.info("cleaned_up", **done.counts())
            except Exception:
                logger.exception("clean_up_failed")
            await asyncio.sleep(LOOKED_AT_EVERY.total_seconds())

    async def _has_turn(self) -> bool:
        """Tell whether this process cleans up now, and take the turn."""
        redis = self._services.redis
        if redis is None:
            is_due = self._clock() >= self._next_turn
            if is_due:
                self._next_turn = self._clock() + EVERY.total_seconds()
            return is_due
        try:
            return bool(await redis.run(lambda commands: commands.set(TURN, "1", nx=True, ex=EVERY)))
        except RedisUnavailable:
            # Another process may have it. The next hour asks again.
            return False
