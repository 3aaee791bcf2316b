"""The DevTools protocol of Chromium, over a pair of pipes: JSON, a zero byte after each message."""

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any

Event = Mapping[str, Any]
END_OF_MESSAGE = b"\0"


class BrowserFailed(Exception):
    """The browser does not start, crashed, sends too much, or did not come to an end. The message is for the log."""


class DevTools:
    """Calls methods of a browser. Without its two pipes the browser ends, and so do all calls."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._calls: dict[int, asyncio.Future[Event]] = {}
        self._listeners: dict[str, Callable[[Event], None]] = {}
        self._last = 0
        self._failure: BrowserFailed | None = None

    def on(self, event: str, listener: Callable[[Event], None]) -> None:
        """Have a listener called for each event of a name, with its parameters."""
        self._listeners[event] = listener

    async def call(self, method: str, session: str | None = None, /, **parameters: object) -> Event:
        """Return what a method answers. Raises `BrowserFailed`, also when the method fails."""
        if self._failure is not None:
            raise self._failure
        self._last += 1
        future = self._calls[self._last] = asyncio.get_running_loop().create_future()
        message = {"id": self._last, "method": method, "params": parameters}
        if session is not None:
            message["sessionId"] = session
        self._writer.write(json.dumps(message).encode() + END_OF_MESSAGE)
        answer = await future
        if "error" in answer:
            raise BrowserFailed(f"{method}: {answer['error'].get('message')}")
        return dict(answer["result"])

    def fail(self, failure: BrowserFailed) -> None:
        """Let all calls fail, those under way and those to come."""
        self._failure = self._failure or failure
        for future in self._calls.values():
            if not future.done():
                future.set_exception(self._failure)

    async def listen(self) -> None:
        """Take messages until the browser ends."""
        try:
            while True:
                message = await self._reader.readuntil(END_OF_MESSAGE)
                self._take(json.loads(message[:-1]))
        except asyncio.LimitOverrunError:
            self.fail(BrowserFailed("it sends a larger message than is taken"))
        except (asyncio.IncompleteReadError, OSError, ValueError) as error:
            self.fail(BrowserFailed(f"it ended ({type(error).__name__})"))

    def _take(self, message: Event) -> None:
        call = self._calls.pop(message.get("id", 0), None)
        if call is not None and not call.done():
            call.set_result(message)
        listener = self._listeners.get(message.get("method", ""))
        if listener is not None:
            listener(message["params"])
