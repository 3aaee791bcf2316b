"""Pages that their scripts make: read with a Chromium that is given nothing but what the crawler may fetch."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Select, select
from structlog.testing import capture_logs

from data.models import DocumentChunk
from monitora.settings.settings import Settings
from rag.sources.crawler.browser import process, rendering, requests
from rag.sources.crawler.browser.rendering import RenderLimits
from schema.relay.node import parse_id
from tests.schema.websites.test_hostile_sites import html
from tests.support import crawls
from tests.support.people import People
from tests.support.waiting import HANG_SECONDS, wait_until
from tests.support.website import Reply, WebsiteServer

CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium: on Debian, apt-get install chromium"),
]

SHOW = "const show = text => { document.getElementById('root').innerHTML += `<p>${text}</p>`; };"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Settings of a server that runs the scripts of pages."""
    return settings.model_copy(update={"browser": CHROMIUM})


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Have browsers kept where no other test keeps its own. Its name is short, for it is part of a socket's."""
    with tempfile.TemporaryDirectory() as made:
        monkeypatch.setattr(tempfile, "tempdir", made)
        yield Path(made)


@pytest.fixture
def beside() -> Iterator[WebsiteServer]:
    """A server on another port of this machine, which the crawl has no business with."""
    with WebsiteServer() as server:
        server.put("/", "secret of the inside", access_control_allow_origin="*")
        yield server


@pytest.fixture
def udp() -> Iterator[socket.socket]:
    """A port of this machine to which datagrams may come."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.setblocking(False)
        yield receiver


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the scripts of a page a short time."""
    monkeypatch.setattr(rendering, "ANSWER_SECONDS", 1.0)
    monkeypatch.setattr(RenderLimits, "__init__", _brief(RenderLimits.__init__))


def _brief(init: object) -> object:
    def brief(self: RenderLimits, seconds: float = 2.0, max_page_bytes: int = 2**20) -> None:
        assert callable(init)
        init(self, seconds, max_page_bytes)

    return brief


def scripted(script: str, *, title: str = "Shop", body: str = "") -> str:
    """Return a page that is empty until its script has run."""
    return (
        f"<html><head><title>{title}</title></head><body><div id=root>{body}</div>"
        f"<noscript>Please allow JavaScript.</noscript><script>{SHOW} {script}</script></body></html>"
    )


async def _texts(people: People, website: crawls.Crawled) -> dict[str, str]:
    """Return the text of each page that is kept, by its path."""
    texts = {}
    for page in await website.pages():
        if page["document"] is not None:
            rows = select(DocumentChunk.content).where(DocumentChunk.document_id == parse_id(page["document"]["id"])[1])
            texts[page["url"].partition("//")[2].partition("/")[2]] = await _joined(people, rows)
    return texts


async def _joined(people: People, rows: Select[Any]) -> str:
    return " ".join((await people.services.database.read(lambda session: session.scalars(rows))).all())


async def test_a_page_that_its_script_makes_is_read_with_what_the_script_fetches(
    people: People, site: WebsiteServer
) -> None:
    site.put("/", html("Start", "/shop"))
    site.put("/shop", scripted("</script><script src=/app.js>"))
    site.put(
        "/app.js",
        "fetch('/api/plants', {headers: {'X-Shop': '1'}}).then(it => it.json()).then(plants => setTimeout(() => {"
        " plants.forEach(plant => show(plant)); document.title = 'Plants';"
        " root.innerHTML += '<a href=/tools>Tools</a>'; }, 100));",
        kind="text/javascript",
    )
    site.put("/api/plants", '["The oak costs ninety euros.", "The lime costs seventy euros."]', kind="application/json")
    site.put("/tools", html("Tools"))

    website = await crawls.add(await people.shop(), site.url)

    assert await website.counts() == {"found": 3, "indexed": 3}
    texts = await _texts(people, website)
    assert "The oak costs ninety euros." in texts["shop"]
    assert "allow JavaScript" not in texts["shop"]
    assert {page["document"]["name"] for page in await website.pages()} == {"Start", "Plants", "Tools"}
    asked = [request for request in site.requests if request.path == "/api/plants"]
    assert [request.headers["x-shop"] for request in asked] == ["1"]
    assert all(request.headers["user-agent"].startswith("Monitora/") for request in site.requests)
    assert site.asked["/shop"] == 1


