"""The files of documents, over HTTP: whole or in parts, for the accounts that may read them and for nobody else."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote
from uuid import uuid4

import aiohttp
import pytest

from monitora.http.downloads import disposition
from tests.end_to_end.test_main_job import CREATE_KEY, CREATE_WORKSPACE, REGISTER, START_VISIT
from tests.support.client import FrontEnd
from tests.support.server import Server, monitora, running

UPLOAD = """mutation ($input: UploadDocumentInput!) { uploadDocument(input: $input) {
    ... on UploadDocumentPayload { document { id downloadUrl } } ... on UserError { code message } } }"""
ADD = """mutation ($input: AddTextInput!) { addText(input: $input) {
    ... on AddTextPayload { document { id downloadUrl } } ... on UserError { code message } } }"""
CONTENT = b"<html><script>alert(1)</script><p>The garden centre opens at nine.</p></html>" + b"\n" * 5_000
ETAG = f'"{hashlib.sha256(CONTENT).hexdigest()}"'
NAME = "Öffnungs zeiten “neu”.html"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Stored:
    """A document on a server, with the people around it."""

    server: Server
    owner: FrontEnd
    workspace: str
    path: str

    async def get(self, token: str | None = "", method: str = "GET", path: str = "", **headers: str) -> Answer:
        """Ask for the file, as its owner if nobody else is named."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if token is not None:
            named["authorization"] = f"Bearer {token or self.owner.token}"
        address = f"http://{self.server.host}{path or self.path}"
        async with (
            aiohttp.ClientSession(auto_decompress=False) as session,
            session.request(method, address, headers=named, allow_redirects=False) as response,
        ):
            lower = {name.lower(): value for name, value in response.headers.items()}
            return Answer(response.status, lower, await response.read())


async def _account(server: Server) -> FrontEnd:
    account = {"email": f"{uuid4().hex}@example.com", "password": "correct horse battery"}
    return FrontEnd(server, (await FrontEnd(server).ask(REGISTER, input=account))["register"]["accessToken"])


async def _stored(server: Server, folder: Path) -> Stored:
    owner = await _account(server)
    made = await owner.ask(CREATE_WORKSPACE, input={"name": "Garden"})
    workspace = made["createWorkspace"]["workspace"]["id"]
    path = folder / NAME
    path.write_bytes(CONTENT)
    given = {"workspaceId": workspace, "file": owner.file(path), "name": NAME}
    uploaded = await owner.ask(UPLOAD, input=given)
    return Stored(server, owner, workspace, uploaded["uploadDocument"]["document"]["downloadUrl"])


@pytest.fixture
async def stored(server: Server, tmp_path: Path) -> Stored:
    return await _stored(server, tmp_path)


async def test_the_file_comes_back_as_it_was_uploaded(stored: Stored) -> None:
    answer = await stored.get()

    assert (answer.status, answer.body) == (200, CONTENT)
    assert answer.headers["content-length"] == str(len(CONTENT))
    assert answer.headers["etag"] == ETAG
    assert answer.headers["accept-ranges"] == "bytes"


async def test_a_browser_saves_the_file_and_runs_nothing_of_it(stored: Stored) -> None:
    headers = (await stored.get()).headers

    assert headers["content-type"] == "application/octet-stream"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-disposition"].startswith('attachment; filename="_ffnungs zeiten _neu_.html"; ')
    assert unquote(headers["content-disposition"].partition("filename*=UTF-8''")[2]) == NAME
    policy = headers["content-security-policy"]
    assert "sandbox" in policy
    assert "default-src 'none'" in policy
    assert headers["cache-control"] == "private, no-cache, no-transform"
    assert headers["cross-origin-resource-policy"] == "same-origin"


@pytest.mark.parametrize(
    "name", ['a"; evil="x', "a\r\nset-cookie: b", "..\\..\\a", "100%.pdf", "日本語.pdf", "a;b,c.txt"]
)
def test_a_name_stays_inside_its_header(name: str) -> None:
    plain, _, encoded = disposition(name).removeprefix('attachment; filename="').partition("\"; filename*=UTF-8''")

    assert plain.isascii()
    assert plain.isprintable()
    assert not set('"\\/%') & set(plain)
    assert unquote(encoded) == name
    assert set(encoded) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-~%")


async def test_who_may_not_read_the_workspace_gets_nothing_of_the_file(stored: Stored) -> None:
    key = (await stored.owner.ask(CREATE_KEY, input={"workspaceId": stored.workspace, "name": "site"}))["createApiKey"]
    visit = (await FrontEnd(stored.server).ask(START_VISIT, input={"apiKey": key["secret"]}))["startVisit"]
    other = await _account(stored.server)

    for token, status, code in (
        (None, 401, "UNAUTHENTICATED"),
        ("no token", 401, "UNAUTHENTICATED"),
        (visit["token"], 403, "FORBIDDEN"),
        (other.token, 404, "NOT_FOUND"),
    ):
        for method in ("GET", "HEAD"):
            answer = await stored.get(token, method, range="bytes=0-9", if_none_match=ETAG)
            assert answer.status == status
            assert "etag" not in answer.headers
            assert answer.headers["cache-control"] == "no-store"
            assert (code.encode() in answer.body) is (method == "GET")
    assert (await stored.get(None)).headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("name", ["nothing", "RG9jdW1lbnQ6", "..%2f..%2fmonitora.db", "%00", "é", "V29ya3NwYWNlOmE="])
async def test_what_names_no_document_is_not_found(stored: Stored, name: str) -> None:
    assert (await stored.get(path=f"/files/{name}")).status == 404


async def test_a_workspace_is_no_file(stored: Stored) -> None:
    assert (await stored.get(path=f"/files/{stored.workspace}")).status == 404


