"""How tests wait: for what they need, never for a time.

What tells nobody that it has happened is looked at again and again; what must not happen is followed by something that
must. A time-out bounds a hang and says nothing about speed: on a busy machine everything takes long.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable

import aiohttp

from core.events import EventBus, Published

HANG_SECONDS = 60.0
"""After how long a wait is taken for a hang."""
PAUSE_SECONDS = 0.02
"""How long before something is looked at again."""


async def until(condition: Callable[[], bool], what: str) -> None:
    """Return once the condition holds. Raises `AssertionError`, which says what did not happen."""

    async def look() -> bool:
        return condition()

    await until_seen(look, what)


async def until_seen(condition: Callable[[], Awaitable[bool]], what: str) -> None:
    """Do what `until` does with a condition that is asked for. Raises `AssertionError`."""
    give_up_at = time.monotonic() + HANG_SECONDS
    while not await condition():
        assert time.monotonic() < give_up_at, f"it does not happen: {what}"
        await asyncio.sleep(PAUSE_SECONDS)


def wait_until(condition: Callable[[], bool], what: str) -> None:
    """Do what `until` does where no event loop runs. Raises `AssertionError`."""
    give_up_at = time.monotonic() + HANG_SECONDS
    while not condition():
        assert time.monotonic() < give_up_at, f"it does not happen: {what}"
        time.sleep(PAUSE_SECONDS)


async def subscribed(bus: EventBus[Published], count: int = 1) -> None:
    """Return once that many subscriptions have begun: what is published from now on reaches them."""
    await until(lambda: bus.subscriber_count >= count, "the subscription begins")


async def closed_with(socket: aiohttp.ClientWebSocketResponse) -> int | None:
    """Read what a socket still sends, to its close, and return the code of the close."""
    async with asyncio.timeout(HANG_SECONDS):
        async for _ in socket:
            pass
    return socket.close_code
