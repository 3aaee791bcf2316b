"""A server that is killed, or runs out of disk, while it indexes: no document that was acknowledged is lost or halved."""

import shutil
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from gql.transport.exceptions import TransportQueryError

from tests.end_to_end.test_main_job import CHAT, CREATE_KEY, CREATE_WORKSPACE, REGISTER, START_VISIT, UPLOAD
from tests.support.client import FrontEnd
from tests.support.server import Server, monitora, running
from tests.support.waiting import HANG_SECONDS, until_seen

DOCUMENTS = """query ($id: ID!) { workspace(id: $id) { documents { nodes { name status errorCode chunkCount } } } }"""
SECTIONS = 400
"""Sections of a document: enough chunks for several batches."""
STAGES = {
    "acknowledged": "SELECT 1 FROM documents WHERE name = ?",
    "parsing": "SELECT 1 FROM documents WHERE name = ? AND stage = 'parsing'",
    "embedding": (
        "SELECT 1 FROM documents JOIN document_chunks ON document_chunks.document_id = documents.id WHERE name = ?"
    ),
    "storing": (
        "SELECT 1 FROM documents JOIN jobs ON jobs.subject_id = documents.id"
        " WHERE name = ? AND stage IN ('storing', 'done')"
    ),
}
"""How a document is told to be at a stage, for each stage."""


class Shop:
    """An owner with a workspace, at whichever server stands on the folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.account = {"email": f"{uuid4().hex}@example.com", "password": "correct horse battery"}
        self.token = self.workspace = self.key = ""

    async def open(self, server: Server) -> None:
        self.token = (await FrontEnd(server).ask(REGISTER, input=self.account))["register"]["accessToken"]
        created = await self.owner(server).ask(CREATE_WORKSPACE, input={"name": "Garden"})
        self.workspace = created["createWorkspace"]["workspace"]["id"]
        made = await self.owner(server).ask(CREATE_KEY, input={"workspaceId": self.workspace, "name": "site"})
        self.key = made["createApiKey"]["secret"]

    def owner(self, server: Server) -> FrontEnd:
        return FrontEnd(server, self.token)

    async def upload(self, server: Server, name: str, word: str, sections: int = SECTIONS) -> dict[str, Any]:
        """Upload a document that says once where something of that name is, and return what the server says."""
        path = self.folder.parent / name
        filler = "Seeds are sorted by size and kept dry until spring. " * 12
        path.write_text(
            f"# {word}\nThe {word} stands behind the {word} shed.\n"
            + "\n".join(f"# Section {number}\n{filler}" for number in range(sections))
        )
        given = {"workspaceId": self.workspace, "file": self.owner(server).file(path)}
        return dict((await self.owner(server).ask(UPLOAD, input=given))["uploadDocument"])

    async def documents(self, server: Server) -> dict[str, Any]:
        found = await self.owner(server).ask(DOCUMENTS, id=self.workspace)
        return {document["name"]: document for document in found["workspace"]["documents"]["nodes"]}

    async def ready(self, server: Server, *names: str) -> bool:
        found = await self.documents(server)
        assert all(document["status"] != "FAILED" for document in found.values()), found
        return all(found[name]["status"] == "READY" for name in names)

    async def answer(self, server: Server, question: str) -> str:
        visit = (await FrontEnd(server).ask(START_VISIT, input={"apiKey": self.key}))["startVisit"]
        visitor = FrontEnd(server, visit["token"])
        said = {"content": question, "clientMessageId": str(uuid4())}
        events = [event["chat"] async for event in visitor.stream(CHAT, input=said)]
        return str(events[-1]["message"]["content"])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The data of a server that knows nothing yet."""
    data = tmp_path / "data"
    migrated = monitora({"MONITORA_DATA_DIR": str(data)}, "migrate")
    assert migrated.returncode == 0, migrated.stderr
    return data


def _wait_at(folder: Path, stage: str, name: str) -> None:
    """Return at the moment when a document is at a stage. It is looked at without a pause: stages are short."""
    give_up_at = time.monotonic() + HANG_SECONDS
    with closing(sqlite3.connect(folder / "monitora.db", isolation_level=None)) as database:
        while database.execute(STAGES[stage], (name,)).fetchone() is None:
            assert time.monotonic() < give_up_at, f"{name} does not come to the stage: {stage}"


