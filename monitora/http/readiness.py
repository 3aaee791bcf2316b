"""Whether the server can serve, and what keeps it from it. Nothing here costs money or tells a secret."""

import asyncio
import time
from dataclasses import asdict, dataclass
from typing import Any

import structlog

from core.redis import RedisClient, RedisUnavailable
from data.migrations import pending
from monitora.settings.settings import Settings
from rag.models.protocols import ChatModel, ModelError, Probed
from resolvers.services import Services

logger = structlog.get_logger(__name__)

CHECK_SECONDS = 5.0
"""How long a part may take to answer."""
MODEL_SECONDS = 15.0
"""How long what the model's server answered is told again before it is asked again."""
MODEL_WAIT_SECONDS = 0.5
"""How long a new answer of the model's server is waited for, before the one before is told: probes have time-outs."""
ADVISORY = {"model"}
"""Checks that are told and keep nobody away: reading, searching and administering need no model."""


@dataclass(frozen=True, slots=True)
class Check:
    """One condition: whether it holds, and in a sentence why not or by what."""

    ready: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Readiness:
    """All conditions, by name. `reason` is that of the first that must hold and does not."""

    checks: dict[str, Check]

    @property
    def ready(self) -> bool:
        """Whether every condition that must hold does."""
        return self.reason is None

    @property
    def reason(self) -> str | None:
        """Why the server cannot serve, or None."""
        required = (check for name, check in self.checks.items() if name not in ADVISORY)
        return next((check.detail for check in required if not check.ready), None)

    def as_json(self) -> dict[str, Any]:
        """Return what `/readyz` answers."""
        checks = {name: asdict(check) for name, check in self.checks.items()}
        return {"ready": self.ready, "reason": self.reason, "checks": checks}


class ModelProbe:
    """What is known of the model's server. It is asked when somebody looks, and at most every `MODEL_SECONDS`."""

    def __init__(self, chat_model: ChatModel, settings: Settings) -> None:
        self._chat_model = chat_model
        self._name = "mistral" if settings.uses_mistral else "local"
        self._known: Check | None = None
        self._asking: asyncio.Task[None] | None = None
        self._fresh_until = 0.0

    async def check(self) -> Check:
        """Say whether the server answers, or did when it was last asked. A model of the process always does."""
        if not isinstance(self._chat_model, Probed):
            return Check(ready=True, detail=self._name)
        if self._asking is None and time.monotonic() >= self._fresh_until:
            self._asking = asyncio.create_task(self._ask(self._chat_model))
        if self._asking is not None:
            await asyncio.wait({self._asking}, timeout=MODEL_WAIT_SECONDS if self._known else CHECK_SECONDS)
        return self._known or Check(ready=False, detail="The model's server has not answered yet.")

    async def close(self) -> None:
        """Wait for no answer any longer."""
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.wait({self._asking})

    async def _ask(self, server: Probed) -> None:
        try:
            await server.probe()
            found = Check(ready=True, detail=self._name)
        except ModelError as error:
            found = Check(ready=False, detail=error.message)
        except Exception:
            logger.exception("unreachable", part="model")
            found = Check(ready=False, detail="The model's server cannot be asked; the log says why.")
        finally:
            self._asking = None
            self._fresh_until = time.monotonic() + MODEL_SECONDS
        answered = self._known is None or self._known.ready
        self._known = found
        if answered and not found.ready:
            logger.warning("model_unreachable", because=found.detail)
        elif found.ready and not answered:
            logger.warning("model_reachable")


async def readiness(services: Services, model: ModelProbe) -> Readiness:
    """Look at every part, one after the other."""
    closing = services.answers.is_closing
    checks = {
        "process": Check(not closing, "The server is stopping." if closing else "running"),
        "database": await _database(services),
    }
    if services.redis is not None:
        checks["redis"] = await _redis(services.redis)
    checks["model"] = await model.check()
    return Readiness(checks)


async def _database(services: Services) -> Check:
    looking = asyncio.ensure_future(pending(services.database))
    try:
        # Not cancelled when it takes too long: a driver's thread would go on over a connection that is closed.
        missing = await asyncio.wait_for(asyncio.shield(looking), CHECK_SECONDS)
    except Exception:
        looking.add_done_callback(_forget)
        logger.exception("unreachable", part="database")
        return Check(ready=False, detail="The database cannot be reached; the log says why.")
    return Check(missing is None, missing or "up to date")


async def _redis(redis: RedisClient) -> Check:
    try:
        await redis.ping()
    except RedisUnavailable:
        # The client logs it once, and once that it is back: not at each look.
        return Check(ready=False, detail="Redis cannot be reached; the log says why.")
    return Check(ready=True, detail="reachable")


def _forget(looking: asyncio.Future[str | None]) -> None:
    if not looking.cancelled():
        looking.exception()
