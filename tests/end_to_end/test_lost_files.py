"""Uploads that are cut off leave no file: by a kill between the file and its row, and by a client that goes."""

import asyncio
import os
import sqlite3
import time
from contextlib import closing, suppress
from pathlib import Path
from uuid import uuid4

import pytest

from tests.end_to_end.test_main_job import CREATE_WORKSPACE, REGISTER, UPLOAD
from tests.support.client import FrontEnd
from tests.support.server import Server, monitora, running
from tests.support.waiting import until

DAY = 24 * 60 * 60


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The data of a server with the sample workspace, whose documents have their files."""
    made = monitora({"MONITORA_DATA_DIR": str(tmp_path)}, "demo", "--prepare-only")
    assert made.returncode == 0, made.stderr
    return tmp_path


def _files(folder: Path) -> set[Path]:
    return {path for path in (folder / "files").rglob("*") if path.is_file()}


async def _owner(server: Server) -> tuple[FrontEnd, str]:
    """Return somebody with a new account, and their workspace."""
    account = {"email": f"{uuid4().hex}@example.com", "password": "correct horse battery"}
    session = (await FrontEnd(server).ask(REGISTER, input=account))["register"]
    owner = FrontEnd(server, session["accessToken"])
    made = await owner.ask(CREATE_WORKSPACE, input={"name": "Garden"})
    return owner, made["createWorkspace"]["workspace"]["id"]


async def test_a_kill_between_a_file_and_its_row_leaves_no_file_after_the_next_start(folder: Path) -> None:
    of_documents = _files(folder)
    manual = folder / "manual.md"
    manual.write_text("# Hours\nThe garden centre opens at nine.")
    with running(folder) as server:
        owner, workspace = await _owner(server)
        with closing(sqlite3.connect(folder / "monitora.db", isolation_level=None)) as other:
            # Whoever writes holds up the row, and not the file.
            other.execute("BEGIN IMMEDIATE")
            upload = asyncio.create_task(
                owner.ask(UPLOAD, input={"workspaceId": workspace, "file": owner.file(manual)})
            )
            await until(lambda: any(not path.name.startswith(".") for path in _files(folder) - of_documents), "a file")
            server.process.kill()
            server.process.wait()
            other.execute("ROLLBACK")
        await asyncio.gather(upload, return_exceptions=True)
    (lost,) = _files(folder) - of_documents
    os.utime(lost, (time.time() - DAY, time.time() - DAY))

    with running(folder):
        await until(lambda: not lost.exists(), "the file without a row is deleted")

    assert _files(folder) == of_documents


async def test_a_client_that_goes_in_the_middle_of_a_file_leaves_nothing(folder: Path) -> None:
    of_documents, spool = _files(folder), folder / "spool"
    spool.mkdir()
    with running(folder, TMPDIR=str(spool)) as server:
        owner, _ = await _owner(server)

        def spooled() -> int:
            """How many files the server has open in its folder of temporary files, with a name or without."""
            links = Path(f"/proc/{server.process.pid}/fd").iterdir()
            return sum(_target(link).startswith(str(spool)) for link in links)

        host, port = server.host.split(":")
        _, writer = await asyncio.open_connection(host, int(port))
        writer.write(_half_a_form(server, owner.token or ""))
        await writer.drain()
        await until(lambda: spooled() == 1, "the server writes the file down")
        writer.close()

        await until(lambda: spooled() == 0, "the server gives the file up")
        assert list(spool.iterdir()) == []
        assert _files(folder) == of_documents


def _target(link: Path) -> str:
    with suppress(FileNotFoundError):
        return str(link.readlink())
    return ""


def _half_a_form(server: Server, token: str) -> bytes:
    """Return the head of an upload of 20 MB, and the first 3 MB of it: more than the server keeps in memory."""
    head = (
        f"POST /graphql HTTP/1.1\r\nHost: {server.host}\r\nAuthorization: Bearer {token}\r\n"
        "GraphQL-Require-Preflight: 1\r\nContent-Type: multipart/form-data; boundary=x\r\n"
        f"Content-Length: {20 * 2**20}\r\n\r\n"
    )
    part = '--x\r\nContent-Disposition: form-data; name="0"; filename="a.txt"\r\n\r\n'
    return head.encode() + part.encode() + b"a" * (3 * 2**20)
