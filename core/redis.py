"""Redis: one client a process, with one time-out, one retry policy and one circuit breaker for all that use it.

Redis is never needed: what uses it goes on within its process while Redis is away.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from types import TracebackType
from typing import Any, Self, TypeVar

import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as ConnectionLost
from redis.exceptions import RedisError

logger = structlog.get_logger(__name__)

Reply = TypeVar("Reply")

TIMEOUT_SECONDS = 1.0
"""How long Redis may take to connect or to answer a command."""
PROBED_EVERY_SECONDS = 1.0
"""How long the circuit stays open before Redis is asked whether it answers again."""


class RedisUnavailable(Exception):
    """Redis failed or took too long, now or for an earlier command, and has not answered since."""


class RedisClient:
    """The connections of one process to Redis.

    A command that fails or takes too long opens the circuit: from then on commands fail at once, so that a Redis that
    hangs costs one time-out and not one for each use. A task of the client's own asks Redis until it answers, and
    closes the circuit. The log says once that Redis is away, and once that it is back.
    """

    def __init__(
        self, url: str, *, timeout_seconds: float = TIMEOUT_SECONDS, probed_every_seconds: float = PROBED_EVERY_SECONDS
    ) -> None:
        """Prepare to connect; nothing is sent yet."""
        self.url = url
        self.timeout_seconds = timeout_seconds
        self.retry_seconds = probed_every_seconds
        # redis-py types its clients for bytes and texts at once; ours are for texts.
        self.commands: Any = Redis.from_url(
            url,
            decode_responses=True,
            socket_timeout=timeout_seconds,
            socket_connect_timeout=timeout_seconds,
            # The connection may have been lost unnoticed: once more. A Redis that hangs is not asked again.
            retry=Retry(NoBackoff(), 1, supported_errors=(ConnectionLost,)),
        )
        # For what waits until something happens: a time-out of the client's own would end the waiting.
        self.blocking: Any = Redis.from_url(url, decode_responses=True, socket_timeout=None, socket_keepalive=True)
        self._probing: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Return the client."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        if self._probing is not None:
            self._probing.cancel()
            await asyncio.gather(self._probing, return_exceptions=True)
        await self.blocking.aclose()
        await self.commands.aclose()

    @property
    def is_available(self) -> bool:
        """Whether the circuit is closed: Redis answered when it was last asked."""
        return self._probing is None

    async def run(self, command: Callable[[Any], Awaitable[Reply]]) -> Reply:
        """Return what `command` returns, given the client. Raises `RedisUnavailable`, at once while Redis is away."""
        if not self.is_available:
            raise RedisUnavailable
        try:
            return await command(self.commands)
        except (RedisError, OSError) as error:
            self._open_circuit(error)
            raise RedisUnavailable from error

    async def ping(self) -> None:
        """Return when Redis answers, whatever the circuit. Raises `RedisUnavailable`."""
        try:
            await self.commands.ping()
        except (RedisError, OSError) as error:
            self._open_circuit(error)
            raise RedisUnavailable from error

    async def pause(self) -> None:
        """Wait before a use of `blocking` is begun again that failed.

        Its connection alone may have been lost: the circuit opens only when Redis does not answer either.
        """
        with suppress(RedisUnavailable):
            await self.run(lambda redis: redis.ping())
        await asyncio.sleep(self.retry_seconds)

    def _open_circuit(self, error: Exception) -> None:
        if self.is_available:
            logger.warning("redis_unavailable", because=repr(error))
            self._probing = asyncio.create_task(self._probe())

    async def _probe(self) -> None:
        is_back = False
        while not is_back:
            await asyncio.sleep(self.retry_seconds)
            with suppress(RedisUnavailable):
                await self.ping()
                is_back = True
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                # redis-py may end a command that is cancelled with a time-out.
                return
        self._probing = None
        logger.warning("redis_available")
