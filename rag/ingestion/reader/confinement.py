"""What is taken from a child process before it touches a byte of a stranger's file.

Everything here is enforced by the kernel, so that it also holds for native code that no longer does what it was
written to do. What a platform does not have is left out.
"""

import contextlib
import ctypes
import os
import resource
import signal
import sys
from pathlib import Path

from rag.ingestion.reader.limits import ReaderLimits
from rag.ingestion.reader.system_calls import can_filter, filter_system_calls

_LINUX = sys.platform == "linux"
_LIBC = ctypes.CDLL(None, use_errno=True)
_NOBODY = 65534
_LOWEST_PRIORITY = 19
_PR_SET_PDEATHSIG = 1


def confine(limits: ReaderLimits, last_descriptor: int, parent: int) -> None:
    """Give up what this process does not need to read one file. It cannot be taken back.

    No descriptor above `last_descriptor` can be opened after this: every one below is taken. `parent` is the number of
    the process that forked this one.
    """
    _run_after_everything_else()
    _be_first_to_go()
    address_space = _address_space()
    _become_nobody()
    _die_with(parent)
    if address_space:
        _limit(resource.RLIMIT_AS, address_space + limits.memory_bytes)
    # Past the first the kernel sends SIGXCPU, past the second SIGKILL.
    _limit(resource.RLIMIT_CPU, limits.cpu_seconds, limits.cpu_seconds + 1)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_NPROC, 0)
    _limit(resource.RLIMIT_NOFILE, last_descriptor + 1)
    if can_filter():
        filter_system_calls()


def _limit(kind: int, soft: int, hard: int | None = None) -> None:
    _, ceiling = resource.getrlimit(kind)
    wanted = (soft, soft if hard is None else hard)
    if ceiling != resource.RLIM_INFINITY:
        wanted = (min(wanted[0], ceiling), min(wanted[1], ceiling))
    resource.setrlimit(kind, wanted)


def _run_after_everything_else() -> None:
    os.nice(_LOWEST_PRIORITY)
    if _LINUX:
        with contextlib.suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


def _be_first_to_go() -> None:
    """Have the kernel end this process before any other when the machine runs out of memory."""
    if _LINUX:
        with contextlib.suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text("1000", "ascii")


def _address_space() -> int:
    """Return the bytes of address space in use; 0 where the platform does not tell, and does not limit them."""
    if not _LINUX:
        return 0
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
    return pages * resource.getpagesize()


def _become_nobody() -> None:
    """Leave the rights of root, to whom the number of processes is not a limit."""
    if os.geteuid() != 0:
        return
    with contextlib.suppress(OSError):  # a container may know one user alone
        os.setgroups([])
        os.setgid(_NOBODY)
        os.setuid(_NOBODY)


def _die_with(parent: int) -> None:
    """Have the kernel kill this process when its parent is gone. A change of user takes this back: it comes after."""
    if _LINUX:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it was gone before
        os._exit(1)