async def test_what_a_component_shows_is_read(people: People, site: WebsiteServer) -> None:
    component = (
        "customElements.define('x-price', class extends HTMLElement { connectedCallback() {"
        " this.attachShadow({mode: 'closed'}).innerHTML = '<p>The oak costs ninety euros.</p><slot></slot>'; } });"
        " document.getElementById('root').innerHTML = '<x-price><p>Delivery included.</p></x-price>';"
    )
    site.put("/", scripted(component))

    website = await crawls.add(await people.shop(), site.url)

    text = (await _texts(people, website))[""]
    assert "The oak costs ninety euros." in text
    assert "Delivery included." in text


async def test_a_page_that_has_text_is_not_given_to_the_browser(people: People, site: WebsiteServer) -> None:
    site.put("/", html("Start " + "of the garden " * 10).replace("</main>", "</main><script src=/app.js></script>"))

    website = await crawls.add(await people.shop(), site.url)

    assert await website.counts() == {"found": 1, "indexed": 1}
    assert site.asked["/app.js"] == 0


async def test_a_scripted_page_is_refreshed_by_what_it_shows(people: People, site: WebsiteServer) -> None:
    """The page that is fetched never changes; what its script fetches does."""
    site.put("/", scripted("fetch('/text').then(it => it.text()).then(show)"))
    site.put("/text", "We open at nine.")
    website = await crawls.add(await people.shop(), site.url)

    assert await website.refresh() == {"found": 1, "unchanged": 1}
    site.put("/text", "We open at ten.")
    assert await website.refresh() == {"found": 1, "indexed": 1}
    assert "We open at ten." in (await _texts(people, website))[""]


async def test_where_a_script_goes_is_found_and_not_followed(people: People, site: WebsiteServer) -> None:
    site.put("/", scripted("location = '/en/'; window.open('/popup');", body="<h1>Welcome</h1>"))
    site.put("/en/", html("Welcome to the garden"))

    website = await crawls.add(await people.shop(), site.url)

    assert await website.counts() == {"found": 2, "indexed": 2}


@pytest.mark.parametrize("apart", ["unshare", "no-such-program"], ids=["a network of its own", "arguments alone"])
async def test_a_script_reads_nothing_but_the_site_and_the_public_internet(
    people: People,
    site: WebsiteServer,
    beside: WebsiteServer,
    udp: socket.socket,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    apart: str,
) -> None:
    """By each way that a page has: requests, frames, sockets, workers, WebRTC, redirects and files.

    Where the system gives the browser no network of its own, its arguments keep it from the one there is.
    """
    monkeypatch.setattr(process, "_START", process._START.replace("unshare", apart))
    secret = tmp_path / "secret.txt"
    secret.write_text("secret of a file")
    inside = beside.url
    turn = f"127.0.0.1:{udp.getsockname()[1]}"
    ways = [
        *(f"fetch('{url}').then(it => it.text()).then(show, () => 0)" for url in (inside, secret.as_uri(), "/inside")),
        f"fetch('{inside.replace('127.0.0.1', 'localhost')}', {{mode: 'no-cors'}}).catch(() => 0)",
        f"fetch('{inside}', {{method: 'POST', body: 'x'}}).catch(() => 0); fetch('/post', {{method: 'POST'}})",
        f"navigator.sendBeacon('{inside}', 'x'); new Image().src = '{inside}picture.png'",
        f"new WebSocket('{inside.replace('http', 'ws')}'); new EventSource('{inside}')",
        *(f"root.innerHTML += `<iframe src='{url}'></iframe>`" for url in (inside, secret.as_uri())),
        f"root.innerHTML += `<link rel=prefetch href='{inside}'><link rel=preconnect href='{inside}'>`",
        f"new Worker(URL.createObjectURL(new Blob([`fetch('{inside}worker')`])))",
        f"navigator.serviceWorker && navigator.serviceWorker.register('{inside}sw.js').catch(() => 0)",
        (
            f"const peer = new RTCPeerConnection({{iceServers: [{{urls: ['stun:{turn}', 'turn:{turn}?transport=tcp'],"
            " username: 'a', credential: 'b'}]}); peer.createDataChannel('x');"
            " peer.createOffer().then(offer => peer.setLocalDescription(offer))"
        ),
        "fetch('/robots-say-no').then(it => it.text()).then(show, () => 0)",
    ]
    script = ";".join(f"try {{ {way} }} catch (error) {{ }}" for way in ways)
    site.put("/robots.txt", "User-agent: *\nDisallow: /robots-say-no\n", kind="text/plain")
    site.put("/", scripted(f"{script}; setTimeout(() => show('The end of the page.'), 1500)", body="<h1>Start</h1>"))
    site.replies["/inside"] = Reply(302, headers={"location": inside})

    website = await crawls.add(await people.shop(), site.url)

    text = (await _texts(people, website))[""]
    assert "The end of the page." in text
    assert "secret" not in text
    assert beside.requests == []
    assert beside.most_connections == 0
    assert not {"/post", "/robots-say-no"} & set(site.asked)
    assert site.asked["/inside"] == 1
    with pytest.raises(BlockingIOError):
        udp.recv(1)


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize(
    "script",
    [
        "while (true) { }",
        "let all = []; while (true) { try { all.push(new Uint8Array(2 ** 24).fill(1)); } catch { } }",
        "document.body.textContent = 'words '.repeat(2 ** 28 / 6); ",
        "document.write('<p>words</p>'.repeat(2 ** 21))",
    ],
    ids=["a script without end", "memory without end", "a text of 256 MB", "a page of 25 MB"],
)
async def test_a_page_that_takes_too_much_fails_and_the_crawl_goes_on(
    people: People, site: WebsiteServer, script: str, folder: Path
) -> None:
    site.put("/", html("Start", "/shop", "/tools"))
    site.put("/shop", scripted(script))
    site.put("/tools", html("Tools"))

    with capture_logs() as logs:
        website = await crawls.add(await people.shop(), site.url)

    assert await website.counts() == {"found": 3, "indexed": 2, "failed": 1}
    assert await website.reasons(site.url) == {"shop": "NOT_RENDERED"}
    assert [each["log_level"] for each in logs if each["event"] == "browser_failed"] == ["warning"]
    assert not _processes(folder)


