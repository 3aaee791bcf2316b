"""`monitora crawl`, as an operator types it: its bar, a dry run, a kill in the middle, the exit status."""

import os
import pty
import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.end_to_end.test_ingest import all_of
from tests.support.server import COMMAND, monitora
from tests.support.waiting import HANG_SECONDS, wait_until
from tests.support.website import Reply, WebsiteServer

WORKSPACE = "Monitora guide"
PAGES = 40


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a data folder with the sample workspace, whose crawls may read this machine."""
    folder = tmp_path_factory.mktemp("data")
    environment = {"MONITORA_DATA_DIR": str(folder), "MONITORA_ALLOWED_NETWORKS": "127.0.0.0/8"}
    made = monitora(environment, "demo", "--prepare-only")
    assert made.returncode == 0, made.stderr
    return environment | {"MONITORA_CRAWL_PAUSE_SECONDS": "0"}


@pytest.fixture
def site() -> Iterator[WebsiteServer]:
    """A website with a page for each reason to be kept, dropped and told."""
    with WebsiteServer() as server:
        server.put("/", page(f"Start {server.port}", "/hours", "/logo.png", "/tag/a"))
        server.put("/hours", page(f"The garden {server.port} opens at nine."))
        yield server


def page(text: str, *links: str) -> str:
    """Return a page of HTML."""
    menu = "".join(f"<a href='{link}'>{link}</a>" for link in links)
    return f"<html><head><title>{text}</title></head><body><nav>{menu}</nav><main><p>{text}</p></main></body></html>"


def _documents(environment: dict[str, str], site: WebsiteServer) -> list[str]:
    """Return the paths of the site's pages that are searched."""
    with closing(sqlite3.connect(Path(environment["MONITORA_DATA_DIR"]) / "monitora.db")) as database:
        found = database.execute(
            "SELECT url FROM documents WHERE is_indexed AND deleted_at IS NULL AND url LIKE ?", (f"{site.url}%",)
        )
        return sorted(url.removeprefix(site.url) for (url,) in found)


def test_a_website_is_crawled_and_again_for_what_changed(prepared: dict[str, str], site: WebsiteServer) -> None:
    first = monitora(prepared, "crawl", site.url, WORKSPACE, "--exclude", "/tag/")
    site.put("/hours", page(f"The garden {site.port} opens at ten."))
    again = monitora(prepared, "crawl", site.url, WORKSPACE)

    assert (first.returncode, again.returncode) == (0, 0), first.stderr + again.stderr
    assert first.stdout == "4 found, 2 new or changed, 0 unchanged, 2 skipped, 0 failed, 0 removed.\n"
    assert again.stdout == "4 found, 1 new or changed, 1 unchanged, 2 skipped, 0 failed, 0 removed.\n"
    assert _documents(prepared, site) == ["", "hours"]


def test_a_dry_run_lists_each_address_and_stores_nothing(prepared: dict[str, str], site: WebsiteServer) -> None:
    done = monitora(prepared, "crawl", site.url, WORKSPACE, "--dry-run", "--exclude", "/tag/")

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        f"{'indexed':<9} {'':<20} {site.url}",
        f"{'indexed':<9} {'':<20} {site.url}hours",
        f"{'skipped':<9} {'not_text':<20} {site.url}logo.png",
        f"{'skipped':<9} {'excluded':<20} {site.url}tag/a",
        "4 found, 2 new or changed, 0 unchanged, 2 skipped, 0 failed, 0 removed.",
    ]
    assert done.stderr.splitlines() == [site.url], "nothing but the name of the site, where no bar can be shown"
    assert _documents(prepared, site) == []
    with closing(sqlite3.connect(Path(prepared["MONITORA_DATA_DIR"]) / "monitora.db")) as database:
        assert database.execute("SELECT count(*) FROM websites WHERE url = ?", (site.url,)).fetchone() == (0,)


def test_what_failed_is_told_and_the_status_says_so(prepared: dict[str, str], site: WebsiteServer) -> None:
    site.put("/", page(f"Start {site.port}", "/broken", "/damaged.pdf"))
    site.replies["/broken"] = Reply(500)
    site.put("/damaged.pdf", b"%PDF-1.7\nnothing of a PDF follows", kind="application/pdf")

    done = monitora(prepared, "crawl", site.url, WORKSPACE)

    assert done.returncode == 1
    assert f"✗ {site.url}broken: server_error" in done.stderr
    assert f"✗ {site.url}damaged.pdf: The PDF is damaged." in done.stderr
    assert done.stderr.splitlines()[-1] == "Error: 2 pages failed."
    assert "1 failed" in done.stdout


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("http://10.0.0.1/", "The server may not connect to this host"),
        ("ftp://example.com/", "A website's address begins with http:// or https://"),
        ("http://127.0.0.1:9/", "A website's port is 80, 443, or one above 1,023"),
    ],
)
def test_a_website_that_cannot_be_crawled_is_said_in_a_sentence(
    prepared: dict[str, str], url: str, sentence: str
) -> None:
    done = monitora(prepared, "crawl", url, WORKSPACE)

    assert done.returncode == 1
    assert f"Error: {sentence}" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_terminal_shows_how_far_the_crawl_is(prepared: dict[str, str], site: WebsiteServer) -> None:
    _fill(site)
    terminal, end = pty.openpty()
    with os.fdopen(terminal, "rb", buffering=0) as shown:
        process = subprocess.Popen(
            [COMMAND, "crawl", site.url, WORKSPACE],
            env={**os.environ, **prepared, "TERM": "xterm"},
            stdout=subprocess.PIPE,
            stderr=end,
        )
        os.close(end)
        text = all_of(shown)
        summary, _ = process.communicate(timeout=HANG_SECONDS)

    assert process.returncode == 0, text
    assert site.url in text
    assert f"{PAGES + 1}/{PAGES + 1}" in text
    assert "Indexing" in text
    assert summary.decode().startswith(f"{PAGES + 1} found, {PAGES + 1} new or changed")


def test_a_crawl_that_is_killed_goes_on_where_it_was(prepared: dict[str, str], site: WebsiteServer) -> None:
    """The process is killed in the middle; the next one asks for no page that the first has stored."""
    _fill(site)
    killed = subprocess.Popen([COMMAND, "crawl", site.url, WORKSPACE], env={**os.environ, **prepared})
    wait_until(lambda: site.asked[f"/{PAGES // 2}"] > 0, "half of the site is read")
    killed.send_signal(signal.SIGKILL)
    killed.wait(HANG_SECONDS)
    with closing(sqlite3.connect(Path(prepared["MONITORA_DATA_DIR"]) / "monitora.db")) as database:
        stored = "SELECT url FROM website_pages WHERE url LIKE ? AND status = 'indexed'"
        done_before = {url.removeprefix(site.url[:-1]) for (url,) in database.execute(stored, (f"{site.url}%",))}
    assert 1 < len(done_before) < PAGES + 1
    site.forget_requests()

    done = monitora(prepared, "crawl", site.url, WORKSPACE)

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{PAGES + 1} found, {PAGES + 1} new or changed")
    assert not (done_before - {"/"}) & set(site.asked)
    assert len(_documents(prepared, site)) == PAGES + 1


def _fill(site: WebsiteServer) -> None:
    site.put("/", page(f"Start {site.port}", *(f"/{number}" for number in range(PAGES))))
    for number in range(PAGES):
        site.put(f"/{number}", page(f"Page {number} of {site.port}"))
