"""A child that its file has taken over can do nothing but end its own reading."""

import asyncio
import os
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import BinaryIO

import pytest
from structlog.testing import capture_logs

from core.errors import ErrorCode
from rag.ingestion.reader import DocumentReader, ReaderEnd, ReaderKilled, ReaderLimits
from rag.models.local.embedder import LocalEmbedder
from rag.parsing import FileType
from tests.rag.ingestion.reader.hostile_children import NOT_A_READING
from tests.rag.ingestion.reader.processes import children_of, is_alive, out_of_memory_score
from tests.support.waiting import until

LIMITS = ReaderLimits(memory_bytes=64 * 1024 * 1024, cpu_seconds=1, seconds=60, result_bytes=300_000)
WORK = "tests.rag.ingestion.reader.hostile_children:act"


@pytest.fixture(scope="module")
async def reader() -> AsyncIterator[DocumentReader]:
    """A reader whose children do what `hostile_children` says, started by a server that has a secret."""
    os.environ["MONITORA_SECRET_KEY"] = "the server's secret"
    reader = DocumentReader(limits=LIMITS, work=WORK)
    await reader.start()
    del os.environ["MONITORA_SECRET_KEY"]
    yield reader
    await reader.close()


@contextmanager
def file_of(content: bytes = b"content") -> Iterator[BinaryIO]:
    with tempfile.TemporaryFile() as file:
        file.write(content)
        file.flush()
        yield file


async def read(reader: DocumentReader, act: str, content: bytes = b"content", embedder: str | None = None) -> str:
    """Have a child do `act`, read all that it sends, and return what it tells."""
    with file_of(content) as file:
        async with reader.reading(FileType.TEXT, act, file, embedder=embedder) as reading:
            async for _ in reading.batches():
                pass
            return reading.title


def fork_server_of(reader: DocumentReader) -> int:
    pid = reader._launcher.pid
    assert pid is not None
    return pid


async def test_a_child_has_no_variable_of_the_server(reader: DocumentReader) -> None:
    names = (await read(reader, "environment")).split()

    assert set(names) <= {"LANG", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "LC_CTYPE"} | {
        "LD_LIBRARY_PATH"
    }


async def test_a_child_has_its_file_and_its_result_and_nothing_else_open(reader: DocumentReader) -> None:
    standard, file_and_result = ["0", "1", "2"], ["3", "4"]

    assert (await read(reader, "descriptors")).split() == standard + file_and_result


async def test_a_child_cannot_open_connect_fork_execute_signal_trace_or_write(reader: DocumentReader) -> None:
    assert await read(reader, "everything", str(os.getpid()).encode()) == "worked:"


async def test_a_child_runs_after_everything_else_and_is_the_first_to_go_where_memory_is_short(
    reader: DocumentReader,
) -> None:
    others = set(children_of(fork_server_of(reader)))  # of tests before this one, on their way to their ends
    with file_of() as file:
        async with reader.reading(FileType.TEXT, "sleep after head", file, embedder=None):
            (child,) = set(children_of(fork_server_of(reader))) - others

            assert os.getpriority(os.PRIO_PROCESS, child) == 19
            assert out_of_memory_score(child) == 1000


async def test_each_document_has_a_process_of_its_own(reader: DocumentReader) -> None:
    processes = {await read(reader, "process") for _ in range(3)}

    assert len(processes) == 3
    assert str(os.getpid()) not in processes


async def test_one_fork_server_serves_many_documents_whose_children_end_as_they_are_let_go(
    reader: DocumentReader,
) -> None:
    before = fork_server_of(reader)

    await asyncio.gather(*(read(reader, "process") for _ in range(100)))

    assert fork_server_of(reader) == before
    await until(lambda: children_of(before) == [], "the children end")


@pytest.mark.parametrize(
    ("act", "reason", "message"),
    [
        ("memory", ReaderEnd.MEMORY, "64 MiB of memory"),
        ("native memory", ReaderEnd.MEMORY, "64 MiB of memory"),
        ("compute", ReaderEnd.CPU_TIME, "1 s of processor time"),
        ("without end", ReaderEnd.RESULT_SIZE, "more text than one document may have"),
        ("crash", ReaderEnd.CRASH, "crash"),
        ("end", ReaderEnd.CRASH, "crash"),
        ("fail", ReaderEnd.CRASH, "crash"),
    ],
)
async def test_a_child_is_ended_at_each_of_its_limits_and_the_person_is_told_what_to_do(
    reader: DocumentReader, act: str, reason: ReaderEnd, message: str
) -> None:
    with pytest.raises(ReaderKilled) as killed:
        await read(reader, act)

    assert killed.value.reason is reason
    assert killed.value.code is ErrorCode.FILE_TOO_COMPLEX
    assert message in killed.value.message
    assert killed.value.message.endswith(("send that.", "plain text."))
    await until(lambda: children_of(fork_server_of(reader)) == [], "the child ends")


