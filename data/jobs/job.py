"""A job as its worker holds it, and what does the jobs of a kind."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol
from uuid import UUID, uuid4

from core.errors import MonitoraError
from data.engine import Session
from data.models import Job, JobKind
from data.queries import jobs as queries

LEASE = timedelta(seconds=30)
"""How long a job is its worker's without a renewal, so how long after a power cut another worker takes it over."""
TRY_AGAIN = timedelta(seconds=5)
"""How long a job waits after its worker was killed."""


class LeaseLost(Exception):
    """The job is no longer this worker's: it was called off, or another worker has taken it over."""


class WorkerKilled(MonitoraError):
    """The work killed the process that did it. Once, it is tried again; the second time is the last."""


@dataclass(eq=False, slots=True)
class RunningJob:
    """A job in the hands of a worker. Whatever the worker writes, it writes in a unit that begins with `keep`."""

    kind: JobKind
    workspace_id: UUID | None
    subject_id: UUID
    attempts: int
    progress: float
    """How far the attempt before came."""
    _id: UUID
    _lease: UUID = field(default_factory=uuid4)

    @classmethod
    def of(cls, job: Job) -> "RunningJob":
        """Return a stored job as this worker would hold it."""
        return cls(job.kind, job.workspace_id, job.subject_id, job.attempts + 1, job.progress, job.id)

    async def keep(self, session: Session, progress: float | None = None) -> None:
        """Make sure that the unit still writes for the job, and renew the lease. Raises `LeaseLost`."""
        self._check(await queries.keep(session, self._id, self._lease, LEASE, progress))

    async def end(self, session: Session) -> None:
        """Note that the job is done, in the unit of its last change. Raises `LeaseLost`."""
        self._check(await queries.end(session, self._id, self._lease))

    async def give_back(self, session: Session, *, counts: bool, delay: timedelta = TRY_AGAIN) -> None:
        """Let it wait for its next attempt. Raises `LeaseLost`."""
        self._check(await queries.give_back(session, self._id, self._lease, delay, counts=counts))

    async def go_on_later(self, session: Session, delay: timedelta = timedelta(0)) -> None:
        """Let it wait for its next turn: what it did so far is stored. Raises `LeaseLost`."""
        self._check(await queries.go_on_later(session, self._id, self._lease, delay))

    async def bury(self, session: Session, error: MonitoraError) -> None:
        """Note that it failed for good. Raises `LeaseLost`."""
        self._check(await queries.bury(session, self._id, self._lease, error.code, error.message))

    async def take(self, session: Session) -> bool:
        """Take it. False when another process was faster."""
        return await queries.take(session, self._id, self._lease, LEASE)

    async def take_over(self, session: Session, job: Job) -> bool:
        """Take it from the process that lost it. False when another was faster."""
        return await queries.take_over(session, job, self._lease, LEASE)

    def _check(self, held: bool) -> None:
        if not held:
            raise LeaseLost


class JobHandler(Protocol):
    """How jobs of a kind are done."""

    async def resume(self) -> None:
        """Store the jobs that should be there and are not. Called once, before the first job is taken."""
        ...

    async def run(self, job: RunningJob) -> None:
        """Do a job, and `end` it in the unit of its last change.

        Raises `WorkerKilled`, `LeaseLost`, or another `MonitoraError` that says why it fails for good.
        """
        ...

    async def bury(self, session: Session, job: RunningJob, error: MonitoraError) -> None:
        """Note on the subject why its job failed, in the unit that makes the job dead."""
        ...

    async def tell_dead(self, job: RunningJob, error: MonitoraError) -> None:
        """Tell who follows the subject that its job failed, once that is stored."""
        ...
