"""The program that forks a child for each document. It holds no secrets and never reads a file itself.

The parsers are imported once, so that a child costs a fork and not an import. A child reads one document and ends: what
a hostile file made of it is gone before the next.

The server sends, over a socket that this program is started with, one message a document: a length, then JSON, with
three descriptors: the file, the socket for the results, and a leash. When the server closes its end of the leash, or
dies, the child is killed. When the child ends, how it ended is written to the leash.
"""

import contextlib
import gc
import importlib
import json
import os
import resource
import selectors
import signal
import socket
import struct
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from rag.ingestion.reader.confinement import confine
from rag.ingestion.reader.frames import Frame, encode_failure, frame
from rag.ingestion.reader.limits import ReaderLimits

LENGTH = struct.Struct(">I")
DESCRIPTORS = 3
READY = b"R"

Work = Callable[[int, Mapping[str, Any]], Iterable[bytes]]
"""Makes the frames of a result from a file's descriptor and a request."""

_FILE, _RESULT = 3, 4  # in a child, above the three standard descriptors


@dataclass(slots=True)
class _Child:
    pid: int
    leash: socket.socket
    resident_bytes: int
    """What it has of this process's memory at its beginning."""


class ForkServer:
    """Forks children and tells how they end, until its socket is closed."""

    def __init__(self, control: socket.socket, limits: ReaderLimits, work: Work) -> None:
        """Serve the requests that come over `control`."""
        self._control = control
        self._limits = limits
        self._work = work
        self._children: dict[int, _Child] = {}
        self._selector = selectors.DefaultSelector()

    def serve(self) -> None:
        """Fork as asked, until the server is gone. Its children go with it."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)  # a stop of the server is told by closing the socket
        ended, ends = socket.socketpair()
        ends.setblocking(False)
        signal.set_wakeup_fd(ends.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self._selector.register(self._control, selectors.EVENT_READ)
        self._selector.register(ended, selectors.EVENT_READ)
        gc.collect()
        gc.freeze()  # so that no collection in a child copies the pages they share
        try:
            self._control.sendall(READY)
            serving = True
        except BrokenPipeError:  # the server, a short command, is over already
            serving = False
        while serving:
            for key, _ in self._selector.select():
                if key.fileobj is self._control:
                    serving = self._fork_next()
                elif key.fileobj is ended:
                    ended.recv(4096)
                    self._reap()
                else:
                    self._kill(key.data)
        for child in self._children.values():
            os.kill(child.pid, signal.SIGKILL)

    def _fork_next(self) -> bool:
        """Take a request and fork a child for it. Return False when no request will come any more."""
        request, descriptors = _receive(self._control)
        if request is None:
            return False
        file, result, leash = descriptors
        try:
            parent = os.getpid()
            pid = os.fork()
            if pid == 0:
                self._become_child(file, result, request, parent)
        except OSError:
            os.close(leash)  # without a word: the reading is lost
        else:
            # One that is over already had no more than this process has.
            child = _Child(pid, socket.socket(fileno=leash), _resident(pid) or _resident(parent))
            self._children[pid] = child
            self._selector.register(child.leash, selectors.EVENT_READ, child)
        finally:
            os.close(file)
            os.close(result)
        return True

    def _kill(self, child: _Child) -> None:
        """Kill a child whose leash was let go. One that was reaped a moment before is gone, and so is its number."""
        if self._children.get(child.pid) is child:
            self._selector.unregister(child.leash)
            os.kill(child.pid, signal.SIGKILL)

    def _reap(self) -> None:
        while self._children:
            pid, status, usage = os.wait4(-1, os.WNOHANG)
            if pid == 0:
                return
            child = self._children.pop(pid)
            with contextlib.suppress(KeyError):
                self._selector.unregister(child.leash)
            end = {
                "status": os.waitstatus_to_exitcode(status),
                "cpu_seconds": usage.ru_utime + usage.ru_stime,
                "resident_bytes": max(0, _most_resident(usage) - child.resident_bytes),
            }
            with contextlib.suppress(OSError):
                child.leash.sendall(json.dumps(end).encode())
            child.leash.close()

    def _become_child(self, file: int, result: int, request: Mapping[str, Any], parent: int) -> NoReturn:
        """Go on as the child: what belongs to the parent is closed, then limits are set, then the file is read."""
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            _keep_only(file, result)
            confine(self._limits, _RESULT, parent)
            _run(self._work, request)
            os._exit(0)
        finally:
            os._exit(1)


def _resident(pid: int) -> int:
    """Return how much memory a process has; 0 where the platform does not tell."""
    with contextlib.suppress(OSError):
        return int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1]) * resource.getpagesize()
    return 0


def _most_resident(usage: resource.struct_rusage) -> int:
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _keep_only(file: int, result: int) -> None:
    """Leave open the standard descriptors, which are /dev/null, and the two that the work needs."""
    file, result = os.dup(file), os.dup(result)  # their numbers may be among those they go to
    os.dup2(0, 1)
    os.dup2(0, 2)
    os.dup2(file, _FILE)
    os.dup2(result, _RESULT)
    os.closerange(_RESULT + 1, os.sysconf("SC_OPEN_MAX"))


def _run(work: Work, request: Mapping[str, Any]) -> None:
    try:
        for piece in work(_FILE, request):
            _send(piece)
    except Exception as error:  # noqa: BLE001 - it is told, and ends the child
        _send(frame(Frame.FAILURE, encode_failure(error)))


def _send(piece: bytes) -> None:
    view = memoryview(piece)
    while view:
        view = view[os.write(_RESULT, view) :]


def _receive(control: socket.socket) -> tuple[Mapping[str, Any] | None, list[int]]:
    """Return the next request and its descriptors; None when the other side is closed."""
    length, descriptors, _, _ = socket.recv_fds(control, LENGTH.size, DESCRIPTORS)
    if len(length) < LENGTH.size:
        return None, []
    request = control.recv(LENGTH.unpack(length)[0], socket.MSG_WAITALL)
    return json.loads(request), descriptors


def main() -> None:
    """Run as the program that `launcher` starts: socket, limits and the name of the work are its arguments."""
    descriptor, limits, work = sys.argv[1:4]
    module, _, name = work.partition(":")
    control = socket.socket(fileno=int(descriptor))
    ForkServer(control, ReaderLimits(**json.loads(limits)), getattr(importlib.import_module(module), name)).serve()
