"""A page as it is after its scripts: they run in a Chromium of their own until the page no longer changes."""

import asyncio
import base64
import re
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field

from rag.sources.crawler.browser.devtools import BrowserFailed, DevTools, Event
from rag.sources.crawler.browser.process import running_chromium
from rag.sources.crawler.browser.requests import Given, ScriptRequests, Spent

START_SECONDS = 20.0
"""How long the browser may take to start."""
ANSWER_SECONDS = 5.0
"""How long it may take to hand over a page; one whose script does not end never does."""
LOOK_SECONDS = 0.25
QUIET_SECONDS = 0.5
"""How long no request is made by a page that is done."""
FEW_CHARACTERS = 100
"""Text that a page has which waits for its scripts, such as "Loading"."""
FEW_SECONDS = 3.0
"""How long a page that shows no more than that is waited for after its last request."""
MAX_LEADS = 10
"""Addresses to which scripts want to go that are kept."""
_SHADOW = re.compile(r"<template shadowrootmode=[^>]*>")
_NO_CONTENT = Given(204, {})


@dataclass(frozen=True, slots=True)
class RenderLimits:
    """What a page's scripts may take: `seconds` in all, and the bytes of the page that they make."""

    seconds: float = 20.0
    max_page_bytes: int = 8 * 2**20


@dataclass(frozen=True, slots=True)
class Rendered:
    """A page after its scripts. `leads_to` are the addresses that they wanted to go to, `byte_count` what they had."""

    markup: bytes
    leads_to: list[str]
    byte_count: int


class Browser:
    """Runs the scripts of pages, one page at a time: a Chromium is worth hundreds of megabytes."""

    def __init__(self, program: str, limits: RenderLimits | None = None) -> None:
        self._program = program
        self._limits = limits or RenderLimits()
        self._lock = asyncio.Lock()

    async def render(
        self, address: str, content: bytes, requests: ScriptRequests, characters: Callable[[bytes], int]
    ) -> Rendered:
        """Return what scripts make of a page that was fetched. `characters` counts the text of a page.

        Raises `BrowserFailed`.
        """
        limits = self._limits
        # A character of the page may take six of a message.
        max_message = 6 * limits.max_page_bytes
        async with self._lock:
            try:
                async with (
                    asyncio.timeout(START_SECONDS + limits.seconds + ANSWER_SECONDS),
                    running_chromium(self._program, max_message) as devtools,
                ):
                    page = _Page(devtools, address, content, requests)
                    try:
                        await page.open()
                        markup = await page.settled(limits.seconds, characters)
                    finally:
                        await page.close()
            except TimeoutError as error:
                raise BrowserFailed("it does not come to an end") from error
            except OSError as error:
                raise BrowserFailed(f"it does not start ({type(error).__name__})") from error
        if len(markup) > limits.max_page_bytes:
            raise BrowserFailed("the page is too large")
        return Rendered(markup, page.leads_to, page.spent.byte_count)


@dataclass(slots=True)
class _Page:
    """The one page of a browser."""

    devtools: DevTools
    address: str
    content: bytes
    requests: ScriptRequests
    leads_to: list[str] = field(default_factory=list)
    spent: Spent = field(default_factory=Spent)
    _session: str = ""
    _frame: str = ""
    _has_begun: bool = False
    _has_loaded: bool = False
    _quiet_since: float = 0.0
    _under_way: int = 0
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def open(self) -> None:
        """Have the page loaded. Raises `BrowserFailed`."""
        call = self.devtools.call
        context = (await call("Target.createBrowserContext"))["browserContextId"]
        await call("Browser.setDownloadBehavior", behavior="deny", browserContextId=context)
        target = (await call("Target.createTarget", url="about:blank", browserContextId=context))["targetId"]
        self._frame = target  # the main frame of a page has the page's name
        self._session = (await call("Target.attachToTarget", targetId=target, flatten=True))["sessionId"]
        self.devtools.on("Fetch.requestPaused", lambda event: self._start(self._answer(event)))
        self.devtools.on("Page.javascriptDialogOpening", lambda _: self._start(self._close_dialog()))
        self.devtools.on("Page.loadEventFired", lambda _: self._loaded())
        self.devtools.on("Inspector.targetCrashed", lambda _: self.devtools.fail(BrowserFailed("the page crashed")))
        for domain in ("Inspector", "Page", "DOM", "Fetch"):
            await call(f"{domain}.enable", self._session)
        self._start(self._navigate())

    async def settled(self, seconds: float, characters: Callable[[bytes], int]) -> bytes:
        """Return the page once it no longer changes, or after `seconds` as it is then. Raises `BrowserFailed`."""
        clock = asyncio.get_running_loop().time
        ends_at = clock() + seconds
        before = -1
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            is_over = clock() > ends_at
            quiet = clock() - self._quiet_since if self._has_loaded and not self._under_way else 0.0
            if not is_over and quiet < QUIET_SECONDS:
                continue
            markup = await self._markup()
            count = await asyncio.to_thread(characters, markup)
            if is_over or (count == before and (count >= FEW_CHARACTERS or quiet > FEW_SECONDS)):
                return markup
            before = count

    async def close(self) -> None:
        """Answer nothing more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _markup(self) -> bytes:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                root = (await self.devtools.call("DOM.getDocument", self._session, depth=0))["root"]["nodeId"]
                named = {"nodeId": root, "includeShadowDOM": True}
                markup = (await self.devtools.call("DOM.getOuterHTML", self._session, **named))["outerHTML"]
        except TimeoutError as error:
            raise BrowserFailed("a script of the page does not end") from error
        # What a component shows is read as part of the page, not as a template.
        return _SHADOW.sub("<div>", str(markup)).encode("utf-8", "replace")

    def _start(self, work: Coroutine[object, object, None]) -> None:
        async def run() -> None:
            # What was asked of a page that went on meanwhile; a browser that failed fails where it is waited for.
            with suppress(BrowserFailed):
                await work

        task = asyncio.create_task(run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _loaded(self) -> None:
        self._has_loaded = True
        self._stir()

    def _stir(self) -> None:
        self._quiet_since = asyncio.get_running_loop().time()

    async def _navigate(self) -> None:
        await self.devtools.call("Page.navigate", self._session, url=self.address)

    async def _close_dialog(self) -> None:
        await self.devtools.call("Page.handleJavaScriptDialog", self._session, accept=False)

    async def _answer(self, event: Event) -> None:
        self._under_way += 1
        try:
            given = await self._given(event)
        finally:
            self._under_way -= 1
            self._stir()
        named = {"requestId": event["requestId"]}
        if given is None:
            await self.devtools.call("Fetch.failRequest", self._session, **named, errorReason="BlockedByClient")
            return
        headers = [{"name": name, "value": value} for name, value in given.headers.items()]
        body = base64.b64encode(given.content).decode()
        said = {"responseCode": given.status, "responseHeaders": headers, "body": body}
        await self.devtools.call("Fetch.fulfillRequest", self._session, **named, **said)

    async def _given(self, event: Event) -> Given | None:
        """Return what a request is answered with: the page itself with what was fetched; None refuses it."""
        request, kind = event["request"], event["resourceType"]
        if kind != "Document":
            return await self.requests.answer(request, kind, self.spent)
        if event["frameId"] != self._frame:
            return None
        if not self._has_begun:
            self._has_begun = True
            return Given(200, {"content-type": "text/html; charset=utf-8"}, self.content)
        # An answer without content leaves the page as it is, where a refusal would show an error in its place.
        if len(self.leads_to) < MAX_LEADS and request["method"] == "GET":
            self.leads_to.append(request["url"])
        return _NO_CONTENT
