"""The calls of the kernel that a child process is left with, by a seccomp filter of Linux.

A limit on descriptors stops an honest parser from opening a file. Native code that a hostile file has taken over could
close one and open another, send a signal to the server or read its memory. The filter stops that: what is not listed
here fails with EPERM.
"""

import ctypes
import os
import platform
import struct
import sys

_LIBC = ctypes.CDLL(None, use_errno=True)
_PR_GET_SECCOMP, _PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 21, 22, 38
_MODE_FILTER = 2

_ALLOWED = {
    "x86_64": {
        "read": 0, "write": 1, "close": 3, "fstat": 5, "poll": 7, "lseek": 8, "mmap": 9, "mprotect": 10, "munmap": 11,
        "brk": 12, "rt_sigaction": 13, "rt_sigprocmask": 14, "rt_sigreturn": 15, "pread64": 17, "writev": 20,
        "sched_yield": 24, "mremap": 25, "madvise": 28, "nanosleep": 35, "getpid": 39, "exit": 60, "uname": 63,
        "gettimeofday": 96, "getrusage": 98, "sysinfo": 99, "sigaltstack": 131, "gettid": 186, "time": 201,
        "futex": 202, "sched_getaffinity": 204, "clock_gettime": 228, "clock_getres": 229, "clock_nanosleep": 230,
        "exit_group": 231, "getrandom": 318, "membarrier": 324,
    },
    "aarch64": {
        "close": 57, "lseek": 62, "read": 63, "write": 64, "writev": 66, "pread64": 67, "ppoll": 73, "fstat": 80,
        "exit": 93, "exit_group": 94, "futex": 98, "nanosleep": 101, "clock_gettime": 113, "clock_getres": 114,
        "clock_nanosleep": 115, "sched_getaffinity": 123, "sched_yield": 124, "sigaltstack": 132, "rt_sigaction": 134,
        "rt_sigprocmask": 135, "rt_sigreturn": 139, "uname": 160, "getrusage": 165, "gettimeofday": 169,
        "getpid": 172, "gettid": 178, "sysinfo": 179, "brk": 214, "munmap": 215, "mremap": 216, "mmap": 222,
        "mprotect": 226, "madvise": 233, "getrandom": 278, "membarrier": 283,
    },
}  # fmt: skip
_TGKILL = {"x86_64": 234, "aarch64": 131}
"""Allowed for the process itself, which is how `abort` ends it."""
_AUDIT_ARCHITECTURES = {"x86_64": 0xC000_003E, "aarch64": 0xC000_00B7}

# Classic BPF: load a word of `struct seccomp_data`, compare it, return.
_LOAD, _JUMP_IF_EQUAL, _RETURN = 0x20, 0x15, 0x06
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16
_ALLOW, _REFUSE, _KILL = 0x7FFF_0000, 0x0005_0000 | 1, 0x8000_0000  # 1 is EPERM
_INSTRUCTION = struct.Struct("=HBBI")


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def can_filter() -> bool:
    """Tell whether this platform has the filter."""
    return sys.platform == "linux" and platform.machine() in _ALLOWED and _LIBC.prctl(_PR_GET_SECCOMP, 0, 0, 0, 0) >= 0


def filter_system_calls() -> None:
    """Refuse this process all calls but those listed, for ever. Raises `OSError` where the kernel does not do it."""
    instructions = _filter(platform.machine(), os.getpid())
    program = _Program(len(instructions) // _INSTRUCTION.size, instructions)
    if _LIBC.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or _LIBC.prctl(
        _PR_SET_SECCOMP, _MODE_FILTER, ctypes.byref(program), 0, 0
    ):
        raise OSError(ctypes.get_errno(), "The kernel refuses the filter of system calls.")


def _filter(machine: str, pid: int) -> bytes:
    def step(code: int, value: int, then: int = 0, otherwise: int = 0) -> bytes:
        return _INSTRUCTION.pack(code, then, otherwise, value)

    allowed = b"".join(
        step(_JUMP_IF_EQUAL, number, 0, 1) + step(_RETURN, _ALLOW) for number in _ALLOWED[machine].values()
    )
    return b"".join(
        [
            step(_LOAD, _ARCHITECTURE),
            step(_JUMP_IF_EQUAL, _AUDIT_ARCHITECTURES[machine], 1, 0),
            step(_RETURN, _KILL),
            step(_LOAD, _NUMBER),
            allowed,
            step(_JUMP_IF_EQUAL, _TGKILL[machine], 0, 3),
            step(_LOAD, _FIRST_ARGUMENT),
            step(_JUMP_IF_EQUAL, pid, 0, 1),
            step(_RETURN, _ALLOW),
            step(_RETURN, _REFUSE),
        ]
    )
