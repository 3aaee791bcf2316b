"""Jobs: how they are stored, taken by lease, kept and ended."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import CursorResult, Update, delete, exists, func, select, update

from core.clock import now
from data.engine import Session
from data.models import Job, JobKind, JobStatus

MAX_COUNTED = 10_000
"""Where counting what waits ends: a figure to look at must not cost more the longer the queue is."""


def add_job(session: Session, kind: JobKind, workspace_id: UUID | None, subject_id: UUID) -> None:
    """Store a job that was not asked for before, at the end of the unit."""
    session.add(Job(kind=kind, workspace_id=workspace_id, subject_id=subject_id))


async def renew_job(session: Session, kind: JobKind, workspace_id: UUID | None, subject_id: UUID) -> None:
    """Store a job in the place of the one about the same subject, however that stood."""
    await remove_job(session, kind, subject_id)
    add_job(session, kind, workspace_id, subject_id)


async def remove_job(session: Session, kind: JobKind, subject_id: UUID) -> None:
    """Call a job off. A process that works on it loses its lease."""
    await session.execute(delete(Job).where(Job.kind == kind, Job.subject_id == subject_id))


async def renew_jobs(session: Session, kind: JobKind, workspace_id: UUID, subject_ids: Sequence[UUID]) -> None:
    """Store jobs in the place of those about the same subjects, some hundred at most."""
    await session.execute(delete(Job).where(Job.kind == kind, Job.subject_id.in_(subject_ids)))
    session.add_all(Job(kind=kind, workspace_id=workspace_id, subject_id=subject_id) for subject_id in subject_ids)


async def find_next(
    session: Session, kinds: Collection[JobKind], after: UUID | None, without: Collection[UUID]
) -> Job | None:
    """Return a job whose time has come, of the workspace that comes next after another in the order of their keys.

    So workspaces take turns, whatever each has waiting. Workspaces in `without` have none. The server's own work,
    which belongs to no workspace, comes first.
    """
    due = (Job.status == JobStatus.WAITING, Job.not_before <= now(), Job.kind.in_(kinds))
    of_server = select(Job).where(*due, Job.workspace_id.is_(None)).order_by(Job.not_before).limit(1)
    if (job := await session.scalar(of_server)) is not None:
        return job
    turns = (
        select(Job).where(*due, Job.workspace_id.not_in(without)).order_by(Job.workspace_id, Job.not_before).limit(1)
    )
    if after is not None and (job := await session.scalar(turns.where(Job.workspace_id > after))) is not None:
        return job
    return await session.scalar(turns.where(Job.workspace_id.is_not(None)))


async def take(session: Session, job_id: UUID, lease: UUID, duration: timedelta) -> bool:
    """Take a waiting job, and count the attempt. False when another process was faster."""
    waiting = update(Job).where(Job.id == job_id, Job.status == JobStatus.WAITING)
    taken = {"status": JobStatus.RUNNING, "lease": lease, "leased_until": now() + duration}
    return await _changed(session, waiting.values(attempts=Job.attempts + 1, **taken))


async def keep(session: Session, job_id: UUID, lease: UUID, duration: timedelta, progress: float | None) -> bool:
    """Renew a lease, and note how far the job is. False when the lease is lost."""
    values: dict[str, object] = {"leased_until": now() + duration}
    if progress is not None:
        values["progress"] = progress
    return await _changed(session, _held(job_id, lease).values(values))


async def give_back(session: Session, job_id: UUID, lease: UUID, delay: timedelta, *, counts: bool) -> bool:
    """Let a job wait again, for `delay` at least. An attempt that does not count is taken back."""
    attempts = Job.attempts if counts else Job.attempts - 1
    return await _changed(session, _held(job_id, lease).values(attempts=attempts, **_waiting(delay)))


async def go_on_later(session: Session, job_id: UUID, lease: UUID, delay: timedelta) -> bool:
    """Let a job that got on wait again, for `delay` at least, as if it had not been tried."""
    return await _changed(session, _held(job_id, lease).values(attempts=0, **_waiting(delay)))


async def end(session: Session, job_id: UUID, lease: UUID) -> bool:
    """Delete a job that is done. False when the lease is lost."""
    ended = delete(Job).where(Job.id == job_id, Job.lease == lease)
    return cast("CursorResult[Any]", await session.execute(ended)).rowcount == 1


async def bury(session: Session, job_id: UUID, lease: UUID, code: str, message: str) -> bool:
    """Make a job dead, with a reason. False when the lease is lost."""
    values = {"status": JobStatus.DEAD, "lease": None, "leased_until": None, "error_code": code, "error": message}
    return await _changed(session, _held(job_id, lease).values(values))


async def find_lapsed(session: Session, at_most: int) -> Sequence[Job]:
    """Return jobs whose lease ended while a process held it: the process is gone, or cut off."""
    lapsed = select(Job).where(Job.status == JobStatus.RUNNING, Job.leased_until <= now())
    return (await session.scalars(lapsed.order_by(Job.leased_until).limit(at_most))).all()


async def take_over(session: Session, job: Job, lease: UUID, duration: timedelta) -> bool:
    """Take a job from the process that lost it. False when another was faster."""
    lapsed = update(Job).where(Job.id == job.id, Job.lease == job.lease, Job.leased_until <= now())
    return await _changed(session, lapsed.values(lease=lease, leased_until=now() + duration))


async def end_leases(session: Session) -> None:
    """Let every lease end now: no process is left that could hold one."""
    await session.execute(update(Job).where(Job.status == JobStatus.RUNNING).values(leased_until=now()))


async def forget_moments(session: Session, duration: timedelta) -> None:
    """Let the jobs of workspaces be due, and no lease last longer than a new one: the clock may have been set back."""
    moment = now()
    waiting = update(Job).where(Job.status == JobStatus.WAITING, Job.workspace_id.is_not(None), Job.not_before > moment)
    await session.execute(waiting.values(not_before=moment))
    leased = update(Job).where(Job.status == JobStatus.RUNNING, Job.leased_until > moment + duration)
    await session.execute(leased.values(leased_until=moment + duration))


async def count_waiting(session: Session) -> int:
    """Return how many jobs of workspaces wait, `MAX_COUNTED` at most."""
    waiting = (
        select(Job.id)
        .where(Job.status == JobStatus.WAITING, Job.workspace_id.is_not(None))
        .limit(MAX_COUNTED)
        .subquery()
    )
    return await session.scalar(select(func.count()).select_from(waiting)) or 0


async def any_unfinished(session: Session, kind: JobKind | None = None, subject_id: UUID | None = None) -> bool:
    """Tell whether a job of a workspace waits or runs; with a kind and a subject, whether that one does."""
    unfinished = exists().where(Job.status.in_([JobStatus.WAITING, JobStatus.RUNNING]))
    if subject_id is None:
        unfinished = unfinished.where(Job.workspace_id.is_not(None))
    else:
        unfinished = unfinished.where(Job.kind == kind, Job.subject_id == subject_id)
    return bool(await session.scalar(select(func.count()).where(unfinished)))


async def add_recurring(session: Session, kind: JobKind, subject_id: UUID, *, again: bool = False) -> None:
    """Store a job of the server's own, of which there is one, unless it waits or runs already; `again`, in its place.

    The unit ends with an `IntegrityError` when another process stores it at the same moment.
    """
    if again or not await any_unfinished(session, kind, subject_id):
        await renew_job(session, kind, None, subject_id)


def _waiting(delay: timedelta) -> dict[str, object]:
    return {"status": JobStatus.WAITING, "lease": None, "leased_until": None, "not_before": now() + delay}


def _held(job_id: UUID, lease: UUID) -> Update:
    return update(Job).where(Job.id == job_id, Job.lease == lease)


async def _changed(session: Session, statement: Update) -> bool:
    # Not evaluated in Python: the unit holds no rows that the statement changes.
    result = await session.execute(statement.execution_options(synchronize_session=False))
    return cast("CursorResult[Any]", result).rowcount == 1