@pytest.mark.usefixtures("at_once")
async def test_a_page_that_changes_without_end_is_read_as_it_is_when_its_time_is_over(
    people: People, site: WebsiteServer, folder: Path
) -> None:
    site.put("/", scripted("setInterval(() => show('The oak costs ninety euros.'), 20); fetch('/never')"))
    site.replies["/never"] = Reply(200, b"x" * 1000, drip=1, pause=1.0)

    website = await crawls.add(await people.shop(), site.url)

    assert "The oak costs ninety euros." in (await _texts(people, website))[""]
    assert not _processes(folder)


async def test_scripts_are_given_a_bounded_number_of_answers(
    people: People, site: WebsiteServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(requests, "MAX_REQUESTS", 20)
    asking = "for (let number = 0; number < 50; number++) fetch(`/more?number=${number}`).catch(() => 0)"
    site.put("/", scripted(f"show('The oak costs ninety euros.'); {asking}"))

    await crawls.add(await people.shop(), site.url)

    assert sum(count for path, count in site.asked.items() if path.startswith("/more")) == 20


async def test_a_failed_browser_takes_no_page_away(people: People, site: WebsiteServer, settings: Settings) -> None:
    site.put("/", html("Start", "/shop"))
    site.put("/shop", scripted("show('The oak costs ninety euros.')"))
    website = await crawls.add(await people.shop(), site.url)
    people.services.crawl._browser._program = "/bin/false"  # type: ignore[union-attr]

    for _ in range(2):
        assert await website.refresh() == {"found": 2, "unchanged": 1, "failed": 1}

    assert "The oak costs ninety euros." in (await _texts(people, website))["shop"]


async def test_a_browser_without_its_sandbox_is_told_once(
    people: People, site: WebsiteServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Chromium refuses its sandbox to root; nobody else goes without it."""
    monkeypatch.setattr(process, "_told_without_sandbox", False)
    site.put("/", html("Start", "/a", "/b"))
    site.put("/a", scripted("show('First')"))
    site.put("/b", scripted("show('Second')"))

    with capture_logs() as logs:
        await crawls.add(await people.shop(), site.url)

    told = [each for each in logs if each["event"] == "browser_without_sandbox"]
    assert len(told) == (1 if os.geteuid() == 0 else 0)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert process._sandbox() == []


ENDLESS = """
import asyncio
from rag.sources.crawler.browser.rendering import Browser
asyncio.run(Browser({program!r}).render("http://shop.example/", b"<script>while (true) {{ }}</script>", None, len))
"""


def test_the_browser_ends_with_a_server_that_is_killed(folder: Path) -> None:
    program = [sys.executable, "-c", ENDLESS.format(program=CHROMIUM)]
    server = subprocess.Popen(program, stdout=subprocess.DEVNULL, env={**os.environ, "TMPDIR": str(folder)})
    wait_until(lambda: any("--type=renderer" in each for each in _processes(folder)), "the browser runs")

    server.kill()
    server.wait(HANG_SECONDS)

    wait_until(lambda: not _processes(folder), "the browser is gone")


def _processes(folder: Path) -> list[str]:
    """Return the command lines of browsers whose profile is in a folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes().decode(errors="replace")
            except OSError:
                continue
            if f"{folder}/monitora-browser-" in words:
                found.append(words)
    return found
