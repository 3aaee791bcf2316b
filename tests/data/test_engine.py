"""Units of work: what one may do, what it costs, and how it ends when its caller, its statement or its pool fails."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Generator
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from data import row_reads, sqlite, threads
from data.engine import Database, Session, SuspendedUnit, is_unavailable
from data.models import AppUser
from tests.support.rows import Given, fetch, on_sqlite
from tests.support.statements import Statements

COUNT = select(func.count()).select_from(AppUser)
COUNT_FOR_LONG = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 1000000) SELECT MAX(i) FROM n"
"""A statement that takes SQLite some hundred milliseconds, many times what the event loop is kept from other work."""
Unit = Generator[tuple[str, Any], list[tuple[Any, ...]], Any]


@pytest.fixture
async def small(monkeypatch: pytest.MonkeyPatch, database: Database) -> AsyncIterator[Database]:
    """The same database with two readers, which lets a unit wait for one of them for a moment only."""
    monkeypatch.setattr(sqlite, "POOL_SECONDS", 0.5)
    small = Database(database.url.render_as_string(hide_password=False), pool_size=2)
    yield small
    await small.close()


def nothing() -> Unit:
    yield "SELECT 1", ()


async def add_account(session: Session) -> None:
    session.add(AppUser(email="renee@example.com", password_hash="hash", password_salt="salt"))
    await session.flush()


class TestOneHandOver:
    @on_sqlite
    async def test_all_statements_of_a_unit_run_in_one_thread_and_never_in_the_loop_s(self, database: Database) -> None:
        used: list[int] = []

        async def work(session: Session) -> None:
            for _ in range(5):
                await session.execute(COUNT)
                used.append(threading.get_ident())

        await database.read(work)

        assert len(used) == 5
        assert len(set(used)) == 1
        assert used[0] != threading.get_ident()

    @on_sqlite
    async def test_a_unit_sees_the_context_of_its_caller(self, database: Database) -> None:
        request: ContextVar[str] = ContextVar("request")
        request.set("of the caller")

        async def work(_session: Session) -> str:
            return request.get()

        assert await database.read(work) == "of the caller"

    @on_sqlite
    async def test_a_unit_that_waits_for_something_else_fails_and_changes_nothing(self, database: Database) -> None:
        async def work(session: Session) -> None:
            await add_account(session)
            await asyncio.sleep(0)

        with pytest.raises(SuspendedUnit, match=r"work awaits something other than its session"):
            await database.write(work)

        assert await fetch(database, COUNT) == [(0,)]

    @on_sqlite
    async def test_short_units_that_come_together_share_a_thread(
        self, database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(threads, "SHORT_SECONDS", 60)
        used: set[int] = set()

        async def work(_session: Session) -> None:
            used.add(threading.get_ident())

        await asyncio.gather(*(database.read(work) for _ in range(20)))

        assert len(used) == 1

    @on_sqlite
    async def test_a_long_unit_does_not_keep_others_waiting(self, database: Database) -> None:
        go_on = threading.Event()

        async def long(_session: Session) -> bool:
            return go_on.wait(10)

        running = asyncio.create_task(database.read(long))
        assert await asyncio.gather(*(fetch(database, COUNT) for _ in range(10))) == [[(0,)]] * 10
        assert not running.done()

        go_on.set()
        assert await running

    def test_event_loops_share_a_database(self, migrated_file: Path) -> None:
        database = Database(f"sqlite:///{migrated_file}")
        found: list[Any] = []

        def ask() -> None:
            found.append(asyncio.run(fetch(database, COUNT)))

        others = [threading.Thread(target=ask) for _ in range(5)]
        for other in others:
            other.start()
        for other in others:
            other.join()

        assert found == [[(0,)]] * 5
        asyncio.run(database.close())


class TestEnds:
    @on_sqlite
    async def test_a_caller_that_gives_up_leaves_its_unit_to_end(self, database: Database) -> None:
        begun, go_on = threading.Event(), threading.Event()

        async def work(session: Session) -> None:
            begun.set()
            go_on.wait(10)
            await add_account(session)

        caller = asyncio.create_task(database.write(work))
        await asyncio.to_thread(begun.wait, 10)
        caller.cancel()
        with pytest.raises(asyncio.CancelledError):
            await caller
        go_on.set()

        # The writer is one thread: this unit comes after.
        assert await database.write(lambda session: session.scalar(COUNT)) == 1

    @on_sqlite
    async def test_closing_lets_the_units_end_that_were_begun_and_those_that_wait(self, database: Database) -> None:
        other = Database(database.url.render_as_string())
        begun, go_on = threading.Event(), threading.Event()

        async def slow(session: Session) -> None:
            begun.set()
            go_on.wait(10)
            await add_account(session)

        async def after(session: Session) -> int | None:
            return await session.scalar(COUNT)

        running, waiting = asyncio.create_task(other.write(slow)), asyncio.create_task(other.write(after))
        await asyncio.to_thread(begun.wait, 10)
        closing = asyncio.create_task(other.close())
        go_on.set()
        await closing

        assert running.done()
        assert await waiting == 1
        with pytest.raises(RuntimeError, match="closed"):
            await other.read(after)

    @on_sqlite
    async def test_a_unit_that_gets_no_thread_in_time_fails_as_for_a_connection(self, small: Database) -> None:
        all_begun, go_on = threading.Barrier(3), threading.Event()

        async def long(_session: Session) -> bool:
            all_begun.wait(10)
            return go_on.wait(10)

        running = [asyncio.create_task(small.read(long)) for _ in range(2)]
        await asyncio.to_thread(all_begun.wait, 10)
        with pytest.raises(PoolTimeout, match="none of 2 was free") as late:
            await fetch(small, COUNT)

        assert is_unavailable(late.value)
        go_on.set()
        assert await asyncio.gather(*running) == [True, True]
        assert await fetch(small, COUNT) == [(0,)], "the threads serve again"


class TestRows:
    """Reading past SQLAlchemy: statements in the driver's words, and the driver's rows."""

    async def test_a_unit_is_sent_the_rows_of_each_statement_it_yields(self, database: Database, given: Given) -> None:
        await given.account("a@example.com", failed_login_attempts=3)
        await given.account("b@example.com")

        def unit() -> Unit:
            accounts = yield "SELECT email, failed_login_attempts FROM app_users ORDER BY email", ()
            counted = yield "SELECT COUNT(*) FROM app_users WHERE email = ?", (accounts[0][0],)
            return accounts, counted

        found = await database.read_rows(unit())

        assert found == ([("a@example.com", 3), ("b@example.com", 0)], [(1,)])
        assert all(type(row) is tuple for row in found[0])

    @on_sqlite
    async def test_a_short_unit_runs_where_it_is_asked(
        self, database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(row_reads, "MOMENT_SECONDS", 60)

        def unit() -> Unit:
            yield "SELECT COUNT(*) FROM app_users", ()
            return threading.get_ident()

        assert await database.read_rows(unit()) != threading.get_ident(), "a connection is opened"
        assert await database.read_rows(unit()) == threading.get_ident()

    @on_sqlite
    async def test_a_long_unit_goes_on_in_a_thread_and_in_its_snapshot(self, database: Database, given: Given) -> None:
        used, begun, go_on = [], threading.Event(), threading.Event()
        await database.read_rows(nothing())

        def unit() -> Unit:
            before = yield "SELECT COUNT(*) FROM app_users", ()
            used.append(threading.get_ident())
            yield COUNT_FOR_LONG, ()
            used.append(threading.get_ident())
            begun.set()
            assert go_on.wait(10)
            return before, (yield "SELECT COUNT(*) FROM app_users", ())

        with Statements(database).recorded() as sent:
            reading = asyncio.create_task(database.read_rows(unit()))
            await asyncio.to_thread(begun.wait, 10)
        await given.account()
        go_on.set()

        assert await reading == ([(0,)], [(0,)])
        assert await fetch(database, COUNT) == [(1,)]
        assert used[1] != threading.get_ident()
        assert sent == ["SELECT COUNT(*) FROM app_users", COUNT_FOR_LONG], "a statement is told once"

    @on_sqlite
    async def test_a_unit_keeps_its_context_when_it_goes_on_in_a_thread(self, database: Database) -> None:
        request: ContextVar[str] = ContextVar("request", default="nobody's")
        await database.read_rows(nothing())

        def unit() -> Unit:
            token = request.set("the unit's")
            yield COUNT_FOR_LONG, ()
            seen = request.get()
            request.reset(token)
            return seen

        assert await database.read_rows(unit()) == "the unit's"
        assert request.get() == "nobody's"

    async def test_a_unit_waits_in_a_thread_for_another_process_that_locks_the_file(self, migrated_file: Path) -> None:
        other = sqlite3.connect(migrated_file, isolation_level=None)
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN IMMEDIATE")
        database = Database(f"sqlite:///{migrated_file}")

        def unit() -> Unit:
            return (yield "SELECT COUNT(*) FROM app_users", ())

        reading = asyncio.create_task(database.read_rows(unit()))
        await asyncio.sleep(0.1)
        is_waiting = not reading.done()
        other.close()

        assert is_waiting
        assert await reading == [(0,)]
        await database.close()

    @on_sqlite
    async def test_more_long_units_than_threads_wait_and_then_fail(self, small: Database) -> None:
        all_begun, go_on = threading.Barrier(3), threading.Event()

        def unit() -> Unit:
            yield COUNT_FOR_LONG, ()
            all_begun.wait(10)
            return go_on.wait(10)

        running = [asyncio.create_task(small.read_rows(unit())) for _ in range(2)]
        await asyncio.to_thread(all_begun.wait, 10)
        late = await asyncio.gather(*(small.read_rows(unit()) for _ in range(5)), return_exceptions=True)

        assert [type(error) for error in late] == [PoolTimeout] * 5
        go_on.set()
        assert await asyncio.gather(*running) == [True, True]
        assert small.pools["rows"].pool.checkedout() == 0  # type: ignore[attr-defined]

    async def test_a_statement_that_fails_is_raised_where_it_was_yielded(self, database: Database) -> None:
        errors: list[BaseException] = []

        def unit() -> Unit:
            try:
                yield "SELECT * FROM no_such_table", ()
            except DBAPIError as error:
                errors.append(error)
            return (yield "SELECT COUNT(*) FROM app_users", ())

        assert await database.read_rows(unit()) == [(0,)]
        [error] = errors
        assert "no_such_table" in str(error)
        assert not is_unavailable(error)

    @on_sqlite
    async def test_a_unit_may_not_write(self, database: Database) -> None:
        def unit() -> Unit:
            return (yield "DELETE FROM app_users", ())

        with pytest.raises(OperationalError, match="readonly") as refused:
            await database.read_rows(unit())

        assert is_unavailable(refused.value)

    async def test_a_database_that_cannot_be_opened_is_unavailable(self, tmp_path: Path) -> None:
        database = Database(f"sqlite:///{tmp_path / 'no such folder' / 'monitora.db'}")

        def unit() -> Unit:
            return (yield "SELECT 1", ())

        with pytest.raises(OperationalError) as away:
            await database.read_rows(unit())

        assert is_unavailable(away.value)
        await database.close()

    async def test_its_statements_are_seen_by_who_watches(self, database: Database) -> None:
        def unit() -> Unit:
            yield "SELECT COUNT(*) FROM app_users", ()

        with Statements(database).recorded() as sent:
            await database.read_rows(unit())
            await fetch(database, text("SELECT COUNT(*) FROM profiles"))

        assert sent == ["SELECT COUNT(*) FROM app_users", "SELECT COUNT(*) FROM profiles"]

    @on_sqlite
    async def test_who_watches_is_told_how_a_statement_ended(self, database: Database) -> None:
        ends: list[str] = []

        def watch(statement: str) -> Any:
            return lambda error: ends.append(f"{statement}: {type(error).__name__}")

        def unit() -> Unit:
            yield "SELECT 1", ()
            yield "SELECT 2 FROM no_such_table", ()

        stop = database.watch(watch)
        with pytest.raises(OperationalError):
            await database.read_rows(unit())
        with pytest.raises(OperationalError):
            await fetch(database, text("SELECT 3 FROM no_such_table"))
        stop()
        await fetch(database, text("SELECT 4"))

        assert ends == [
            "SELECT 1: NoneType",
            "SELECT 2 FROM no_such_table: OperationalError",
            "SELECT 3 FROM no_such_table: OperationalError",
        ]
