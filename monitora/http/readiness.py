"""Whether the server can serve, and what keeps it from it. Nothing here costs money or tells a secret."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from typing import Any

import structlog

from core.redis import RedisClient
from data.migrations import pending
from monitora.settings.settings import Settings
from resolvers.services import Services

logger = structlog.get_logger(__name__)

CHECK_SECONDS = 5.0
"""How long a part may take to answer."""


@dataclass(frozen=True, slots=True)
class Check:
    """One condition: whether it holds, and in a sentence why not or by what."""

    ready: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Readiness:
    """All conditions, by name. `reason` is that of the first that does not hold."""

    checks: dict[str, Check]

    @property
    def ready(self) -> bool:
        """Whether every condition holds."""
        return self.reason is None

    @property
    def reason(self) -> str | None:
        """Why the server cannot serve, or None."""
        return next((check.detail for check in self.checks.values() if not check.ready), None)

    def as_json(self) -> dict[str, Any]:
        """Return what `/readyz` answers."""
        checks = {name: asdict(check) for name, check in self.checks.items()}
        return {"ready": self.ready, "reason": self.reason, "checks": checks}


async def readiness(services: Services, settings: Settings) -> Readiness:
    """Look at every part. The model is not asked: an answer would cost, and it may be away while the rest serves."""
    closing = services.answers.is_closing
    checks = {
        "process": Check(not closing, "The server is stopping." if closing else "running"),
        "database": await _database(services),
    }
    if services.redis is not None:
        checks["redis"] = await _redis(services.redis)
    checks["model"] = Check(ready=True, detail="mistral" if settings.uses_mistral else "local")
    return Readiness(checks)


async def _database(services: Services) -> Check:
    async def look() -> Check:
        missing = await pending(services.database)
        return Check(missing is None, missing or "up to date")

    return await _within(look, "database", "The database cannot be reached; the log says why.")


async def _redis(redis: RedisClient) -> Check:
    async def look() -> Check:
        await redis.ping()
        return Check(ready=True, detail="reachable")

    return await _within(look, "redis", "Redis cannot be reached; the log says why.")


async def _within(look: Callable[[], Awaitable[Check]], part: str, otherwise: str) -> Check:
    looking = asyncio.ensure_future(look())
    try:
        # Not cancelled when it takes too long: a driver's thread would go on over a connection that is closed.
        return await asyncio.wait_for(asyncio.shield(looking), CHECK_SECONDS)
    except Exception:
        looking.add_done_callback(_forget)
        logger.exception("unreachable", part=part)
        return Check(ready=False, detail=otherwise)


def _forget(looking: asyncio.Future[Check]) -> None:
    if not looking.cancelled():
        looking.exception()
