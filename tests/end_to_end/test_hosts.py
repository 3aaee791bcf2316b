"""Which hosts the server answers for: its own, and not those that a stranger's page was given (DNS rebinding)."""

from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from monitora.http.known_hosts import KnownHosts
from monitora.settings.settings import Settings
from tests.end_to_end.test_slow_clients import connected
from tests.support.in_process_server import serving
from tests.support.server import Server, running

PUBLIC_URL = "https://chat.example.com/monitora"
EVERYWHERE = "0.0.0.0"


@pytest.fixture(scope="module")
def public_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that has a public URL, and another name in its own network."""
    folder = tmp_path_factory.mktemp("hosts")
    with running(folder, MONITORA_PUBLIC_URL=PUBLIC_URL, MONITORA_ALLOWED_HOSTS="chat.internal") as server:
        yield server


async def _status(host: str, path: str, sent: str) -> tuple[int, str]:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://{host}{path}", headers={"Host": sent}) as response,
    ):
        return response.status, await response.text()


@pytest.mark.parametrize(
    ("path", "sent", "status"),
    [
        ("/graphiql", "chat.example.com", 200),
        ("/monitora/graphiql", "chat.example.com", 200),
        ("/graphiql", "chat.example.com:443", 200),
        ("/graphiql", "CHAT.example.com.", 200),
        ("/graphiql", "chat.internal", 200),
        ("/graphiql", "evil.example", 421),
        ("/monitora/graphiql", "evil.example", 421),
        ("/graphiql", "chat.example.com.evil.example", 421),
        ("/graphiql", "evil.example:443@chat.example.com", 400),
        ("/graphiql", "localhost", 421),
        ("/graphiql", "127.0.0.1:8000", 421),
        ("/graphql?query={__typename}", "evil.example", 421),
        ("/widget.js", "evil.example", 421),
        ("/healthz", "127.0.0.1:8000", 200),
        ("/healthz", "localhost", 200),
        ("/healthz", "[::1]:8000", 200),
        ("/healthz", "10.1.2.3:8000", 200),
        ("/healthz", "evil.example", 421),
    ],
)
async def test_with_a_public_url_its_host_alone_is_answered_for(
    public_server: Server, path: str, sent: str, status: int
) -> None:
    assert (await _status(public_server.host, path, sent))[0] == status


async def test_who_asks_for_another_host_is_told_what_the_operator_does(public_server: Server) -> None:
    _, text = await _status(public_server.host, "/demo", "evil.example:8080")

    assert text == (
        "This server does not answer for the host evil.example. The operator adds a host to MONITORA_ALLOWED_HOSTS, "
        "or sets MONITORA_PUBLIC_URL to the address that browsers use."
    )


async def test_a_websocket_is_held_to_the_same_hosts(public_server: Server) -> None:
    async def open_socket(host: str) -> None:
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(public_server.websocket, headers={"Host": host}, protocols=["graphql-transport-ws"]),
        ):
            pass

    await open_socket("chat.example.com")
    with pytest.raises(aiohttp.WSServerHandshakeError, match="421"):
        await open_socket("evil.example")


async def _hello(_request: Request) -> Response:
    return PlainTextResponse("hello")


@pytest.mark.parametrize(
    ("listens_on", "allowed", "sent", "status"),
    [
        ("127.0.0.1", "", "localhost:8000", 200),
        ("127.0.0.1", "", "127.0.0.1:8000", 200),
        ("127.0.0.1", "", "[::1]:8000", 200),
        ("127.0.0.1", "", "shop.localhost:8000", 200),
        ("127.0.0.1", "", "rebound.evil.example:8000", 421),
        ("localhost", "", "rebound.evil.example:8000", 421),
        ("127.0.0.1", "*.tunnel.example", "a1b2.tunnel.example", 200),
        ("127.0.0.1", "*.tunnel.example", "localhost:8000", 200),
        ("127.0.0.1", "*.tunnel.example", "tunnel.example", 421),
        (EVERYWHERE, "", "anything.example", 200),
        (EVERYWHERE, "chat.example.com, 10.0.0.5", "10.0.0.5:8000", 200),
        (EVERYWHERE, "chat.example.com, 10.0.0.5", "localhost:8000", 200),
        (EVERYWHERE, "chat.example.com, 10.0.0.5", "anything.example", 421),
    ],
)
async def test_without_a_public_url_a_server_on_this_machine_answers_for_this_machine_s_names(
    listens_on: str, allowed: str, sent: str, status: int, tmp_path: Path
) -> None:
    settings = Settings(host=listens_on, allowed_hosts=allowed, data_dir=tmp_path)
    application = KnownHosts(Starlette(routes=[Route("/", _hello)]), settings)

    async with serving(application) as server:
        assert (await _status(server.host, "/", sent))[0] == status


@pytest.mark.parametrize("hosts", [[], ["localhost", "localhost"], ["localhost, evil.example"], [""]])
async def test_a_request_names_one_host(hosts: list[str], tmp_path: Path) -> None:
    application = KnownHosts(Starlette(routes=[Route("/", _hello)]), Settings(data_dir=tmp_path))
    async with serving(application) as server, connected(server) as client:
        client.send("GET / HTTP/1.1", "Connection: close", *(f"Host: {host}" for host in hosts))

        assert await client.status() == 400
