"""A Chromium of its own for each page: without a network, in a folder that is thrown away, ended with its children."""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import structlog

from rag.sources.crawler.browser.devtools import BrowserFailed, DevTools

logger = structlog.get_logger(__name__)

MAX_PROCESS_BYTES = 1024 * 2**20
"""The most memory of one of its processes."""
MAX_WRITTEN_BYTES = 64 * 2**20
"""The largest file that it may write."""
SCRIPT_MEGABYTES = 256
"""What scripts may keep."""
_MAX_TOLD = 300
_START = """
ulimit -c 0; ulimit -d "$1"; ulimit -f "$2"; shift 2
exec 3<&0 4>&1 </dev/null >/dev/null
for apart in "unshare --net" "unshare --user --map-current-user --net"; do
  if $apart true 2>/dev/null; then exec $apart "$0" "$@"; fi
done
exec "$0" "$@"
"""
"""Bounds the browser, and gives it the two pipes of DevTools under the numbers that it wants.

Where the system allows it, the browser is in a network of its own, in which there is nothing. Elsewhere its arguments
alone keep it from the network.
"""
_ULIMIT_FILE_BLOCK = 512
_ARGUMENTS = (
    *("--headless", "--remote-debugging-pipe", "--no-first-run", "--no-default-browser-check", "--disable-gpu"),
    *("--disable-background-networking", "--disable-component-update", "--disable-domain-reliability"),
    *("--disable-sync", "--disable-extensions", "--disable-default-apps", "--disable-breakpad", "--no-pings"),
    *("--disable-crash-reporter", "--disable-dev-shm-usage", "--mute-audio", "--password-store=basic"),
    *("--block-new-web-contents", "--renderer-process-limit=1", "--disable-quic", "--dns-prefetch-disable"),
    "--disable-features=Translate,MediaRouter,OptimizationHints",
    # Nothing goes around the proxy, and no name is looked up.
    *("--proxy-bypass-list=<-loopback>", "--host-resolver-rules=MAP * ~NOTFOUND"),
    # Under its name of before, and its present one.
    *(
        "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
        "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    ),
    f"--js-flags=--max-old-space-size={SCRIPT_MEGABYTES}",
)
_told_without_sandbox = False


@asynccontextmanager
async def running_chromium(program: str, max_message_bytes: int) -> AsyncIterator[DevTools]:
    """Start a Chromium, and end it with all of its processes. It has no network: its proxy is a port without a server.

    Its own sandbox is on, unless the server runs as root, where Chromium refuses that. Raises `BrowserFailed`.
    """
    folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="monitora-browser-"))
    nowhere = socket.socket()
    try:
        # The port is held and never listened on: nobody else can have it, and whatever connects to it is refused.
        nowhere.bind(("127.0.0.1", 0))
        arguments = [f"--user-data-dir={folder}", f"--proxy-server=127.0.0.1:{nowhere.getsockname()[1]}", *_sandbox()]
        bounds = str(MAX_PROCESS_BYTES // 1024), str(MAX_WRITTEN_BYTES // _ULIMIT_FILE_BLOCK)
        with (folder / "stderr").open("wb") as told:
            process = await asyncio.create_subprocess_exec(
                *("/bin/sh", "-c", _START, program, *bounds, *_ARGUMENTS, *arguments),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=told,
                cwd=folder,
                env=_environment(folder),
                start_new_session=True,
                limit=max_message_bytes,
            )
        try:
            async with _listening(process) as devtools:
                yield devtools
        except BrowserFailed as error:
            said = (folder / "stderr").read_bytes()[-_MAX_TOLD:].decode(errors="replace")
            logger.warning("browser_failed", because=str(error), said=said)
            raise
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    finally:
        nowhere.close()
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


@asynccontextmanager
async def _listening(process: asyncio.subprocess.Process) -> AsyncIterator[DevTools]:
    assert process.stdout is not None  # noqa: S101 - both are pipes
    assert process.stdin is not None  # noqa: S101
    devtools = DevTools(process.stdout, process.stdin)
    listening = asyncio.create_task(devtools.listen())
    try:
        yield devtools
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        process.stdin.close()


def _sandbox() -> list[str]:
    global _told_without_sandbox  # noqa: PLW0603 - said once a process
    if os.geteuid() != 0:
        return []
    if not _told_without_sandbox:
        _told_without_sandbox = True
        logger.warning("browser_without_sandbox")
    return ["--no-sandbox"]


def _environment(folder: Path) -> dict[str, str]:
    """Return what the browser is told: nothing of the server's secrets."""
    path = os.environ.get("PATH", os.defpath)
    return {"PATH": path, "HOME": str(folder), "TMPDIR": str(folder), "LANG": "C.UTF-8"}
