"""Threads for what blocks: one hand-over for a function, and a bound on the wait for a thread."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, TypeVar

from sqlalchemy.exc import TimeoutError as PoolTimeout

Result = TypeVar("Result")

SHORT_SECONDS = 0.002
"""How long a function waits for the thread at work before another thread is woken for it."""
RESTING = float("-inf")


class WorkerThreads:
    """At most `count` threads that run functions, for any number of event loops. They start as they are needed.

    As long as functions are short, one thread runs them all: threads that work at the same time take the interpreter's
    lock from each other, which costs more than what they do. A function that is not begun after `SHORT_SECONDS`, or
    finds none but threads that are busy for longer, gets another thread. `ThreadPoolExecutor` wakes as many threads as
    it has, and takes twice the CPU for a hand-over.
    """

    def __init__(self, name: str, count: int, *, wait_seconds: float) -> None:
        """Prepare the threads. A function waits `wait_seconds` at most until one of them is free."""
        self._name = name
        self._count = count
        self._wait_seconds = wait_seconds
        self._changing = threading.Lock()
        self._waiting: deque[_Job] = deque()
        self._threads: list[_Worker] = []
        self._resting: list[_Worker] = []
        self._closed = False

    async def run(self, function: Callable[[], Result], context: Context | None = None) -> Result:
        """Run a function in a thread, in a context, by itself a copy of the caller's, and return its result.

        A caller that is cancelled leaves it to run, to its end. Raises `PoolTimeout` when no thread became free.
        """
        loop = asyncio.get_running_loop()
        job = _Job(function, copy_context() if context is None else context, loop, loop.create_future())
        with self._changing:
            if self._closed:
                raise RuntimeError(f"{self._name} is closed")
            self._waiting.append(job)
            moment = monotonic()
            soon = any(moment - thread.began < SHORT_SECONDS for thread in self._threads)
            if not soon:
                self._wake_one()
        helped = loop.call_later(SHORT_SECONDS, self._help, job) if soon else None
        late = loop.call_later(self._wait_seconds, self._give_up, job)
        try:
            result: Result = await job.future
            return result
        finally:
            late.cancel()
            if helped is not None and job.is_begun:
                helped.cancel()

    async def close(self) -> None:
        """Let what was handed over end, and the threads with it."""
        with self._changing:
            self._closed = True
            while self._resting:
                self._resting.pop().wake()
        await asyncio.to_thread(self._join)

    def next_job(self, worker: "_Worker") -> "_Job | None":
        """Return what a worker is to run next. None sends it to rest, or home once the threads are closed."""
        with self._changing:
            if self._waiting:
                worker.began = monotonic()
                return self._waiting.popleft()
            worker.began = RESTING
            if self._closed:
                worker.is_done = True
            else:
                self._resting.append(worker)
            return None

    def _wake_one(self) -> None:
        if self._resting:
            # The one that worked last: what it used is still in the processor's cache.
            worker = self._resting.pop()
            worker.began = monotonic()
            worker.wake()
        elif len(self._threads) < self._count:
            self._threads.append(_Worker(self, f"{self._name} {len(self._threads) + 1}"))
            self._threads[-1].start()

    def _help(self, job: "_Job") -> None:
        with self._changing:
            if not job.is_begun:
                self._wake_one()

    def _give_up(self, job: "_Job") -> None:
        if job.begin():
            waited = f"{self._name}: none of {self._count} was free within {self._wait_seconds:.0f} seconds"
            job.settle(None, PoolTimeout(waited))

    def _join(self) -> None:
        for thread in self._threads:
            thread.join()


class _Worker(threading.Thread):
    """One of the threads."""

    def __init__(self, threads: WorkerThreads, name: str) -> None:
        super().__init__(name=name, daemon=True)
        self._all = threads
        self._rest = threading.Lock()
        self._rest.acquire()
        self.began = monotonic()
        self.is_done = False

    def wake(self) -> None:
        """End its rest."""
        self._rest.release()

    def run(self) -> None:
        """Run what is handed over until all threads are closed."""
        while not self.is_done:
            while (job := self._all.next_job(self)) is not None:
                if job.begin():
                    job.run()
                # Not kept until the next one comes: it holds a result.
                del job
            if not self.is_done:
                self._rest.acquire()


@dataclass(slots=True, eq=False)
class _Job:
    """A function on its way to a thread, and the future of who waits for it."""

    function: Callable[[], Any]
    context: Context
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]
    _to_begin: list[None] = field(default_factory=lambda: [None])

    @property
    def is_begun(self) -> bool:
        """Whether somebody claimed it."""
        return not self._to_begin

    def begin(self) -> bool:
        """Claim it. True for one caller alone, whichever thread it is in."""
        try:
            self._to_begin.pop()
        except IndexError:
            return False
        return True

    def run(self) -> None:
        """Run it in the present thread, and tell the loop how it ended."""
        result, error = None, None
        try:
            result = self.context.run(self.function)
        except BaseException as raised:  # noqa: BLE001 - whoever awaits it decides
            error = raised
        # The loop may be closed: nobody waits then.
        with suppress(RuntimeError):
            self.loop.call_soon_threadsafe(self.settle, result, error)
        # An error holds this frame, which is not to hold the error.
        del result, error

    def settle(self, result: Any, error: BaseException | None) -> None:
        """End the wait, if there still is one. To be called in the loop."""
        if self.future.done():
            return
        if error is None:
            self.future.set_result(result)
        else:
            self.future.set_exception(error)
