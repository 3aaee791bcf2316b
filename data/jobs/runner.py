"""Background work: jobs are taken from the database by lease, run a few at a time, and end in one transaction."""

import asyncio
import time
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

import structlog

from core.clock import now
from core.errors import ErrorCode, MonitoraError
from data.engine import Database, Session, Work, is_unavailable
from data.jobs.job import LEASE, TRY_AGAIN, JobHandler, LeaseLost, RunningJob, WorkerKilled
from data.models import Job, JobKind
from data.queries import jobs as queries

logger = structlog.get_logger(__name__)

RENEWALS = 3
"""Renewals in the time of a lease: two may fail."""
LOOK_AGAIN = timedelta(seconds=2)
"""How often the database is asked for jobs that other processes stored, and for leases that ended."""
FAULT_DELAY = timedelta(seconds=30)
"""How long a job waits after the database failed."""
LOOK_FOR_END_SECONDS = (0.01, 0.1)
"""How long after each other the end of jobs is looked for, first and at last."""
MAX_ATTEMPTS = 2
"""Attempts that may end with the death of their worker."""
LAPSED_AT_ONCE = 20
UNEXPECTED = MonitoraError(ErrorCode.INTERNAL, "The work failed for an unexpected reason: try it again.")
ABANDONED = MonitoraError(
    ErrorCode.WORKER_LOST, "The server stopped twice in the middle of this work, which may be the reason: try it again."
)