async def test_a_server_killed_at_any_stage_of_an_ingestion_ends_it_at_the_next_start(folder: Path) -> None:
    # Given a document at each stage when its server was killed.
    shop = Shop(folder)
    names = {stage: f"{stage}.md" for stage in STAGES}
    for stage, name in names.items():
        with running(folder) as server:
            if not shop.token:
                await shop.open(server)
            acknowledged = await shop.upload(server, name, word=f"{stage}barrow")
            assert acknowledged["document"]["status"] == "PENDING"
            _wait_at(folder, stage, name)
            server.process.kill()
            server.process.wait()

    # When a server starts on what they left.
    with running(folder) as server:
        await until_seen(lambda: shop.ready(server, *names.values()), "every document is indexed")

        # Then each is whole, once, and answers.
        found = await shop.documents(server)
        assert len({document["chunkCount"] for document in found.values()}) == 1
        for stage in STAGES:
            assert "behind" in await shop.answer(server, f"Where is the {stage}barrow?")
    with closing(sqlite3.connect(folder / "monitora.db")) as database:
        searched = database.execute(
            "SELECT count(*), count(DISTINCT document_id), count(DISTINCT document_id || version) FROM document_chunks"
        ).fetchone()
        assert searched == (sum(document["chunkCount"] for document in found.values()), len(names), len(names))
        assert database.execute("SELECT count(*) FROM jobs WHERE workspace_id IS NOT NULL").fetchone() == (0,)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 24 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m", "none", str(disk)], capture_output=True, text=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip(f"a small file system cannot be mounted here: {mounted.stderr.strip()}")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


def _fill(disk: Path) -> Path:
    """Leave no byte of a disk free, and return the file that took the room."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(64 * 1024))
        except OSError:
            pass
    return ballast


async def test_a_full_disk_of_files_refuses_uploads_as_such_and_the_chat_goes_on(
    folder: Path, small_disk: Path
) -> None:
    # Given files on a disk of their own.
    (folder / "files").symlink_to(small_disk, target_is_directory=True)
    shop = Shop(folder)
    with running(folder) as server:
        await shop.open(server)
        await shop.upload(server, "garden.md", word="wheelbarrow", sections=1)
        await until_seen(lambda: shop.ready(server, "garden.md"), "the document is indexed")
        before = _names(small_disk)

        # When it is full.
        ballast = _fill(small_disk)
        refused = await shop.upload(server, "more.md", word="ladder")

        # Then an upload is refused as such and leaves nothing, and visitors are answered.
        assert refused["code"] == "DISK_FULL"
        assert _names(small_disk) == before | {ballast.name}
        assert list(await shop.documents(server)) == ["garden.md"]
        assert "behind" in await shop.answer(server, "Where is the wheelbarrow?")

        # And uploads work as soon as there is room.
        ballast.unlink()
        await shop.upload(server, "more.md", word="ladder")
        await until_seen(lambda: shop.ready(server, "more.md"), "the document is indexed")


async def test_a_full_disk_of_the_database_stops_an_ingestion_that_ends_once_there_is_room(
    folder: Path, small_disk: Path
) -> None:
    # Given a database on a small disk, files on another.
    shutil.copytree(folder, small_disk, dirs_exist_ok=True)
    (small_disk / "files").symlink_to(folder.parent / "files", target_is_directory=True)
    (folder.parent / "files").mkdir()
    shop = Shop(folder)
    with running(small_disk) as server:
        await shop.open(server)
        await shop.upload(server, "garden.md", word="wheelbarrow", sections=1)
        await until_seen(lambda: shop.ready(server, "garden.md"), "the document is indexed")

        # When the disk fills while a document is indexed.
        await shop.upload(server, "more.md", word="ladder", sections=3_000)
        _wait_at(small_disk, "embedding", "more.md")
        ballast = _fill(small_disk)

        # Then what would be written is refused as such, and what is stored is read. The log is on the same disk.
        with pytest.raises(TransportQueryError, match="DATABASE_UNAVAILABLE"):
            await shop.owner(server).ask(CREATE_WORKSPACE, input={"name": "Other"})
        assert set(await shop.documents(server)) == {"garden.md", "more.md"}
        ballast.unlink()
        assert "behind" in await shop.answer(server, "Where is the wheelbarrow?")
    # The next start does not wait until the job is tried again by itself.
    with closing(sqlite3.connect(small_disk / "monitora.db", isolation_level=None)) as database:
        database.execute("UPDATE jobs SET not_before = created_at WHERE workspace_id IS NOT NULL")
    with running(small_disk) as server:
        await until_seen(lambda: shop.ready(server, "more.md"), "the document is indexed")
        assert "behind" in await shop.answer(server, "Where is the ladder?")


def _names(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*")}
