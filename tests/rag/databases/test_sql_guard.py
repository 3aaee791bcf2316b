"""The guard checks each statement in a child process: whatever happens there, the statement is refused or rebuilt."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from rag.databases.guard import SqlDialect, SqlGuard, Verdict
from rag.ingestion.reader import ReaderLimits
from rag.ingestion.reader.frames import Frame, frame
from tests.support.hostile_statements import hostile_statements
from tests.support.shop import shop_allow_list

LIMITS = ReaderLimits(memory_bytes=256 * 1024 * 1024, cpu_seconds=1, seconds=30.0, result_bytes=1024)


@pytest.fixture
async def guard() -> AsyncIterator[SqlGuard]:
    checking = SqlGuard()
    yield checking
    await checking.close()


async def checked_by(work: str) -> Verdict:
    """Check a statement by a child that does `work` of this module instead."""
    checking = SqlGuard(LIMITS, f"{__name__}:{work}")
    try:
        return await checking.check("SELECT id FROM sales", shop_allow_list(SqlDialect.POSTGRES))
    finally:
        await checking.close()


@pytest.mark.parametrize("dialect", list(SqlDialect))
async def test_a_statement_is_rebuilt_or_refused(guard: SqlGuard, dialect: SqlDialect) -> None:
    # given what may be read of the shop
    allowed = shop_allow_list(dialect)
    # when statements are checked at the same time
    good, bad = await asyncio.gather(
        guard.check("SELECT id FROM sales", allowed), guard.check("SELECT pay FROM wages", allowed)
    )
    # then one has a text to run, and the other a reason why not
    assert good.sql is not None
    assert "sales" in good.sql
    assert good.why is None
    assert bad == Verdict(None, "The table wages is not known or not allowed.")


BOMBS = {
    SqlDialect.POSTGRES: ["SELECT " + "ARRAY[" * 18 + "1" + "]" * 18, "SELECT " + "date(" * 18 + "1" + ")" * 18],
    SqlDialect.MYSQL: ["SELECT " + "year(" * 12 + "now()" + ")" * 12, "SELECT " + "NOT " * 2_000 + "1"],
    SqlDialect.TSQL: ["SELECT " + "float(" * 12 + "1" + ")" * 12, "SELECT " + "1+" * 4_000 + "1"],
}


@pytest.mark.parametrize("dialect", list(SqlDialect))
async def test_a_statement_that_takes_for_ever_to_parse_is_refused(guard: SqlGuard, dialect: SqlDialect) -> None:
    for sql in BOMBS[dialect]:
        verdict = await guard.check(sql, shop_allow_list(dialect))
        assert verdict.sql is None, sql
        assert verdict.why


async def test_hostile_statements_do_not_stop_the_guard(guard: SqlGuard) -> None:
    allowed = shop_allow_list(SqlDialect.TSQL)
    verdicts = await asyncio.gather(*(guard.check(sql, allowed) for sql in hostile_statements(SqlDialect.TSQL)[::12]))
    assert not [verdict for verdict in verdicts if verdict.sql is not None]
    assert (await guard.check("SELECT id FROM sales", allowed)).sql is not None


async def test_text_that_is_none_is_refused(guard: SqlGuard) -> None:
    allowed = shop_allow_list(SqlDialect.MYSQL)
    for sql in ("SELECT '\ud800'", "\x00", "x" * 1_000_000):
        assert (await guard.check(sql, allowed)).sql is None


def crash(file: int, request: Mapping[str, Any]) -> Iterator[bytes]:
    """Do what a parser that a statement has taken over might do."""
    os.kill(os.getpid(), signal.SIGKILL)
    yield b""


def spin(file: int, request: Mapping[str, Any]) -> Iterator[bytes]:
    """Never end."""
    while file:
        pass
    yield b""


def fail(file: int, request: Mapping[str, Any]) -> Iterator[bytes]:
    """Raise what nobody has thought of."""
    if file:
        raise LookupError("SECRET")
    yield b""


def babble(file: int, request: Mapping[str, Any]) -> Iterator[bytes]:
    """Send what is no verdict."""
    yield frame(Frame.VERDICT, b'{"sql": 1}')


def read_a_file(file: int, request: Mapping[str, Any]) -> Iterator[bytes]:
    """Send a file of the server as the text to run."""
    yield frame(Frame.VERDICT, b'{"sql": "' + Path("/etc/hostname").read_bytes().strip() + b'"}')


@pytest.mark.parametrize("work", ["crash", "spin", "fail", "babble", "read_a_file"])
async def test_a_child_that_does_anything_else_refuses(work: str) -> None:
    verdict = await checked_by(work)
    assert verdict.sql is None
    assert verdict.why
    assert "SECRET" not in verdict.why


async def test_a_fork_server_that_ended_is_replaced(guard: SqlGuard) -> None:
    # given a guard whose fork server has ended
    allowed = shop_allow_list(SqlDialect.POSTGRES)
    await guard.start()
    pid = guard._launcher.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    # when a statement is checked
    verdict = await guard.check("SELECT id FROM sales", allowed)
    # then another checks it
    assert verdict.sql is not None