async def test_a_head_tells_what_a_get_would(stored: Stored) -> None:
    told, sent = await stored.get(method="HEAD"), await stored.get()

    assert (told.status, told.body) == (200, b"")
    for name in ("content-length", "etag", "content-disposition", "last-modified", "content-security-policy"):
        assert told.headers[name] == sent.headers[name]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
async def test_nothing_is_changed_over_the_address_of_a_file(stored: Stored, method: str) -> None:
    assert (await stored.get(method=method)).status == 405


@pytest.mark.parametrize(
    ("asked", "begin", "end"),
    [
        ("bytes=0-9", 0, 10),
        ("bytes=10-", 10, len(CONTENT)),
        ("bytes=-5", len(CONTENT) - 5, len(CONTENT)),
        ("bytes=0-99999999", 0, len(CONTENT)),
        ("BYTES= 3-4 ", 3, 5),
        (f"bytes=-{10 * len(CONTENT)}", 0, len(CONTENT)),
    ],
)
async def test_part_of_a_file_is_sent(stored: Stored, asked: str, begin: int, end: int) -> None:
    answer = await stored.get(range=asked)

    assert (answer.status, answer.body) == (206, CONTENT[begin:end])
    assert answer.headers["content-range"] == f"bytes {begin}-{end - 1}/{len(CONTENT)}"
    assert answer.headers["etag"] == ETAG


async def test_several_parts_are_sent_as_several(stored: Stored) -> None:
    answer = await stored.get(range="bytes=0-5,10-12")

    assert answer.status == 206
    assert answer.headers["content-type"].startswith("multipart/byteranges")
    assert answer.body.count(b"Content-Range: bytes ") == 2


@pytest.mark.parametrize("asked", [f"bytes={len(CONTENT)}-", f"bytes={len(CONTENT)}-{len(CONTENT) + 5}", "bytes=-0"])
async def test_a_part_that_is_not_there_is_said_to_be_so(stored: Stored, asked: str) -> None:
    answer = await stored.get(range=asked)

    assert answer.status == 416
    assert answer.headers["content-range"] == f"bytes */{len(CONTENT)}"
    assert CONTENT not in answer.body


MANY = "bytes=" + ",".join(f"{number}-{number}" for number in range(0, 60, 2))
LONG = "bytes=" + "9" * 5_000 + "-"


@pytest.mark.parametrize(
    "asked", ["bytes=5-2", "bytes=a-b", "bytes=", "lines=0-9", "bytes", "bytes=-", "bytes=1-2,x", LONG, MANY]
)
async def test_ranges_that_cannot_be_read_are_passed_over(stored: Stored, asked: str) -> None:
    answer = await stored.get(range=asked)

    assert (answer.status, answer.body) == (200, CONTENT)


@pytest.mark.parametrize(("tag", "status"), [(ETAG, 206), ('"another"', 200), (f"W/{ETAG}", 200)])
async def test_a_part_is_sent_if_the_file_is_still_the_same(stored: Stored, tag: str, status: int) -> None:
    assert (await stored.get(range="bytes=0-9", if_range=tag)).status == status


@pytest.mark.parametrize(("tag", "status"), [(ETAG, 304), (f'"x", W/{ETAG}', 304), ("*", 304), ('"another"', 200)])
async def test_a_file_that_the_client_has_is_not_sent_again(stored: Stored, tag: str, status: int) -> None:
    answer = await stored.get(if_none_match=tag)

    assert answer.status == status
    assert answer.headers["etag"] == ETAG
    assert (answer.body == b"") is (status == 304)


async def test_a_text_is_saved_as_markdown(stored: Stored) -> None:
    given = {"workspaceId": stored.workspace, "title": "When do you open?", "content": "At nine."}
    added = (await stored.owner.ask(ADD, input=given))["addText"]["document"]

    answer = await stored.get(path=added["downloadUrl"])

    assert answer.body == b"# When do you open? #\n\nAt nine.\n"
    assert 'filename="When do you open?.md"' in answer.headers["content-disposition"]


async def test_pages_of_other_sites_ask_with_a_token_and_read_the_file_s_name(stored: Stored) -> None:
    asked = await stored.get(
        None,
        "OPTIONS",
        origin="https://app.example",
        access_control_request_method="GET",
        access_control_request_headers="authorization, if-range",
    )
    answer = await stored.get(origin="https://app.example")

    assert asked.status == 200
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in answer.headers
    assert "content-disposition" in answer.headers["access-control-expose-headers"]


async def test_downloads_have_a_rate(tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert monitora({"MONITORA_DATA_DIR": str(data)}, "migrate").returncode == 0
    with running(data, MONITORA_RATE_DOWNLOAD_PER_ACCOUNT="2/minute") as server:
        stored = await _stored(server, tmp_path)
        statuses = [(await stored.get()).status for _ in range(3)]
        refused = await stored.get()

    assert statuses == [200, 200, 429]
    assert int(refused.headers["retry-after"]) > 0
    assert b"RATE_LIMITED" in refused.body


async def test_a_file_that_is_lost_is_not_found_and_the_address_is_that_of_the_proxy(tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert monitora({"MONITORA_DATA_DIR": str(data)}, "migrate").returncode == 0
    public = "https://example.com/monitora"
    with running(data, MONITORA_PUBLIC_URL=public, MONITORA_ALLOWED_HOSTS="127.0.0.1") as server:
        stored = await _stored(server, tmp_path)
        path = stored.path.removeprefix("https://example.com")
        assert path.startswith("/monitora/files/")
        assert (await stored.get(path=path, host="example.com")).body == CONTENT
        for file in (data / "files").rglob("*"):
            if file.is_file():
                file.unlink()

        assert (await stored.get(path=path, host="example.com")).status == 404