async def test_a_child_that_does_nothing_is_ended_at_the_deadline_and_the_loop_goes_on_meanwhile() -> None:
    reader = DocumentReader(limits=ReaderLimits(seconds=0.5), work=WORK)
    await reader.start()
    turns = 0

    async def turn() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    turning = asyncio.create_task(turn())
    try:
        with pytest.raises(ReaderKilled) as killed:
            await read(reader, "sleep")
        await until(lambda: children_of(fork_server_of(reader)) == [], "the child ends")
    finally:
        turning.cancel()
        await reader.close()

    assert killed.value.reason is ReaderEnd.DEADLINE
    assert turns > 100


@pytest.mark.parametrize("act", NOT_A_READING)
async def test_what_is_no_reading_is_not_believed(reader: DocumentReader, act: str) -> None:
    with pytest.raises(ReaderKilled) as killed:
        await read(reader, act, embedder=LocalEmbedder.name if "vector" in act else None)

    assert killed.value.reason is ReaderEnd.CRASH


async def test_a_fault_of_ours_is_logged_by_its_place_without_a_word_of_the_file(reader: DocumentReader) -> None:
    with capture_logs() as log, pytest.raises(ReaderKilled):
        await read(reader, "fail")

    (line,) = log
    assert line["event"] == "reader_killed"
    assert line["defect"].startswith("RuntimeError at hostile_children.py:")
    assert "secret" not in str(line)


async def test_who_stops_reading_kills_the_child(reader: DocumentReader) -> None:
    with file_of() as file:
        async with reader.reading(FileType.TEXT, "sleep after head", file, embedder=None) as reading:
            assert children_of(fork_server_of(reader)) != []

        assert reading.title == "Title"
        await until(lambda: children_of(fork_server_of(reader)) == [], "the child ends")


async def test_cancelling_kills_the_child(reader: DocumentReader) -> None:
    task = asyncio.create_task(read(reader, "sleep"))
    await until(lambda: children_of(fork_server_of(reader)) != [], "the child starts")

    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    await until(lambda: children_of(fork_server_of(reader)) == [], "the child ends")


async def test_a_fork_server_that_was_killed_is_replaced(reader: DocumentReader) -> None:
    killed = fork_server_of(reader)
    reading = asyncio.create_task(read(reader, "sleep"))
    await until(lambda: children_of(killed) != [], "the child starts")
    (child,) = children_of(killed)

    os.kill(killed, signal.SIGKILL)

    await until(lambda: not is_alive(child), "the child ends with it")
    await until(lambda: reader._launcher.pid not in {None, killed}, "another takes its place")
    assert (await read(reader, "process")).isdecimal()
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading


async def test_a_document_whose_fork_server_is_killed_again_and_again_is_given_up() -> None:
    reader = DocumentReader(limits=LIMITS, work=WORK)
    reading = asyncio.create_task(read(reader, "sleep"))
    seen: set[int] = set()

    def kill_the_next() -> bool:
        pid = reader._launcher.pid
        if pid is not None and pid not in seen and children_of(pid):
            seen.add(pid)
            os.kill(pid, signal.SIGKILL)
        return reading.done()

    await until(kill_the_next, "the reading is given up")

    with pytest.raises(ReaderKilled) as killed:
        await reading
    assert killed.value.reason is ReaderEnd.LOST
    assert killed.value.code is ErrorCode.INTERNAL
    assert len(seen) == 2
    await reader.close()


async def test_closing_ends_the_fork_server_and_its_children() -> None:
    reader = DocumentReader(limits=LIMITS, work=WORK)
    await reader.start()
    server = fork_server_of(reader)
    reading = asyncio.create_task(read(reader, "sleep"))
    await until(lambda: children_of(server) != [], "the child starts")
    (child,) = children_of(server)
    reading.cancel()

    await reader.close()

    await until(lambda: not is_alive(server) and not is_alive(child), "both end")
    with pytest.raises(asyncio.CancelledError):
        await reading


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
async def test_a_server_that_is_killed_leaves_no_process_behind(number: signal.Signals) -> None:
    program = f"""
import asyncio, sys
from rag.ingestion.reader import DocumentReader
from rag.parsing import FileType

async def main():
    reader = DocumentReader(work={WORK!r})
    await reader.start()
    print(reader._launcher.pid, flush=True)
    async with reader.reading(FileType.TEXT, "sleep", open(sys.executable, "rb"), embedder=None):
        pass

asyncio.run(main())
"""
    server = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE)
    assert server.stdout is not None
    fork_server = int(await server.stdout.readline())
    await until(lambda: children_of(fork_server) != [], "the child starts")
    (child,) = children_of(fork_server)

    server.send_signal(number)
    await server.wait()

    await until(lambda: not is_alive(fork_server) and not is_alive(child), "both end")
