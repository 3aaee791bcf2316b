"""The headers of every answer: no more may be done with it than it is for."""

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import pytest

from core.security.tokens import StaffClaims, Tokens
from tests.support.server import Server, monitora, running

OTHER_SITE = {"origin": "https://example.com"}
SECRET = "a secret of thirty-two bytes or more"


async def _asked(server: Server, path: str, method: str = "GET", **options: Any) -> aiohttp.ClientResponse:
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, f"http://{server.host}{path}", allow_redirects=False, **options) as response,
    ):
        await response.read()
        return response


def _directives(response: aiohttp.ClientResponse) -> dict[str, list[str]]:
    directives = (directive.split() for directive in response.headers["content-security-policy"].split(";"))
    return {name: values for name, *values in directives}


def _is_guarded(response: aiohttp.ClientResponse) -> bool:
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["referrer-policy"] == "same-origin"
    assert response.headers["x-frame-options"] == "DENY"
    assert "camera=()" in response.headers["permissions-policy"]
    policy = _directives(response)
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == ["'none'"]
    return True


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 307),
        ("/graphql", 400),
        ("/graphiql", 200),
        ("/graphiql/graphiql.js", 200),
        ("/widget.js", 200),
        ("/widget/LICENSES.txt", 200),
        ("/demo", 404),
        ("/demo/demo.css", 200),
        ("/healthz", 200),
        ("/readyz", 200),
        ("/nothing", 404),
    ],
)
async def test_every_answer_is_guarded(server: Server, path: str, status: int) -> None:
    response = await _asked(server, path)

    assert response.status == status
    assert _is_guarded(response)


async def test_a_page_runs_the_server_s_own_scripts_alone(server: Server) -> None:
    response = await _asked(server, "/graphiql")

    policy = _directives(response)
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == ["'self'"]
    assert response.headers["cross-origin-opener-policy"] == "same-origin"


async def test_what_is_no_page_may_do_nothing_as_one(server: Server) -> None:
    assert "script-src" not in _directives(await _asked(server, "/widget.js"))


async def test_a_server_behind_https_asks_to_be_called_by_it(server: Server) -> None:
    encrypted = await _asked(server, "/graphiql", headers={"x-forwarded-proto": "https"})

    assert encrypted.headers["strict-transport-security"] == "max-age=31536000"
    assert "strict-transport-security" not in (await _asked(server, "/graphiql")).headers


async def test_a_page_of_another_site_may_ask_the_graph(server: Server) -> None:
    names = "authorization,content-type,graphql-require-preflight"
    asked = {**OTHER_SITE, "access-control-request-method": "POST", "access-control-request-headers": names}

    response = await _asked(server, "/graphql", "OPTIONS", headers=asked)

    assert response.status == 200
    assert response.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in response.headers
    refused = await _asked(server, "/graphql", "POST", headers={**OTHER_SITE, "content-type": "text/plain"})
    assert (refused.status, refused.headers["access-control-allow-origin"]) == (415, "*"), "it reads why"


@pytest.mark.parametrize("path", ["/widget.js", "/widget/LICENSES.txt"])
async def test_another_site_embeds_the_widget(server: Server, path: str) -> None:
    response = await _asked(server, path, headers=OTHER_SITE)

    assert response.headers["access-control-allow-origin"] == "*"
    assert response.headers["cross-origin-resource-policy"] == "cross-origin"


@pytest.mark.parametrize("path", ["/graphiql", "/graphiql/graphiql.js", "/demo/demo.js", "/healthz", "/readyz"])
async def test_another_site_reads_nothing_else(server: Server, path: str) -> None:
    response = await _asked(server, path, headers=OTHER_SITE)

    assert "access-control-allow-origin" not in response.headers
    assert response.headers["cross-origin-resource-policy"] == "same-origin"


async def test_a_fault_is_answered_and_guarded_as_everything_else(tmp_path: Path) -> None:
    # Given a server whose tables are not those it knows, and a token that makes it look for a session.
    assert monitora({"MONITORA_DATA_DIR": str(tmp_path)}, "migrate").returncode == 0
    with closing(sqlite3.connect(tmp_path / "monitora.db")) as database:
        database.execute("ALTER TABLE api_keys RENAME COLUMN key_hash TO lost")
        database.execute("ALTER TABLE app_sessions RENAME COLUMN user_id TO lost")
    token = Tokens(SECRET).for_staff(StaffClaims(uuid4(), uuid4()), timedelta(minutes=1))

    with running(tmp_path, MONITORA_SECRET_KEY=SECRET) as server:
        page = await _asked(server, "/demo")
        headers = {**OTHER_SITE, "authorization": f"Bearer {token}"}
        graph = await _asked(server, "/graphql", "POST", json={"query": "{ __typename }"}, headers=headers)

    assert (page.status, graph.status) == (500, 500)
    assert _is_guarded(page)
    assert _is_guarded(graph)
    error = (await graph.json())["errors"][0]
    assert error["extensions"]["code"] == "INTERNAL"
    assert "column" not in error["message"]
    assert error["extensions"]["requestId"] in (tmp_path / "server.log").read_text()
    assert graph.headers["access-control-allow-origin"] == "*"


async def test_graphiql_and_the_schema_can_be_kept_from_everybody(tmp_path: Path) -> None:
    off = {"MONITORA_DATA_DIR": str(tmp_path), "MONITORA_GRAPHIQL": "off"}
    made = monitora(off, "demo", "--prepare-only")
    with running(tmp_path, MONITORA_GRAPHIQL="off", MONITORA_INTROSPECTION="nobody") as server:
        for path in ("/graphiql", "/graphiql/", "/graphiql/graphiql.js", "/widget/graphiql/index.html"):
            assert (await _asked(server, path)).status == 404
        demo = await _asked(server, "/demo")
        answer = await _asked(server, "/graphql", params={"query": "{ __schema { queryType { name } } }"})

    assert (await answer.json())["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert demo.status == 200
    assert "/graphiql" not in await demo.text()
    assert "/demo" in made.stdout
    assert "/graphiql" not in made.stdout
