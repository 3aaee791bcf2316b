"""What a child sends, frame by frame, within its limits; and what its end means."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from rag.ingestion.reader.errors import ReaderEnd, ReaderKilled
from rag.ingestion.reader.frames import HEADER_BYTES, BadFrame, Frame, decode_failure, decode_refusal, read_header
from rag.ingestion.reader.launcher import ChildProcess, Exit, ForkServerGone
from rag.ingestion.reader.limits import ReaderLimits
from rag.parsing import FileType

logger = structlog.get_logger(__name__)

Value = TypeVar("Value")

_EXIT_SECONDS = 5.0
"""How long a child that has closed its results may take to end."""
_MEMORY_SHARE = 0.8
"""A child that crashes with this share of its memory in use is said to have crashed for want of more."""


class Channel:
    """Receives the frames of one child. The first thing that is wrong kills the child, and is raised."""

    def __init__(self, child: ChildProcess, limits: ReaderLimits, file_type: FileType) -> None:
        """Receive from `child`, which reads a file of the format `file_type`."""
        self._child = child
        self._limits = limits
        self._file_type = file_type
        self._seconds = limits.seconds
        self._bytes = limits.result_bytes

    async def receive(self, kind: Frame, decode: Callable[..., Value], *arguments: int) -> Value:
        """Return the next frame as `decode` reads it, which runs in a thread.

        Raises `UnreadableDocument` where the child refuses the file, else `ReaderKilled` where the frame does not come
        or is not of this `kind`.
        """
        try:
            payload = await self._payload(kind)
            return await asyncio.to_thread(decode, payload, *arguments)
        except BadFrame as error:
            self._child.kill()
            raise await self._killed(ReaderEnd.CRASH) from error
        except TimeoutError as error:
            self._child.kill()
            raise await self._killed(ReaderEnd.DEADLINE) from error
        except EOFError as error:
            raise await self._killed() from error

    async def _payload(self, kind: Frame) -> bytes:
        sent, length = read_header(await self._waited(self._child.read(HEADER_BYTES)))
        if sent is Frame.CHUNKS:
            self._bytes -= length
            if self._bytes < 0:
                self._child.kill()
                raise await self._killed(ReaderEnd.RESULT_SIZE)
        payload = await self._waited(self._child.read(length))
        if sent is Frame.REFUSAL:
            refusal = decode_refusal(payload)
            if refusal.defect:
                logger.error("file_unreadable", file_type=self._file_type.value, defect=refusal.defect)
            raise refusal
        if sent is Frame.FAILURE:
            defect = decode_failure(payload)
            reason = ReaderEnd.MEMORY if defect.startswith(MemoryError.__name__) else ReaderEnd.CRASH
            raise await self._killed(reason, defect)
        if sent is not kind:
            raise BadFrame(f"{sent.name} in the place of {kind.name}.")
        return payload

    async def _waited(self, reading: Awaitable[Value]) -> Value:
        """Wait for the child, within what is left of its time."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            async with asyncio.timeout(self._seconds):
                return await reading
        finally:
            self._seconds -= loop.time() - began

    async def _killed(self, reason: ReaderEnd | None = None, defect: str | None = None) -> ReaderKilled:
        """Return the error for a child that ends: for `reason`, or for what its end tells."""
        try:
            async with asyncio.timeout(_EXIT_SECONDS):
                end = await self._child.ended()
        except ForkServerGone:
            return ReaderKilled(reason or ReaderEnd.LOST, self._limits)
        except TimeoutError:  # it closed its results and goes on
            self._child.kill()
            return ReaderKilled(reason or ReaderEnd.CRASH, self._limits)
        reason = reason or self._reason(end)
        logger.warning(
            "reader_killed",
            reason=reason.value,
            file_type=self._file_type.value,
            status=end.status,
            cpu_seconds=round(end.cpu_seconds, 2),
            resident_bytes=end.resident_bytes,
            defect=defect,
        )
        return ReaderKilled(reason, self._limits)

    def _reason(self, end: Exit) -> ReaderEnd:
        if end.status == -signal.SIGXCPU or end.cpu_seconds >= self._limits.cpu_seconds:
            return ReaderEnd.CPU_TIME
        if end.status == -signal.SIGKILL or end.resident_bytes >= _MEMORY_SHARE * self._limits.memory_bytes:
            return ReaderEnd.MEMORY  # nobody but the kernel kills it, for want of memory
        return ReaderEnd.CRASH
