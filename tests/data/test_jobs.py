"""Background work as rows: taken by one worker, kept while it works, and never lost with it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import OperationalError

from core.clock import now
from core.errors import ErrorCode, MonitoraError, UserError
from data.engine import Database, Session
from data.jobs.job import LeaseLost, RunningJob, WorkerKilled
from data.jobs.runner import ABANDONED, Jobs
from data.models import Job, JobKind, JobStatus, Workspace
from data.queries import jobs as queries
from tests.schema.test_clock_set_back import an_hour_ahead
from tests.support.rows import Given, fetch, on_sqlite, run
from tests.support.waiting import HANG_SECONDS, until, until_seen

KIND = JobKind.INDEX_DOCUMENT
KILLED = WorkerKilled(ErrorCode.FILE_TOO_COMPLEX, "It takes too much memory.")


class Handler:
    """Does jobs by a function of the test, and remembers what happened to them."""

    def __init__(self, database: Database, work: Callable[[RunningJob], Awaitable[None]] | None = None) -> None:
        self.database = database
        self.work = work
        self.begun: list[UUID] = []
        self.buried: list[tuple[UUID, str]] = []
        self.told: list[UUID] = []

    async def resume(self) -> None:
        """Nothing is missing."""

    async def run(self, job: RunningJob) -> None:
        self.begun.append(job.subject_id)
        if self.work is not None:
            await self.work(job)
        await self.database.write(job.end)

    async def bury(self, session: Session, job: RunningJob, error: MonitoraError) -> None:
        self.buried.append((job.subject_id, error.code))

    async def tell_dead(self, job: RunningJob, error: MonitoraError) -> None:
        self.told.append(job.subject_id)


@asynccontextmanager
async def working(handler: Handler, *, slots: int = 2, alone: bool = False) -> AsyncIterator[Jobs]:
    """A process that works on jobs."""
    jobs = Jobs(handler.database, slots=slots, alone=alone)
    jobs.handle(KIND, handler)
    jobs.start()
    try:
        yield jobs
    finally:
        await jobs.close()


async def add(database: Database, workspace_id: UUID, count: int = 1) -> list[UUID]:
    """Store jobs of a workspace and return their subjects."""
    subjects = [uuid4() for _ in range(count)]

    async def store(session: Session) -> None:
        for subject in subjects:
            queries.add_job(session, KIND, workspace_id, subject)

    await database.write(store)
    return subjects


async def rows(database: Database) -> list[Job]:
    return [job for (job,) in await fetch(database, select(Job))]


async def pass_time(database: Database) -> None:
    """Let every wait and every lease be over."""
    past = now() - timedelta(seconds=1)
    await run(database, update(Job).where(Job.status == JobStatus.WAITING).values(not_before=past))
    await run(database, update(Job).where(Job.status == JobStatus.RUNNING).values(leased_until=past))


async def forever(_job: RunningJob) -> None:
    await asyncio.Event().wait()


async def test_a_job_is_done_once_however_many_work(database: Database, given: Given) -> None:
    subjects = await add(database, await given.workspace(), 12)
    one, other = Handler(database), Handler(database)

    async with working(one, slots=4) as jobs, working(other, slots=4):
        async with asyncio.timeout(HANG_SECONDS):
            await jobs.finish()

    assert sorted(one.begun + other.begun) == sorted(subjects)
    assert await rows(database) == []


async def test_workspaces_take_turns(database: Database, given: Given) -> None:
    # Given one that brought five documents before the other brought one.
    account = await given.account()
    many, few = await given.workspace(account), await given.workspace(account)
    first, second = await add(database, many, 5), await add(database, few, 1)
    handler = Handler(database)

    async with working(handler, slots=1) as jobs:
        await jobs.finish()

    assert set(handler.begun) == {*first, *second}
    assert handler.begun.index(second[0]) <= 1


async def test_a_workspace_has_at_most_half_of_the_workers(database: Database, given: Given) -> None:
    account = await given.account()
    greedy, modest = await given.workspace(account), await given.workspace(account)
    await add(database, greedy, 5)
    handler = Handler(database, forever)

    async with working(handler, slots=4) as jobs:
        await until(lambda: len(handler.begun) == 2, "two of the greedy workspace's jobs begin")
        subjects = await add(database, modest, 1)
        jobs.wake()
        await until(lambda: subjects[0] in handler.begun, "the other workspace's job begins at once")

        assert len(handler.begun) == 3


async def test_what_a_stop_interrupts_is_given_back_and_does_not_count(database: Database, given: Given) -> None:
    await add(database, await given.workspace())
    handler = Handler(database, forever)

    async with working(handler):
        await until(lambda: bool(handler.begun), "the job begins")

    (job,) = await rows(database)
    assert (job.status, job.attempts, job.lease) == (JobStatus.WAITING, 0, None)


async def test_a_job_whose_worker_vanished_is_taken_over_and_the_late_worker_writes_nothing(
    database: Database, given: Given
) -> None:
    # Given a worker that stands still until after its lease ended.
    await add(database, await given.workspace())
    goes_on = asyncio.Event()
    outcome: list[str] = []

    async def stand_still(job: RunningJob) -> None:
        await goes_on.wait()
        try:
            await database.write(job.keep)
        except LeaseLost:
            outcome.append("refused")
            raise

    late, next_one = Handler(database, stand_still), Handler(database)
    async with working(late):
        await until(lambda: bool(late.begun), "the job begins")
        await pass_time(database)

        # When another takes the job over and ends it.
        async with working(next_one) as jobs:
            await jobs.finish()
        goes_on.set()
        await until(lambda: bool(outcome), "the late worker goes on")

    assert next_one.begun == late.begun
    assert outcome == ["refused"]


async def test_a_process_that_is_alone_waits_for_no_lease_of_an_earlier_one(database: Database, given: Given) -> None:
    (subject,) = await add(database, await given.workspace())
    (job,) = await rows(database)
    await database.write(RunningJob.of(job).take)
    handler = Handler(database)

    async with working(handler, alone=True) as jobs:
        await jobs.finish()

    assert handler.begun == [subject]


async def test_two_workers_that_vanished_make_a_job_dead_until_a_person_wants_it_again(
    database: Database, given: Given
) -> None:
    # Given two processes that took the job and were killed.
    workspace_id = await given.workspace()
    (subject,) = await add(database, workspace_id)
    for _ in range(2):
        (job,) = await rows(database)
        assert await database.write(RunningJob.of(job).take)
        await pass_time(database)
        if job.attempts == 0:
            (lapsed,) = await database.read(lambda session: queries.find_lapsed(session, 10))
            taken = RunningJob.of(lapsed)
            await database.write(partial(taken.take_over, job=lapsed))
            await database.write(partial(taken.give_back, counts=True))
            await pass_time(database)

    # When a third one works.
    handler = Handler(database)
    async with working(handler) as jobs:
        await jobs.finish()
        await until(lambda: bool(handler.told), "who follows is told")

        # Then it does not try, and says why.
        (job,) = await rows(database)
        assert (job.status, job.error_code, job.error) == (JobStatus.DEAD, ABANDONED.code, ABANDONED.message)
        assert handler.begun == []
        assert handler.buried == [(subject, ABANDONED.code)]

        # And a person may have it done again.
        await database.write(lambda session: queries.renew_job(session, KIND, workspace_id, subject))
        await jobs.finish()
        assert handler.begun == [subject]


async def test_work_that_killed_its_process_twice_is_not_tried_a_third_time(database: Database, given: Given) -> None:
    (subject,) = await add(database, await given.workspace())

    async def kill(_job: RunningJob) -> None:
        raise KILLED

    async def waits_for_its_second_attempt() -> bool:
        return [(job.status, job.attempts) for job in await rows(database)] == [(JobStatus.WAITING, 1)]

    handler = Handler(database, kill)
    async with working(handler) as jobs:
        await until_seen(waits_for_its_second_attempt, "the job waits for its second attempt")
        assert handler.buried == []
        await pass_time(database)
        await jobs.finish()

    (job,) = await rows(database)
    assert (job.status, job.attempts, job.error) == (JobStatus.DEAD, 2, KILLED.message)
    assert handler.begun == [subject, subject]
    assert handler.buried == [(subject, KILLED.code)]


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (UserError(ErrorCode.FILE_UNREADABLE, "The file is damaged."), ErrorCode.FILE_UNREADABLE),
        (ZeroDivisionError(), ErrorCode.INTERNAL),
    ],
)
async def test_what_fails_for_good_is_dead_at_once(
    database: Database, given: Given, fault: Exception, code: ErrorCode
) -> None:
    (subject,) = await add(database, await given.workspace())

    async def fail(_job: RunningJob) -> None:
        raise fault

    handler = Handler(database, fail)
    async with working(handler) as jobs:
        await jobs.finish()
        await until(lambda: bool(handler.told), "who follows is told")

    assert handler.begun == [subject]
    assert handler.buried == [(subject, code)]
    assert [(job.status, job.error_code) for job in await rows(database)] == [(JobStatus.DEAD, code)]


async def test_a_database_that_refuses_for_a_while_costs_no_attempt(database: Database, given: Given) -> None:
    (subject,) = await add(database, await given.workspace())
    refuses = True

    async def refused(_job: RunningJob) -> None:
        if refuses:
            raise OperationalError("UPDATE", {}, Exception("database is locked"))

    async def waits() -> bool:
        return [(job.status, job.attempts) for job in await rows(database)] == [(JobStatus.WAITING, 0)]

    handler = Handler(database, refused)
    async with working(handler) as jobs:
        await until(lambda: bool(handler.begun), "the job begins")
        await until_seen(waits, "the job waits again")
        refuses = False
        await pass_time(database)
        await jobs.finish()

    assert handler.begun == [subject, subject]
    assert await rows(database) == []


async def test_a_clock_that_is_set_back_delays_no_job(
    database: Database, given: Given, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given jobs that are due in an hour by the clock as it is now, and one whose lease ends then.
    account = await given.account()
    handler = Handler(database)
    with an_hour_ahead(monkeypatch):
        jobs = Jobs(database, slots=2, alone=True)
        jobs.handle(KIND, handler)
        waiting = await add(database, await given.workspace(account))
        leased = await add(database, await given.workspace(account))
        (job,) = [job for job in await rows(database) if job.subject_id == leased[0]]
        await database.write(RunningJob.of(job).take)

    jobs.start()

    await jobs.finish()
    await jobs.close()
    assert sorted(handler.begun) == sorted(waiting + leased)


async def test_a_job_that_is_called_off_ends_where_it_runs(database: Database, given: Given) -> None:
    (subject,) = await add(database, await given.workspace())
    ended = asyncio.Event()

    async def until_cancelled(_job: RunningJob) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    handler = Handler(database, until_cancelled)
    async with working(handler) as jobs:
        await until(lambda: bool(handler.begun), "the job begins")

        await database.write(lambda session: queries.remove_job(session, KIND, subject))
        jobs.stop(KIND, subject)

        await asyncio.wait_for(ended.wait(), HANG_SECONDS)
    assert handler.buried == []
    assert await rows(database) == []


async def test_the_jobs_of_a_workspace_go_with_it(database: Database, given: Given) -> None:
    workspace_id = await given.workspace()
    await add(database, workspace_id, 3)

    await run(database, delete(Workspace).where(Workspace.id == workspace_id))

    assert await rows(database) == []


@on_sqlite
@pytest.mark.parametrize(
    "statement",
    [
        lambda session, key: queries.find_next(session, [KIND], key, [key]),
        lambda session, _key: queries.find_lapsed(session, 10),
        lambda session, key: queries.any_unfinished(session, KIND, key),
    ],
    ids=["next", "lapsed", "unfinished"],
)
async def test_looking_for_work_reads_an_index_and_no_more(
    database: Database, statement: Callable[[Session, UUID], Awaitable[object]]
) -> None:
    sent: list[tuple[str, object]] = []

    async def record(session: Session) -> None:
        driver = (await session.connection()).connection.driver_connection
        assert driver is not None
        driver.set_trace_callback(sent.append)
        await statement(session, uuid4())
        driver.set_trace_callback(None)

    await database.read(record)
    selects = [line for line in sent if "FROM jobs" in str(line)]
    assert selects
    for line in selects:
        plan = " ".join(row.detail for row in await fetch(database, text(f"EXPLAIN QUERY PLAN {line}")))
        assert "SEARCH jobs USING" in plan, plan
        assert "SCAN jobs" not in plan, plan
        assert "TEMP B-TREE" not in plan, plan
