"""What the server answers beside the graph."""

import asyncio
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.support.server import Server, monitora, running
from tests.support.waiting import HANG_SECONDS, closed_with


async def _get(server: Server, path: str, **options: Any) -> tuple[int, dict[str, str], str]:
    async with aiohttp.ClientSession() as session, session.get(f"http://{server.host}{path}", **options) as response:
        return response.status, dict(response.headers), await response.text()


async def test_it_is_healthy_and_ready(server: Server) -> None:
    assert (await _get(server, "/healthz"))[::2] == (200, "ok")
    status, _, body = await _get(server, "/readyz")
    assert status == 200
    assert json.loads(body) == {
        "ready": True,
        "reason": None,
        "checks": {
            "process": {"ready": True, "detail": "running"},
            "database": {"ready": True, "detail": "up to date"},
            "model": {"ready": True, "detail": "local"},
        },
    }


def test_on_a_database_that_was_not_migrated_it_is_not_ready_and_says_what_to_do(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        status, _, body = asyncio.run(_get(server, "/readyz"))

    assert status == 503
    assert "monitora migrate" in json.loads(body)["reason"]


@pytest.mark.parametrize(
    ("path", "kind", "holds"),
    [
        ("/widget.js", "text/javascript", "monitora"),
        ("/graphiql", "text/html", "<script"),
    ],
)
async def test_pages_and_scripts_come_from_the_server_itself(server: Server, path: str, kind: str, holds: str) -> None:
    status, headers, body = await _get(server, path)

    assert status == 200
    assert headers["Content-Type"].startswith(kind)
    assert holds in body
    assert "https://unpkg" not in body
    assert "https://cdn" not in body


async def test_the_demo_page_appears_once_there_is_a_sample_workspace(tmp_path: Path) -> None:
    made = monitora({"MONITORA_DATA_DIR": str(tmp_path)}, "demo", "--prepare-only")
    assert made.returncode == 0, made.stderr
    assert "admin@monitora.example" in made.stdout

    with running(tmp_path) as server:
        status, _, page = await _get(server, "/demo")

    assert status == 200
    assert "__MONITORA_KEY__" not in page
    assert 'data-key="mk_' in page
    assert 'href="./graphiql"' in page


async def test_before_the_first_migration_the_demo_page_says_what_to_run(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        status, _, body = await _get(server, "/demo")

    assert status == 503
    assert "monitora migrate" in body


async def test_without_a_sample_workspace_the_demo_page_says_how_to_make_one(server: Server) -> None:
    status, _, body = await _get(server, "/demo")

    assert status == 404
    assert "monitora demo" in body


async def test_an_unexpected_path_is_not_found(server: Server) -> None:
    for path in ("/nothing", "/widget/../../pyproject.toml", "/graphiql/%2e%2e/%2e%2e/__init__.py"):
        assert (await _get(server, path))[0] == 404


async def _close_code(server: Server, payload: Any, protocol: str = "graphql-transport-ws") -> int | None:
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(server.websocket, protocols=[protocol]) as socket,
    ):
        with suppress(ConnectionError):  # the protocol may be refused before it begins
            await socket.send_json({"type": "connection_init", "payload": payload})
        message = await socket.receive(timeout=HANG_SECONDS)
        if message.type is aiohttp.WSMsgType.TEXT:
            assert json.loads(message.data)["type"] == "connection_ack"
            return None
        return await closed_with(socket)


async def test_a_socket_opens_without_a_token_and_not_with_a_bad_one(server: Server) -> None:
    assert await _close_code(server, {}) is None
    assert await _close_code(server, {"authorization": "Bearer nonsense"}) == 4403


async def test_a_socket_speaks_the_present_protocol_only(server: Server) -> None:
    assert await _close_code(server, {}, protocol="graphql-ws") == 4406