class Jobs:
    """Runs the jobs that wait in the database, `slots` at a time in this process.

    Workspaces take turns, and one has at most half of the slots, so that whatever it brings leaves room for the others.
    """

    def __init__(self, database: Database, *, slots: int, alone: bool) -> None:
        """Prepare to work.

        `alone` says that no other process works on this database: a lease found at the start is of one that is gone.
        """
        self._database = database
        self._slots = slots
        self._alone = alone
        self._handlers: dict[JobKind, JobHandler] = {}
        self._own_slots: dict[JobKind, int] = {}
        self._running: dict[RunningJob, asyncio.Task[None] | None] = {}
        self._unsettled: list[Work[None]] = []
        self._turns: dict[JobKind | None, UUID | None] = {}
        self._renewed = 0.0
        self._looked_at = datetime.max.replace(tzinfo=UTC)  # the clock may have been set back before the start
        self._news = asyncio.Event()
        self._loop: asyncio.Task[None] | None = None
        self._fails = False
        self.waiting = 0
        """How many jobs waited in the database when it was last asked."""

    def handle(self, kind: JobKind, handler: JobHandler, *, own_slots: int | None = None) -> None:
        """Have jobs of a kind done by a handler. Called before `start`.

        With `own_slots` the kind takes none of the slots of the others: for jobs that mostly wait.
        """
        self._handlers[kind] = handler
        if own_slots is not None:
            self._own_slots[kind] = own_slots

    def start(self) -> None:
        """Begin to work."""
        self._loop = asyncio.create_task(self._work())

    async def close(self) -> None:
        """Stop working. Jobs under way are given back: the attempt does not count."""
        if self._loop is not None:
            self._loop.cancel()
            await asyncio.gather(self._loop, return_exceptions=True)
        running = dict(self._running)
        tasks = [task for task in running.values() if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._unsettled += [partial(job.give_back, counts=False, delay=timedelta(0)) for job in running]
        try:
            await self._settle()
        except Exception as error:  # noqa: BLE001 - the leases end by themselves
            self._tell_fault(error)

    def wake(self) -> None:
        """Look for jobs now: one was just stored."""
        self._news.set()

    def stop(self, kind: JobKind, subject_id: UUID) -> None:
        """Stop working on a job that was called off, if it runs here."""
        for job, task in self._running.items():
            if task is not None and (job.kind, job.subject_id) == (kind, subject_id):
                task.cancel()

    async def finish(self, kind: JobKind | None = None, subject_id: UUID | None = None) -> None:
        """Wait until no job of a workspace waits or runs; with a kind and a subject, until that one is over."""
        wait, longest = LOOK_FOR_END_SECONDS
        while await self._database.read(lambda session: queries.any_unfinished(session, kind, subject_id)):
            if not self._running:
                self.wake()
            await asyncio.sleep(wait)
            wait = min(1.5 * wait, longest)

    async def _work(self) -> None:
        resumed = False
        while True:
            self._news.clear()
            try:
                if not resumed:
                    await self._resume()
                    resumed = True
                await self._look()
                self._fails = False
            except Exception as error:  # noqa: BLE001 - whatever it is, the jobs that wait need somebody who looks
                self._tell_fault(error)
            with suppress(TimeoutError):
                # `wait_for` of Python 3.11 loses a cancellation that comes together with the news.
                async with asyncio.timeout(LOOK_AGAIN.total_seconds()):
                    await self._news.wait()

    async def _resume(self) -> None:
        if self._alone:
            await self._database.write(queries.end_leases)
        for handler in self._handlers.values():
            await handler.resume()

    async def _look(self) -> None:
        """Settle what ended, renew the leases, see to jobs whose process is gone, and begin those there is room for."""
        if (moment := now()) < self._looked_at:
            await self._database.write(lambda session: queries.forget_moments(session, LEASE))
        self._looked_at = moment
        await self._settle()
        await self._renew()
        for lapsed in await self._database.read(lambda session: queries.find_lapsed(session, LAPSED_AT_ONCE)):
            await self._collect(lapsed)
        for lane in (None, *self._own_slots):
            while await self._begin_next(lane):
                pass
        self.waiting = await self._database.read(queries.count_waiting)

    async def _settle(self) -> None:
        """Store how jobs ended. What the database refuses is kept for the next time."""
        while self._unsettled:
            try:
                await self._database.write(self._unsettled[0])
            except LeaseLost:
                pass
            except Exception as error:
                if is_unavailable(error):
                    raise
                logger.exception("job_not_settled")
            del self._unsettled[0]

    async def _renew(self) -> None:
        if not self._running or time.monotonic() < self._renewed + LEASE.total_seconds() / RENEWALS:
            return
        for job, task in list(self._running.items()):
            try:
                await self._database.write(job.keep)
            except LeaseLost:
                if task is not None:
                    task.cancel()
        self._renewed = time.monotonic()

    async def _collect(self, lapsed: Job) -> None:
        """See to a job that another process took and did not end: it waits again, or is dead."""
        job = RunningJob.of(lapsed)
        dead = lapsed.attempts >= MAX_ATTEMPTS

        async def store(session: Session) -> bool:
            if not await job.take_over(session, lapsed):
                return False
            if dead:
                await self._store_dead(session, job, ABANDONED)
            else:
                await job.give_back(session, counts=True, delay=timedelta(0))
            return True

        if lapsed.kind in self._handlers and await self._database.write(store):
            logger.warning("job_abandoned", kind=job.kind, subject=str(job.subject_id), attempts=lapsed.attempts)
            if dead:
                await self._handlers[job.kind].tell_dead(job, ABANDONED)

    async def _begin_next(self, lane: JobKind | None) -> bool:
        """Take the job whose turn it is, and begin it. False when there is none, or no slot.

        `lane` is a kind with slots of its own, or None for those that share theirs.
        """
        slots = self._slots if lane is None else self._own_slots[lane]
        running = [job for job in self._running if self._lane_of(job.kind) == lane]
        if len(running) >= slots:
            return False
        held = Counter(job.workspace_id for job in running if job.workspace_id is not None)
        full = [workspace_id for workspace_id, count in held.items() if count >= max(1, slots // 2)]
        kinds = [kind for kind in self._handlers if self._lane_of(kind) == lane]
        found = await self._database.read(
            lambda session: queries.find_next(session, kinds, self._turns.get(lane), full)
        )
        if found is None:
            return False
        job = RunningJob.of(found)
        self._running[job] = None
        try:
            if await self._database.write(job.take):
                self._turns[lane] = job.workspace_id or self._turns.get(lane)
                self._running[job] = asyncio.create_task(self._run(job))
        except Exception:
            del self._running[job]
            raise
        if self._running[job] is None:
            del self._running[job]
        return True

    def _lane_of(self, kind: JobKind) -> JobKind | None:
        return kind if kind in self._own_slots else None

    async def _run(self, job: RunningJob) -> None:
        try:
            await self._handlers[job.kind].run(job)
        except LeaseLost:
            logger.info("job_lost", kind=job.kind, subject=str(job.subject_id))
        except WorkerKilled as error:
            await self._killed(job, error)
        except MonitoraError as error:
            await self._bury(job, error)
        except Exception as error:
            if is_unavailable(error):
                # It says nothing about the job.
                self._tell_fault(error)
                self._unsettled.append(partial(job.give_back, counts=False, delay=FAULT_DELAY))
            else:
                logger.exception("job_failed", kind=job.kind, subject=str(job.subject_id))
                await self._bury(job, UNEXPECTED)
        finally:
            del self._running[job]
            self.wake()

    async def _killed(self, job: RunningJob, error: WorkerKilled) -> None:
        logger.warning(
            "job_killed_its_worker",
            kind=job.kind,
            subject=str(job.subject_id),
            attempts=job.attempts,
            because=error.message,
        )
        if job.attempts >= MAX_ATTEMPTS:
            await self._bury(job, error)
        else:
            self._unsettled.append(partial(job.give_back, counts=True, delay=TRY_AGAIN))

    async def _bury(self, job: RunningJob, error: MonitoraError) -> None:
        store = partial(self._store_dead, job=job, error=error)
        try:
            await self._database.write(store)
        except LeaseLost:
            return
        except Exception as fault:  # noqa: BLE001 - tried again with the next look
            self._tell_fault(fault)
            self._unsettled.append(store)
            return
        await self._handlers[job.kind].tell_dead(job, error)

    async def _store_dead(self, session: Session, job: RunningJob, error: MonitoraError) -> None:
        """Make a job dead, and let its subject say why. Raises `LeaseLost`."""
        await self._handlers[job.kind].bury(session, job, error)
        await job.bury(session, error)

    def _tell_fault(self, error: BaseException) -> None:
        """Say once that jobs cannot be looked at, until they can."""
        if not self._fails:
            logger.error("jobs_wait", because=type(error).__name__, exc_info=error)
        self._fails = True
