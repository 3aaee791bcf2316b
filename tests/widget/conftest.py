"""One browser, one server and one model for the tests of the widget."""

import asyncio
import re
import shutil
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, async_playwright, expect

from tests.support.client import FrontEnd
from tests.support.mistral_server import Answer, MistralServer
from tests.support.server import Server, monitora, running
from tests.support.waiting import HANG_SECONDS, wait_until
from tests.widget.chat import Chat
from tests.widget.customer_site import CustomerSite

CHROMIUM = shutil.which("chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE_MS = HANG_SECONDS * 1000
expect.set_options(timeout=PATIENCE_MS)

LOGIN = """mutation ($input: LoginInput!) { login(input: $input) { ... on Session { accessToken } } }"""
CREATE_WORKSPACE = """mutation ($input: CreateWorkspaceInput!) { createWorkspace(input: $input) {
    ... on CreateWorkspacePayload { workspace { id } } ... on UserError { code message } } }"""
UPLOAD = """mutation ($input: UploadDocumentInput!) { uploadDocument(input: $input) {
    ... on UploadDocumentPayload { document { id } } } }"""
CREATE_KEY = """mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) {
    ... on CreateApiKeyPayload { secret } } }"""


@dataclass(frozen=True)
class Assistant:
    """The assistant of the sample workspace: a server, the model that answers for it, and what it stored."""

    server: Server
    model: MistralServer
    owner: FrontEnd
    folder: Path

    def will_say(self, answer: Answer) -> None:
        """Have the model give this answer to the next question."""
        self.model.behave_in_chat(answer)

    def calls(self) -> int:
        """Return how many answers the model was asked for."""
        return sum(request.path == "/v1/chat/completions" for request in self.model.requests)

    def rows(self, select: str, *values: str) -> list[tuple[Any, ...]]:
        """Read the server's database."""
        with closing(sqlite3.connect(self.folder / "monitora.db")) as database:
            return database.execute(select, values).fetchall()

    async def publish(self, *documents: Path, **workspace: Any) -> str:
        """Make a workspace of the owner's that knows these documents, and return a key to it."""
        made = (await self.owner.ask(CREATE_WORKSPACE, input=workspace))["createWorkspace"]
        identifier = made["workspace"]["id"]
        for document in documents:
            await self.owner.ask(UPLOAD, input={"workspaceId": identifier, "file": FrontEnd.file(document)})
        await asyncio.to_thread(wait_until_indexed, self.folder)
        key = {"workspaceId": identifier, "name": "site"}
        return str((await self.owner.ask(CREATE_KEY, input=key))["createApiKey"]["secret"])


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("there is no chromium: on Debian, apt-get install chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        await browser.close()


@dataclass(frozen=True)
class Prepared:
    """A running server with the sample workspace, its settings, and its administrator's password."""

    server: Server
    folder: Path
    settings: dict[str, str]
    password: str


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory, running_mistral_server: MistralServer) -> Iterator[Prepared]:
    """A server whose sample documents are searched."""
    folder = tmp_path_factory.mktemp("widget")
    settings = {
        "MISTRAL_API_KEY": "key",
        "MISTRAL_SERVER_URL": running_mistral_server.url,
        "MONITORA_CACHE_HOURS": "0",  # what the model says is the test's to choose, each time
        "MONITORA_PERSISTED_OPERATIONS_ONLY": "true",  # the chat needs no more
    }
    made = monitora({"MONITORA_DATA_DIR": str(folder), **settings}, "demo", "--prepare-only")
    password = re.search(r"Password\s+(\S+)", made.stdout)
    assert password is not None, made.stderr
    with running(folder, **settings) as server:
        wait_until_indexed(folder)
        yield Prepared(server, folder, settings, password.group(1))


@pytest.fixture(scope="session")
async def owner(prepared: Prepared) -> FrontEnd:
    """The administrator of the sample workspace."""
    account = {"email": "admin@monitora.example", "password": prepared.password}
    session = (await FrontEnd(prepared.server).ask(LOGIN, input=account))["login"]
    return FrontEnd(prepared.server, session["accessToken"])


@pytest.fixture
def assistant(prepared: Prepared, owner: FrontEnd, mistral_server: MistralServer) -> Assistant:
    """The sample workspace's assistant, with a model that was asked nothing yet."""
    return Assistant(prepared.server, mistral_server, owner, prepared.folder)


@pytest.fixture
async def visitor(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A browser that was never here, in English, in the light and without motion. An error in a page fails its test."""
    context = await browser.new_context(
        locale="en-GB", color_scheme="light", reduced_motion="reduce", viewport={"width": 1280, "height": 800}
    )
    context.set_default_timeout(PATIENCE_MS)
    errors: list[str] = []
    context.on("weberror", lambda thrown: errors.append(str(thrown.error)))
    yield context
    await context.close()
    assert errors == []


@pytest.fixture
async def chat(visitor: BrowserContext, assistant: Assistant) -> Chat:
    """The chat on the demo page, open."""
    page = await visitor.new_page()
    await page.goto(f"http://{assistant.server.host}/demo")
    chat = Chat(page)
    await chat.open()
    return chat


@pytest.fixture
async def customer_site(prepared: Prepared) -> AsyncIterator[CustomerSite]:
    """A site of another origin than the server's."""
    async with CustomerSite(prepared.server.host) as site:
        yield site


@pytest.fixture
async def restartable(prepared: Prepared, tmp_path: Path) -> Path:
    """The data of a server that may be killed: a copy of the sample workspace."""
    files = (prepared.folder / "monitora.db", tmp_path / "monitora.db")
    with closing(sqlite3.connect(files[0])) as source, closing(sqlite3.connect(files[1])) as copy:
        source.backup(copy)
    shutil.copy(prepared.folder / "secret.key", tmp_path)
    return tmp_path


def wait_until_indexed(folder: Path) -> None:
    def is_indexed() -> bool:
        with closing(sqlite3.connect(folder / "monitora.db")) as database:
            found = database.execute("SELECT count(*) FROM documents WHERE status <> 'ready'").fetchone()
        return bool(found == (0,))

    wait_until(is_indexed, "the documents are indexed")
