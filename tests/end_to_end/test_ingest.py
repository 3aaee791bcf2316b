"""`monitora ingest`, as an operator types it: files, folders, patterns and addresses."""

import os
import pty
import re
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.people import GARDEN
from tests.support.server import COMMAND, monitora
from tests.support.waiting import HANG_SECONDS
from tests.support.website import Reply, WebsiteServer

WORKSPACE = "Monitora guide"


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a data folder with the sample workspace."""
    environment = {"MONITORA_DATA_DIR": str(tmp_path_factory.mktemp("data"))}
    made = monitora(environment, "demo", "--prepare-only")
    assert made.returncode == 0, made.stderr
    return environment


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with files in folders, each of a content of its own."""
    root = tmp_path / "documents"
    for name in ("b.md", "a.txt", "deep/er/c.md", ".hidden/d.md", ".e.md"):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"# {tmp_path} {name}\n{GARDEN}")
    return root


def _names(environment: dict[str, str]) -> list[str]:
    with closing(sqlite3.connect(Path(environment["MONITORA_DATA_DIR"]) / "monitora.db")) as database:
        return [name for (name,) in database.execute("SELECT name FROM documents WHERE is_indexed")]


def test_a_folder_is_read_with_all_it_holds_but_what_is_hidden(environment: dict[str, str], folder: Path) -> None:
    done = monitora(environment, "ingest", WORKSPACE, str(folder))

    assert done.returncode == 0, done.stderr
    assert [line.partition(":")[0] for line in done.stdout.splitlines()[:-1]] == [
        f"✓ {folder / name}" for name in ("a.txt", "b.md", "deep/er/c.md")
    ]
    assert done.stdout.splitlines()[-1] == "3 indexed."
    assert {"a.txt", "b.md", "c.md"} <= set(_names(environment))


def test_a_pattern_is_read_below_all_folders(environment: dict[str, str], folder: Path) -> None:
    done = monitora(environment, "ingest", WORKSPACE, str(folder / "**" / "*.md"))

    assert done.returncode == 0, done.stderr
    assert "2 indexed." in done.stdout


def test_a_file_that_is_named_twice_is_read_once(environment: dict[str, str], folder: Path) -> None:
    named = [str(folder), str(folder / "b.md"), str(folder / "*.md"), str(folder / "deep" / ".." / "b.md")]

    done = monitora(environment, "ingest", WORKSPACE, *named)

    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "3 indexed.")


def test_what_the_workspace_holds_already_is_skipped_and_said_to_be(environment: dict[str, str], folder: Path) -> None:
    assert monitora(environment, "ingest", WORKSPACE, str(folder / "b.md")).returncode == 0

    again = monitora(environment, "ingest", WORKSPACE, str(folder))

    assert again.returncode == 0, again.stderr
    assert f"– {folder / 'b.md'}: The workspace holds this content already, as “b.md”" in again.stdout
    assert again.stdout.splitlines()[-1] == "2 indexed, 1 skipped, which the workspace holds already."


def test_what_failed_is_told_at_the_end_with_why(environment: dict[str, str], folder: Path) -> None:
    (folder / "a.pdf").write_bytes(b"%PDF-1.7\nnothing of a PDF follows")
    (folder / "tool.exe").write_bytes(b"MZ\x90\x00\x03")
    os.mkfifo(folder / "pipe")

    done = monitora(environment, "ingest", WORKSPACE, str(folder), str(folder / "*.odd"))

    assert done.returncode == 1
    assert done.stdout.splitlines()[-1] == "3 indexed, 4 failed."
    failed = done.stderr.splitlines()
    assert len(failed) == 5
    assert failed[-1] == "Error: 4 of 7 files could not be indexed."
    for name, reason in (("a.pdf", "damaged"), ("tool.exe", ""), ("pipe", "not a file"), ("*.odd", "Nothing matches")):
        assert any(line.startswith(f"✗ {folder / name}: ") and reason in line for line in failed), (name, failed)


def test_an_address_is_fetched_and_answered_from_with_its_address(environment: dict[str, str], folder: Path) -> None:
    with WebsiteServer() as site:
        text = f"<main><p>In winter the {folder.parent.name} opens at ten.</p></main>"
        page = f"<html><head><title>Winter</title></head><body>{text}</body></html>"
        site.replies["/winter"] = Reply(body=page.encode(), headers={"content-type": "text/html; charset=utf-8"})
        site.replies["/old"] = Reply(301, headers={"location": "/winter"})
        allowed = environment | {"MONITORA_ALLOWED_NETWORKS": "127.0.0.0/8", "MONITORA_CRAWL_PAUSE_SECONDS": "0"}

        done = monitora(allowed, "ingest", WORKSPACE, f"{site.url}old#opening", f"{site.url}nothing")
        again = monitora(allowed, "ingest", WORKSPACE, f"{site.url}winter")
        refused = monitora(environment, "ingest", WORKSPACE, f"{site.url}winter")

    assert done.stdout.splitlines()[-1] == "1 indexed, 1 failed."
    assert f"✗ {site.url}nothing: The server of this address answers 404" in done.stderr
    with closing(sqlite3.connect(Path(environment["MONITORA_DATA_DIR"]) / "monitora.db")) as database:
        found = database.execute("SELECT name, title, origin FROM documents WHERE url = ?", (f"{site.url}winter",))
        assert found.fetchall() == [("winter.html", "Winter", "page")]
    assert again.stdout.splitlines()[-1] == "0 indexed, 1 skipped, which the workspace holds already."
    assert refused.returncode == 1
    assert "is not of the public web" in refused.stderr


def test_a_terminal_shows_a_bar_with_the_time_left(environment: dict[str, str], folder: Path) -> None:
    # Enough that the time left is known before the end: it is shown once a second has passed.
    for number in range(97):
        (folder / f"{number}.md").write_text(f"# {folder} {number}\n{GARDEN}")
    terminal, end = pty.openpty()
    with os.fdopen(terminal, "rb", buffering=0) as shown:
        command = [COMMAND, "ingest", WORKSPACE, str(folder)]
        process = subprocess.Popen(
            command, env={**os.environ, **environment, "TERM": "xterm"}, stdout=subprocess.PIPE, stderr=end
        )
        os.close(end)
        text = all_of(shown)
        summary, _ = process.communicate(timeout=HANG_SECONDS)
        assert process.returncode == 0

    assert "Indexing" in text
    assert "0/100" in text
    assert "100/100" in text
    assert re.search(r"\d\d:\d\d:\d\d", text), "the time left"
    assert summary == b"100 indexed.\n", "no line of a file breaks the bar"


def all_of(terminal: object) -> str:
    """Return all that a terminal shows until its other end is closed."""
    text = b""
    while True:
        try:
            piece = terminal.read(4_096)  # type: ignore[attr-defined]
        except OSError:  # Linux's way to say that the other end is closed
            piece = b""
        if not piece:
            return text.decode()
        text += piece
