"""Checks statements in child processes, each confined as the reader of a document is. Any failure is a refusal."""

import asyncio
import contextlib
import json
import tempfile
from dataclasses import dataclass
from typing import IO

import structlog

from rag.databases.guard.allowed import AllowList, SqlDialect
from rag.databases.guard.request import MAX_REQUEST_BYTES
from rag.ingestion.reader.frames import HEADER_BYTES, BadFrame, Frame, read_header
from rag.ingestion.reader.launcher import ChildProcess, ForkServerGone, Launcher
from rag.ingestion.reader.limits import ReaderLimits

logger = structlog.get_logger(__name__)

_WORK = "rag.databases.guard.child:check_statement"
_LIMITS = ReaderLimits(memory_bytes=256 * 1024 * 1024, cpu_seconds=2, seconds=20.0, result_bytes=1024 * 1024)
_ATTEMPTS, _PAUSE_SECONDS = 4, 0.1
_TOO_COMPLEX = "The statement takes too long to check, or too much memory: write it in a simpler form."
_UNCHECKED = "The statement could not be checked."


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the guard says of a statement. Exactly one of both is given."""

    sql: str | None
    """The text to run in the statement's place; None when it is refused."""
    why: str | None
    """Why it is refused, in one sentence."""


class SqlGuard:
    """Checks statements, each in a child process of its own. Several may be checked at once."""

    def __init__(self, limits: ReaderLimits = _LIMITS, work: str = _WORK) -> None:
        """Check within `limits`, each statement by its own. `work` is what children do, as "module:function"."""
        self._limits = limits
        self._launcher = Launcher(limits, work)

    async def start(self) -> None:
        """Start the process that children are forked from, so that the first statement does not wait for it."""
        await self._launcher.start()

    async def close(self) -> None:
        """End that process and its children. Checks under way refuse."""
        await self._launcher.close()

    async def check(self, sql: str, allowed: AllowList) -> Verdict:
        """Return the text that may be run for a statement, or why there is none. Nothing is raised for a statement."""
        try:
            asked = json.dumps({"sql": sql, "allowed": allowed.to_json()}).encode()
        except UnicodeError:
            return Verdict(None, "The statement is not text.")
        if len(asked) > MAX_REQUEST_BYTES:
            return Verdict(None, "The statement is too long.")
        with tempfile.TemporaryFile() as file:
            file.write(asked)
            file.flush()
            return await self._ask(file, allowed.dialect)

    async def _ask(self, file: IO[bytes], dialect: SqlDialect) -> Verdict:
        """Ask a child. A fork server that ended is replaced."""
        for _ in range(_ATTEMPTS):
            with contextlib.suppress(ForkServerGone):
                child = await self._launcher.fork({"dialect": dialect.value}, file.fileno())
                try:
                    return await self._receive(child)
                finally:
                    child.close()
            await asyncio.sleep(_PAUSE_SECONDS)  # it may have ended a moment ago, and not be known to have
        logger.error("statement_unchecked", reason="fork_server_gone")
        return Verdict(None, _UNCHECKED)

    async def _receive(self, child: ChildProcess) -> Verdict:
        """Return what a child says. Raises `ForkServerGone`."""
        try:
            async with asyncio.timeout(self._limits.seconds):
                kind, length = read_header(await child.read(HEADER_BYTES))
                payload = await child.read(length)
        except EOFError:
            async with asyncio.timeout(self._limits.seconds):
                await child.ended()
            return Verdict(None, _TOO_COMPLEX)
        except TimeoutError:
            return Verdict(None, _TOO_COMPLEX)
        except BadFrame:
            return Verdict(None, _UNCHECKED)
        if kind is not Frame.VERDICT:
            logger.error("statement_unchecked", reason=payload[:200].decode(errors="replace"))
            return Verdict(None, _UNCHECKED)
        return _read(payload)


def _read(payload: bytes) -> Verdict:
    try:
        match json.loads(payload):
            case {"sql": str(sql)}:
                return Verdict(sql, None)
            case {"why": str(why)}:
                return Verdict(None, why)
    except ValueError:
        pass
    return Verdict(None, _UNCHECKED)
