"""Several processes that serve one port: started, watched and stopped together."""

import logging
import multiprocessing
import os
import signal
import socket
import threading
from multiprocessing.connection import wait
from multiprocessing.context import SpawnProcess
from types import FrameType

import structlog

from monitora.command_line.logging import configure_logging
from monitora.server import graceful_server
from monitora.settings.settings import InvalidSettings, Settings

LOOK_AGAIN_SECONDS = 0.5
LAST_SECONDS = 10
"""How long after its grace period a worker may take to end before it is killed."""
COULD_NOT_START = 3
"""Exit code of a worker that never served: another in its place would not either."""

logger = structlog.get_logger(__name__)


class Workers:
    """The workers of a server. They accept from the same listening sockets, and the system shares connections out."""

    def __init__(self, settings: Settings, bound: list[socket.socket]) -> None:
        self._settings = settings
        self._bound = bound
        self._processes: list[SpawnProcess] = []
        self._stopping = False

    def run(self) -> bool:
        """Serve until SIGTERM or SIGINT. A worker that dies is replaced. Return False when one could not start."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        self._processes = [self._started() for _ in range(self._settings.workers)]
        try:
            while not self._stopping:
                wait([process.sentinel for process in self._processes], LOOK_AGAIN_SECONDS)
                if not self._all_alive():
                    return False
        finally:
            self._end()
        return True

    def _started(self) -> SpawnProcess:
        process = multiprocessing.get_context("spawn").Process(target=_work, args=(self._settings, self._bound))
        process.start()
        logger.info("worker_started", worker=process.pid)
        return process

    def _all_alive(self) -> bool:
        for place, process in enumerate(self._processes):
            if process.is_alive() or self._stopping:
                continue
            logger.warning("worker_ended", worker=process.pid, code=process.exitcode)
            if process.exitcode == COULD_NOT_START:
                return False
            self._processes[place] = self._started()
        return True

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True

    def _end(self) -> None:
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            process.join(self._settings.shutdown_grace_seconds + LAST_SECONDS)
            if process.is_alive():
                process.kill()
        for each in self._bound:
            each.close()


def _work(settings: Settings, bound: list[socket.socket]) -> None:
    configure_logging(settings.log_level, settings.log_format)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        server = graceful_server(settings)
    except InvalidSettings as error:
        logger.warning("worker_refused", because=str(error))
        raise SystemExit(COULD_NOT_START) from None
    server.run(sockets=bound)
    if not server.started:
        raise SystemExit(COULD_NOT_START)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        logging.getLogger(__name__).warning("The parent process is gone: this worker stops.")
        os.kill(os.getpid(), signal.SIGTERM)
