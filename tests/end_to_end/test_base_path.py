"""The server under a path of a reverse proxy: where it redirects to, and which paths it answers."""

from collections.abc import Iterator
from urllib.parse import urljoin

import aiohttp
import pytest

from tests.support.server import Server, running

PUBLIC_URL = "https://example.com/monitora/"
PASSED_ON = {"Host": "example.com"}
"""What a proxy passes on of the browser's request."""


@pytest.fixture(scope="module")
def server_with_public_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("base-path"), MONITORA_PUBLIC_URL=PUBLIC_URL) as server:
        yield server


async def _asked(
    server: Server, path: str, method: str = "GET", headers: dict[str, str] | None = None
) -> tuple[int, str | None]:
    """Return the status of an answer, and the `Location` it leads to."""
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, f"http://{server.host}{path}", allow_redirects=False, headers=headers) as response,
    ):
        return response.status, response.headers.get("location")


@pytest.mark.parametrize(
    ("path", "leads_to"),
    [
        ("/", "/demo"),
        ("/demo/", "/demo"),
        ("/demo/?lang=fr&theme=dark", "/demo?lang=fr&theme=dark"),
        ("/demo/index.html", "/demo"),
        ("/graphiql/", "/graphiql"),
        ("/graphiql/index.html", "/graphiql"),
        ("/graphql/", "/graphql"),
        ("/healthz/", "/healthz"),
    ],
)
async def test_a_redirection_stays_under_the_path_of_the_proxy(server: Server, path: str, leads_to: str) -> None:
    status, location = await _asked(server, path)

    assert status == 307
    assert location is not None
    # The browser asked the proxy, which stripped the path that it serves the server under.
    assert urljoin(f"https://example.com/monitora{path}", location) == f"https://example.com/monitora{leads_to}"


async def test_an_operation_sent_with_a_slash_behind_the_graph_s_address_is_redirected(server: Server) -> None:
    assert await _asked(server, "/graphql/", "POST") == (307, "../graphql")


@pytest.mark.parametrize("path", ["//example.org/", "/demo//", "//demo/", "/.//example.org/"])
async def test_no_path_makes_the_server_redirect_to_another_site(server: Server, path: str) -> None:
    assert await _asked(server, path) == (404, None)


@pytest.mark.parametrize("path", ["/", "/monitora", "/monitora/"])
async def test_the_first_page_is_at_the_public_address_where_that_is_set(
    server_with_public_url: Server, path: str
) -> None:
    assert await _asked(server_with_public_url, path, headers=PASSED_ON) == (307, "https://example.com/monitora/demo")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/monitora/healthz", 200),
        ("/monitora/graphiql", 200),
        ("/monitora/widget/LICENSES.txt", 200),
        ("/healthz", 200),
        ("/graphiql", 200),
        ("/monitora/monitora/healthz", 404),
        ("/monitorahealthz", 404),
        ("/monitorable/healthz", 404),
    ],
)
async def test_the_path_of_the_public_address_is_taken_off_where_a_proxy_passes_it_on(
    server_with_public_url: Server, path: str, status: int
) -> None:
    assert (await _asked(server_with_public_url, path, headers=PASSED_ON))[0] == status


async def test_other_sites_embed_the_widget_also_under_a_path(server_with_public_url: Server) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://{server_with_public_url.host}/monitora/widget.js", headers=PASSED_ON) as response,
    ):
        assert response.headers["cross-origin-resource-policy"] == "cross-origin"
