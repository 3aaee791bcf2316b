"""How the reading of a file ends where the file is not read and not refused."""

from enum import StrEnum

from core.errors import ErrorCode, MonitoraError
from rag.ingestion.reader.limits import ReaderLimits


class ReaderEnd(StrEnum):
    """What ended a child process before its result was complete."""

    MEMORY = "memory"
    CPU_TIME = "cpu_time"
    DEADLINE = "deadline"
    RESULT_SIZE = "result_size"
    CRASH = "crash"
    LOST = "lost"
    """The process that children are forked from ended: nothing is known against the file."""


_SIMPLER = "Split it into smaller files, or save it in a simpler form, such as plain text."


class ReaderKilled(MonitoraError):
    """The child process that read a file ended before its result was complete. `reason` says why.

    The code is FILE_TOO_COMPLEX; INTERNAL where the reason is `LOST`.
    """

    def __init__(self, reason: ReaderEnd, limits: ReaderLimits) -> None:
        code = ErrorCode.INTERNAL if reason is ReaderEnd.LOST else ErrorCode.FILE_TOO_COMPLEX
        super().__init__(code, _message(reason, limits))
        self.reason = reason


def _message(reason: ReaderEnd, limits: ReaderLimits) -> str:
    match reason:
        case ReaderEnd.MEMORY:
            return f"Reading the file takes more than {limits.memory_bytes // 2**20} MiB of memory. {_SIMPLER}"
        case ReaderEnd.CPU_TIME:
            return f"Reading the file takes more than {limits.cpu_seconds} s of processor time. {_SIMPLER}"
        case ReaderEnd.DEADLINE:
            return f"Reading the file takes more than {limits.seconds:g} s. {_SIMPLER}"
        case ReaderEnd.RESULT_SIZE:
            return f"The file holds more text than one document may have. {_SIMPLER}"
        case ReaderEnd.CRASH:
            return (
                "The file makes the program that reads it crash: it is damaged or unusually complex. "
                "Open it in the program that made it, save it again and send that."
            )
        case ReaderEnd.LOST:
            return "Reading the file was interrupted. Try again."
