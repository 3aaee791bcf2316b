"""A server that is killed while a document's file is replaced: the old one or the new one is whole, never half."""

import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.test_faults_ingestion import Shop
from tests.end_to_end.test_main_job import UPLOAD
from tests.support.client import FrontEnd
from tests.support.server import Server, monitora, running
from tests.support.waiting import HANG_SECONDS, until_seen

REPLACE = """mutation ($input: ReplaceDocumentInput!) { replaceDocument(input: $input) {
    ... on ReplaceDocumentPayload { document { id status } } ... on UserError { code message } } }"""
DOCUMENTS = """query ($id: ID!) { workspace(id: $id) { documents { nodes { id name status error version chunkCount
    passages(first: 3) { totalCount nodes { content } } } } } }"""
STAGES = {
    "acknowledged": "SELECT 1 FROM documents WHERE replacement_path IS NOT NULL",
    "parsing": "SELECT 1 FROM documents WHERE stage = 'parsing' AND replacement_path IS NOT NULL",
    "embedding": (
        "SELECT 1 FROM documents JOIN document_chunks ON document_chunks.document_id = documents.id"
        " AND document_chunks.version > documents.chunk_version"
    ),
    "swapped": "SELECT 1 FROM documents WHERE chunk_version = 2 AND replacement_path IS NULL",
}
"""How a replacement is told to be at a stage."""
FILLER = "Seeds are sorted by size and kept dry until spring. " * 12


def _text(word: str) -> str:
    sections = "\n".join(f"# Section {number}\n{FILLER}{word}." for number in range(300))
    return f"# Barrow\nThe barrow stands behind the {word} shed.\n{sections}"


@pytest.fixture
def prepared(tmp_path: Path) -> tuple[Path, Shop]:
    """The data of a server, and an owner without a workspace yet."""
    folder = tmp_path / "data"
    assert monitora({"MONITORA_DATA_DIR": str(folder)}, "migrate").returncode == 0
    return folder, Shop(folder)


async def _replace(owner: FrontEnd, key: str, path: Path) -> None:
    answer = await owner.ask(REPLACE, input={"id": key, "file": owner.file(path)})
    assert answer["replaceDocument"]["document"]["status"] == "PENDING"


def _wait_at(folder: Path, stage: str) -> None:
    give_up_at = time.monotonic() + HANG_SECONDS
    with closing(sqlite3.connect(folder / "monitora.db", isolation_level=None)) as database:
        while database.execute(STAGES[stage]).fetchone() is None:
            assert time.monotonic() < give_up_at, f"the replacement does not come to the stage: {stage}"


def _stored(folder: Path) -> tuple[str, str | None, int, set[str]]:
    """Return the keys of the document's files, the version that is searched, and the words of that version."""
    with closing(sqlite3.connect(folder / "monitora.db")) as database:
        kept, waiting, version = database.execute(
            "SELECT file_path, replacement_path, chunk_version FROM documents"
        ).fetchone()
        texts = database.execute("SELECT content FROM document_chunks WHERE version = ?", (version,)).fetchall()
    words = {word for (text,) in texts for word in ("oldword", "newword") if word in text}
    return kept, waiting, version, words


@pytest.mark.parametrize("stage", STAGES)
async def test_a_server_killed_while_a_file_is_replaced_has_one_of_the_two_whole(
    prepared: tuple[Path, Shop], tmp_path: Path, stage: str
) -> None:
    # Given a document that is searched, and a file that is to stand for it.
    folder, shop = prepared
    old, new = tmp_path / "old.md", tmp_path / "new.md"
    old.write_text(_text("oldword"))
    new.write_text(_text("newword"))
    with running(folder) as server:
        await shop.open(server)
        owner = shop.owner(server)
        given = {"workspaceId": shop.workspace, "file": owner.file(old)}
        upload = (await owner.ask(UPLOAD, input=given))["uploadDocument"]["document"]
        await until_seen(lambda: shop.ready(server, "old.md"), "the document is ready")
        before = await _document(server, shop)

        # When the server is killed at a stage of the replacement.
        await _replace(owner, upload["id"], new)
        _wait_at(folder, stage)
        server.process.kill()
        server.process.wait()

    # Then one version is whole, and the file of it is there.
    kept, waiting, version, words = _stored(folder)
    assert words == ({"newword"} if version == 2 else {"oldword"})
    assert (folder / "files" / kept).read_text() == _text(*words)
    if version == 1:
        assert waiting is not None
        assert (folder / "files" / waiting).read_text() == _text("newword")

    # And the next start ends the replacement.
    with running(folder) as server:

        async def is_over() -> bool:
            found = await _document(server, shop)
            assert found["status"] != "FAILED", found["error"]
            return (found["status"], found["version"]) == ("READY", 2) and _no_job(folder)

        await until_seen(is_over, "the replacement is over")
        found = await _document(server, shop)
        assert "newword" in await shop.answer(server, "Where does the barrow stand?")
        assert found["passages"]["totalCount"] == found["chunkCount"] == before["chunkCount"]
    with closing(sqlite3.connect(folder / "monitora.db")) as database:
        [(chunks,)] = database.execute("SELECT count(*) FROM document_chunks").fetchall()
    assert chunks == found["chunkCount"]


async def _document(server: Server, shop: Shop) -> dict[str, Any]:
    found = await shop.owner(server).ask(DOCUMENTS, id=shop.workspace)
    [document] = found["workspace"]["documents"]["nodes"]
    return dict(document)


def _no_job(folder: Path) -> bool:
    with closing(sqlite3.connect(folder / "monitora.db")) as database:
        [(count,)] = database.execute("SELECT count(*) FROM jobs WHERE kind = 'index_document'").fetchall()
    return bool(count == 0)
